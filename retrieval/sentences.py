"""Where sentences begin and end: the unit that is chunked, quoted and verified."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from retrieval.documents import CELL_SEPARATOR


class Span(NamedTuple):
    """A piece of a text by character offsets, end exclusive."""

    start: int
    end: int


_BLOCK_BREAK = re.compile(r"\n[^\S\n]*\n\s*")
_LIST_MARKER = re.compile(r"\s*(?:[-*•‣▪●○–]|\(?\d{1,3}[.)]|\(?[a-zA-Z][.)])\s")
# What the segmenter takes for an end and plan documents write in mid-sentence.
_NOT_AN_END = re.compile(
    r"(?:\b[ap]\.m\.|\b(?:approx|max|min|incl|excl|auth|avg|mo|yr|ext|est)\.)\s*$", re.IGNORECASE
)


def sentences(text: str, language: str = "en") -> list[Span]:
    """Split a text into sentences.

    A blank line always ends a sentence, a single line break only before a list item or beside a
    table row. A table row (cells joined by `` | ``) is one sentence, whatever its cells hold.

    Args:
        text: any text.
        language: BCP 47; chooses the abbreviations that do not end a sentence.

    Returns:
        Spans in order, not overlapping, without surrounding white space, none empty; together
        they hold every character that is not white space.
    """
    spans: list[Span] = []
    for start, end in _lines(text):
        if CELL_SEPARATOR in text[start:end]:
            spans.append(Span(start, end))
        else:
            spans.extend(_segments(text, start, end, language))
    stripped = (_strip(text, *span) for span in spans)
    return [span for span in stripped if span.start < span.end]


def is_row(text: str) -> bool:
    """Is this sentence a table row?"""
    return CELL_SEPARATOR in text


def _lines(text: str) -> Iterator[Span]:
    """Blocks, cut further at list items and table rows; wrapped lines stay together."""
    start = 0
    for block_end, next_block in _block_ends(text):
        position = text.find("\n", start, block_end)
        while position != -1:
            following = text.find("\n", position + 1, block_end)
            next_line = text[position + 1 : block_end if following == -1 else following]
            if (
                _LIST_MARKER.match(next_line)
                or CELL_SEPARATOR in next_line
                or CELL_SEPARATOR in text[start:position]
            ):
                yield Span(start, position)
                start = position + 1
            position = following
        yield Span(start, block_end)
        start = next_block


def _block_ends(text: str) -> Iterator[tuple[int, int]]:
    for match in _BLOCK_BREAK.finditer(text):
        yield match.start(), match.end()
    yield len(text), len(text)


def _segments(text: str, start: int, end: int, language: str) -> Iterator[Span]:
    from sentencex import get_sentence_boundaries

    piece = text[start:end].replace("\n", " ")
    open_start = 0
    for boundary in get_sentence_boundaries(language, piece):
        cut = boundary["end_index"]
        around = piece[max(open_start, cut - 24) : cut], piece[cut : cut + 24]
        if cut < len(piece) and _continues(*around):
            continue
        yield Span(start + open_start, start + cut)
        open_start = cut
    if open_start < len(piece):
        yield Span(start + open_start, end)


def _continues(before: str, after: str) -> bool:
    """Does the sentence go on after this cut?"""
    following = after.lstrip()[:1]
    if following.islower() or _NOT_AN_END.search(before):
        return True
    return _LIST_MARKER.fullmatch(before.rstrip() + " ") is not None


def _strip(text: str, start: int, end: int) -> Span:
    piece = text[start:end]
    return Span(start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip()))
