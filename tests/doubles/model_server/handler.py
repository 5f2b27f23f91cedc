"""HTTP for the double: reads requests, streams answers, spoils them when told to."""

import json
import select
import socket
import struct
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from threading import Event
from typing import TYPE_CHECKING, Any

from tests.doubles.bedrock import Reply
from tests.doubles.model_server.calls import Call
from tests.doubles.model_server.faults import BEFORE, Fault
from tests.doubles.model_server.protocols import PROTOCOLS

if TYPE_CHECKING:
    from tests.doubles.model_server.server import ModelServer

_ABORT = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 seconds: close with RST
_HTML = b"<html><body>Sign in to the network</body></html>"
_STATUSES = {
    "key_wrong": (401, "Incorrect API key provided: {key}"),
    "forbidden": (403, "not for you"),
    "no_path": (404, ""),
    "busy": (429, "rate limit reached"),
    "busy_later": (429, "rate limit reached"),
    "overloaded": (503, "Loading model"),
    "crash": (500, "llama runner process has terminated"),
    "no_memory": (500, "model requires more system memory (5.5 GiB) than is available (3.2 GiB)"),
    "too_long": (400, "the request exceeds the available context size (512 tokens)"),
    "refused": (400, "invalid temperature"),
}


class LeftError(Exception):
    """The client closed the connection."""


class Handler(BaseHTTPRequestHandler):
    """One connection. ``double`` and ``stopping`` are set by the server."""

    double: "ModelServer"
    stopping: Event
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        protocol, call = self.double.protocol, self._began(None)
        fault = self.double.faults.next()
        if fault and fault.kind in BEFORE:
            call.ending = "spoiled"
            self._spoil(fault, call)
        elif self.path == protocol.models:
            listing = protocol.listing(self.double.models, self.double.context)
            self._json(200, listing if self.double.listing is None else self.double.listing)
        else:
            self._send(404, b"404 page not found", "text/plain")

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        call = self._began(body)
        fault = self.double.faults.next()
        if fault and fault.kind in BEFORE:
            call.ending = "spoiled"
            self._spoil(fault, call)
        elif self.path == "/api/show" and self.double.protocol.name == "ollama":
            self._json(200, {"model_info": {"qwen3.context_length": self.double.context}})
        elif self.path != self.double.protocol.chat:
            self._send(404, b"404 page not found", "text/plain")
        elif refusal := self._refusal(body):
            self._json(*refusal)
        else:
            self._answer(body, call, fault)

    def log_message(self, *_: Any) -> None:
        """The list of calls says it all."""

    def _began(self, body: Any) -> Call:
        call = Call(self.path, body, {n.lower(): v for n, v in self.headers.items()})
        self.double.calls.append(call)
        return call

    def _refusal(self, body: Any) -> tuple[int, Any] | None:
        """What a server refuses by itself."""
        error = self.double.protocol.error
        if body["model"] not in self.double.models:
            return 404, error(f"model '{body['model']}' not found", 404)
        unknown = self.double.unknown_fields & body.keys()
        if unknown:
            return 400, error(f"Unrecognized request argument supplied: {min(unknown)}", 400)
        return None

    def _spoil(self, fault: Fault, call: Call) -> None:
        kind = fault.kind
        if kind in _STATUSES:
            self._fail(fault, call)
        elif kind in {"reset", "close"}:
            self._drop(reset=kind == "reset")
        elif kind == "slow_first":
            self._wait(fault.seconds, call)
            self.close_connection = True
        elif kind == "not_http":
            self.wfile.write(b"220 mail.example.com\r\n250 ready\r\n\r\n")
            self.close_connection = True
        elif kind in {"html", "html_error"}:
            self._send(200 if kind == "html" else 502, _HTML, "text/html")
        elif kind == "redirect":
            self._send(302, b"", "text/plain", {"Location": "https://user:word@elsewhere.invalid/"})
        elif kind == "no_model":
            self._json(404, self.double.protocol.error("model 'm' not found, try pulling it", 404))
        else:
            self._wrong_answer(kind)

    def _wrong_answer(self, kind: str) -> None:
        protocol = self.double.protocol
        if kind == "empty":
            self._send(200, b"", protocol.content_type)
        elif kind == "json_list":
            self._send(200, protocol.line([1, 2]), protocol.content_type)
        else:
            other = PROTOCOLS["openai" if protocol.name == "ollama" else "ollama"]
            self._send(200, other.line(other.piece("Hello")), other.content_type)

    def _fail(self, fault: Fault, call: Call) -> None:
        status, message = _STATUSES[fault.kind]
        later = {"Retry-After": f"{fault.seconds:g}"} if fault.kind == "busy_later" else {}
        if not message:
            self._send(status, b"404 page not found", "text/plain")
            return
        message = message.format(key=call.headers.get("authorization", "none"))
        body = json.dumps(self.double.protocol.error(message, status)).encode()
        self._send(status, body, "application/json", later)

    def _answer(self, body: Any, call: Call, fault: Fault | None) -> None:
        double = self.double
        said = double.behaviour(double.protocol.prompt(body))
        reply = said if isinstance(said, Reply) else Reply(said)
        self._head(200, double.protocol.content_type, {"Transfer-Encoding": "chunked"})
        lines = double.protocol.answer(body, reply, double.thought)
        try:
            for piece in double.cut(lines):
                if fault and call.pieces == fault.after:
                    call.ending = "spoiled"
                    self._break(fault, call)
                    return
                if double.piece_seconds:
                    self._wait(double.piece_seconds, call)
                self._chunk(piece)
                call.pieces += 1
            self.wfile.write(b"0\r\n\r\n")
            call.ending = "whole"
        except (LeftError, ConnectionError):
            call.ending = "left"
            self.close_connection = True

    def _break(self, fault: Fault, call: Call) -> None:
        """Spoil the answer in its middle."""
        kind = fault.kind
        protocol = self.double.protocol
        lines = {
            "wrong_json": protocol.line({})[:-3] + b"\n\n",
            "wrong_shape": protocol.line({"choices": [7], "message": 7}),
            "error_event": protocol.line(protocol.error("CUDA error: out of luck", 500)),
            "cut_line": protocol.line(protocol.piece("half of"))[:-12],
            "endless_line": b"x" * (3 << 20),
        }
        if kind in lines:
            self._chunk(lines[kind])
        if kind == "slow_later":
            self._wait(fault.seconds, call)
        elif kind == "drip":
            self._drip(fault.seconds, call)
        elif kind == "stream_reset":
            self._drop(reset=True)
        elif kind in {"cut_clean", "cut_line", "wrong_json", "wrong_shape", "error_event"}:
            self.wfile.write(b"0\r\n\r\n")
        self.close_connection = True

    def _drip(self, seconds: float, call: Call) -> None:
        """Keep the connection alive, and say nothing."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self.stopping.is_set():
            self._chunk(b": still here\n\n" if self.double.protocol.name == "openai" else b"\n")
            self._wait(0.05, call)

    def _wait(self, seconds: float, call: Call) -> None:
        """Wait, and note when the client goes away."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not self.stopping.is_set():
            readable, _, _ = select.select([self.connection], [], [], min(left, 0.05))
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                call.ending = "left"
                raise LeftError

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))

    def _json(self, status: int, value: Any) -> None:
        self._send(status, json.dumps(value).encode(), "application/json")

    def _send(
        self, status: int, body: bytes, kind: str, headers: dict[str, str] | None = None
    ) -> None:
        self._head(status, kind, {**(headers or {}), "Content-Length": str(len(body))})
        self.wfile.write(body)

    def _head(self, status: int, kind: str, headers: dict[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _drop(self, *, reset: bool) -> None:
        """Close without an answer, with a reset or in order."""
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
        self.rfile.close()
        self.connection.close()
        self.close_connection = True


def as_they_are(lines: Iterator[bytes]) -> Iterator[bytes]:
    """Each line a piece of the HTTP body."""
    return lines
