"""The double as an HTTP server on this machine."""

import contextlib
import socket
import sys
from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Any, Self

from tests.doubles.bedrock import BEHAVIOURS, Behaviour
from tests.doubles.model_server.calls import Call
from tests.doubles.model_server.faults import Fault, Faults
from tests.doubles.model_server.handler import Handler, LeftError, as_they_are
from tests.doubles.model_server.protocols import PROTOCOLS


class ModelServer:
    """Serves models between ``with`` and its end.

    Attributes:
        behaviour: what the models say to a prompt.
        models: their names.
        listing: what is said to whoever asks for the models; None for those there are.
        context: tokens of their context, as listed.
        thought: what the models think before they answer, in the protocol's own field.
        unknown_fields: of a request, which it then refuses.
        piece_seconds: before each piece.
        cut: cuts the body of an answer into pieces of HTTP.
        calls: the requests so far.
        faults: the fault that is planned.
    """

    def __init__(self, protocol: str, behaviour: str = "extractive", port: int = 0) -> None:
        self.protocol = PROTOCOLS[protocol]
        self.faults = Faults()
        self._named = behaviour
        self.reset()
        self._server = _Server(self, port)
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def reset(self) -> None:
        """As when it was new."""
        self.behaviour: Behaviour = BEHAVIOURS[self._named]
        self.models = ["qwen3:1.7b", "granite4.1:3b"]
        self.listing: Any = None
        self.context = 40_960
        self.thought = ""
        self.unknown_fields: set[str] = set()
        self.piece_seconds = 0.0
        self.cut: Callable[[Iterator[bytes]], Iterator[bytes]] = as_they_are
        self.calls: list[Call] = []
        self.faults.plan(None)

    def fail(self, kind: str, **how: Any) -> None:
        """Plan a fault; see ``Fault``."""
        self.faults.plan(Fault(kind, **how))

    @property
    def url(self) -> str:
        """Without a path."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def chats(self) -> list[Call]:
        """The calls that ask for an answer."""
        return [call for call in self.calls if call.path == self.protocol.chat]

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


class _Server(ThreadingHTTPServer):
    """Ends its connections when it stops, so that no thread or socket outlives it."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(self, double: ModelServer, port: int) -> None:
        self.failures: list[Exception] = []
        self._stopping = Event()
        self._open: set[socket.socket] = set()
        self._lock = Lock()
        attributes = {"double": double, "stopping": self._stopping}
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
        if isinstance(error, Exception) and not isinstance(error, ConnectionError | LeftError):
            self.failures.append(error)

    def stop(self) -> None:
        self._stopping.set()
        self.shutdown()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self.server_close()
