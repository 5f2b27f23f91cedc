"""The double as an HTTP server on the loopback interface."""

import contextlib
import socket
import struct
import sys
import threading
import uuid
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.doubles.s3_vectors.answers import Answer, Answering, Request
from tests.doubles.s3_vectors.behaviour import Behaviour
from tests.doubles.s3_vectors.calls import Call, CallLog
from tests.doubles.s3_vectors.control import PREFIX, Control
from tests.doubles.s3_vectors.faults import Faults
from tests.doubles.s3_vectors.service import Service

RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER on, with no time to linger: closing sends a reset."""


class S3VectorsServer:
    """Amazon S3 Vectors for one account in one region, from ``with`` to its end.

    Args:
        port: 0 takes a free one.
        data: a file that keeps the state for the next server.
        choices: see ``Behaviour``.
    """

    def __init__(self, port: int = 0, data: Path | None = None, **choices: Any) -> None:
        self.behaviour = Behaviour(**choices)
        self.faults = Faults()
        self._calls = CallLog()
        self._stopping = threading.Event()
        service = Service(self.behaviour, data)
        answering = Answering(service, self.faults, self._calls, self._stopping)
        control = Control(service, self.faults, self._calls)
        self._listener = _Listener(port, answering, control)
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.02,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End every connection and delay, then the server."""
        self._stopping.set()
        self._listener.shutdown()
        self._thread.join()
        self._listener.end_connections()
        self._listener.server_close()

    @property
    def url(self) -> str:
        """The address, for ``endpoint_url``."""
        return f"http://127.0.0.1:{self._listener.server_address[1]}"

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables that lead boto3 here and let it in."""
        return {
            "AWS_ENDPOINT_URL_S3VECTORS": self.url,
            "AWS_ACCESS_KEY_ID": self.behaviour.access_key_id,
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": self.behaviour.region,
            "AWS_DEFAULT_REGION": self.behaviour.region,
        }

    @property
    def calls(self) -> list[Call]:
        """Every call so far, in the order of the answers."""
        return self._calls.all()

    def calls_of(self, operation: str) -> list[Call]:
        """The calls of one operation so far."""
        return self._calls.all(operation)

    def forget_calls(self) -> None:
        """Empty the log of calls."""
        self._calls.clear()


class _Listener(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128

    def __init__(self, port: int, answering: Answering, control: Control) -> None:
        self.answering = answering
        self.control = control
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)

    def server_bind(self) -> None:
        """Bind without the look-up of a host name that the standard library does here."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def end_connections(self) -> None:
        """End those that are kept alive, so that their threads end."""
        with self._open_lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away, or was sent away by a fault, is no error of the server."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Listener

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if self.path.startswith(PREFIX):
            self._send(self.server.control.answer(self.command, self.path, body))
            return
        authorization = self.headers.get("Authorization")
        request = Request(self.command, self.path, authorization, body)
        self._send(self.server.answering.answer(request))

    do_GET = do_POST  # noqa: N815 - http.server finds methods by these names
    do_DELETE = do_POST  # noqa: N815
    do_PUT = do_POST  # noqa: N815

    def _send(self, answer: Answer) -> None:
        if answer.status == 0:
            self._end(with_reset=True)
            return
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("x-amzn-RequestId", str(uuid.uuid4()))
        if answer.error is not None and answer.status != 200 and answer.error != "html":
            self.send_header("x-amzn-ErrorType", answer.error)
        self.end_headers()
        self.wfile.write(answer.body[: len(answer.body) // 2] if answer.cut else answer.body)
        if answer.cut:
            self._end(with_reset=False)

    def _end(self, *, with_reset: bool) -> None:
        self.close_connection = True
        if with_reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is inherited
        """The log of calls says it all."""
