"""One page of a PDF: what stands on it, in reading order."""

from collections.abc import Iterator
from typing import NamedTuple

from retrieval.loading.pdf.cells import around
from retrieval.loading.pdf.flow import flowing, fragments_of
from retrieval.loading.pdf.geometry import Box
from retrieval.loading.pdf.grids import PageTable, Writing, table_of
from retrieval.loading.pdf.gutters import open_tables
from retrieval.loading.pdf.joining import running_text
from retrieval.loading.pdf.lines import TextLine
from retrieval.loading.pdf.paragraphs import Paragraph
from retrieval.loading.pdf.regions import Figures, Item, Ruled, line_item
from retrieval.loading.pdf.rules import Rules
from retrieval.loading.pdf.words import Word
from retrieval.loading.tables import EMPTY, Cell, Grid


class Page(NamedTuple):
    """What is read from a page before its layout is known.

    Attributes:
        number: from 1.
        framed: the cells of each ruled table; a box around text is one of a single cell.
        lines: fragments of lines, cut where white may part columns.
    """

    number: int
    height: float
    words: list[Word]
    rules: Rules
    framed: list[list[Box]]
    lines: list[TextLine]


Element = Paragraph | PageTable | Grid


def margin_lines(page: Page) -> list[TextLine]:
    """The lines of a page that stand in no ruled table."""
    areas = [around(boxes) for boxes in page.framed if len(boxes) > 1]
    return [
        line for line in page.lines if not any(_stands_in(line.words[0], area) for area in areas)
    ]


def elements_of(page: Page, writing: Writing) -> Iterator[Element]:
    """Paragraphs and tables of a page, its furniture already taken out, in reading order."""
    words = [word for line in page.lines for word in line.words]
    tables, rest = _tables(page, words, writing)
    lines = page.lines if len(rest) == len(words) else fragments_of(rest)
    items = [line_item(line) for line in lines]
    items += [Item(box, Ruled(number)) for number, (box, _) in enumerate(tables)]
    for part in flowing(items, writing.spacing):
        if isinstance(part, Figures):
            yield _figures_grid(part, writing)
        elif isinstance(part, Ruled):
            yield tables[part.number][1]
        else:
            yield part


def _tables(
    page: Page, words: list[Word], writing: Writing
) -> tuple[list[tuple[Box, PageTable]], list[Word]]:
    """The tables of a page with their areas, and the words that stand in none of them."""
    found: list[tuple[Box, PageTable]] = []
    areas = [around(boxes) for boxes in page.framed]
    for boxes in [*page.framed, *open_tables(page.rules, words, areas)]:
        area = around(boxes)
        inside = [word for word in words if _stands_in(word, area)]
        table = table_of(boxes, inside, writing) if inside else None
        if table:
            found.append((area, table))
            words = [word for word in words if not _stands_in(word, area)]
    return found, words


def _stands_in(word: Word, area: Box) -> bool:
    return area.holds_middle(word)


def _figures_grid(figures: Figures, writing: Writing) -> Grid:
    def cell(line: TextLine | None) -> Cell:
        if line is None:
            return EMPTY
        return Cell((running_text([line], writing.vocabulary)[0],), bold=line.bold)

    return [[cell(line) for line in row] for row in figures.rows]
