"""Tables whose columns are parted by white space alone."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from retrieval.loading.pdf.cells import stacks
from retrieval.loading.pdf.geometry import Box
from retrieval.loading.pdf.lines import lines_of
from retrieval.loading.pdf.rules import SNAP, Rules
from retrieval.loading.pdf.words import Word

MIN_GUTTER = 7.0
"""Points; words of one sentence rarely leave so much white at one place in several lines."""
_LEAST_OPEN_ROWS = 3
_HIGHEST_OPEN_ROW = 250.0

_Gap = tuple[float, float]


def cut_at_gutters(rows: Sequence[Box], words: Sequence[Word]) -> list[Box]:
    """Cut the rows of a table at the white that runs through all of them.

    Args:
        rows: boxes under each other, from the top, each as wide as the table.
        words: of the table.

    Returns:
        The cells; a row whose words cross the white stays whole, as does a table without any.
    """
    inside = [_inside(row, words) for row in rows]
    several = [each for each in inside if len(lines_of(each)) > 1] or inside
    gaps = [
        gap
        for gap in _gaps([word for each in several for word in each])
        if _parts(gap, inside[0]) and _is_between_columns(gap, inside)
    ]
    return [cell for row, each in zip(rows, inside, strict=True) for cell in _cut(row, each, gaps)]


def open_tables(rules: Rules, words: Sequence[Word], taken: Sequence[Box]) -> Iterator[list[Box]]:
    """Tables of horizontal rules alone: three rows and more with the same white in them.

    Args:
        rules: of the page.
        words: of the page.
        taken: areas of tables that are known already.
    """
    for stack in stacks(rules):
        run: list[Box] = []
        shared: list[_Gap] = []
        for above, below in pairwise(stack):
            band = Box(above.start, above.at, above.end, below.at)
            there = [] if _overlaps(band, taken) else _inside(band, words)
            if band.bottom - band.top > _HIGHEST_OPEN_ROW:
                there = []
            shared = [free for gap in shared if there for free in _free(gap, there)]
            if not shared:
                yield from _table(run, words)
                run = []
                shared = [gap for gap in _gaps(there) if _parts(gap, there)]
            run += [band] if shared else []
        yield from _table(run, words)


def _is_between_columns(gap: _Gap, rows: Sequence[Sequence[Word]]) -> bool:
    """Does it part a row under the header, or stand free below a header on dark ground?"""
    if any(_parts(gap, row) for row in rows[1:]):
        return True
    middle = sum(gap) / 2
    crossed = any(word.x0 < middle < word.x1 for row in rows for word in row)
    return not crossed and all(word.light for word in rows[0])


def _table(rows: list[Box], words: Sequence[Word]) -> Iterator[list[Box]]:
    if len(rows) >= _LEAST_OPEN_ROWS:
        yield cut_at_gutters(rows, words)


def _overlaps(band: Box, taken: Sequence[Box]) -> bool:
    return any(
        box.top < band.bottom - SNAP
        and band.top < box.bottom - SNAP
        and box.x0 < band.x1
        and band.x0 < box.x1
        for box in taken
    )


def _inside(box: Box, words: Iterable[Word]) -> list[Word]:
    return [word for word in words if box.holds_middle(word)]


def _gaps(words: Sequence[Word]) -> list[_Gap]:
    """White from top to bottom between words, from left to right."""
    gaps: list[_Gap] = []
    ordered = sorted(words, key=lambda each: each.x0)
    right = ordered[0].x1 if ordered else 0.0
    for word in ordered:
        if word.x0 - right >= MIN_GUTTER:
            gaps.append((right, word.x0))
        right = max(right, word.x1)
    return gaps


def _parts(gap: _Gap, words: Iterable[Word]) -> bool:
    """Do words stand on both sides of it, and none in it?"""
    middle = sum(gap) / 2
    sides = {word.x0 > middle for word in words}
    return len(sides) == 2 and not any(word.x0 < middle < word.x1 for word in words)


def _free(gap: _Gap, words: Iterable[Word]) -> Iterator[_Gap]:
    """What these words leave white of a gap."""
    left, right = gap
    for word in sorted(words, key=lambda each: each.x0):
        if word.x0 >= right:
            break
        if word.x0 - left >= MIN_GUTTER:
            yield left, word.x0
        left = max(left, word.x1)
    if right - left >= MIN_GUTTER:
        yield left, right


def _cut(row: Box, words: Sequence[Word], gaps: Sequence[_Gap]) -> Iterator[Box]:
    left = row.x0
    for gap in gaps:
        # Near the next column, whose words begin at one place on every page.
        place = max(gap[1] - SNAP, sum(gap) / 2)
        if not any(word.x0 < place < word.x1 for word in words):
            yield Box(left, row.top, place, row.bottom)
            left = place
    yield Box(left, row.top, row.x1, row.bottom)
