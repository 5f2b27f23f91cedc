"""Which parts of a text were masked, and whether they are the labelled personal data. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from chat_app.evaluation.guard_rows import Span

_PIECE = re.compile(r"\[[^\[\]\n]{1,40}\]|<[^<>\n]{1,40}>|\w+|\s+|.", re.DOTALL)
"""A mask such as ``[PHONE]``, a word, a gap or one other character."""


@dataclass(frozen=True, slots=True)
class Caught:
    """What became of a labelled span.

    Attributes:
        whole: none of its letters and digits is left.
        touched: at least one of them is gone.
    """

    type: str
    whole: bool
    touched: bool


@dataclass(frozen=True, slots=True)
class Mask:
    """A part of the text that was masked.

    Attributes:
        name: what stands in its place.
        types: of the labelled spans that it hides something of; empty for a false alarm.
    """

    name: str
    types: tuple[str, ...]


def judge(text: str, masked: str, spans: Sequence[Span]) -> tuple[list[Caught], list[Mask]]:
    """Compare a text with itself masked: what became of each span, and what each mask hides."""
    regions = list(_replaced(text, masked))
    hidden = {place for start, end, _ in regions for place in range(start, end)}
    caught = []
    for span in spans:
        told = [p for p in range(span.start, span.end) if text[p].isalnum()]
        gone = [place in hidden for place in told]
        caught.append(Caught(span.type, bool(gone) and all(gone), any(gone)))
    masks = [Mask(name, _types(start, end, spans)) for start, end, name in regions]
    return caught, masks


def _replaced(text: str, masked: str) -> Iterator[tuple[int, int, str]]:
    """Start and end of what is not in the masked text, and what is there instead."""
    left, right = _PIECE.findall(text), _PIECE.findall(masked)
    starts = [0]
    for piece in left:
        starts.append(starts[-1] + len(piece))
    changes = SequenceMatcher(None, left, right, autojunk=False).get_opcodes()
    for change, i1, i2, j1, j2 in changes:
        if change in {"replace", "delete"}:
            yield starts[i1], starts[i2], re.sub(r"\d+", "", "".join(right[j1:j2])).strip()


def _types(start: int, end: int, spans: Sequence[Span]) -> tuple[str, ...]:
    met = (span.type for span in spans if span.start < end and start < span.end)
    return tuple(dict.fromkeys(met))
