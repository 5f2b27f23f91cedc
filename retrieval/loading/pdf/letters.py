"""The letters of a PDF page with their places and looks, as pdfium tells them."""

import ctypes
import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from retrieval.loading.pdf.geometry import Frame, Pdfium


class Letters(NamedTuple):
    """The letters of a page in the order of its content stream, as columns of equal length.

    Attributes:
        texts: of each; empty for white space, whose sides say nothing.
        x0: left side of each.
        top: upper side.
        x1: right side.
        bottom: lower side.
    """

    texts: list[str]
    x0: list[float]
    top: list[float]
    x1: list[float]
    bottom: list[float]


class Font(NamedTuple):
    """What the name and weight of a font say.

    Attributes:
        signs: its codes stand for signs, as in Wingdings.
        symbols: it is Symbol, whose bullets some programs code as letters.
    """

    bold: bool
    signs: bool
    symbols: bool


class Style(NamedTuple):
    """The looks of a letter.

    Attributes:
        size: of the font as it is drawn, in points.
        colour: red, green and blue, 0 to 255.
        quarter_turns: by which its line is turned, anticlockwise; None for any other angle.
    """

    size: float
    font: Font
    colour: tuple[int, int, int]
    quarter_turns: int | None


_SIGN_FONTS = ("wingdings", "webdings")
_BOLD_NAMES = ("bold", "black", "heavy", "semibold", "demi")
_BOLD_WEIGHT = 600
# pdfium marks a hyphen at the end of a line by 2; some fonts write a soft hyphen there.
_HYPHENS = {0x02, 0xAD}
_END_OF_UNICODE = 0x110000


class _Texts(dict[int, str]):
    """Codes of pdfium to the letters they stand for, empty for white space."""

    def __missing__(self, code: int) -> str:
        text = "-" if code in _HYPHENS else chr(code) if code < _END_OF_UNICODE else ""
        if text.isspace() or (code < 0x20 and text != "-"):
            text = ""
        self[code] = text
        return text


class PageLetters:
    """Reads the letters of one page; not to be used after the page is closed."""

    def __init__(self, textpage: Pdfium) -> None:
        from pypdfium2 import raw

        self._raw = raw
        self._page = textpage.raw
        self._fonts: dict[int, Font] = {}
        self._styles: dict[int, Style] = {}
        self._name = ctypes.create_string_buffer(128)
        self._colour = [ctypes.c_uint() for _ in range(4)]
        self._x, self._y = ctypes.c_double(), ctypes.c_double()
        self._matrix = raw.FS_MATRIX()
        texts, get_code, page = _Texts(), raw.FPDFText_GetUnicode, self._page
        self._texts = [texts[get_code(page, number)] for number in range(textpage.count_chars())]
        self._rectangles = self._read_rectangles()

    def letters(self, frame: Frame) -> Letters:
        """All letters, as the reader sees them."""
        sides = frame.boxes(*self._rectangles.T.astype(np.float64))
        return Letters(list(self._texts), *(side.tolist() for side in sides))

    def style(self, index: int) -> Style:
        """The looks of a letter; all letters of one text object share them."""
        text_object = self._raw.FPDFText_GetTextObject(self._page, index)
        address = _address(text_object)
        if address not in self._styles:
            self._styles[address] = self._read_style(index, text_object)
        return self._styles[address]

    def origin(self, index: int) -> tuple[float, float]:
        """Where a letter stands on its line, in the page's own coordinates."""
        self._raw.FPDFText_GetCharOrigin(self._page, index, self._x, self._y)
        return self._x.value, self._y.value

    def _read_rectangles(self) -> NDArray[np.float32]:
        """Left, top, right and bottom of each letter in the page's own coordinates, (letters, 4).

        They are written into one buffer: an object for each takes four times as long.
        """
        rectangle, get_box = self._raw.FS_RECTF, self._raw.FPDFText_GetLooseCharBox
        size = ctypes.sizeof(rectangle)
        written = bytearray(size * (len(self._texts) + 1))
        first, page = rectangle.from_buffer(written), self._page
        for number, text in enumerate(self._texts):
            if text:
                get_box(page, number, ctypes.byref(first, number * size))
        return np.frombuffer(written, dtype=np.float32).reshape(-1, 4)[:-1]

    def _read_style(self, index: int, text_object: Pdfium) -> Style:
        raw = self._raw
        matrix, colour = self._matrix, self._colour
        raw.FPDFText_GetMatrix(self._page, index, matrix)
        raw.FPDFText_GetFillColor(self._page, index, *colour)
        turns = math.atan2(matrix.b, matrix.a) / (math.pi / 2)
        font = raw.FPDFTextObj_GetFont(text_object)
        address = _address(font)
        if address not in self._fonts:
            self._fonts[address] = self._read_font(index)
        return Style(
            size=raw.FPDFText_GetFontSize(self._page, index) * math.hypot(matrix.c, matrix.d),
            font=self._fonts[address],
            colour=(colour[0].value, colour[1].value, colour[2].value),
            quarter_turns=round(turns) % 4 if abs(turns - round(turns)) < 0.05 else None,
        )

    def _read_font(self, index: int) -> Font:
        raw = self._raw
        flags = ctypes.c_int()
        raw.FPDFText_GetFontInfo(self._page, index, self._name, len(self._name), flags)
        name = self._name.value.decode("utf-8", "replace").lower()
        weight = raw.FPDFText_GetFontWeight(self._page, index)
        return Font(
            # The flag ForceBold stands in regular fonts too, so it says nothing.
            bold=weight >= _BOLD_WEIGHT or any(part in name for part in _BOLD_NAMES),
            signs=any(part in name for part in _SIGN_FONTS),
            symbols="symbol" in name,
        )


def _address(pointer: Pdfium) -> int:
    """What a pointer of pdfium's points to, as a number; 0 for none."""
    return ctypes.addressof(pointer.contents) if pointer else 0
