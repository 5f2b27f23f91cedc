"""A double of the Hugging Face hub: what its API lists and serves of one model, over loopback."""

import contextlib
import hashlib
import json
import re
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Any, Self

REVISION = "0123456789abcdef0123456789abcdef01234567"
_RANGE = re.compile(r"bytes=(\d+)-$")
_BLOCK = 1 << 16


class ModelHub:
    """Serves one model between ``with`` and its end.

    Attributes:
        name: of the model.
        files: name and content; those that end in ``.safetensors`` are stored apart, as on the hub.
        status: of every answer, with the hub's code for the error; None for none.
        cut_after: bytes of a large file after which the connection breaks; None for none.
        stall_after: bytes of a large file after which nothing more comes; None for none.
        ignores_ranges: whether it sends files from their beginning, whatever is asked for.
        sent: bytes of content that were sent, by file.
        requests: paths, in order.
        tokens: what came as authorization with requests for the model.
    """

    def __init__(self, name: str, files: dict[str, bytes]) -> None:
        self.name = name
        self.files = files
        self.status: tuple[int, str] | None = None
        self.cut_after: int | None = None
        self.stall_after: int | None = None
        self.ignores_ranges = False
        self.sent: dict[str, int] = {}
        self.requests: list[str] = []
        self.tokens: set[str | None] = set()
        self.stalled = Event()
        self.over = Event()
        self._turn = Lock()
        self._server = ThreadingHTTPServer(
            ("127.0.0.1", 0), type("Bound", (_Handler,), {"hub": self})
        )
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """For ``HF_ENDPOINT``."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def count(self, name: str, size: int) -> None:
        with self._turn:
            self.sent[name] = self.sent.get(name, 0) + size

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    hub: ModelHub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        hub, path = self.hub, self.path.partition("?")[0]
        hub.requests.append(path)
        if f"/{hub.name}" in path:
            hub.tokens.add(self.headers.get("Authorization"))
        if hub.status:
            status, code = hub.status
            self._send(status, b"{}", {"X-Error-Code": code} if code else {})
        elif path == f"/api/models/{hub.name}":
            self._send(200, json.dumps(self._listing()).encode())
        elif path.startswith(f"/{hub.name}/resolve/{REVISION}/"):
            name = path.rpartition("/")[2]
            if name.endswith(".safetensors"):
                # Large files lie elsewhere, as on the hub.
                self._send(302, b"", {"Location": f"{hub.url}/cdn/{name}"})
            else:
                self._content(name)
        elif path.startswith("/cdn/"):
            self._content(path.rpartition("/")[2])
        else:
            self._send(404, b"{}", {"X-Error-Code": "RepoNotFound"})

    def log_message(self, *_: object) -> None:
        """The list of requests says it all."""

    def _listing(self) -> Any:
        siblings = []
        for name, content in self.hub.files.items():
            git = b"blob %d\0" % len(content) + content
            row: dict[str, Any] = {"rfilename": name, "size": len(content)}
            row["blobId"] = hashlib.sha1(git, usedforsecurity=False).hexdigest()
            if name.endswith(".safetensors"):
                digest = hashlib.sha256(content).hexdigest()
                row["lfs"] = {"sha256": digest, "size": len(content), "pointerSize": 135}
            siblings.append(row)
        return {"id": self.hub.name, "sha": REVISION, "siblings": siblings, "gated": False}

    def _content(self, name: str) -> None:
        hub, content = self.hub, self.hub.files[name]
        asked = None if hub.ignores_ranges else _RANGE.match(self.headers.get("Range", ""))
        first = int(asked[1]) if asked else 0
        where = {"Content-Range": f"bytes {first}-{len(content) - 1}/{len(content)}"}
        self._head(206 if asked else 200, len(content) - first, where if asked else {})
        for at in range(first, len(content), _BLOCK):
            if self._breaks(name, at):
                return
            block = content[at : at + _BLOCK]
            try:
                self.wfile.write(block)
            except ConnectionError:
                self.close_connection = True
                return
            hub.count(name, len(block))

    def _breaks(self, name: str, at: int) -> bool:
        hub = self.hub
        if not name.endswith(".safetensors"):
            return False
        if hub.stall_after is not None and at >= hub.stall_after:
            hub.stalled.set()
            hub.over.wait(120)
        elif hub.cut_after is None or at < hub.cut_after:
            return False
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
        return True

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self._head(status, len(body), headers or {})
        if self.command != "HEAD":
            self.wfile.write(body)

    def _head(self, status: int, size: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(size))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
