"""The words of a PDF page with their places and looks."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from retrieval.loading.cleaning import one_line
from retrieval.loading.pdf.geometry import Frame, Pdfium
from retrieval.loading.pdf.letters import Font, Letter, PageLetters, Style


class Word(NamedTuple):
    """A word on a page, in points from the upper left corner of the page as it is seen.

    Attributes:
        baseline: distance of the line that the letters stand on from the top.
        size: of the font, as drawn.
        colour: red, green and blue, 0 to 255.
    """

    text: str
    x0: float
    x1: float
    top: float
    bottom: float
    baseline: float
    size: float
    bold: bool
    colour: tuple[int, int, int]

    @property
    def light(self) -> bool:
        """Is it of a colour that is read on dark ground only?"""
        return min(self.colour) >= _LIGHT


_LIGHT = 200
_SUPERSCRIPTS = dict(zip("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹", strict=True))
# Signs of Wingdings and Symbol by their codes, as Unicode has them; others say nothing.
_SIGNS = {0x6C: "●", 0x6E: "■", 0x6F: "☐", 0x71: "☐", 0x76: "❖", 0xA7: "▪", 0xA8: "☐", 0xB7: "•"}
_SIGNS |= {0xD8: "➢", 0xE0: "→", 0xF0: "➢", 0xFB: "✗", 0xFC: "✓", 0xFD: "☒", 0xFE: "☑"}
_LEAST_SPACE = 0.11
"""Times the height of a line: spaces that pdfium missed were 0.12 and more, gaps in words 0.02."""
_WIDER = 1.7
_LEAST_SPACED = 5
_FIRST_WITHOUT_SPACES = "\u2e80"
"""From here on lie the scripts of East Asia, which write no spaces between words."""


def words_of(textpage: Pdfium, frame: Frame) -> tuple[list[Word], Frame]:
    """The words of a page in the order of its content stream.

    The page is turned as most of its text asks for, whatever its own rotation; the frame that
    comes back says how. Text at any other angle, such as a watermark, is left out.
    """
    page = PageLetters(textpage)
    runs = [(run, page.style(run[0].number)) for run in _runs(page, frame)]
    turns = Counter(style.quarter_turns for _, style in runs if style.quarter_turns is not None)
    usual = turns.most_common(1)[0][0] if turns else frame.quarter_turns
    if usual != frame.quarter_turns:
        frame = frame._replace(quarter_turns=usual)
        runs = [(run, page.style(run[0].number)) for run in _runs(page, frame)]
    words = [
        word
        for run, style in runs
        if style.quarter_turns == usual
        for word in _words(page, run, style, frame)
    ]
    return words, frame


def _runs(page: PageLetters, frame: Frame) -> Iterator[list[Letter]]:
    """The letters of each word."""
    spacing = 0.0
    for run in _unbroken(page, frame):
        if len(run) >= _LEAST_SPACED:
            gaps = sorted(after.x0 - before.x1 for before, after in pairwise(run))
            spacing = gaps[len(gaps) // 2]
        yield from _parted(run, spacing)


def _unbroken(page: PageLetters, frame: Frame) -> Iterator[list[Letter]]:
    """Letters without a space that the file writes, a jump or another line between them."""
    run: list[Letter] = []
    height = floor = last_x0 = last_x1 = 0.0
    for letter in page.letters(frame):
        if letter is None:
            if run:
                yield run
                run = []
            continue
        if run and (
            abs(letter.bottom - floor) > height / 2
            or letter.x0 - last_x1 > height
            or letter.x1 < last_x0
        ):
            yield run
            run = []
        if not run:
            height, floor = letter.bottom - letter.top, letter.bottom
        raised = letter.text in _SUPERSCRIPTS and _is_raised(letter, height, floor)
        run.append(letter._replace(text=_SUPERSCRIPTS[letter.text]) if raised else letter)
        last_x0, last_x1 = letter.x0, letter.x1
    if run:
        yield run


def _is_raised(letter: Letter, height: float, floor: float) -> bool:
    """Is it a footnote's number, which must not become a digit of the amount before it?"""
    small = letter.bottom - letter.top < 0.8 * height
    return small and floor - letter.bottom > 0.1 * height


def _parted(run: list[Letter], spacing: float) -> Iterator[list[Letter]]:
    """Part letters where the white is as wide as a space that the file does not write.

    Args:
        run: letters of one line.
        spacing: usual white between two letters here; where words are set wide it takes more.
    """
    least = max(_LEAST_SPACE * (run[0].bottom - run[0].top), _WIDER * spacing)
    start = 0
    for place in range(1, len(run)):
        gap = run[place].x0 - run[place - 1].x1
        if gap > least and run[place].text < _FIRST_WITHOUT_SPACES:
            yield run[start:place]
            start = place
    yield run[start:]


def _words(page: PageLetters, run: list[Letter], style: Style, frame: Frame) -> Iterator[Word]:
    """The word of a run; a sign that stands right before a word is one by itself."""
    if style.font.signs and len(run) > 1:
        second = page.style(run[1].number)
        if not second.font.signs:
            yield from _word(page, run[:1], style, frame)
            run, style = run[1:], second
    yield from _word(page, run, style, frame)


def _word(page: PageLetters, run: Sequence[Letter], style: Style, frame: Frame) -> Iterator[Word]:
    first = run[0]
    x1 = max(first.x1, run[-1].x1)
    seen = x1 > 0 and first.x0 < frame.width and first.bottom > 0 and first.top < frame.height
    text = "".join([letter.text for letter in run])
    if not (text.isascii() and text.isprintable()) or style.font.signs or style.font.symbols:
        text = one_line(_as_text(text, style.font))
    if not seen or not text:
        return
    yield Word(
        text=text,
        x0=first.x0,
        x1=x1,
        top=first.top,
        bottom=first.bottom,
        baseline=frame.place(*page.origin(first.number))[1],
        size=style.size or first.bottom - first.top,
        bold=style.font.bold,
        colour=style.colour,
    )


def _as_text(text: str, font: Font) -> str:
    """Signs of symbol fonts, which put them over letters or into the private use area."""
    if font.symbols and len(text) == 1 and text.isascii() and text.isalnum():
        return "•"
    if not font.signs and (text.isascii() or not any("\uf000" <= c <= "\uf0ff" for c in text)):
        return text
    return "".join(
        _SIGNS.get(ord(letter) & 0xFF, "") if font.signs or letter >= "\uf000" else letter
        for letter in text
    )
