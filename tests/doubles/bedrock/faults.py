"""Faults on demand, and what boto3 makes of each.

Seen with boto3 1.44.5, urllib3 2.8. "Retried" is botocore's own retrying in both the standard and
the legacy mode; nothing is retried once a stream has begun. In the standard mode a client that
has met many failures runs out of its retry quota and then retries less than it is set to.

| kind                | boto3 raises                                             | retried |
|---------------------|----------------------------------------------------------|---------|
| throttling          | ClientError ThrottlingException, 429                     | yes     |
| model_not_ready     | ClientError ModelNotReadyException, 429                  | yes     |
| service_unavailable | ClientError ServiceUnavailableException, 503             | yes     |
| internal            | ClientError InternalServerException, 500                 | yes     |
| bad_gateway         | ClientError whose code is "502", message "Bad Gateway"   | yes     |
| model_timeout       | ClientError ModelTimeoutException, 408                   | no      |
| model_error         | ClientError ModelErrorException, 424                     | no      |
| access_denied       | ClientError AccessDeniedException, 403                   | no      |
| expired_token       | ClientError ExpiredTokenException, 403; it has no class  | no      |
|                     | of its own under client.exceptions                       |         |
| not_found           | ClientError ResourceNotFoundException, 404               | no      |
| quota               | ClientError ServiceQuotaExceededException, 400           | no      |
| validation          | ClientError ValidationException, 400                     | no      |
| delay               | botocore.exceptions.ReadTimeoutError                     | yes     |
| reset               | botocore.exceptions.ConnectionClosedError                | yes     |
| half_answer         | Converse, ApplyGuardrail: nothing, and the answer lacks  | no      |
|                     | all of its members; InvokeModel: ResponseStreamingError  |         |
|                     | when the body is read                                    |         |
| not_json            | Converse, ApplyGuardrail: nothing, and the answer lacks  | no      |
|                     | all of its members; InvokeModel: nothing, the body is    |         |
|                     | not JSON; ConverseStream: ChecksumMismatch               |         |

While a stream is read, after some of its text:

| kind                         | boto3 raises                                              |
|------------------------------|-----------------------------------------------------------|
| stream_throttling            | EventStreamError, code throttlingException                |
| stream_model_error           | EventStreamError, code modelStreamErrorException          |
| stream_internal              | EventStreamError, code internalServerException            |
| stream_unavailable           | EventStreamError, code serviceUnavailableException        |
| stream_validation            | EventStreamError, code validationException                |
| stream_unmodelled_error      | EventStreamError, code InternalError                      |
| stream_reset, stream_cut     | urllib3.exceptions.ProtocolError                          |
| stream_stall                 | urllib3.exceptions.ReadTimeoutError                       |
| stream_bad_prelude_checksum, | botocore.eventstream.ChecksumMismatch, a ParserError and  |
| stream_bad_message_checksum, | no ClientError or BotoCoreError                           |
| stream_garbage               |                                                           |
| stream_half_frame,           | nothing: the stream ends without messageStop              |
| stream_no_stop               |                                                           |
| stream_no_metadata           | nothing: messageStop was the last event                   |

EventStreamError is a ClientError. urllib3's errors and ParserError are neither ClientError nor
BotoCoreError.
"""

from collections import Counter
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from tests.doubles.bedrock.errors import ServiceError

ERRORS = {
    "throttling": ("ThrottlingException", "Too many requests, please wait before trying again."),
    "service_unavailable": ("ServiceUnavailableException", "Bedrock is unable to process this."),
    "internal": ("InternalServerException", "The system encountered an unexpected error."),
    "model_timeout": ("ModelTimeoutException", "Model has timed out in processing the request."),
    "model_not_ready": ("ModelNotReadyException", "The model is not ready for inference yet."),
    "model_error": ("ModelErrorException", "The model returned an error."),
    "access_denied": (
        "AccessDeniedException",
        "You don't have access to the model with the specified model ID.",
    ),
    "expired_token": (
        "ExpiredTokenException",
        "The security token included in the request is expired",
    ),
    "not_found": ("ResourceNotFoundException", "The resource could not be found."),
    "quota": ("ServiceQuotaExceededException", "The quota of this account is used up."),
    "validation": ("ValidationException", "The request is not valid."),
}
"""Kinds that are an error in place of the answer: code and message."""

CONNECTION = ("delay", "reset", "half_answer", "not_json", "bad_gateway")
"""Kinds that spoil the answer of any operation. ``delay`` waits and then answers."""

STREAM_ERRORS = {
    "stream_throttling": "throttlingException",
    "stream_model_error": "modelStreamErrorException",
    "stream_internal": "internalServerException",
    "stream_unavailable": "serviceUnavailableException",
    "stream_validation": "validationException",
}
"""Kinds that are an exception frame in mid-stream."""

STREAM = (
    *STREAM_ERRORS,
    "stream_unmodelled_error",
    "stream_reset",
    "stream_cut",
    "stream_half_frame",
    "stream_no_stop",
    "stream_no_metadata",
    "stream_bad_prelude_checksum",
    "stream_bad_message_checksum",
    "stream_garbage",
    "stream_stall",
)
"""Kinds that spoil a stream after some of its text."""

KINDS = (*ERRORS, *CONNECTION, *STREAM)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of some calls.

    Attributes:
        operation: InvokeModel, Converse, ConverseStream or ApplyGuardrail.
        first: the first call of that operation that fails, from 1, counted since the last reset.
            The client's own retries are calls.
        last: the last one; None for all that follow.
        kind: one of KINDS.
        seconds: how long a delay or a stall lasts.
        together: a delay ends sooner, once this many requests have been under way at once.
        after: text deltas sent before a stream fails; half of them when None.
    """

    operation: str
    first: int
    last: int | None
    kind: str
    seconds: float = 5.0
    together: int | None = None
    after: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no fault '{self.kind}': choose one of {', '.join(KINDS)}")
        streams = self.operation == "ConverseStream"
        if (self.kind in STREAM and not streams) or (self.kind == "half_answer" and streams):
            raise ValueError(f"'{self.kind}' does not suit {self.operation}")

    @property
    def error(self) -> ServiceError | None:
        """The error that this fault is, if it is one in place of the answer."""
        return ServiceError(*ERRORS[self.kind]) if self.kind in ERRORS else None

    def covers(self, number: int) -> bool:
        return self.first <= number and (self.last is None or number <= self.last)


@dataclass(slots=True)
class Faults:
    """The faults to come. Where two cover a call, the one added last holds."""

    _faults: list[Fault] = field(default_factory=list)
    _counts: Counter[str] = field(default_factory=Counter)
    _lock: Any = field(default_factory=Lock)

    def add(self, operation: str, first: int, last: int | None, kind: str, **more: Any) -> None:
        """Plan a fault; ``more`` may hold ``seconds``, ``together``, ``after``.

        Raises:
            ValueError: there is no such kind, or it does not suit the operation.
        """
        with self._lock:
            self._faults.append(Fault(operation, first, last, kind, **more))

    def clear(self) -> None:
        """Forget all faults and count calls from 1 again."""
        with self._lock:
            self._faults.clear()
            self._counts.clear()

    def next(self, operation: str) -> Fault | None:
        """Count a call and return the fault that it meets."""
        with self._lock:
            self._counts[operation] += 1
            number = self._counts[operation]
            met = (f for f in reversed(self._faults) if f.operation == operation)
            return next((fault for fault in met if fault.covers(number)), None)
