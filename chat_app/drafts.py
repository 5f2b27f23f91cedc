"""A generator's stream -> drafts: sentences with the numbers of the passages that they cite."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from chat_app.markers import DECIDES, ENDING, LEADING, Marker, without_markers
from chat_app.structured import read_structure
from chat_app.values import values
from retrieval.keywords import terms
from retrieval.sentences import Span, sentences

MAX_OPEN = 4_000
"""Characters of a sentence that does not end; what is longer is taken as it is, and not verified
by any passage."""

_MARKUP = re.compile(
    r"^\s*```\w*\s*$|\*\*|__|`|^\s{0,3}#{1,6}\s+|^\s*(?:[-*•]|\d{1,2}[.)])\s+"
    r"|^\s*(?:final )?answer:\s+(?=\S)",
    re.MULTILINE | re.IGNORECASE,
)
_SPACES = re.compile(r"[^\S\n]{2,}")
_CAPITAL = re.compile(r"\s+[A-Z]")
_BEHIND_LEADING = re.compile(r"\A\s*[:–-]\s+")


class Draft(NamedTuple):
    """A sentence as the generator wrote it, and the numbers of the passages it cites."""

    text: str
    numbers: tuple[int, ...]


def read_drafts(pieces: Iterable[str], *, whole_lines: bool = False) -> Iterator[Draft]:
    """Cut a generator's stream into sentences with their markers, each as soon as it is complete.

    A sentence without a marker rests on what the next one in its line cites; behind the last
    marker of a line it cites nothing. A marker within a sentence counts for all of it; one in
    front of a line's first sentence, for it and those behind it. A marker in a line of its own
    belongs to the line before, which waits for it where it cites nothing. An answer such as "Yes."
    belongs to the sentence behind it. JSON is read for its sentences and their numbers.

    Args:
        pieces: of the stream; where it is cut makes no difference.
        whole_lines: each line is one draft, whatever it holds, and has no markup.
    """
    if whole_lines:
        for line in _parts(pieces, whole_lines=True):
            yield from _whole(line)
        return
    waiting: list[Draft] = []
    for part in _parts(pieces):
        found, numbers = _read(part)
        if found or numbers:
            yield from (d if d.numbers or found else d._replace(numbers=numbers) for d in waiting)
            waiting = []
        if part.endswith("\n") and found and not found[-1].numbers:
            waiting = found
        else:
            yield from found
    yield from waiting


def says_something(text: str) -> bool:
    """Does it hold more than a word such as "Yes." or "Costs:"?"""
    return len(terms(text)) >= 2 or bool(values(text))


def _parts(pieces: Iterable[str], *, whole_lines: bool = False) -> Iterator[str]:
    """Lines, and within them what ends in a marker, each as soon as it is complete."""
    open_text = ""
    for piece in pieces:
        open_text += piece
        if not whole_lines:
            # Small models fall into writing spaces without end.
            open_text = _SPACES.sub(" ", open_text)
        if not DECIDES.search(piece) and len(open_text) <= MAX_OPEN:
            continue
        while (end := _complete(open_text, whole_lines=whole_lines)) > 0:
            yield open_text[:end]
            open_text = open_text[end:]
    while open_text:
        end = _complete(open_text, whole_lines=whole_lines, ended=True) or len(open_text)
        yield open_text[:end]
        open_text = open_text[end:]


def _complete(text: str, *, whole_lines: bool, ended: bool = False) -> int:
    """Where the first part ends that no further text can change; 0 when there is none yet."""
    limit = min(len(text), MAX_OPEN)
    if not whole_lines and (structure := read_structure(text[:limit])).begun:
        if structure.end:
            return structure.end
        if not ended and len(text) <= MAX_OPEN:
            return 0
    line = text.find("\n", 0, limit) + 1
    if not whole_lines and not LEADING.match(text):
        ending = ENDING.search(text, 0, line or limit)
        if ending:
            return ending.end()
    return line or (MAX_OPEN if len(text) > MAX_OPEN else 0)


def _whole(line: str) -> Iterator[Draft]:
    text, markers = without_markers(line, strict=True)
    if text.strip():
        yield Draft(text.strip(), _together(markers))


def _read(part: str) -> tuple[list[Draft], tuple[int, ...]]:
    """The drafts of a part, and the numbers of its markers."""
    structure = read_structure(part)
    return (_of_structure(structure.claims), ()) if structure.end else _read_line(part)


def _read_line(part: str) -> tuple[list[Draft], tuple[int, ...]]:
    line = _MARKUP.sub("", part)
    leading = LEADING.match(line)
    if leading:
        line = leading.group() + _BEHIND_LEADING.sub(" ", line[leading.end() :], count=1)
    text, markers = without_markers(line)
    if not text.strip():
        return [], _together(markers)
    cited = _cited_before if leading else _cited_behind
    return cited(text, _sentences(text, markers), markers), ()


def _of_structure(claims: Sequence[tuple[str, tuple[int, ...]]]) -> list[Draft]:
    """The sentences of each text; those that cite nothing rest on the numbers beside it."""
    drafts: list[Draft] = []
    for text, numbers in claims:
        for line in text.splitlines():
            own, _ = _read_line(line)
            drafts += [d if d.numbers else d._replace(numbers=numbers) for d in own]
    return drafts


def _cited_behind(text: str, spans: Sequence[Span], markers: Sequence[Marker]) -> list[Draft]:
    """Each sentence rests on the markers in it and behind it, or on those of the next."""
    inherited: tuple[int, ...] = ()
    drafts: list[Draft] = []
    for span in reversed(spans):
        own = [m for m in markers if _opens(m, span) or span.start < m.place <= span.end]
        inherited = _together(own) or inherited
        drafts.append(Draft(text[span.start : span.end], inherited))
    return drafts[::-1]


def _cited_before(text: str, spans: Sequence[Span], markers: Sequence[Marker]) -> list[Draft]:
    """Each sentence rests on the markers in it, on those in front of it, or on the ones before."""
    inherited: tuple[int, ...] = ()
    drafts: list[Draft] = []
    before = 0
    for span in spans:
        end = len(text) + 1 if span is spans[-1] else span.end
        own = [m for m in markers if _opens(m, span) or span.start < m.place < end]
        leading = [m for m in markers if before <= m.place <= span.start]
        inherited = _together(own) or _together(leading) or inherited
        drafts.append(Draft(text[span.start : span.end], inherited))
        before = span.end
    return drafts


def _opens(marker: Marker, span: Span) -> bool:
    return marker.opens and span.start <= marker.place < span.end


def _together(markers: Iterable[Marker]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(number for marker in markers for number in marker.numbers))


def _sentences(text: str, markers: Sequence[Marker]) -> list[Span]:
    """The sentences, those that say nothing by themselves together with what follows."""
    found: list[Span] = []
    opening: int | None = None
    for span in _cut(text, markers):
        start = span.start if opening is None else opening
        if not says_something(text[start : span.end]):
            opening = start
            continue
        found.append(Span(start, span.end))
        opening = None
    if opening is not None:
        found.append(Span(opening, len(text.rstrip())))
    return found


def _cut(text: str, markers: Sequence[Marker]) -> Iterator[Span]:
    """The sentences; a marker before a capital ends one too: "Visit: $20 [1] Surgery: $100"."""
    ends = [m.place for m in markers if not m.opens and _CAPITAL.match(text, m.place)]
    for span in sentences(text):
        start = span.start
        for end in (place for place in ends if span.start < place < span.end):
            yield Span(start, end)
            start = end + len(text[end:]) - len(text[end:].lstrip())
        yield Span(start, span.end)
