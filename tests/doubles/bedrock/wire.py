"""What goes over the connection for a stream, sound or spoiled."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum

from tests.doubles.bedrock import frames
from tests.doubles.bedrock.converse import Event
from tests.doubles.bedrock.faults import STREAM, STREAM_ERRORS, Fault

_PADDING = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_SECONDS_TO_READ = 0.05  # lets the client read what came before a reset throws it away


class Ending(Enum):
    """How a connection ends before its time."""

    RESET = "with a TCP reset"
    CUT = "in the middle of the chunked body"


Part = bytes | float | Ending
"""Bytes to send, seconds to wait, or the end."""


def parts(events: Iterable[Event], delay: float, fault: Fault | None) -> Iterator[Part]:
    """The stream of these events.

    Args:
        events: all of the answer.
        delay: seconds between two deltas.
        fault: what goes wrong, if it is one of a stream.
    """
    sound = (frames.event(kind, _padded(body)) for kind, body in events)
    if not fault or fault.kind not in STREAM:
        yield from _paced(sound, delay)
        return
    encoded = list(sound)
    deltas = len(encoded) - 4
    cut = 1 + min(deltas, deltas // 2 if fault.after is None else fault.after)
    yield from _paced(encoded[:cut], delay)
    yield from _spoiled(encoded[cut:], fault)


def _padded(body: dict[str, object]) -> dict[str, object]:
    """The service pads each event so that its size does not give the text away."""
    return body | {"p": _PADDING[: 4 + len(str(body)) % 48]}


def _paced(encoded: Iterable[bytes], delay: float) -> Iterator[Part]:
    for each in encoded:
        yield each
        if delay:
            yield delay


def _spoiled(rest: Sequence[bytes], fault: Fault) -> Iterator[Part]:
    if fault.kind in STREAM_ERRORS:
        kind = STREAM_ERRORS[fault.kind]
        yield frames.exception(kind, "The stream ended with an error.")
        return
    yield from _SPOILED[fault.kind](rest, fault)


def _unmodelled(_rest: Sequence[bytes], _fault: Fault) -> Iterator[Part]:
    yield frames.unmodelled_error("InternalError", "An internal server error occurred")


def _reset(_rest: Sequence[bytes], _fault: Fault) -> Iterator[Part]:
    yield _SECONDS_TO_READ
    yield Ending.RESET


def _cut(rest: Sequence[bytes], _fault: Fault) -> Iterator[Part]:
    yield rest[0][: len(rest[0]) // 2]
    yield Ending.CUT


def _half_frame(rest: Sequence[bytes], _fault: Fault) -> Iterator[Part]:
    yield rest[0][: len(rest[0]) // 2]


def _no_stop(_rest: Sequence[bytes], _fault: Fault) -> Iterator[Part]:
    yield from ()


def _no_metadata(rest: Sequence[bytes], _fault: Fault) -> Iterator[Part]:
    yield from rest[:-1]


def _bad_prelude(rest: Sequence[bytes], _fault: Fault) -> Iterator[Part]:
    yield frames.with_bad_prelude_checksum(rest[0])
    yield from rest[1:]


def _bad_message(rest: Sequence[bytes], _fault: Fault) -> Iterator[Part]:
    yield frames.with_bad_message_checksum(rest[0])
    yield from rest[1:]


def _garbage(rest: Sequence[bytes], _fault: Fault) -> Iterator[Part]:
    yield b"<html><body>Bad gateway</body></html>"
    yield from rest


def _stall(rest: Sequence[bytes], fault: Fault) -> Iterator[Part]:
    yield fault.seconds
    yield from rest


_SPOILED: dict[str, Callable[[Sequence[bytes], Fault], Iterator[Part]]] = {
    "stream_unmodelled_error": _unmodelled,
    "stream_reset": _reset,
    "stream_cut": _cut,
    "stream_half_frame": _half_frame,
    "stream_no_stop": _no_stop,
    "stream_no_metadata": _no_metadata,
    "stream_bad_prelude_checksum": _bad_prelude,
    "stream_bad_message_checksum": _bad_message,
    "stream_garbage": _garbage,
    "stream_stall": _stall,
}
