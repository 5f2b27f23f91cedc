"""What goes wrong, and when."""

from dataclasses import dataclass
from threading import Lock

BEFORE = (
    "slow_first",
    "reset",
    "close",
    "not_http",
    "html",
    "html_error",
    "redirect",
    "empty",
    "other_protocol",
    "json_list",
    "key_wrong",
    "forbidden",
    "no_model",
    "no_path",
    "busy",
    "busy_later",
    "overloaded",
    "crash",
    "no_memory",
    "too_long",
    "refused",
)
"""Faults that take the place of an answer."""
STREAM = (
    "slow_later",
    "drip",
    "stream_reset",
    "cut",
    "cut_clean",
    "cut_line",
    "wrong_json",
    "wrong_shape",
    "error_event",
    "endless_line",
)
"""Faults in the middle of one."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault.

    Attributes:
        kind: one of BEFORE or STREAM.
        times: how many calls it spoils; None for all.
        after: pieces sent before it, of those in STREAM.
        seconds: of those that are slow; of "busy_later", what Retry-After says.
    """

    kind: str
    times: int | None = None
    after: int = 2
    seconds: float = 60.0

    def __post_init__(self) -> None:
        if self.kind not in {*BEFORE, *STREAM}:
            raise ValueError(f"no fault '{self.kind}'")


class Faults:
    """The fault that is planned, if there is one."""

    def __init__(self) -> None:
        self._fault: Fault | None = None
        self._spoiled = 0
        self._turn = Lock()

    def plan(self, fault: Fault | None) -> None:
        """Spoil the next calls this way; None for none."""
        with self._turn:
            self._fault, self._spoiled = fault, 0

    def next(self) -> Fault | None:
        """The fault of the call that begins now."""
        with self._turn:
            fault = self._fault
            if fault is None or (fault.times is not None and self._spoiled >= fault.times):
                return None
            self._spoiled += 1
            return fault
