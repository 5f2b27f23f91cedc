"""Work that waits for a server ends when the reader presses stop."""

import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import copy_context
from threading import Event, Thread
from typing import Any

from chat_app.stopping import stop_requested

STOP_SECONDS = 0.2
"""Between two looks whether the reader pressed stop."""


class Call:
    """The connection of one request, which another thread can hang up."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._over = Event()

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Note the socket; httpcore tells each of its steps here."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._socket = info["return_value"].get_extra_info("socket")

    @contextmanager
    def hung_up_when_stopped(self) -> Iterator[None]:
        """End what blocks on the connection when the reader presses stop."""
        watch = Thread(target=copy_context().run, args=(self._watch,), daemon=True)
        watch.start()
        try:
            yield
        finally:
            self._over.set()
            watch.join()

    def _watch(self) -> None:
        while not self._over.wait(STOP_SECONDS):
            if stop_requested() and self._socket is not None:
                # That of the socket itself: an SSLSocket's own would end its layer under a reader.
                with suppress(OSError):
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def rest(seconds: float) -> None:
    """Wait, no longer than until a stop is requested."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0 and not stop_requested():
        time.sleep(min(left, STOP_SECONDS))
