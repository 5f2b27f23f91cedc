"""The log of calls, so that a test can count what was sent."""

import threading
from dataclasses import asdict, dataclass
from typing import Any

from tests.doubles.s3_vectors.account import Input


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it was answered.

    Attributes:
        operation: as the service model names it, or the path where it names none.
        keys: of the vectors sent (PutVectors) or named (GetVectors, DeleteVectors).
        sent_bytes: size of the request's body.
        actions: the IAM actions that it needed.
        applied: did the operation succeed, whatever the client was told?
        status: HTTP status of the answer; 0 where a fault gave none.
        error: the error of the answer, or the kind of the fault.
    """

    operation: str
    keys: tuple[str, ...]
    sent_bytes: int
    actions: tuple[str, ...]
    applied: bool
    status: int
    error: str | None

    @property
    def vectors(self) -> int:
        """How many vectors were sent or named."""
        return len(self.keys)

    def shown(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self) | {"vectors": self.vectors}


class CallLog:
    """Calls in the order in which they were answered."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: list[Call] = []

    def add(self, call: Call) -> None:
        """Note a call."""
        with self._lock:
            self._calls.append(call)

    def all(self, operation: str | None = None) -> list[Call]:
        """The calls so far, of one operation or of every one."""
        with self._lock:
            return [call for call in self._calls if operation in (None, call.operation)]

    def clear(self) -> None:
        """Forget the calls."""
        with self._lock:
            self._calls.clear()


def keys_of(operation: str, given: Input) -> tuple[str, ...]:
    """The keys of the vectors that a request sends or names, whatever its shape."""
    match operation:
        case "PutVectors":
            items = [item.get("key") for item in _list(given, "vectors") if isinstance(item, dict)]
        case "GetVectors" | "DeleteVectors":
            items = _list(given, "keys")
        case _:
            items = []
    return tuple(str(item) for item in items)


def _list(given: Input, name: str) -> list[Any]:
    items = given.get(name)
    return items if isinstance(items, list) else []
