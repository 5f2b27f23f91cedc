"""Document -> Chunks: whole sentences and table rows, within the embedder's window."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from retrieval.documents import CELL_SEPARATOR, Chunk, Document
from retrieval.sentences import Span, sentences

CHUNKING_VERSION = 1
"""Raise it when chunks of the same document come out differently: documents are indexed anew."""

TARGET_TOKENS = 120
"""A chunk is closed once it holds this many tokens; see ``benchmarks`` for the choice."""
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
    page: int
    last_page: int


def chunk_document(
    document: Document,
    count_tokens: Callable[[Sequence[str]], list[int]],
    window: int,
    target: int = TARGET_TOKENS,
) -> list[Chunk]:
    """Cut a document into chunks of whole sentences and table rows.

    A chunk stays within one section, starts on one page, and ends with the sentence that runs over
    to the next page, if any. A sentence larger than the window is cut at cells, clauses or words.

    Args:
        document: what to cut.
        count_tokens: of each text, without special tokens.
        window: most tokens the embedder reads, special tokens included; of a larger one than
            MAX_WINDOW no more is used.
        target: tokens of text after which a chunk is closed.

    Returns:
        Chunks in order; ``document.text[chunk.start:chunk.end] == chunk.text``, and
        ``embedded_text`` of each fits the window. Empty for a document without text.
    """
    window = min(window, MAX_WINDOW)
    contexts = _Contexts(document, count_tokens, window // MAX_CONTEXT_SHARE)
    room = window - SPECIAL_TOKENS - window // MAX_CONTEXT_SHARE
    units = _units(document, count_tokens, room)
    chunks = []
    for index, group in enumerate(_groups(units, min(target, room), room)):
        first, last = group[0], group[-1]
        chunks.append(
            Chunk(
                text=document.text[first.span.start : last.span.end],
                start=first.span.start,
                end=last.span.end,
                index=index,
                context=contexts.of(first.section),
                section=first.section,
                page=first.page,
                last_page=last.last_page,
            )
        )
    return chunks


class _Contexts:
    """Title and section path, within a budget of tokens, computed once a section."""

    def __init__(
        self, document: Document, count_tokens: Callable[[Sequence[str]], list[int]], budget: int
    ) -> None:
        self._title = document.title
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
    page_starts = [page.start for page in document.pages]
    units = []
    for span, count in zip(spans, counts, strict=True):
        pieces = [(span, count)] if count <= room else _pieces(text, span, count_tokens, room)
        for piece, tokens in pieces:
            section = _at(section_starts, piece.start)
            page = _at(page_starts, piece.start)
            last_page = _at(page_starts, piece.end - 1)
            units.append(
                _Unit(
                    span=piece,
                    tokens=tokens,
                    section=_section(document, section, piece.start),
                    page=document.pages[page].number if page >= 0 else 0,
                    last_page=document.pages[last_page].number if last_page >= 0 else 0,
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


def _groups(units: Sequence[_Unit], target: int, room: int) -> Iterator[list[_Unit]]:
    group: list[_Unit] = []
    tokens = 0
    for unit in units:
        breaks = group and (
            tokens >= target
            or tokens + unit.tokens > room
            or unit.section != group[-1].section
            or unit.page != group[0].page
        )
        if breaks:
            yield group
            group, tokens = [], 0
        group.append(unit)
        tokens += unit.tokens
    if group:
        yield group
