"""The lines that part what stands on a PDF page: rules, and the sides of shaded areas."""

from collections.abc import Iterator
from typing import NamedTuple

from retrieval.loading.pdf.drawing import MAX_STROKES, MIN_LENGTH, Drawing
from retrieval.loading.pdf.geometry import Box, Frame, Line, Pdfium

SNAP = 3.0
"""Points: lines nearer than this are one; a hairline drawn as a box has two sides."""


class Rules(NamedTuple):
    """What is drawn on a page.

    Attributes:
        horizontal: lines from the top, those that touch merged.
        vertical: lines from the left, those that touch merged.
        dots: shapes and pictures as small as a bullet.
    """

    horizontal: list[Line]
    vertical: list[Line]
    dots: list[Box]


def rules_of(page: Pdfium, frame: Frame) -> Rules:
    """All level and upright lines of a page that are seen, in the frame of its reader.

    The side of a shaded area is one where the colour changes: word processors shade a cell in
    strips, whose borders nobody sees.
    """
    drawing = Drawing(frame)
    drawing.read(page)
    if drawing.strokes > MAX_STROKES:
        return Rules([], [], [])
    for area in drawing.areas:
        box = area.box
        alike = [other.box for other in drawing.areas if other.colour == area.colour]
        for at, beyond in ((box.top, -SNAP / 2), (box.bottom, SNAP / 2)):
            covers = [(b.x0, b.x1) for b in alike if b.top < at + beyond < b.bottom]
            drawing.level.extend(_uncovered(Line(at, box.x0, box.x1), covers))
        for at, beyond in ((box.x0, -SNAP / 2), (box.x1, SNAP / 2)):
            covers = [(b.top, b.bottom) for b in alike if b.x0 < at + beyond < b.x1]
            drawing.upright.extend(_uncovered(Line(at, box.top, box.bottom), covers))
    return Rules(merged(drawing.level), merged(drawing.upright), drawing.dots)


def merged(lines: list[Line]) -> list[Line]:
    """Lines at nearly the same place become one place; those that touch there become one line."""
    result: list[Line] = []
    for group in _by_place(lines):
        at = sum(line.at for line in group) / len(group)
        start, end = group[0].start, group[0].end
        for line in group[1:]:
            if line.start > end + SNAP:
                result.append(Line(at, start, end))
                start, end = line.start, line.end
            end = max(end, line.end)
        result.append(Line(at, start, end))
    return result


def _by_place(lines: list[Line]) -> Iterator[list[Line]]:
    group: list[Line] = []
    for line in sorted(lines):
        if group and line.at - group[0].at > SNAP:
            yield sorted(group, key=lambda each: each.start)
            group = []
        group.append(line)
    if group:
        yield sorted(group, key=lambda each: each.start)


def _uncovered(line: Line, covers: list[tuple[float, float]]) -> Iterator[Line]:
    start = line.start
    for cover_start, cover_end in sorted(covers):
        if cover_start > start + MIN_LENGTH:
            yield Line(line.at, start, min(cover_start, line.end))
        start = max(start, cover_end)
    if line.end > start + MIN_LENGTH:
        yield Line(line.at, start, line.end)
