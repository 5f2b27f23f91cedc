"""Framed tables of a page: words into cells, cells into a grid."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from retrieval.loading.pdf.flow import flowing, fragments_of
from retrieval.loading.pdf.geometry import Box
from retrieval.loading.pdf.gutters import cut_at_gutters
from retrieval.loading.pdf.joining import Vocabulary, running_text
from retrieval.loading.pdf.lines import Spacing, TextLine
from retrieval.loading.pdf.paragraphs import Paragraph
from retrieval.loading.pdf.regions import Figures, line_item
from retrieval.loading.pdf.rules import SNAP
from retrieval.loading.pdf.words import Word
from retrieval.loading.tables import EMPTY, Cell, Grid, read_grid

_HEADER_GUTTER = 9.0
_LONGEST_LABEL = 200
"""Characters: first cells longer than that, without a header over them, are columns of text."""
_SLIVER = 12.0
"""Points: a narrower column holds no words of its own, only the trace of a double border."""


class PageTable(NamedTuple):
    """A table on one page.

    Attributes:
        grid: of two columns and two rows at least.
        edges: left edge of each column, points from the left.
    """

    grid: Grid
    edges: tuple[float, ...]


class Writing(NamedTuple):
    """What it takes to write out the lines of a document."""

    spacing: Spacing
    vocabulary: Vocabulary


class _Frame(NamedTuple):
    """The edges of a table's columns and rows, and which box covers each place between them."""

    columns: list[float]
    rows: list[float]
    owners: dict[tuple[int, int], int]


def table_of(boxes: Sequence[Box], words: Sequence[Word], writing: Writing) -> PageTable | None:
    """The grid of a table, or nothing when the boxes frame text instead of tabulating it."""
    frame = _frame(boxes)
    if len(frame.columns) == 2 and len(frame.rows) > 2:
        boxes = cut_at_gutters(sorted(boxes, key=lambda box: box.top), words)
        frame = _frame(boxes)
    if len(frame.columns) < 3 or len(frame.rows) < 3:
        return None
    boxes = [part for box in boxes for part in _parted(box, frame.columns, words)]
    frame = _frame(boxes)
    cells = _cells(frame, words, writing)
    grid = [
        [cells.get(frame.owners[row, column], EMPTY) for column in range(len(frame.columns) - 1)]
        for row in range(len(frame.rows) - 1)
    ]
    grid, edges = _without_slivers(grid, frame.columns)
    if len(grid) < 2 or len(edges) < 2 or not _is_tabular(grid):
        return None
    return PageTable(grid, tuple(edges))


def _is_tabular(grid: Grid) -> bool:
    """Has it rows of several cells, and is it not text or lists set side by side?"""
    rows = [list({id(cell): cell for cell in row if cell.lines}.values()) for row in grid]
    if not any(len(row) > 1 for row in rows):
        return False
    body = [cell for row in rows[1:] for cell in row]
    if sum(cell.lines[0].startswith("- ") for cell in body) * 2 >= len(body):
        return False
    labels = {id(row[0]): len(row[0].text) for row in grid}
    has_header = any(read_grid(grid).headers)
    return has_header or sorted(labels.values())[len(labels) // 2] <= _LONGEST_LABEL


def _frame(boxes: Sequence[Box]) -> _Frame:
    columns = _edges([edge for box in boxes for edge in (box.x0, box.x1)])
    rows = _edges([edge for box in boxes for edge in (box.top, box.bottom)])
    owners: dict[tuple[int, int], int] = {}
    for number, box in enumerate(boxes):
        for row in range(_place(rows, box.top + SNAP), _place(rows, box.bottom - SNAP) + 1):
            for column in range(_place(columns, box.x0 + SNAP), _place(columns, box.x1 - SNAP) + 1):
                owners.setdefault((row, column), number)
    hole = len(boxes)
    for row in range(len(rows) - 1):
        for column in range(len(columns) - 1):
            # What no box encloses is a cell of its own.
            owners.setdefault((row, column), hole)
            hole += 1
    return _Frame(columns, rows, owners)


def _parted(box: Box, columns: Sequence[float], words: Sequence[Word]) -> Iterator[Box]:
    """Part a wide cell where the columns below it are parted and its words leave much white.

    Headers on dark ground often stand over their columns without lines between them.
    """
    inside = [word for word in words if box.holds_middle(word)]
    left = box.x0
    for edge in columns:
        if not box.x0 + SNAP < edge < box.x1 - SNAP:
            continue
        before = [word.x1 for word in inside if word.x0 < edge]
        after = [word.x0 for word in inside if word.x0 >= edge]
        if before and after and min(after) - max(before) >= _HEADER_GUTTER:
            yield Box(left, box.top, edge, box.bottom)
            left = edge
    yield Box(left, box.top, box.x1, box.bottom)


def _edges(places: Sequence[float]) -> list[float]:
    edges: list[float] = []
    for place in sorted(places):
        if not edges or place - edges[-1] > SNAP:
            edges.append(place)
    return edges


def _place(edges: Sequence[float], value: float) -> int:
    return min(max(bisect_right(edges, value) - 1, 0), max(len(edges) - 2, 0))


def _cells(frame: _Frame, words: Sequence[Word], writing: Writing) -> dict[int, Cell]:
    by_owner: dict[int, list[Word]] = {}
    for word in words:
        column = _place(frame.columns, (word.x0 + word.x1) / 2)
        row = _place(frame.rows, (word.top + word.bottom) / 2)
        by_owner.setdefault(frame.owners[row, column], []).append(word)
    sides: dict[int, tuple[float, float]] = {}
    for (_, column), owner in frame.owners.items():
        left, right = sides.get(owner, (frame.columns[column], 0.0))
        sides[owner] = min(left, frame.columns[column]), max(right, frame.columns[column + 1])
    return {owner: _cell(inside, sides[owner], writing) for owner, inside in by_owner.items()}


def _cell(words: Sequence[Word], sides: tuple[float, float], writing: Writing) -> Cell:
    items = [line_item(line) for line in fragments_of(words)]
    paragraphs = [
        paragraph
        for part in flowing(items, writing.spacing, sides)
        for paragraph in (_figure_lines(part) if isinstance(part, Figures) else [part])
        if isinstance(paragraph, Paragraph)
    ]
    texts = (running_text(paragraph.lines, writing.vocabulary)[0] for paragraph in paragraphs)
    return Cell(
        lines=tuple(text for text in texts if text),
        header=all(word.light for word in words),
        bold=paragraphs[0].bold,
    )


def _figure_lines(figures: Figures) -> list[Paragraph]:
    rows = ([line for line in row if line] for row in figures.rows)
    return [Paragraph((TextLine(tuple(w for line in row for w in line.words)),)) for row in rows]


def _without_slivers(grid: Grid, edges: Sequence[float]) -> tuple[Grid, list[float]]:
    """Leave out empty rows and columns, and narrow columns that only repeat their neighbour."""
    kept: list[int] = []
    for column in range(len(edges) - 1):
        if kept and _is_sliver(grid, edges, kept[-1], column):
            for row in grid:
                row[column] = row[column] if row[column].lines else row[kept[-1]]
            kept.pop()
        kept.append(column)
    kept = [column for column in kept if any(row[column].lines for row in grid)]
    result: Grid = []
    for row in grid:
        cells = [row[column] for column in kept]
        repeats = result and all(
            cell is above or not cell.lines for cell, above in zip(cells, result[-1], strict=True)
        )
        if any(cell.lines for cell in cells) and not repeats:
            result.append(cells)
    return result, [edges[column] for column in kept]


def _is_sliver(grid: Grid, edges: Sequence[float], left: int, right: int) -> bool:
    """Is one of two columns side by side too narrow for words, and without any of its own?"""
    narrower = min(edges[left + 1] - edges[left], edges[right + 1] - edges[right])
    return narrower < _SLIVER and all(_alike(row[left], row[right]) for row in grid)


def _alike(one: Cell, other: Cell) -> bool:
    return one is other or not one.lines or not other.lines
