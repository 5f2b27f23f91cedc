"""Places on a page as its reader sees it: in points, from the upper left corner."""

from typing import Any, NamedTuple, Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

Pdfium: TypeAlias = Any
"""An object or pointer of pypdfium2, which ships no types."""

Sides: TypeAlias = NDArray[np.float64]
"""Where the same side of each of many rectangles lies."""

Coordinate = TypeVar("Coordinate", float, Sides)


class Placed(Protocol):
    """Something with four sides."""

    @property
    def x0(self) -> float:
        """Left side."""

    @property
    def top(self) -> float:
        """Upper side."""

    @property
    def x1(self) -> float:
        """Right side."""

    @property
    def bottom(self) -> float:
        """Lower side."""


class Box(NamedTuple):
    """A rectangle."""

    x0: float
    top: float
    x1: float
    bottom: float

    def holds(self, x: float, y: float) -> bool:
        """Does the point lie in it?"""
        return self.x0 <= x <= self.x1 and self.top <= y <= self.bottom

    def holds_middle(self, other: Placed) -> bool:
        """Does the middle of something lie in it?"""
        return self.holds((other.x0 + other.x1) / 2, (other.top + other.bottom) / 2)


class Line(NamedTuple):
    """A horizontal or vertical line, in points from the upper left corner of the page.

    Attributes:
        at: its height, or for a vertical line its distance from the left.
        start: where it begins, from the left, or for a vertical line from the top.
        end: where it ends.
    """

    at: float
    start: float
    end: float


class Frame(NamedTuple):
    """How to turn a page's own coordinates, from its lower left corner, into its reader's.

    Attributes:
        left: left side of what is shown of the page, in its own coordinates; as are the others.
        quarter_turns: by which the reader sees the page turned, clockwise.
    """

    left: float
    bottom: float
    right: float
    top: float
    quarter_turns: int

    @property
    def width(self) -> float:
        """Of the page as it is seen."""
        return self.top - self.bottom if self.quarter_turns % 2 else self.right - self.left

    @property
    def height(self) -> float:
        """Of the page as it is seen."""
        return self.right - self.left if self.quarter_turns % 2 else self.top - self.bottom

    def place(self, x: Coordinate, y: Coordinate) -> tuple[Coordinate, Coordinate]:
        """(from the left, from the top) of a point, or of many, as the reader sees it."""
        match self.quarter_turns:
            case 0:
                return x - self.left, self.top - y
            case 1:
                return y - self.bottom, x - self.left
            case 2:
                return self.right - x, y - self.bottom
            case _:
                return self.top - y, self.right - x

    def boxes(self, left: Sides, top: Sides, right: Sides, bottom: Sides) -> tuple[Sides, ...]:
        """(left, top, right, bottom) of rectangles, of the same length each, as the reader sees."""
        x0, y0 = self.place(left, top)
        x1, y1 = self.place(right, bottom)
        if not self.quarter_turns:
            return x0, y0, x1, y1
        return np.minimum(x0, x1), np.minimum(y0, y1), np.maximum(x0, x1), np.maximum(y0, y1)
