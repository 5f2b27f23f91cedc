"""Ruled tables: the cells that the lines of a page enclose."""

import itertools
from collections.abc import Iterable, Iterator

from retrieval.loading.pdf.geometry import Box, Line
from retrieval.loading.pdf.rules import SNAP, Rules

MAX_CROSSINGS = 2000
"""Of one page: more is graph paper or a drawing; the search would take its square."""


def around(boxes: Iterable[Box]) -> Box:
    """The smallest box that holds them all; of one box at least."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return Box(min(lefts), min(tops), max(rights), max(bottoms))


def ruled_tables(rules: Rules) -> list[list[Box]]:
    """The cells of each table of a page; a box by itself is a table of one cell."""
    tables: list[list[Box]] = []
    for cell in _cells(rules._replace(vertical=rules.vertical + list(_open_sides(rules)))):
        touching = [table for table in tables if any(_touch(cell, other) for other in table)]
        joined = [cell, *(other for table in touching for other in table)]
        tables = [table for table in tables if table not in touching] + [joined]
    return tables


def stacks(rules: Rules) -> Iterator[list[Line]]:
    """Horizontal lines of one width under each other, from the top, three at least."""
    groups: list[list[Line]] = []
    for line in sorted(rules.horizontal):
        for group in groups:
            if abs(group[0].start - line.start) <= SNAP and abs(group[0].end - line.end) <= SNAP:
                group.append(line)
                break
        else:
            groups.append([line])
    yield from (group for group in groups if len(group) > 2)


def _open_sides(rules: Rules) -> Iterator[Line]:
    """The left and right sides that a table does without, which has lines between its columns."""
    for stack in stacks(rules):
        for above, below in itertools.pairwise(stack):
            parted = any(
                above.start + SNAP < upright.at < above.end - SNAP
                and upright.start <= above.at + SNAP
                and upright.end >= below.at - SNAP
                for upright in rules.vertical
            )
            if parted:
                yield Line(above.start, above.at, below.at)
                yield Line(above.end, above.at, below.at)


def _cells(rules: Rules) -> Iterator[Box]:
    """From each crossing, the nearest lines to the right and below that close a cell."""
    rights: dict[int, list[Line]] = {}
    belows: dict[int, list[Line]] = {}
    crossings: list[tuple[int, int]] = []
    for row, level in enumerate(rules.horizontal):
        for column, upright in enumerate(rules.vertical):
            if _reaches(level, upright.at) and _reaches(upright, level.at):
                crossings.append((row, column))
                rights.setdefault(row, []).append(upright)
                belows.setdefault(column, []).append(level)
    if len(crossings) > MAX_CROSSINGS:
        return
    seen: set[Box] = set()
    for row, column in crossings:
        left, top = rules.vertical[column], rules.horizontal[row]
        cell = _nearest_cell(left, top, sorted(rights[row]), sorted(belows[column]))
        if cell and cell not in seen:
            seen.add(cell)
            yield cell


def _nearest_cell(left: Line, top: Line, rights: list[Line], belows: list[Line]) -> Box | None:
    for bottom in belows:
        if bottom.at <= top.at + SNAP:
            continue
        for right in rights:
            closes = _reaches(right, bottom.at) and _reaches(bottom, right.at)
            if right.at > left.at + SNAP and closes:
                return Box(left.at, top.at, right.at, bottom.at)
    return None


def _reaches(line: Line, place: float) -> bool:
    return line.start - SNAP <= place <= line.end + SNAP


def _touch(one: Box, other: Box) -> bool:
    return (
        one.x0 <= other.x1 + SNAP
        and other.x0 <= one.x1 + SNAP
        and one.top <= other.bottom + SNAP
        and other.top <= one.bottom + SNAP
    )
