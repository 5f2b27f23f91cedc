"""Document -> Chunks: whole sentences and table rows, within the embedder's window."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from retrieval.documents import CELL_SEPARATOR, Chunk, Document
from retrieval.sentences import Span, is_row, sentences

CHUNKING_VERSION = 4
"""Raise it when chunks of the same document come out differently, or more is kept of them:
documents are indexed anew."""

TARGET_TOKENS = 120
"""A chunk is closed once it holds this many tokens, its lead not counted."""
LEAD_TOKENS = 25
"""A chunk is led in by the sentences before it, until they hold this many tokens.

The start of a passage leans on what was said just before, and headings of PDFs are often found a
line late. The lead is shown, quoted and searched by words, and not embedded again: that takes a
fifth of the tokens, and ranks as well (MRR of the right page or answer .786 against .792 for a
handbook, .716 against .720 for consumers, .906 for patients either way). On plan handbooks of 260
pages the right page was among the first five for 89 % of the questions with a lead of 25 or 40
tokens, 84 % without; a target of 150 instead of 120 finds 87 %. Rows of tables carry their own
headers and neither have a lead nor are one.
"""
MAX_WINDOW = 256
"""Tokens of the window that chunks use at most: MiniLM's, so that every embedder gets the same
chunks, and an index that moves to another world is built alike there."""
MAX_CONTEXT_SHARE = 4
"""Title and section path take at most the window divided by this."""
SPECIAL_TOKENS = 2
"""What BERT-like tokenizers add to every text."""


@dataclass(frozen=True, slots=True)
class _Unit:
    """A sentence or row, what it weighs and where it stands."""

    span: Span
    tokens: int
    section: tuple[str, ...]
    is_row: bool


def chunk_document(
    document: Document,
    count_tokens: Callable[[Sequence[str]], list[int]],
    window: int,
    target: int = TARGET_TOKENS,
    lead: int = LEAD_TOKENS,
) -> list[Chunk]:
    """Cut a document into chunks of whole sentences and table rows.

    A chunk is of one section, on one page or several, and begins with the last sentences before it,
    of whatever section, as far as the window has room. A sentence larger than the window is cut at
    cells, clauses or words.

    Args:
        document: what to cut.
        count_tokens: of each text, without special tokens.
        window: most tokens the embedder reads, special tokens included; of a larger one than
            MAX_WINDOW no more is used.
        target: tokens of text after which a chunk is closed.
        lead: tokens after which no further sentence before it is taken into a chunk.

    Returns:
        Chunks in order; ``document.text[chunk.start:chunk.end] == chunk.text``, and
        ``embedded_text`` of each fits the window. Empty for a document without text.
    """
    window = min(window, MAX_WINDOW)
    contexts = _Contexts(document, count_tokens, window // MAX_CONTEXT_SHARE)
    room = window - SPECIAL_TOKENS - window // MAX_CONTEXT_SHARE
    units = _units(document, count_tokens, room)
    pages = _Pages(document)
    chunks: list[Chunk] = []
    for first, last in _groups(units, min(target, room), room):
        led = _led(units, first, last, lead, room)
        start, end = units[led].span.start, units[last].span.end
        chunks.append(
            Chunk(
                text=document.text[start:end],
                start=start,
                end=end,
                index=len(chunks),
                context=contexts.of(units[first].section),
                section=units[first].section,
                own_start=units[first].span.start,
                page=pages.at(start),
                page_starts=pages.within(start, end),
            )
        )
    return chunks


class _Contexts:
    """Title and section path, within a budget of tokens, computed once a section."""

    def __init__(
        self, document: Document, count_tokens: Callable[[Sequence[str]], list[int]], budget: int
    ) -> None:
        # A name made of an id says nothing, and draws all vectors of a file of rows together:
        # without it the right answer of 400 consumer questions ranks at .684 instead of .671 (MRR).
        self._title = "" if document.title == document.name else document.title
        self._count = count_tokens
        self._budget = budget
        self._known: dict[tuple[str, ...], str] = {}

    def of(self, section: tuple[str, ...]) -> str:
        """The innermost headings are kept when not all fit."""
        if section not in self._known:
            parts = list(dict.fromkeys(part for part in (self._title, *section) if part))
            while parts and sum(self._count(parts)) > self._budget:
                parts.pop(0)
            self._known[section] = "\n".join(parts)
        return self._known[section]


def _units(
    document: Document, count_tokens: Callable[[Sequence[str]], list[int]], room: int
) -> list[_Unit]:
    text = document.text
    spans = list(_spans(document))
    counts = count_tokens([text[start:end] for start, end in spans])
    section_starts = [section.start for section in document.sections]
    units = []
    for span, count in zip(spans, counts, strict=True):
        pieces = [(span, count)] if count <= room else _pieces(text, span, count_tokens, room)
        for piece, tokens in pieces:
            section = _at(section_starts, piece.start)
            units.append(
                _Unit(
                    span=piece,
                    tokens=tokens,
                    section=_section(document, section, piece.start),
                    is_row=is_row(text[piece.start : piece.end]),
                )
            )
    return units


def _spans(document: Document) -> Iterator[Span]:
    """Sentences of every block; rows and headings whole."""
    if not document.blocks:
        yield from sentences(document.text, document.language)
        return
    for block in document.blocks:
        if block.kind in ("row", "heading"):
            whole = _trimmed(document.text, block.start, block.end)
            if whole.start < whole.end:
                yield whole
            continue
        for start, end in sentences(document.text[block.start : block.end], document.language):
            yield Span(block.start + start, block.start + end)


def _at(starts: Sequence[int], offset: int) -> int:
    return bisect_right(starts, offset) - 1


def _section(document: Document, index: int, offset: int) -> tuple[str, ...]:
    if index < 0 or offset >= document.sections[index].end:
        return ()
    return document.sections[index].path


def _pieces(
    text: str, span: Span, count_tokens: Callable[[Sequence[str]], list[int]], room: int
) -> list[tuple[Span, int]]:
    """Halve a sentence that is too large, at the best place near its middle, until all fit."""
    (tokens,) = count_tokens([text[span.start : span.end]])
    if tokens <= room or span.end - span.start <= 1:
        return [(span, tokens)] if span.start < span.end else []
    cut = span.start + _best_cut(text[span.start : span.end])
    halves = (_trimmed(text, span.start, cut), _trimmed(text, cut, span.end))
    return [piece for half in halves for piece in _pieces(text, half, count_tokens, room)]


_CUTS = (
    re.compile(re.escape(CELL_SEPARATOR)),
    re.compile(r"; "),
    re.compile(r", "),
    re.compile(r"\s"),
)


def _best_cut(piece: str) -> int:
    """The place nearest the middle: between cells, else clauses, else words, else anywhere."""
    middle = len(piece) // 2
    for pattern in _CUTS:
        places = [
            m.end() for m in pattern.finditer(piece) if m.start() > 0 and m.end() < len(piece)
        ]
        if places:
            return min(places, key=lambda place: abs(place - middle))
    return middle


def _trimmed(text: str, start: int, end: int) -> Span:
    piece = text[start:end]
    return Span(start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip()))


def _groups(units: Sequence[_Unit], target: int, room: int) -> Iterator[tuple[int, int]]:
    """First and last unit of each chunk, without its lead."""
    first, tokens = 0, 0
    for at, unit in enumerate(units):
        full = tokens >= target or tokens + unit.tokens > room
        if at > first and (full or unit.section != units[first].section):
            yield first, at - 1
            first, tokens = at, 0
        tokens += unit.tokens
    if units:
        yield first, len(units) - 1


def _led(units: Sequence[_Unit], first: int, last: int, lead: int, room: int) -> int:
    """The unit with which the lead of a chunk begins; the first of its own without a lead."""
    free = room - sum(unit.tokens for unit in units[first : last + 1])
    tokens = 0
    if units[first].is_row:
        return first
    while (
        first > 0
        and tokens < lead
        and tokens + units[first - 1].tokens <= free
        and not units[first - 1].is_row
    ):
        first -= 1
        tokens += units[first].tokens
    return first


class _Pages:
    """Which page holds an offset."""

    def __init__(self, document: Document) -> None:
        self._pages = document.pages
        self._starts = [page.start for page in document.pages]

    def at(self, offset: int) -> int:
        """Number of the page; 0 in a document without pages."""
        page = _at(self._starts, offset)
        return self._pages[page].number if page >= 0 else 0

    def within(self, start: int, end: int) -> tuple[tuple[int, int], ...]:
        """Number and offset of the pages that begin after the start and before the end."""
        held = self._pages[bisect_right(self._starts, start) : bisect_left(self._starts, end)]
        return tuple((page.number, page.start) for page in held if page.start < page.end)
