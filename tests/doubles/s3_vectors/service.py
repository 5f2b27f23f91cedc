"""A request's way through the service: find the operation, check, carry out, remember."""

import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from botocore import xform_name
from botocore.model import OperationModel

from tests.doubles.s3_vectors.account import Account, Input
from tests.doubles.s3_vectors.administering import Administering
from tests.doubles.s3_vectors.behaviour import Behaviour
from tests.doubles.s3_vectors.errors import ServiceError, invalid
from tests.doubles.s3_vectors.journal import Change, Journal
from tests.doubles.s3_vectors.model import check_input, service_model
from tests.doubles.s3_vectors.permissions import check_permission, needed_actions
from tests.doubles.s3_vectors.storing import Storing

MAX_REQUEST_BYTES = 20 * 1024 * 1024
"""Of one request (AWS user guide, limitations)."""

Operation = Callable[[Input, float], dict[str, Any]]


class Service:
    """S3 Vectors without its HTTP server; safe to call from several threads.

    Args:
        behaviour: what a test may choose.
        data: a file that keeps the state beyond the end of the process.
    """

    def __init__(self, behaviour: Behaviour, data: Path | None = None) -> None:
        self.behaviour = behaviour
        self._lock = threading.RLock()
        self._journal = Journal(data) if data is not None else None
        self._start_afresh()
        if self._journal is not None:
            for change in self._journal.changes():
                operation, given = read_request(change.method, change.target, change.body)
                self._operations[operation.name](given, change.now)

    def reset(self) -> None:
        """Delete every bucket; a file of data is emptied too."""
        with self._lock:
            self._start_afresh()
            if self._journal is not None:
                self._journal.clear()

    def answer(
        self, operation: OperationModel, given: Input, sent: Callable[[float], Change]
    ) -> dict[str, Any]:
        """Carry out a request that was read, and write it to the journal if it changes anything.

        Raises:
            ServiceError: whatever the service refuses; nothing was changed then.
        """
        check_permission(needed_actions(operation.name, given), self.behaviour)
        check_input(operation, given)
        with self._lock:
            now = time.time()
            answer = self._operations[operation.name](given, now)
            if self._journal is not None and not _reads_only(operation.name):
                self._journal.append(sent(now))
        return answer

    def _start_afresh(self) -> None:
        account = Account(self.behaviour)
        parts = (Administering(account), Storing(account))
        self._operations: Mapping[str, Operation] = {
            name: getattr(part, xform_name(name))
            for name in service_model().operation_names
            for part in parts
            if hasattr(part, xform_name(name))
        }


def read_request(method: str, target: str, body: bytes) -> tuple[OperationModel, dict[str, Any]]:
    """The operation of a request, and its input gathered from path, query and body.

    Raises:
        ServiceError: UnknownOperationException, SerializationException or ValidationException.
    """
    operation, label = _operation(method, target)
    if len(body) > MAX_REQUEST_BYTES:
        raise invalid(f"Request body must have at most {MAX_REQUEST_BYTES} bytes")
    try:
        given = json.loads(body) if body else {}
    except (ValueError, RecursionError) as error:
        raise ServiceError("SerializationException", "The body is not JSON") from error
    if not isinstance(given, dict):
        raise ServiceError("SerializationException", "The body must be a JSON object")
    if label:
        given["resourceArn"] = label
    if operation.name == "UntagResource":
        given["tagKeys"] = parse_qs(urlsplit(target).query).get("tagKeys", [])
    return operation, given


def operation_name(method: str, target: str) -> str:
    """The name of the operation that a request asks for, or its path where there is none."""
    try:
        return str(_operation(method, target)[0].name)
    except ServiceError:
        return urlsplit(target).path


def _operation(method: str, target: str) -> tuple[OperationModel, str]:
    path = urlsplit(target).path
    model = service_model()
    for name in model.operation_names:
        operation = model.operation_model(name)
        pattern = re.sub(r"\{\w+\}", "(.+)", operation.http["requestUri"])
        found = re.fullmatch(pattern, path)
        if found and operation.http["method"] == method:
            return operation, unquote(found[1]) if found.groups() else ""
    raise ServiceError("UnknownOperationException", f"Unknown operation {method} {path}")


def _reads_only(operation: str) -> bool:
    return operation.startswith(("Get", "List", "Query"))
