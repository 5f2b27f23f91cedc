"""A loopback HTTP server that ends with all its connections and tells its own failures."""

import contextlib
import socket
import sys
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock
from typing import Any


class LoopbackServer(ThreadingHTTPServer):
    """Ends its connections when it stops, so that no thread or socket outlives it.

    Attributes:
        failures: of the double itself; a client that went away is none.
    """

    daemon_threads = False
    request_queue_size = 128

    def __init__(
        self,
        port: int,
        handler: type[BaseHTTPRequestHandler],
        attributes: Mapping[str, object],
        *,
        left: type[Exception] | tuple[type[Exception], ...] = ConnectionError,
    ) -> None:
        """Listen on 127.0.0.1.

        Args:
            port: 0 for any that is free.
            handler: of a request.
            attributes: of its class, beside ``stopping``, an event.
            left: errors that say no more than that the client went away.
        """
        self.failures: list[Exception] = []
        self._stopping = Event()
        self._open: set[socket.socket] = set()
        self._lock = Lock()
        self._left = left
        bound = type("BoundHandler", (handler,), {**attributes, "stopping": self._stopping})
        super().__init__(("127.0.0.1", port), bound)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, _request: Any, _client_address: Any) -> None:
        error = sys.exception()
        if isinstance(error, Exception) and not isinstance(error, self._left):
            self.failures.append(error)

    def stop(self) -> None:
        self._stopping.set()
        self.shutdown()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self.server_close()
