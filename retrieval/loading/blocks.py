"""Pieces of layout in reading order into the text of a document and the spans over it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from retrieval.documents import BLOCK_SEPARATOR, Block, Page, Section


@dataclass(frozen=True, slots=True)
class Piece:
    """One block of a structured format, before its place in the text is known.

    Attributes:
        kind: as ``Block.kind``.
        text: one clean line (``cleaning.one_line``).
        level: of a heading, 1 the outermost; 0 for all else. A heading without text ends the
            sections of its level and deeper.
        page: the page on which it starts; 0 in a format without pages.
        turns: (offset in the text, page) where it runs on to further pages.
    """

    kind: Literal["heading", "paragraph", "item", "row"]
    text: str
    level: int = 0
    page: int = 0
    turns: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Content:
    """What a parser finds in a file: the parts of a Document that its bytes decide.

    Attributes:
        title: as the file itself gives it; empty when it gives none.
        language: BCP 47; empty when the file does not say.
    """

    text: str
    title: str = ""
    language: str = ""
    pages: tuple[Page, ...] = ()
    sections: tuple[Section, ...] = ()
    blocks: tuple[Block, ...] = ()


def assemble(pieces: Iterable[Piece], title: str = "", language: str = "") -> Content:
    """Join pieces to a text and say where its blocks, sections and pages lie.

    Pieces without text are left out. A section runs from its heading to the next heading; a page
    runs to the beginning of the next, so that the pages cover the text without gap or overlap.
    """
    all_pieces = list(pieces)
    kept = [piece for piece in all_pieces if piece.text]
    blocks: list[Block] = []
    start = 0
    for piece in kept:
        blocks.append(Block(piece.kind, start, start + len(piece.text)))
        start += len(piece.text) + len(BLOCK_SEPARATOR)
    text = BLOCK_SEPARATOR.join(piece.text for piece in kept)
    return Content(
        text=text,
        title=title,
        language=language,
        pages=_pages(kept, blocks, len(text)),
        sections=_sections(all_pieces, blocks, len(text)),
        blocks=tuple(blocks),
    )


def first_heading(pieces: Iterable[Piece]) -> str:
    """The first of the outermost headings, or nothing."""
    headings = [piece for piece in pieces if piece.kind == "heading" and piece.text]
    return min(headings, key=lambda piece: piece.level).text if headings else ""


def _pages(pieces: Sequence[Piece], blocks: Sequence[Block], text_length: int) -> tuple[Page, ...]:
    starts: list[tuple[int, int]] = []
    for piece, block in zip(pieces, blocks, strict=True):
        for offset, number in ((0, piece.page), *piece.turns):
            if number and (not starts or number > starts[-1][1]):
                starts.append((block.start + offset, number))
    ends = [*(start for start, _ in starts[1:]), text_length][: len(starts)]
    return tuple(
        Page(number, start, end) for (start, number), end in zip(starts, ends, strict=True)
    )


def _sections(
    pieces: Sequence[Piece], blocks: Sequence[Block], text_length: int
) -> tuple[Section, ...]:
    path: list[Piece] = []
    starts: list[tuple[int, tuple[str, ...]]] = []
    positions = iter([*(block.start for block in blocks), text_length])
    position = next(positions)
    for piece in pieces:
        if piece.kind == "heading":
            path = [heading for heading in path if heading.level < piece.level]
            path += [piece] if piece.text else []
            if starts and starts[-1][0] == position:
                starts.pop()
            starts.append((position, tuple(heading.text for heading in path)))
        if piece.text:
            position = next(positions)
    ends = [*(start for start, _ in starts[1:]), text_length][: len(starts)]
    spans = zip(starts, ends, strict=True)
    return tuple(Section(path, start, end) for (start, path), end in spans if path and start < end)
