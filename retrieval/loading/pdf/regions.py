"""The reading order of a page: columns from left to right, within them from the top."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from retrieval.loading.pdf.geometry import Box
from retrieval.loading.pdf.lines import TextLine, is_number_label
from retrieval.loading.tables import has_amount

MIN_GUTTER = 9.0
"""Points: the least white between two columns of text seen in plan documents is 12."""
_CLOSE = 1.2
"""Times the height of capitals: white between lines of one paragraph."""
_MOSTLY = 0.6
_LEAST_LINES = 2
_LEAST_FIGURES = 0.6
_LONGEST_FIGURE = 30


class Ruled(NamedTuple):
    """A framed table, which is read by itself; its number among those of the page."""

    number: int


class Item(NamedTuple):
    """Something that is placed on a page: a line of text or a table."""

    box: Box
    content: TextLine | Ruled


class Column(NamedTuple):
    """Items under each other, from the top; lines side by side stand one after the other."""

    items: list[Item]


class Figures(NamedTuple):
    """A table without rules: rows of fragments, cut at the white between its columns."""

    rows: list[list[TextLine | None]]


class _Row(NamedTuple):
    """Items of overlapping height."""

    items: list[Item]

    def free(self) -> list[tuple[float, float]]:
        """Where no item stands, from left to right; the outer two are endless."""
        gaps: list[tuple[float, float]] = []
        right = float("-inf")
        for item in sorted(self.items, key=lambda each: each.box.x0):
            if item.box.x0 > right:
                gaps.append((right, item.box.x0))
            right = max(right, item.box.x1)
        return [*gaps, (right, float("inf"))]


class _Run(NamedTuple):
    """Rows that one gutter parts."""

    end: int
    left: float
    right: float


def line_item(line: TextLine) -> Item:
    """A line with the box of its letters; the full height of lines overlaps that of others."""
    top, bottom = line.baseline - 0.7 * line.size, line.baseline + 0.1 * line.size
    return Item(Box(line.x0, top, line.x1, bottom), line)


def reading_order(items: Sequence[Item]) -> Iterator[Column | Figures]:
    """Part the items of a page, or of a column, into what is read one after the other."""
    rows = _rows(items)
    single: list[Item] = []
    start = 0
    while start < len(rows):
        run = _longest_run(rows, start)
        if run is None and not _is_figure_row(rows[start]):
            single.extend(rows[start].items)
            start += 1
            continue
        if single:
            yield Column(single)
            single = []
        if run is None:
            yield from _figures(rows[start : start + 1])
            start += 1
        else:
            yield from _parted(rows[start : run.end], run)
            start = run.end
    if single:
        yield Column(single)


def _rows(items: Sequence[Item]) -> list[_Row]:
    rows: list[_Row] = []
    bottom = float("-inf")
    for item in sorted(items, key=lambda each: (each.box.top, each.box.x0)):
        if item.box.top >= bottom:
            rows.append(_Row([]))
        rows[-1].items.append(item)
        bottom = max(bottom, item.box.bottom)
    return [_Row(sorted(row.items, key=lambda each: each.box.x0)) for row in rows]


def _longest_run(rows: Sequence[_Row], start: int) -> _Run | None:
    inner = rows[start].free()[1:-1]
    runs = [_run(rows, start, gap) for gap in inner if gap[1] - gap[0] >= MIN_GUTTER]
    good = [run for run in runs if _is_parted(rows[start : run.end], run)]
    return max(good, key=lambda run: run.end, default=None)


def _run(rows: Sequence[_Row], start: int, gap: tuple[float, float]) -> _Run:
    """Follow a gap down the rows.

    Rows at the end with text on one side only are taken as long as they follow closely: they
    are the rest of the longer column.
    """
    left, right = gap
    end = start + 1
    for number in range(start + 1, len(rows)):
        shared = [(max(left, a), min(right, b)) for a, b in rows[number].free()]
        widest = max(shared, key=lambda each: each[1] - each[0])
        if widest[1] - widest[0] < MIN_GUTTER:
            break
        two_sided = all(_sides(rows[number : number + 1], _Run(end, *widest)))
        if two_sided or (end == number and _is_close(rows[number - 1], rows[number])):
            end = number + 1
            left, right = widest
    return _Run(end, left, right)


def _is_close(above: _Row, below: _Row) -> bool:
    top = min(item.box.top for item in below.items)
    height = max(item.box.bottom - item.box.top for item in below.items)
    return top - max(item.box.bottom for item in above.items) < _CLOSE * height


def _sides(rows: Sequence[_Row], run: _Run) -> tuple[list[Item], list[Item]]:
    items = [item for row in rows for item in row.items]
    middle = (max(run.left, -1e6) + min(run.right, 1e6)) / 2
    left = [item for item in items if item.box.x1 <= middle]
    return left, [item for item in items if item.box.x1 > middle]


def _is_parted(rows: Sequence[_Row], run: _Run) -> bool:
    """Is the white between columns, and not between the numbers of headings and their words?"""
    sides = _sides(rows, run)
    numbers = [
        item
        for item in sides[0]
        if isinstance(item.content, TextLine) and is_number_label(item.content.text)
    ]
    if len(numbers) > _MOSTLY * len(sides[0]):
        return False
    return all(
        len({item.box.top for item in side}) >= _LEAST_LINES
        or any(isinstance(item.content, Ruled) for item in side)
        for side in sides
    )


def _parted(rows: Sequence[_Row], run: _Run) -> Iterator[Column | Figures]:
    if _are_figures(rows, run):
        yield from _figures(rows)
        return
    left, right = _sides(rows, run)
    yield from reading_order(left)
    yield from reading_order(right)


def _are_figures(rows: Sequence[_Row], run: _Run) -> bool:
    """Are most of the words to the right of the gutter amounts beside their labels?"""
    pairs = [row for row in rows if all(_sides([row], run))]
    if any(isinstance(item.content, Ruled) for row in rows for item in row.items):
        return False
    figures = sum(all(map(_is_figure, _sides([row], run)[1])) for row in pairs)
    return figures >= _LEAST_FIGURES * len(pairs)


def _is_figure_row(row: _Row) -> bool:
    """A label and, apart from it, its amount."""
    return (
        len(row.items) > 1 and all(map(_is_figure, row.items[1:])) and not _is_figure(row.items[0])
    )


def _is_figure(item: Item) -> bool:
    text = item.content.text if isinstance(item.content, TextLine) else ""
    return 0 < len(text) <= _LONGEST_FIGURE and has_amount(text)


def _figures(rows: Sequence[_Row]) -> Iterator[Column | Figures]:
    """Rows of several fragments as tables, rows of one as text between them."""
    table: list[list[TextLine]] = []
    for row in rows:
        lines = [item.content for item in row.items if isinstance(item.content, TextLine)]
        if len(lines) > 1:
            table.append(lines)
            continue
        if table:
            yield _aligned(table)
            table = []
        yield Column(row.items)
    if table:
        yield _aligned(table)


def _aligned(rows: list[list[TextLine]]) -> Figures:
    """Fragments in columns: each under the nearest one of the fullest row."""
    model = max(rows, key=len)
    return Figures([_row_under(model, row) for row in rows])


def _row_under(model: list[TextLine], row: list[TextLine]) -> list[TextLine | None]:
    cells: list[list[TextLine]] = [[] for _ in model]
    for line in row:
        distances = [max(top.x0 - line.x1, line.x0 - top.x1) for top in model]
        cells[distances.index(min(distances))].append(line)
    return [TextLine(tuple(w for line in c for w in line.words)) if c else None for c in cells]
