"""What was asked of the double."""

from dataclasses import asdict, dataclass, field
from threading import Condition
from typing import Any


@dataclass(slots=True)
class Call:
    """One request.

    Attributes:
        number: from 1, in the order of arrival.
        operation: InvokeModel, Converse, ConverseStream or ApplyGuardrail.
        target: the model id, or the guardrail id.
        body: the request's JSON, or None when it was none.
        region: the region of the credential scope, empty when unsigned.
        access_key: the access key id, empty when unsigned.
        status: of the answer; None while it is not decided or when the connection was dropped.
        error: code of the error that was answered, empty for none.
    """

    number: int
    operation: str
    target: str
    body: Any
    region: str
    access_key: str
    status: int | None = None
    error: str = ""


@dataclass(slots=True)
class CallLog:
    """Every request since the start or the last reset, and how many ran at once."""

    _calls: list[Call] = field(default_factory=list)
    _running: int = 0
    _peak: int = 0
    _lock: Any = field(default_factory=Condition)

    def begin(self, operation: str, target: str, body: Any, caller: tuple[str, str]) -> Call:
        with self._lock:
            call = Call(len(self._calls) + 1, operation, target, body, caller[1], caller[0])
            self._calls.append(call)
            self._running += 1
            self._peak = max(self._peak, self._running)
            self._lock.notify_all()
            return call

    def end(self) -> None:
        with self._lock:
            self._running -= 1

    def gather(self, count: int, seconds: float) -> None:
        """Wait until that many requests have been under way at once, but no longer than this."""
        with self._lock:
            self._lock.wait_for(lambda: self._peak >= count, seconds)

    def clear(self) -> None:
        with self._lock:
            self._calls.clear()
            self._peak = self._running

    @property
    def peak(self) -> int:
        """Most requests that were under way at the same time."""
        with self._lock:
            return self._peak

    def all(self, operation: str = "") -> list[Call]:
        """The calls of an operation, or of all of them, in order."""
        with self._lock:
            return [call for call in self._calls if operation in {"", call.operation}]

    def as_json(self) -> list[dict[str, Any]]:
        return [asdict(call) for call in self.all()]
