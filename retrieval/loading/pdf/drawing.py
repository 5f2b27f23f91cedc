"""The paths and pictures of a PDF page, as pdfium tells them."""

import ctypes
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from retrieval.loading.pdf.geometry import Box, Frame, Line, Pdfium

MIN_LENGTH = 4.0
"""Points: shorter strokes are parts of letters, icons and dashes that touch nothing."""
THIN = 3.0
"""Points: a filled area this thin is a rule."""
MAX_STROKES = 3000
"""Of one page: more is a drawing, not a table."""
_MAX_FORM_DEPTH = 5
_WHITE = 250
_DOT = (3.0, 9.0)
"""Points: least and greatest side of a bullet; the corners of drawn borders are smaller."""


class _Matrix(NamedTuple):
    a: float
    b: float
    c: float
    d: float
    e: float
    f: float

    def apply(self, x: float, y: float) -> tuple[float, float]:
        """A point in outer coordinates."""
        return self.a * x + self.c * y + self.e, self.b * x + self.d * y + self.f

    def after(self, inner: "_Matrix") -> "_Matrix":
        """This matrix applied to what the inner one gives."""
        return _Matrix(
            self.a * inner.a + self.c * inner.b,
            self.b * inner.a + self.d * inner.b,
            self.a * inner.c + self.c * inner.d,
            self.b * inner.c + self.d * inner.d,
            *self.apply(inner.e, inner.f),
        )


_IDENTITY = _Matrix(1, 0, 0, 1, 0, 0)
_Point = tuple[float, float]
_Colour = tuple[int, ...]


class Area(NamedTuple):
    """A shaded rectangle, in the frame of the reader."""

    colour: _Colour
    box: Box


class Drawing:
    """Gathers what is drawn on a page, object by object.

    Attributes:
        level: horizontal lines.
        upright: vertical lines.
        areas: shaded rectangles.
        dots: shapes and pictures as small as a bullet.
    """

    def __init__(self, frame: Frame) -> None:
        from pypdfium2 import raw

        self.level: list[Line] = []
        self.upright: list[Line] = []
        self.areas: list[Area] = []
        self.dots: list[Box] = []
        self._frame = frame
        self._raw = raw
        self._readers = {
            raw.FPDF_PAGEOBJ_PATH: self._read_path,
            raw.FPDF_PAGEOBJ_IMAGE: self._read_image,
            raw.FPDF_PAGEOBJ_FORM: self._read_form,
        }

    @property
    def strokes(self) -> int:
        """How much there is so far."""
        return len(self.level) + len(self.upright) + len(self.areas)

    def read(self, page: Pdfium) -> None:
        """All objects of a page, until there are too many."""
        raw, readers = self._raw, self._readers
        get_object, get_type = raw.FPDFPage_GetObject, raw.FPDFPageObj_GetType
        for number in range(raw.FPDFPage_CountObjects(page.raw)):
            item = get_object(page.raw, number)
            reader = readers.get(get_type(item))
            if reader and self.strokes <= MAX_STROKES:
                reader(item, _IDENTITY, 0)

    def _read_form(self, form: Pdfium, outer: _Matrix, depth: int) -> None:
        if depth == _MAX_FORM_DEPTH:
            return
        inner = outer.after(self._matrix(form))
        for number in range(self._raw.FPDFFormObj_CountObjects(form)):
            item = self._raw.FPDFFormObj_GetObject(form, number)
            reader = self._readers.get(self._raw.FPDFPageObj_GetType(item))
            if reader:
                reader(item, inner, depth + 1)

    def _read_image(self, image: Pdfium, outer: _Matrix, _: int) -> None:
        # An image is the unit square, put in its place by its matrix.
        place = outer.after(self._matrix(image)).apply
        self._add_dot([place(0, 0), place(1, 0), place(1, 1), place(0, 1)])

    def _read_path(self, path: Pdfium, outer: _Matrix, _: int) -> None:
        raw = self._raw
        fill, stroke = ctypes.c_int(), ctypes.c_int()
        raw.FPDFPath_GetDrawMode(path, fill, stroke)
        if not (fill.value or stroke.value):
            return
        red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
        raw.FPDFPageObj_GetFillColor(path, red, green, blue, alpha)
        colour = (red.value, green.value, blue.value)
        for points, curved in self._outlines(path, outer.after(self._matrix(path))):
            self._add_dot(points)
            if stroke.value:
                for one, other in pairwise(points):
                    self._add_stroke(one, other)
            elif alpha.value and min(colour) < _WHITE and not curved:
                self._add_area(points, colour)

    def _outlines(self, path: Pdfium, matrix: _Matrix) -> Iterator[tuple[list[_Point], bool]]:
        """The points of each part of a path, and whether a curve lies between some of them."""
        raw = self._raw
        x, y = ctypes.c_float(), ctypes.c_float()
        points: list[_Point] = []
        curved = False
        for number in range(min(raw.FPDFPath_CountSegments(path), MAX_STROKES)):
            segment = raw.FPDFPath_GetPathSegment(path, number)
            kind = raw.FPDFPathSegment_GetType(segment)
            if kind == raw.FPDF_SEGMENT_MOVETO and points:
                yield points, curved
                points, curved = [], False
            raw.FPDFPathSegment_GetPoint(segment, x, y)
            points.append(matrix.apply(x.value, y.value))
            curved = curved or kind == raw.FPDF_SEGMENT_BEZIERTO
            if raw.FPDFPathSegment_GetClose(segment):
                points.append(points[0])
        if points:
            yield points, curved

    def _matrix(self, item: Pdfium) -> _Matrix:
        found = self._raw.FS_MATRIX()
        if not self._raw.FPDFPageObj_GetMatrix(item, found):
            return _IDENTITY
        return _Matrix(found.a, found.b, found.c, found.d, found.e, found.f)

    def _add_stroke(self, one: _Point, other: _Point) -> None:
        (x0, y0), (x1, y1) = self._frame.place(*one), self._frame.place(*other)
        if abs(y0 - y1) < 1 and abs(x0 - x1) >= MIN_LENGTH:
            self.level.append(Line((y0 + y1) / 2, min(x0, x1), max(x0, x1)))
        elif abs(x0 - x1) < 1 and abs(y0 - y1) >= MIN_LENGTH:
            self.upright.append(Line((x0 + x1) / 2, min(y0, y1), max(y0, y1)))

    def _add_area(self, corners: list[_Point], colour: _Colour) -> None:
        """A thin area is a rule; another is kept if it is a level rectangle."""
        places = [self._frame.place(*corner) for corner in corners]
        box = _around(places)
        width, height = box.x1 - box.x0, box.bottom - box.top
        if min(width, height) <= THIN:
            if width >= max(MIN_LENGTH, height):
                self.level.append(Line((box.top + box.bottom) / 2, box.x0, box.x1))
            elif height >= MIN_LENGTH:
                self.upright.append(Line((box.x0 + box.x1) / 2, box.top, box.bottom))
        elif all(_near(x, box.x0, box.x1) and _near(y, box.top, box.bottom) for x, y in places):
            self.areas.append(Area(colour, box))

    def _add_dot(self, corners: list[_Point]) -> None:
        """Kept if it is as small as a bullet."""
        box = _around([self._frame.place(*corner) for corner in corners])
        sides = sorted((box.x1 - box.x0, box.bottom - box.top))
        if _DOT[0] <= sides[0] and sides[1] <= _DOT[1]:
            self.dots.append(box)


def _around(places: list[_Point]) -> Box:
    lefts, tops = [x for x, _ in places], [y for _, y in places]
    return Box(min(lefts), min(tops), max(lefts), max(tops))


def _near(value: float, one: float, other: float) -> bool:
    return min(abs(value - one), abs(value - other)) < 1
