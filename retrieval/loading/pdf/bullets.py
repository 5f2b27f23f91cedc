"""Bullets that are drawn as little shapes or pictures, made words like the others."""

from collections.abc import Sequence

from retrieval.loading.pdf.geometry import Box
from retrieval.loading.pdf.lines import TextLine
from retrieval.loading.pdf.words import Word

BULLET = "•"
_REACH = 40.0
"""Points from a bullet to its text."""
_ABOVE, _BELOW = 0.9, 0.25


def drawn_bullets(dots: Sequence[Box], lines: Sequence[TextLine]) -> list[Word]:
    """A word for each dot that stands before a line like a bullet.

    Args:
        dots: little shapes on the page.
        lines: fragments of lines of the page.
    """
    bullets: dict[tuple[float, float], Word] = {}
    for dot in dots:
        line = _line_of(dot, lines)
        if line is None or line.marker:
            continue
        first = line.words[0]
        bullets[line.x0, line.baseline] = first._replace(
            text=BULLET, x0=dot.x0, x1=dot.x1, baseline=line.baseline
        )
    return list(bullets.values())


def _line_of(dot: Box, lines: Sequence[TextLine]) -> TextLine | None:
    """The line that a dot stands before; None where other text stands to its left."""
    height = (dot.top + dot.bottom) / 2
    level = [
        line
        for line in lines
        if line.baseline - _ABOVE * line.size < height < line.baseline + _BELOW * line.size
    ]
    if any(-dot.x1 < line.x1 - dot.x1 < 0 and dot.x0 - line.x1 < _REACH / 2 for line in level):
        return None
    right = [line for line in level if 0 < line.x0 - dot.x1 < _REACH]
    return min(right, key=lambda line: line.x0, default=None)
