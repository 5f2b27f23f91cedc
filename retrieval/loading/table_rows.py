"""Tables as lines: each row understandable alone, with its labels and column headers."""

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence

from retrieval.documents import CELL_SEPARATOR
from retrieval.loading.blocks import Piece
from retrieval.loading.cleaning import without_rules
from retrieval.loading.tables import Cell, Grid, Table, has_amount, read_grid, spans_all

MAX_LABEL = 120
"""Characters: a longer first cell is prose with at best a label at its head."""
MAX_LABEL_OF_LINES = 80
MAX_VALUE = 250
"""Characters: in a row over MAX_ROW, a longer value gets a line of its own."""
MAX_ROW = 700
"""Characters, about 140 tokens: with title and section path a row then fits MiniLM's window."""
_TOTAL = re.compile(r"(?:the )?(?:grand )?total\b", re.IGNORECASE)
_OPEN_END = re.compile(r"[.,:;!?(/–—-]$")


def table_pieces(grid: Grid, header_rows: int | None = None, page: int = 0) -> Iterator[Piece]:
    """The rows of a table as pieces; a table of one column, which is layout, as paragraphs.

    Args:
        grid: as ``tables.spread`` gives it.
        header_rows: as for ``tables.read_grid``.
        page: recorded in each piece.
    """
    if not grid:
        return
    if len(grid[0]) == 1:
        lines = [line for row in grid for line in row[0].lines]
    else:
        table = read_grid(grid, header_rows)
        lines = [line for caption in table.captions for line in caption.lines]
        lines += [line for _, line in body_lines(table)]
    for line in lines:
        yield line_piece(line, page)


def line_piece(line: str, page: int = 0) -> Piece:
    """A line of a table: a row, or what it is where it has a single cell."""
    if CELL_SEPARATOR in line:
        return Piece("row", line, page=page)
    return Piece("item" if line.startswith("- ") else "paragraph", line, page=page)


def body_lines(table: Table) -> Iterator[tuple[int, str]]:
    """The body as lines, each with the number of the row that it comes from."""
    columns = label_columns(table)
    group = ""
    for number, row in enumerate(table.body):
        lines: Iterable[str]
        if spans_all(row):
            text = joined(row[0].lines)
            group = text if len(text) <= MAX_LABEL and number < len(table.body) - 1 else ""
            lines = [] if group else row[0].lines
        elif _is_pairs(row):
            lines = [_pairs(row)]
        else:
            if _TOTAL.match(row[0].text):
                group = ""
            lines = _Row(table, number, columns, group).lines()
        yield from ((number, line.replace(f":{CELL_SEPARATOR}", ": ")) for line in lines if line)


def joined(lines: Sequence[str]) -> str:
    """The paragraphs of a cell on one line, parted so that no two run into each other."""
    text = ""
    for line in lines:
        plain = without_rules(line).removeprefix("- ").replace(CELL_SEPARATOR, " / ")
        if plain:
            runs_on = not text or _OPEN_END.search(text) or plain[0].islower() or plain[0] in "(/"
            text += (" " if runs_on else "; ") + plain
    return text.strip()


class _Row:
    """One row of the body, about to be written out."""

    def __init__(self, table: Table, number: int, label_columns: int, group: str) -> None:
        self._table = table
        self._number = number
        self._cells = table.body[number]
        self._label_columns = label_columns
        self._group = group

    def lines(self) -> Iterator[str]:
        """The row, and apart from it what is too long to stand in it."""
        labels = self._labels(self._number, self._number + 1)
        notes = list(self._notes(labels))
        yield from notes
        values = list(self._values())
        whole = CELL_SEPARATOR.join(labels + [text for text, _, _ in values])
        if len(whole) <= MAX_ROW:
            only_label = bool(notes) and len(labels) <= 1 + bool(self._group)
            if values or not (only_label or self._repeats()):
                yield whole
            return
        short = [text for text, _, _ in values if len(text) <= MAX_VALUE]
        if short:
            yield CELL_SEPARATOR.join(labels + short)
        for text, header, cell in values:
            if len(text) > MAX_VALUE and not self._continues(cell):
                span = self._labels(self._number, self._number + self._depth(cell))
                for part in _parts(cell.lines):
                    yield CELL_SEPARATOR.join([*span, _headed(header, part)])

    def _labels(self, first: int, end: int) -> list[str]:
        """Group and labels of some rows; where the rows differ, all of their labels."""
        labels = [self._group] if self._group else []
        for column in range(self._label_columns):
            rows = self._table.body[first:end]
            texts = dict.fromkeys(_label(row[column]) for row in rows)
            label = ", ".join(text for text in texts if text)
            if label and label not in labels:
                labels.append(label)
        return labels

    def _notes(self, labels: list[str]) -> Iterator[str]:
        """What a label cell says beyond its label, once."""
        for column in range(self._label_columns):
            cell = self._cells[column]
            label = _label(cell)
            if self._continues(cell) or label == joined(cell.lines):
                continue
            for part in _parts(cell.lines[1:] if label else cell.lines):
                yield CELL_SEPARATOR.join([*labels[: column + bool(self._group) + 1], part])

    def _values(self) -> Iterator[tuple[str, str, Cell]]:
        """(header and value, header, cell) of each cell beside the labels that has text."""
        done: Cell | None = None
        for column in range(self._label_columns, len(self._cells)):
            cell = self._cells[column]
            value = joined(cell.lines)
            again = cell is done and (len(value) > MAX_LABEL or not self._table.headers[column])
            if not value or again:
                continue
            if any(cell is label for label in self._cells[: self._label_columns]):
                continue
            done = cell
            header = self._table.headers[column]
            yield _headed(header, value), header, cell

    def _repeats(self) -> bool:
        """Does the row say nothing but what merged cells said above?"""
        return all(self._continues(cell) for cell in self._cells if cell.lines)

    def _continues(self, cell: Cell) -> bool:
        return self._number > 0 and any(
            above is cell for above in self._table.body[self._number - 1]
        )

    def _depth(self, cell: Cell) -> int:
        rows = self._table.body[self._number :]
        depth = 0
        while depth < len(rows) and any(other is cell for other in rows[depth]):
            depth += 1
        return depth


def _label(cell: Cell) -> str:
    """What a label cell calls its row: all of it where it is short, else its first line."""
    whole = joined(cell.lines)
    if len(whole) <= (MAX_LABEL if len(cell.lines) == 1 else MAX_LABEL_OF_LINES):
        return whole
    head = joined(cell.lines[:1])
    return head if len(head) <= MAX_LABEL else ""


def label_columns(table: Table) -> int:
    """How many columns on the left say what the row is about; 0 when all cells are values."""
    columns = len(table.headers)
    first = [row[0].text for row in table.body if row[0].lines]
    if table.headers[0] and sum(has_amount(text) for text in first) * 2 > len(first):
        return 0
    count = 1
    while count < min(3, columns - 1) and _merges_down(table.body, count - 1):
        count += 1
    return count


def _merges_down(body: Grid, column: int) -> bool:
    cells = [row[column] for row in body if not spans_all(row)]
    return any(cell.lines and cell is below for cell, below in itertools.pairwise(cells))


def _is_pairs(row: Sequence[Cell]) -> bool:
    """Marked labels and values in turn: ``Metal level | Gold | Plan type | HMO``."""
    marks = [cell.header for cell in _distinct(row)]
    return len(marks) > 2 and sum(marks) > 1 and not all(marks) and marks[0] and not marks[-1]


def _pairs(row: Sequence[Cell]) -> str:
    parts: list[str] = []
    label = ""
    for cell in _distinct(row):
        text = joined(cell.lines)
        if not cell.header:
            parts.append(_headed(label, text))
            label = ""
            continue
        parts.extend([label] if label else [])
        label = text.rstrip(" :")
    return CELL_SEPARATOR.join([*parts, label] if label else parts)


def _distinct(row: Sequence[Cell]) -> list[Cell]:
    """The cells of a row that have text, merged ones once."""
    return list({id(cell): cell for cell in row if cell.lines}.values())


def _headed(header: str, value: str) -> str:
    return f"{header.replace(CELL_SEPARATOR, ' / ')}: {value}" if header else value


def _parts(lines: Sequence[str]) -> Iterator[str]:
    """Paragraphs of a long cell, in turns of at most MAX_VALUE characters where they allow it."""
    open_lines: list[str] = []
    for line in lines:
        if open_lines and len(joined([*open_lines, line])) > MAX_VALUE:
            yield joined(open_lines)
            open_lines = []
        open_lines.append(line)
    if open_lines:
        yield joined(open_lines)
