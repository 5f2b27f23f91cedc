"""A whole PDF: elements of its pages into pieces that run on over page breaks."""

import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from retrieval.loading.blocks import Piece
from retrieval.loading.pdf.continuing import (
    LongParagraph,
    LongTable,
    extended,
    goes_on,
    long_table,
)
from retrieval.loading.pdf.furniture import Furniture, furniture, margins
from retrieval.loading.pdf.grids import PageTable, Writing
from retrieval.loading.pdf.headings import (
    Style,
    heading_style,
    heading_styles,
    heading_text,
    is_contents_title,
    level_of,
)
from retrieval.loading.pdf.joining import running_text, vocabulary_of
from retrieval.loading.pdf.lines import is_contents_line, spacing_of
from retrieval.loading.pdf.pages import Element, Page, elements_of, margin_lines
from retrieval.loading.pdf.paragraphs import Paragraph
from retrieval.loading.table_rows import body_lines, line_piece, table_pieces
from retrieval.loading.tables import Grid

_LEAST_CONTENTS = 3
_MOST_BETWEEN = 4


class _Placed(NamedTuple):
    """An element and the page on which it begins."""

    page: int
    element: LongParagraph | LongTable | Grid

    @property
    def last_page(self) -> int:
        """The page on which it ends."""
        if isinstance(self.element, LongParagraph):
            return self.page + (self.element.turn > 0)
        return self.element.last_page if isinstance(self.element, LongTable) else self.page


def pieces_of(pages: Sequence[Page]) -> list[Piece]:
    """All text of a document in reading order: headings, paragraphs, items and table rows."""
    writing = Writing(
        spacing_of([page.lines for page in pages]),
        vocabulary_of(page.lines for page in pages),
    )
    heads = furniture([margins(p.number, p.height, margin_lines(p)) for p in pages])
    placed: list[_Placed] = []
    for page in pages:
        lines = [x for x in page.lines if (page.number, x) not in heads.first | heads.repeated]
        for element in elements_of(page._replace(lines=lines), writing):
            _append(placed, page.number, element)
    placed = _with_heads(placed, pages, heads, writing)
    placed = _without_contents(placed)
    paragraphs = [p.element.paragraph for p in placed if isinstance(p.element, LongParagraph)]
    styles = heading_styles(paragraphs, writing.spacing)
    pieces = (piece for each in placed for piece in _pieces(each, styles, writing))
    return list(_with_table_titles(list(_without_repeats(pieces))))


def _append(placed: list[_Placed], page: int, element: Element) -> None:
    """Put an element behind the others, or onto the last one where it goes on."""
    last = placed[-1] if placed else None
    if isinstance(element, PageTable) and _extend_table(placed, page, element):
        return
    if isinstance(element, Paragraph) and last and isinstance(last.element, LongParagraph):
        before = last.element.paragraph
        if goes_on(before, element) and not last.element.turn:
            turn = len(before.lines) if page != last.page else 0
            whole = LongParagraph(Paragraph(before.lines + element.lines), turn)
            placed[-1] = _Placed(last.page, whole)
            return
    placed.append(_placed(page, element))


def _placed(page: int, element: Element) -> _Placed:
    if isinstance(element, Paragraph):
        return _Placed(page, LongParagraph(element))
    return _Placed(page, long_table(element, page) if isinstance(element, PageTable) else element)


def _extend_table(placed: list[_Placed], page: int, found: PageTable) -> bool:
    """Put a table at the top of a page onto the last one of the page before, if it goes on.

    A few lines under the table, such as a footer, are put before it: what follows it then is
    on later pages.
    """
    for place in range(len(placed) - 1, max(len(placed) - _MOST_BETWEEN - 2, -1), -1):
        last = placed[place]
        if isinstance(last.element, LongTable):
            longer = extended(last.element, found, page) if last.last_page == page - 1 else None
            if longer:
                placed[place:] = [*placed[place + 1 :], _Placed(last.page, longer)]
            return longer is not None
        if last.last_page >= page:
            return False
    return False


def _with_heads(
    placed: list[_Placed], pages: Sequence[Page], heads: Furniture, writing: Writing
) -> list[_Placed]:
    """Put the heads and footers that a page says first before and behind its other text."""
    whole = list(placed)
    for page in pages:
        lines = [line for line in page.lines if (page.number, line) in heads.first]
        top = [line for line in lines if line.baseline < page.height / 2]
        bottom = [line for line in lines if line.baseline >= page.height / 2]
        for part, place in ((bottom, _end(whole, page.number)), (top, _begin(whole, page.number))):
            elements = elements_of(page._replace(lines=part, framed=[]), writing)
            whole[place:place] = [_placed(page.number, element) for element in elements]
    return whole


def _begin(placed: Sequence[_Placed], page: int) -> int:
    return next((n for n, each in enumerate(placed) if each.page >= page), len(placed))


def _end(placed: Sequence[_Placed], page: int) -> int:
    """Behind the last element that lies on a page or before it as a whole."""
    return next((n for n, each in enumerate(placed) if each.last_page > page), len(placed))


def _without_contents(placed: list[_Placed]) -> list[_Placed]:
    """Leave out the table of contents: it repeats every heading without what it says."""

    def text(each: _Placed) -> str:
        return each.element.paragraph.text if isinstance(each.element, LongParagraph) else ""

    lines = [each for each in placed if is_contents_line(text(each))]
    if len(lines) < _LEAST_CONTENTS:
        return placed
    return [p for p in placed if not is_contents_line(text(p)) and not is_contents_title(text(p))]


def _pieces(placed: _Placed, styles: Sequence[Style], writing: Writing) -> Iterator[Piece]:
    element = placed.element
    if isinstance(element, LongParagraph):
        yield _paragraph_piece(element, placed.page, styles, writing)
    elif isinstance(element, LongTable):
        for caption in element.table.captions:
            yield from (line_piece(line, placed.page) for line in caption.lines)
        yield from _table_pieces(element)
    else:
        yield from table_pieces(element, page=placed.page)


def _paragraph_piece(
    element: LongParagraph, page: int, styles: Sequence[Style], writing: Writing
) -> Piece:
    text, starts = running_text(element.paragraph.lines, writing.vocabulary)
    style = heading_style(element.paragraph, writing.spacing)
    if style and not element.turn:
        return Piece("heading", heading_text(text), level_of(style, styles), page)
    turns = ((starts[element.turn], page + 1),) if element.turn else ()
    if element.paragraph.marker:
        return Piece("item", text, page=page, turns=turns)
    return Piece("paragraph", text, page=page, turns=turns)


def _without_repeats(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """A heading that stands again under itself is a paragraph, and ends no section."""
    path: list[Piece] = []
    for piece in pieces:
        if piece.kind != "heading":
            yield piece
        elif piece.text.casefold() in {heading.text.casefold() for heading in path}:
            yield Piece("paragraph", piece.text, page=piece.page)
        else:
            path = [*(heading for heading in path if heading.level < piece.level), piece]
            yield piece


def _with_table_titles(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """A heading that only introduces a table, "What you pay:", belongs under the one before.

    It often looks like the heading above it, whose subject its rows are about.
    """
    outer = 0
    for piece, following in itertools.zip_longest(pieces, pieces[1:]):
        if piece.kind != "heading":
            yield piece
            continue
        introduces = piece.text.endswith(":") and following and following.kind == "row"
        if introduces and piece.level == outer:
            yield dataclasses.replace(piece, level=piece.level + 1)
        else:
            outer = 0 if introduces else piece.level
            yield piece


def _table_pieces(element: LongTable) -> Iterator[Piece]:
    for number, line in body_lines(element.table):
        piece = line_piece(line, element.pages[number])
        if number in element.turns:
            page, words = element.turns[number]
            place = line.find(words) if words else -1
            if place > 0:
                piece = Piece(piece.kind, line, page=piece.page, turns=((place, page),))
        yield piece
