"""A generator's stream -> drafts: sentences with the numbers of the passages that they cite."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from chat_app.values import values
from retrieval.keywords import terms
from retrieval.sentences import Span, sentences

MAX_OPEN = 4_000
"""Characters of a sentence that does not end; what is longer is taken as it is, and not verified
by any passage."""

_NUMBERS = r"\[\d{1,3}(?:\s*,\s*\d{1,3})*\]"
_MARKER = re.compile(rf"\s*{_NUMBERS}")
_CLOSING = re.compile(
    # "... $20. [1]" or "... $20 [1].", and behind it something that is no further marker.
    rf"(?:[.!?][\"')\]*_”’]*(?:\s*{_NUMBERS})+[.!?]?|(?:\s*{_NUMBERS})+[.!?])(?=\s*[^\s\[.!?])"
)
_MARKUP = re.compile(r"\*\*|__|`|^\s{0,3}#{1,6}\s+|^\s*(?:[-*•]|\d{1,2}[.)])\s+", re.MULTILINE)


class Draft(NamedTuple):
    """A sentence as the generator wrote it, and the numbers of the passages it cites."""

    text: str
    numbers: tuple[int, ...]


def read_drafts(pieces: Iterable[str], *, whole_lines: bool = False) -> Iterator[Draft]:
    """Cut a generator's stream into sentences with their markers, each as soon as it is complete.

    A sentence without a marker rests on what the next one in its line cites; behind the last
    marker of a line it cites nothing. A marker within a sentence counts for all of it. An answer
    such as "Yes." belongs to the sentence behind it.

    Args:
        pieces: of the stream; where it is cut makes no difference.
        whole_lines: each line is one draft, whatever it holds, and has no markup.
    """
    open_text = ""
    for piece in pieces:
        open_text += piece
        while (end := _complete(open_text, whole_lines=whole_lines)) > 0:
            yield from _drafts(open_text[:end], whole_lines=whole_lines)
            open_text = open_text[end:]
    yield from _drafts(open_text, whole_lines=whole_lines)


def _complete(text: str, *, whole_lines: bool) -> int:
    """Where the first part ends that no further text can change; 0 when there is none yet."""
    line = text.find("\n") + 1
    closing = None if whole_lines else _CLOSING.search(text, 0, line or len(text))
    if closing and closing.end() <= MAX_OPEN:
        return closing.end()
    return line or (MAX_OPEN if len(text) > MAX_OPEN else 0)


def _drafts(part: str, *, whole_lines: bool) -> Iterator[Draft]:
    text, markers = _without_markers(part if whole_lines else _MARKUP.sub("", part))
    if not text.strip():
        return
    if whole_lines:
        yield Draft(text.strip(), tuple(dict.fromkeys(n for _, n in markers)))
        return
    inherited: tuple[int, ...] = ()
    drafts: list[Draft] = []
    for span in reversed(_sentences(text)):
        own = tuple(dict.fromkeys(n for place, n in markers if span.start < place <= span.end))
        inherited = own or inherited
        drafts.append(Draft(text[span.start : span.end], inherited))
    yield from reversed(drafts)


def _without_markers(part: str) -> tuple[str, list[tuple[int, int]]]:
    """The text without markers, and for each number the place in it where it stood."""
    text = ""
    markers: list[tuple[int, int]] = []
    position = 0
    for marker in _MARKER.finditer(part):
        text += part[position : marker.start()]
        markers += [(len(text), int(n)) for n in re.findall(r"\d+", marker.group())]
        position = marker.end()
    return text + part[position:], markers


def _sentences(text: str) -> list[Span]:
    """The sentences, those that say nothing by themselves together with what follows."""
    found: list[Span] = []
    opening: int | None = None
    for span in sentences(text):
        start = span.start if opening is None else opening
        said = text[start : span.end]
        if len(terms(said)) < 2 and not values(said):
            opening = start
            continue
        found.append(Span(start, span.end))
        opening = None
    if opening is not None:
        found.append(Span(opening, len(text.rstrip())))
    return found
