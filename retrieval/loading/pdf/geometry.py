"""Places on a page as its reader sees it: in points, from the upper left corner."""

from typing import Any, NamedTuple, Protocol, TypeAlias

Pdfium: TypeAlias = Any
"""An object or pointer of pypdfium2, which ships no types."""


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

    def place(self, x: float, y: float) -> tuple[float, float]:
        """(from the left, from the top) of a point as the reader sees it."""
        match self.quarter_turns:
            case 0:
                return x - self.left, self.top - y
            case 1:
                return y - self.bottom, x - self.left
            case 2:
                return self.right - x, y - self.bottom
            case _:
                return self.top - y, self.right - x

    def box(self, rectangle: Pdfium) -> tuple[float, float, float, float]:
        """(left, top, right, bottom) of one of pdfium's rectangles as the reader sees it."""
        if not self.quarter_turns:
            left, top = self.left, self.top
            return (
                rectangle.left - left,
                top - rectangle.top,
                rectangle.right - left,
                top - rectangle.bottom,
            )
        x0, y0 = self.place(rectangle.left, rectangle.top)
        x1, y1 = self.place(rectangle.right, rectangle.bottom)
        return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)
