"""The file that lets the double's state survive its end: every change as it was sent."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Change:
    """A request that changed something."""

    method: str
    target: str
    now: float
    body: bytes


class Journal:
    """Changes appended to a file; one that was cut off by a kill is dropped when it is opened."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        path.touch()

    def changes(self) -> Iterator[Change]:
        """What was written, in order; the file is cut behind the last whole change."""
        whole = 0
        with self._path.open("rb") as file:
            while header := file.readline():
                if not header.endswith(b"\n"):
                    break
                method, target, now, length = json.loads(header)
                body = file.read(length + 1)
                if len(body) <= length:
                    break
                whole = file.tell()
                yield Change(method, target, now, body[:-1])
        with self._path.open("rb+") as file:
            file.truncate(whole)

    def append(self, change: Change) -> None:
        """Write a change; it survives the end of this process once this returns."""
        header = json.dumps([change.method, change.target, change.now, len(change.body)]).encode()
        with self._lock, self._path.open("ab") as file:
            file.write(header + b"\n" + change.body + b"\n")

    def clear(self) -> None:
        """Forget every change."""
        with self._lock:
            self._path.write_bytes(b"")
