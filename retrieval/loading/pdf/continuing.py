"""What goes on over a page break, or from one column to the next: tables and paragraphs."""

import dataclasses
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from retrieval.loading.pdf.grids import PageTable
from retrieval.loading.pdf.lines import ends_sentence
from retrieval.loading.pdf.paragraphs import Paragraph
from retrieval.loading.table_rows import label_columns
from retrieval.loading.tables import EMPTY, Cell, Grid, Table, read_grid

_SAME_EDGE = 10.0
"""Points: columns of one table on two pages differ by the rounding of their rules."""
_MOSTLY = 0.6
_REST = 60
"""Characters: as much of a sentence as may be left over for the next page."""
_HALF_ENDED = re.compile(r"[^\W\d_](?:-|,)$")


@dataclass(frozen=True, slots=True)
class LongTable:
    """A table over one or more pages.

    Attributes:
        table: header and all rows.
        pages: the page of each row of the body.
        turns: for a row cut by the page break, the page that it goes on to, and its words there.
        edges: left edge of each column.
    """

    table: Table
    pages: tuple[int, ...]
    turns: dict[int, tuple[int, str]]
    edges: tuple[float, ...]

    @property
    def last_page(self) -> int:
        """The page on which it ends."""
        return max([*self.pages, *(page for page, _ in self.turns.values())], default=0)


@dataclass(frozen=True, slots=True)
class LongParagraph:
    """A paragraph; ``turn`` is the number of the line with which the next page begins, or 0."""

    paragraph: Paragraph
    turn: int = 0


def long_table(found: PageTable, page: int) -> LongTable:
    """A table as it stands on one page."""
    table = read_grid(found.grid)
    return LongTable(table, (page,) * len(table.body), {}, found.edges)


def extended(before: LongTable, found: PageTable, page: int) -> LongTable | None:
    """A table with the rows that follow on the next page; None where another table begins there.

    It is the same table when its columns stand at the same places and its header is repeated or
    missing. A row that the page break cuts in mid-sentence is put together; a row of which only
    the values go on gets its label again.
    """
    grid = _fitted(found, before.edges)
    if grid is None:
        return None
    table = read_grid(grid)
    if _plain(table.headers) != _plain(before.table.headers):
        if any(table.headers) and _is_marked(grid[0]):
            return None
        table = read_grid(grid, header_rows=0)
    body = [list(row) for row in before.table.body]
    added = [list(row) for row in table.body]
    if not body or not added:
        return None
    columns = max(1, label_columns(before.table))
    _carry_labels(before.table, body, added, columns)
    turns = dict(before.turns)
    cut = _cut_columns(body[-1], added[0], columns)
    if cut:
        turns[len(body) - 1] = (page, added[0][cut[-1]].lines[0])
        _merge_rows(body, added[0], columns)
        added = added[1:]
    joined = dataclasses.replace(before.table, body=body + added)
    return LongTable(joined, before.pages + (page,) * len(added), turns, before.edges)


def goes_on(before: Paragraph, after: Paragraph) -> bool:
    """Is a paragraph at the top of a page or column the rest of the one before?"""
    last, first = before.lines[-1], after.lines[0]
    return (
        not after.marker
        and not ends_sentence(last)
        and abs(last.size - first.size) < 1
        and (first.text[0].islower() or _HALF_ENDED.search(last.text) is not None)
        and (before.bold == after.bold or first.text[0].islower())
    )


def _fitted(found: PageTable, edges: Sequence[float]) -> Grid | None:
    """The grid with a place for each column of the table before; None where it has others."""
    places: list[int] = []
    for edge in found.edges:
        nearest = min(range(len(edges)), key=lambda place: abs(edges[place] - edge))
        if abs(edges[nearest] - edge) > _SAME_EDGE or nearest in places:
            return None
        places.append(nearest)
    if len(places) < 2 and len(edges) > 1:
        return None
    return [
        [row[places.index(place)] if place in places else EMPTY for place in range(len(edges))]
        for row in found.grid
    ]


def _plain(headers: Iterable[str]) -> list[str]:
    return ["".join(header.lower().split()) for header in headers]


def _is_marked(row: Sequence[Cell]) -> bool:
    return all(cell.header or cell.bold for cell in row if cell.lines)


def _carry_labels(table: Table, body: Grid, added: Grid, columns: int) -> None:
    """Give the first rows of a page the labels that stand on the page before."""
    for column in range(columns):
        above, first = body[-1][column], added[0][column]
        if not above.lines or not _continues_label(table, column, first):
            continue
        in_mid_sentence = bool(first.lines) and first.lines[0][0].islower()
        whole = _merged(above, first) if in_mid_sentence else above
        beyond = () if in_mid_sentence else first.lines
        again = Cell((*whole.lines[:1], *beyond), bold=above.bold)
        for row in added:
            if row[column] is first or (not first.lines and not row[column].lines):
                row[column] = again
            else:
                break
        if in_mid_sentence:
            _replace(body, above, whole)


def _continues_label(table: Table, column: int, cell: Cell) -> bool:
    """Is a first cell empty, in mid-sentence, or plain where labels are bold?"""
    if not cell.lines or cell.lines[0][0].islower():
        return True
    labels = [row[column] for row in table.body if row[column].lines]
    return not cell.bold and sum(label.bold for label in labels) > _MOSTLY * len(labels)


def _cut_columns(last: Sequence[Cell], first: Sequence[Cell], labels: int) -> list[int]:
    """The columns right of the labels in which a row goes on with a sentence of the row above.

    The row has no label of its own then; ``_carry_labels`` gave it the one above. In a row that
    is full, only a cell that begins in mid-sentence tells; otherwise a short rest does, too.
    """
    own_label = (
        first[column].lines and first[column].lines[:1] != last[column].lines[:1]
        for column in range(labels)
    )
    if any(own_label):
        return []
    there = [column for column in range(labels, len(first)) if first[column].lines]
    open_ended = [
        column
        for column in there
        if last[column].lines and last[column].lines[-1][-1] not in ".!?:;"
    ]
    if any(first[column].lines[0][0].islower() for column in open_ended):
        return open_ended
    few = len(there) * 2 <= len(first) - labels
    return [column for column in open_ended if few and len(first[column].text) <= _REST]


def _merge_rows(body: Grid, first: Sequence[Cell], labels: int) -> None:
    """Put a row onto the last one; of its labels, only what they say beyond the one above."""
    for column in range(labels):
        above = body[-1][column]
        beyond = first[column].lines[1:] if above.lines else first[column].lines
        if beyond:
            _replace(body, above, Cell((*above.lines, *beyond), bold=above.bold))
    for column in range(labels, len(first)):
        if first[column].lines:
            body[-1][column] = _merged(body[-1][column], first[column])


def _merged(above: Cell, below: Cell) -> Cell:
    lines = above.lines
    if lines and below.lines and below.lines[0][0].islower():
        lines = (*lines[:-1], f"{lines[-1]} {below.lines[0]}", *below.lines[1:])
    else:
        lines = (*lines, *below.lines)
    return Cell(lines, header=above.header, bold=above.bold)


def _replace(body: Grid, old: Cell, new: Cell) -> None:
    for row in body:
        for column, cell in enumerate(row):
            if cell is old:
                row[column] = new
