"""The grid of a table: merged cells spread over it, its header found, whatever the format."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

MAX_SPAN = 1000
"""Most columns or rows a cell may span: what HTML allows for colspan (HTML standard, 4.9.11)."""
MAX_COLUMNS = 256
"""Columns beyond it are cut: no table that people read has them, a hostile colspan does."""
_LONGEST_HEADER = 60
"""Characters, of a header that nothing marks as one."""
_VALUE_WORDS = re.compile(
    r"(?:no charge|not? (?:covered|available|applicable|limit)|covered|included|none|n/?a|waived|"
    r"free|varies|yes|no|same as|unlimited)\b",
    re.IGNORECASE,
)
"""What values of plan tables begin with that are no figures; a header does not."""
_AMOUNT = re.compile(r"[$€£]\s?\d|\d\s?%|^[\d\s.,()+/-]{1,12}$")


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as the file has it.

    Attributes:
        lines: its paragraphs, each one clean line.
        header: the file marks it as the heading of a column or row.
        bold: its first paragraph is bold, as labels and headings are.
        rows: how many rows it spans, from 1.
        columns: how many columns it spans, from 1.
    """

    lines: tuple[str, ...] = ()
    header: bool = False
    bold: bool = False
    rows: int = 1
    columns: int = 1

    @property
    def text(self) -> str:
        """All of it on one line."""
        return " ".join(self.lines)


EMPTY = Cell()

Grid = list[list[Cell]]
"""Rows of equal length. A merged cell stands at each place that it covers, as one object."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table ready to be read row by row.

    Attributes:
        captions: rows above the header that span the whole table.
        headers: of each column, empty where it has none.
        body: the rows under the header.
    """

    captions: tuple[Cell, ...]
    headers: tuple[str, ...]
    body: Grid


def spread(rows: Sequence[Sequence[Cell]]) -> Grid:
    """Give every place of the grid its cell; rows and columns without any text are left out.

    Args:
        rows: cells in source order, each once, as HTML lists them: places that a cell of an
            earlier row reaches into are skipped.
    """
    places: dict[tuple[int, int], Cell] = {}
    for number, row in enumerate(rows):
        column = 0
        for cell in row:
            while (number, column) in places:
                column += 1
            _occupy(places, cell, number, column, len(rows))
            column += cell.columns
    columns = sorted({column for (_, column), cell in places.items() if cell.lines})
    lines = sorted({row for (row, _), cell in places.items() if cell.lines})
    return [[places.get((row, column), EMPTY) for column in columns] for row in lines]


def read_grid(grid: Grid, header_rows: int | None = None) -> Table:
    """Tell captions, header and body apart.

    Args:
        grid: of at least one row.
        header_rows: how many rows are the header, when the format says so; otherwise marked
            cells decide, and failing them the look of the first row.
    """
    captions = 0 if header_rows else _leading([*map(spans_all, grid[:-1]), False])
    if len(grid[0]) == 1:
        captions = 0
    rest = grid[captions:]
    depth = _header_depth(rest) if header_rows is None else min(header_rows, len(rest))
    if captions and not depth:
        # Above a table without header they are the names of its first group of rows.
        captions, rest = 0, grid
    headers = tuple(_header_text(rest[:depth], column) for column in range(len(grid[0])))
    return Table(tuple(row[0] for row in grid[:captions]), headers, rest[depth:])


def spans_all(row: Sequence[Cell]) -> bool:
    """Does one merged cell fill the row?"""
    return bool(row[0].lines) and all(cell is row[0] for cell in row)


def has_amount(text: str) -> bool:
    """Is it, or does it hold, a figure: money, a percentage, a bare number?"""
    return _AMOUNT.search(text) is not None


def _occupy(
    places: dict[tuple[int, int], Cell], cell: Cell, row: int, column: int, row_count: int
) -> None:
    for down in range(row, min(row + cell.rows, row_count)):
        for right in range(column, min(column + cell.columns, MAX_COLUMNS)):
            places.setdefault((down, right), cell)


def _header_depth(grid: Grid) -> int:
    """How many rows the header has: marked cells decide, then bold ones, then the looks."""
    if any(cell.header for row in grid for cell in row):
        return _leading([all(cell.header or not cell.lines for cell in row) for row in grid])
    bold = _leading([all(cell.bold or not cell.lines for cell in row) for row in grid])
    if bold and not _has_figures(grid[:bold]):
        return bold
    return 1 if _looks_like_header(grid) else 0


def _leading(marks: list[bool]) -> int:
    """How many marks stand before the first that is missing; none when all are there."""
    return 0 if all(marks) else marks.index(False)


def _looks_like_header(grid: Grid) -> bool:
    """Short distinct words over the columns; over two columns, words above figures."""
    if len(grid) < 2 or any(cell.rows > 1 for cell in grid[0]):
        return False
    texts = [cell.text for cell in grid[0]]
    if not all(texts[1:]) or len(set(texts)) < len(texts) or _has_figures(grid[:1]):
        return False
    if any(_VALUE_WORDS.match(text) for text in texts):
        return False
    if any(len(text) > _LONGEST_HEADER for text in texts):
        return False
    return len(texts) > 2 or all(has_amount(row[1].text) for row in grid[1:])


def _has_figures(rows: Grid) -> bool:
    return any(has_amount(cell.text) for row in rows for cell in row if cell.lines)


def _header_text(rows: Grid, column: int) -> str:
    cells = [row[column] for row in rows]
    distinct = [
        cell for place, cell in enumerate(cells) if place == 0 or cells[place - 1] is not cell
    ]
    return " ".join(cell.text for cell in distinct if cell.lines).rstrip(" :")
