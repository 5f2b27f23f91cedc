"""Calls of S3 Vectors: one at a time or several at once, their failures in our words."""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from retrieval.aws import aws_failures, error_code, make_client
from retrieval.errors import StoreError, StoreUnavailableError

Given = TypeVar("Given")
Answer = TypeVar("Answer")

REFUSALS = frozenset({"Validation", "ServiceQuotaExceeded", "Serialization"})
"""Codes that say that what was asked cannot be done; trying again does not help."""

NOT_THERE = (
    "check BENEFITS_CHAT_VECTOR_BUCKET, BENEFITS_CHAT_VECTOR_INDEX and AWS_REGION, or make it with "
    "`benefits-chat index PATH`"
)
NO_SUCH_OPERATION = frozenset({404, 405, 501})
"""Statuses of servers that do not know an operation; AWS's own 404 has the code NotFound."""


class NotThereError(StoreUnavailableError):
    """The service knows no such bucket or index."""


class AlreadyThereError(StoreUnavailableError):
    """A bucket or index of this name is there, or is just being deleted."""


class NoSuchOperationError(StoreUnavailableError):
    """The server does not know the operation: it is not AWS."""


class S3VectorsClient:
    """boto3's client, made at the first call, and threads for calls at once."""

    def __init__(self, name: str, region: str | None, parallel: int) -> None:
        """Hold what the client is made of; nothing is opened yet.

        Args:
            name: of the index, for messages.
            region: as of ``make_client``.
            parallel: most calls at once.
        """
        self.parallel = parallel
        self._name = name
        self._region = region
        self._turn = threading.Lock()
        self._client: Any = None
        self._threads: ThreadPoolExecutor | None = None

    def call(self, operation: str, **given: Any) -> dict[str, Any]:  # noqa: ANN401 - boto3's own
        """Call an operation by boto3's name of it; the answer holds all that the model promises.

        Raises:
            NotThereError: there is no such bucket or index.
            AlreadyThereError: there is one already.
            StoreError: the service refuses what was asked.
            StoreUnavailableError: the service, or the way to it, failed.
        """
        with self._failures():
            client = self._opened()
            answer: dict[str, Any] = getattr(client, operation)(**given)
            model = client.meta.service_model.operation_model(_model_name(operation))
            missing = set(model.output_shape.required_members) - answer.keys()
        if missing:
            raise StoreUnavailableError(
                f"{self._name} failed: the answer to {_model_name(operation)} is not one of S3 "
                "Vectors: check AWS_ENDPOINT_URL_S3VECTORS and proxies"
            )
        return answer

    def each(
        self, do: Callable[[Given], Answer], items: Iterable[Given]
    ) -> tuple[list[Answer], Exception | None]:
        """Do something with each item, several at once.

        Returns:
            What was answered, in the order of the items, and the first failure, after which no
            further item is begun.
        """
        pool, waiting = self._pool(), iter(items)
        begun: list[Future[Answer]] = []
        failed = threading.Event()
        slots = threading.Semaphore(self.parallel)

        def run(item: Given) -> Answer:
            try:
                return do(item)
            except BaseException:
                failed.set()
                raise
            finally:
                slots.release()

        # One at a time into the pool: items may be large and made while others are sent.
        for item in waiting:
            slots.acquire()
            if failed.is_set():
                break
            begun.append(pool.submit(run, item))
        failures = [future.exception() for future in begun]
        answers = [f.result() for f, e in zip(begun, failures, strict=True) if e is None]
        first = next((e for e in failures if e is not None), None)
        if first is not None and not isinstance(first, Exception):
            raise first
        return answers, first

    def all(self, do: Callable[[Given], Answer], items: Iterable[Given]) -> list[Answer]:
        """Do something with each item, several at once; the first failure is raised."""
        answers, failure = self.each(do, items)
        if failure is not None:
            raise failure
        return answers

    def close(self) -> None:
        """Release threads and connections."""
        with self._turn:
            if self._threads is not None:
                self._threads.shutdown()
            if self._client is not None:
                self._client.close()
            self._client = self._threads = None

    def _opened(self) -> Any:  # noqa: ANN401 - boto3's clients are made at run time
        with self._turn:
            if self._client is None:
                # One more than threads: the caller's own.
                connections = self.parallel + 1
                self._client = make_client("s3vectors", self._region, connections=connections)
            return self._client

    def _pool(self) -> ThreadPoolExecutor:
        with self._turn:
            if self._threads is None:
                self._threads = ThreadPoolExecutor(self.parallel, "s3-vectors")
            return self._threads

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            with aws_failures(f"{self._name} failed", StoreUnavailableError):
                yield
        except StoreUnavailableError as error:
            cause = error.__cause__ or error
            kind = _kind(cause)
            remedy = f": {NOT_THERE}" if kind is NotThereError else ""
            raise (error if kind is None else kind(f"{error}{remedy}")) from cause


def _model_name(operation: str) -> str:
    return "".join(word.capitalize() for word in operation.split("_"))


def _kind(error: BaseException) -> type[StoreError] | None:
    code = error_code(error)
    if code == "NotFound":
        return NotThereError
    if code == "Conflict":
        return AlreadyThereError
    if code in REFUSALS:
        return StoreError
    answer = getattr(error, "response", None)
    details = answer.get("ResponseMetadata", {}) if isinstance(answer, dict) else {}
    return NoSuchOperationError if details.get("HTTPStatusCode") in NO_SUCH_OPERATION else None
