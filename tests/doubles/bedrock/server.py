"""The double as an HTTP server on this machine."""

import contextlib
import socket
import sys
from http.server import ThreadingHTTPServer
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Any, Self

from tests.doubles.bedrock.behaviours import Behaviour, named
from tests.doubles.bedrock.calls import Call
from tests.doubles.bedrock.faults import Faults
from tests.doubles.bedrock.guardrails import Guardrail
from tests.doubles.bedrock.handler import Handler
from tests.doubles.bedrock.service import Bedrock
from tests.doubles.bedrock.signing import Access


class BedrockServer:
    """Serves Bedrock Runtime between ``with`` and its end.

    Args:
        behaviour: the chat models' behaviour, or the name of one.
        port: 0 for a free one.
        service: the state to serve, for more than a behaviour.
    """

    def __init__(
        self,
        behaviour: Behaviour | str | None = None,
        port: int = 0,
        service: Bedrock | None = None,
    ) -> None:
        self.service = service or Bedrock()
        if behaviour is not None:
            self.behaviour = named(behaviour) if isinstance(behaviour, str) else behaviour
        self._server = _Server(self.service, port)
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._server.stop()
        self._thread.join()
        if self._server.failures and error is None:
            raise ExceptionGroup("the double failed", self._server.failures)

    @property
    def url(self) -> str:
        """For ``endpoint_url``, without a slash at the end."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def behaviour(self) -> Behaviour:
        """What the chat models do; can be changed at any time."""
        return self.service.behaviour

    @behaviour.setter
    def behaviour(self, behaviour: Behaviour) -> None:
        self.service.behaviour = behaviour

    @property
    def calls(self) -> list[Call]:
        """The calls so far, in order."""
        return self.service.calls.all()

    @property
    def faults(self) -> Faults:
        return self.service.faults

    @property
    def access(self) -> Access:
        return self.service.access

    @property
    def guardrails(self) -> dict[str, Guardrail]:
        """By identifier; see ``register``."""
        return self.service.guardrails

    def register(self, guardrail: Guardrail) -> None:
        """Make a guardrail known."""
        self.service.guardrails[guardrail.identifier] = guardrail


class _Server(ThreadingHTTPServer):
    """Ends its connections when it stops, so that no thread or socket outlives it."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(self, service: Bedrock, port: int) -> None:
        self.failures: list[Exception] = []
        self._stopping = Event()
        self._open: set[socket.socket] = set()
        self._lock = Lock()
        attributes = {"service": service, "stopping": self._stopping}
        super().__init__(("127.0.0.1", port), type("BoundHandler", (Handler,), attributes))

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, _request: Any, _client_address: Any) -> None:
        """A client that went away is no failure; anything else is one of the double."""
        error = sys.exception()
        if isinstance(error, Exception) and not isinstance(error, ConnectionError):
            self.failures.append(error)

    def stop(self) -> None:
        self._stopping.set()
        self.shutdown()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self.server_close()
