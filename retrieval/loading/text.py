"""Plain text: kept to the letter, its paragraphs and list items marked."""

import re
from collections.abc import Iterator
from pathlib import Path

from retrieval.documents import Block
from retrieval.loading.blocks import Content
from retrieval.loading.decoding import decode

_BLANK_LINES = re.compile(r"\n(?:[^\S\n]*\n)+")
_ITEM_START = re.compile(
    r"^[^\S\n]*(?:[-*+•‣▪●○◦–—]|\(?\d{1,3}[.)]|\(?[A-Za-z][.)])[^\S\n]+\S", re.MULTILINE
)


def read_text(path: Path) -> Content:
    """A text file in any common encoding; its text is the file's, without byte order mark."""
    return plain_content(decode(path.read_bytes()))


def plain_content(text: str) -> Content:
    """Text to the letter, with blocks between blank lines; each list item is its own."""
    return Content(text=text, blocks=tuple(_blocks(text)))


def _blocks(text: str) -> Iterator[Block]:
    start = 0
    for end, next_start in _paragraph_ends(text):
        cuts = [match.start() for match in _ITEM_START.finditer(text, start, end)]
        bounds = sorted({start, *cuts})
        for piece_start, piece_end in zip(bounds, [*bounds[1:], end], strict=True):
            block = _stripped(text, piece_start, piece_end, is_item=piece_start in cuts)
            if block.start < block.end:
                yield block
        start = next_start


def _paragraph_ends(text: str) -> Iterator[tuple[int, int]]:
    for match in _BLANK_LINES.finditer(text):
        yield match.start(), match.end()
    yield len(text), len(text)


def _stripped(text: str, start: int, end: int, *, is_item: bool) -> Block:
    piece = text[start:end]
    left = start + len(piece) - len(piece.lstrip())
    right = max(left, start + len(piece.rstrip()))
    return Block("item" if is_item else "paragraph", left, right)
