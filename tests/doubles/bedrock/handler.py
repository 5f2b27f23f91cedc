"""HTTP for the service: reads requests, writes answers, drops connections when told to."""

import json
import socket
import struct
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from threading import Event as Signal
from typing import Any
from uuid import uuid4

from tests.doubles.bedrock import control, wire
from tests.doubles.bedrock.calls import Call
from tests.doubles.bedrock.converse import Event
from tests.doubles.bedrock.errors import ServiceError
from tests.doubles.bedrock.faults import Fault
from tests.doubles.bedrock.service import Answer, Bedrock, Request, route
from tests.doubles.bedrock.signing import Signed, credential_scope

_ABORT = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 seconds: close with RST


class Handler(BaseHTTPRequestHandler):
    """One connection. ``service`` and ``stopping`` are set by the server."""

    service: Bedrock
    stopping: Signal
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # small frames go out at once, as from AWS

    def do_POST(self) -> None:
        signed = self._read()
        if signed.target.startswith(control.PREFIX):
            self._send_json(*control.post(self.service, signed.target, signed.body))
            return
        try:
            request = route(signed)
        except ServiceError as error:
            self._send_error(error)
            return
        with self._logged(request) as call:
            self._serve(request, call)

    def do_GET(self) -> None:
        if self.path.startswith(control.PREFIX):
            self._send_json(*control.get(self.service, self.path))
        else:
            self._send_error(ServiceError("UnknownOperationException", f"no GET {self.path}"))

    def log_message(self, *_: Any) -> None:
        """The call log says it all."""

    def _read(self) -> Signed:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Signed(self.command, self.path, headers, body)

    @contextmanager
    def _logged(self, request: Request) -> Iterator[Call]:
        try:
            body = json.loads(request.signed.body)
        except ValueError:
            body = None
        caller = credential_scope(request.signed.headers)
        call = self.service.calls.begin(request.operation, request.names[0], body, caller)
        try:
            yield call
        finally:
            self.service.calls.end()

    def _serve(self, request: Request, call: Call) -> None:
        fault = self.service.faults.next(request.operation)
        try:
            if fault and self._spoiled_before(fault, call):
                return
            answer = self.service.answer(request, call)
        except ServiceError as error:
            call.status, call.error = error.status, error.code
            self._send_error(error)
            return
        call.status = 200
        if isinstance(answer, Answer):
            half = fault is not None and fault.kind == "half_answer"
            self._send_json(200, answer.body, answer.headers, half=half)
        else:
            self._send_stream(answer, fault)

    def _spoiled_before(self, fault: Fault, call: Call) -> bool:
        """Whether the fault took the place of the answer."""
        if fault.error:
            raise fault.error
        if fault.kind == "delay" and fault.together:
            self.service.calls.gather(fault.together, fault.seconds)
        elif fault.kind == "delay":
            self.stopping.wait(fault.seconds)
        elif fault.kind == "reset":
            self._abort()
            return True
        elif fault.kind in {"not_json", "bad_gateway"}:
            call.status = 502 if fault.kind == "bad_gateway" else 200
            self._send(call.status, b"<html><body>Bad gateway</body></html>", "text/html", {})
            return True
        return False

    def _send_error(self, error: ServiceError) -> None:
        # The namespace follows the code, as on the real service; clients drop it.
        kind = f"{error.code}:http://internal.amazon.com/coral/com.amazon.bedrock/"
        self._send_json(error.status, {"message": error.message}, {"x-amzn-ErrorType": kind})

    def _send_json(
        self, status: int, body: Any, headers: Mapping[str, str] | None = None, half: bool = False
    ) -> None:
        self._send(status, json.dumps(body).encode(), "application/json", headers or {}, half)

    def _send(
        self, status: int, body: bytes, kind: str, headers: Mapping[str, str], half: bool = False
    ) -> None:
        self._head(status, kind, {**headers, "Content-Length": str(len(body))})
        self.wfile.write(body[: len(body) // 2] if half else body)
        self.close_connection = self.close_connection or half

    def _head(self, status: int, kind: str, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("x-amzn-RequestId", str(uuid4()))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _send_stream(self, events: Iterable[Event], fault: Fault | None) -> None:
        kind = "application/vnd.amazon.eventstream"
        self._head(200, kind, {"Transfer-Encoding": "chunked"})
        for part in wire.parts(events, self.service.delta_delay, fault):
            if isinstance(part, bytes):
                self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part))
            elif isinstance(part, wire.Ending):
                self._end(part)
                return
            elif self.stopping.wait(part):
                return
        self.wfile.write(b"0\r\n\r\n")

    def _end(self, ending: wire.Ending) -> None:
        if ending is wire.Ending.RESET:
            self._abort()
        self.close_connection = True

    def _abort(self) -> None:
        """Close so that the client reads a reset; the socket closes with its last user."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
        self.rfile.close()
        self.connection.close()
        self.close_connection = True
