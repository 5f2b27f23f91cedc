"""Faults by script: what goes wrong, in which calls, and whether the operation took effect."""

import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.doubles.s3_vectors.errors import STATUSES

EVERY = 2**31
"""As the last call of a fault: it never ends by itself."""
TRANSPORT_KINDS = frozenset({"delay", "reset", "half_body", "garbage", "half_applied", "html"})
"""Besides these, a fault's kind is the name of an error of the service."""
UNABLE = "Currently unable to handle the request"
"""What the service says when it is over its capacity (service model, PutVectors)."""
MESSAGES: Mapping[str, str] = {
    "TooManyRequestsException": "Please reduce your request rate.",
    "ServiceUnavailableException": UNABLE,
    "InternalServerException": "We encountered an internal error. Please try again.",
    "RequestTimeoutException": "The request timed out. Retry your request.",
    "ServiceQuotaExceededException": "Your request exceeds a service quota.",
    "AccessDeniedException": "User is not authorized to perform this action",
    "ExpiredTokenException": "The security token included in the request is expired",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong.

    Attributes:
        kind: an error of the service by name (429 ``TooManyRequestsException``, 503
            ``ServiceUnavailableException``, 500, 408, 402, 403 ``AccessDeniedException`` and
            ``ExpiredTokenException``, ...), or ``delay`` (answer after ``seconds``), ``reset``
            (the connection is reset without an answer), ``half_body`` (it ends in the middle of
            the body), ``garbage`` (status 200 and no JSON), ``half_applied`` (503, and only the
            first half of the vectors or keys took effect: whether AWS writes a batch as one is
            undocumented), ``html`` (503 from something in between, a page of HTML). boto3 raises
            nothing for ``half_body`` and ``garbage``: its answer lacks the members that the model
            requires.
        operation: which calls are counted; None counts every one.
        first: the first call that fails, counted from 1 since the fault was added.
        last: the last one; None is the first one only, ``EVERY`` all that follow.
        applied: does the operation take effect all the same? For ``delay``: before the wait, not
            after it. Of ``half_body`` and ``garbage`` it always does.
        seconds: of ``delay``.
    """

    kind: str
    operation: str | None = None
    first: int = 1
    last: int | None = None
    applied: bool = False
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in TRANSPORT_KINDS and self.kind not in STATUSES:
            known = ", ".join(sorted({*TRANSPORT_KINDS, *STATUSES}))
            raise ValueError(f"fault of unknown kind {self.kind!r}: use one of {known}")

    def concerns(self, operation: str) -> bool:
        """Is a call of this operation counted?"""
        return self.operation in (None, operation)

    def strikes(self, call: int) -> bool:
        """Does the n-th counted call fail?"""
        return self.first <= call <= (self.first if self.last is None else self.last)

    def shown(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


@dataclass(slots=True)
class _Counted:
    fault: Fault
    calls: int = 0


@dataclass(slots=True)
class Faults:
    """The script; each fault counts its own calls, and of several the first added strikes."""

    _script: list[_Counted] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, kind: str, operation: str | None = None, **choices: Any) -> Fault:
        """Script a fault; the further choices are those of ``Fault``."""
        fault = Fault(kind, operation, **choices)
        with self._lock:
            self._script.append(_Counted(fault))
        return fault

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        with self._lock:
            self._script.clear()

    def next(self, operation: str) -> Fault | None:
        """Count a call and return the fault that strikes it."""
        struck: Fault | None = None
        with self._lock:
            for counted in self._script:
                if counted.fault.concerns(operation):
                    counted.calls += 1
                    if struck is None and counted.fault.strikes(counted.calls):
                        struck = counted.fault
        return struck
