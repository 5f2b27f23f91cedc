"""The words of a PDF page with their places and looks."""

from collections import Counter
from collections.abc import Iterator, Sequence
from operator import sub
from typing import NamedTuple

from retrieval.loading.cleaning import one_line
from retrieval.loading.pdf.geometry import Frame, Pdfium
from retrieval.loading.pdf.letters import Font, Letters, PageLetters, Style


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
    letters = page.letters(frame)
    runs = [(run, page.style(run.start)) for run in _runs(letters)]
    turns = Counter(style.quarter_turns for _, style in runs if style.quarter_turns is not None)
    usual = turns.most_common(1)[0][0] if turns else frame.quarter_turns
    if usual != frame.quarter_turns:
        frame = frame._replace(quarter_turns=usual)
        letters = page.letters(frame)
        runs = [(run, page.style(run.start)) for run in _runs(letters)]
    words = [
        word
        for run, style in runs
        if style.quarter_turns == usual
        for word in _words(page, letters, run, style, frame)
        if word is not None
    ]
    return words, frame


def _runs(letters: Letters) -> Iterator[range]:
    """The letters of each word, by their numbers."""
    usual: Sequence[float] = ()  # gaps of the last run that is long enough to tell its spacing
    for run in _unbroken(letters):
        start, stop = run.start, run.stop
        gaps = list(map(sub, letters.x0[start + 1 : stop], letters.x1[start : stop - 1]))
        if len(run) >= _LEAST_SPACED:
            usual = gaps
        yield from _parted(letters, run, gaps, usual)


def _unbroken(letters: Letters) -> Iterator[range]:
    """Letters without a space that the file writes, a jump or another line between them.

    Footnotes' numbers are written as such on the way.
    """
    start = -1
    height = floor = last_x0 = last_x1 = 0.0
    for number, (text, x0, top, x1, bottom) in enumerate(zip(*letters, strict=True)):
        if start >= 0 and (
            not text or abs(bottom - floor) > height / 2 or x0 - last_x1 > height or x1 < last_x0
        ):
            yield range(start, number)
            start = -1
        if not text:
            continue
        if start < 0:
            start, height, floor = number, bottom - top, bottom
        if text in _SUPERSCRIPTS and _is_raised(bottom, bottom - top, height, floor):
            letters.texts[number] = _SUPERSCRIPTS[text]
        last_x0, last_x1 = x0, x1
    if start >= 0:
        yield range(start, len(letters.texts))


def _is_raised(bottom: float, letter: float, height: float, floor: float) -> bool:
    """Is a digit a footnote's number, which must not become one of the amount before it?

    Args:
        bottom: of the digit.
        letter: its height.
        height: of the run it stands in.
        floor: on which that run stands.
    """
    return letter < 0.8 * height and floor - bottom > 0.1 * height


def _parted(
    letters: Letters, run: range, gaps: Sequence[float], usual: Sequence[float]
) -> Iterator[range]:
    """Part letters where the white is as wide as a space that the file does not write.

    Args:
        letters: of the page.
        run: letters of one line.
        gaps: the white between them.
        usual: that between letters hereabouts; where words are set wide, a space takes more.
    """
    least = _LEAST_SPACE * (letters.bottom[run.start] - letters.top[run.start])
    start = run.start
    if gaps and max(gaps) > least:
        spacing = sorted(usual)[len(usual) // 2] if usual else 0.0
        least = max(least, _WIDER * spacing)
        for place, gap in enumerate(gaps, run.start + 1):
            if gap > least and letters.texts[place] < _FIRST_WITHOUT_SPACES:
                yield range(start, place)
                start = place
    yield range(start, run.stop)


def _words(
    page: PageLetters, letters: Letters, run: range, style: Style, frame: Frame
) -> Iterator[Word | None]:
    """The word of a run, None where it is not seen.

    A sign that stands right before a word is one by itself.
    """
    if style.font.signs and len(run) > 1:
        second = page.style(run[1])
        if not second.font.signs:
            yield _word(page, letters, run[:1], style, frame)
            run, style = run[1:], second
    yield _word(page, letters, run, style, frame)


def _word(
    page: PageLetters, letters: Letters, run: range, style: Style, frame: Frame
) -> Word | None:
    first, last = run.start, run.stop - 1
    x0, top, bottom = letters.x0[first], letters.top[first], letters.bottom[first]
    x1 = max(letters.x1[first], letters.x1[last])
    seen = x1 > 0 and x0 < frame.width and bottom > 0 and top < frame.height
    text = "".join(letters.texts[first : run.stop])
    if not (text.isascii() and text.isprintable()) or style.font.signs or style.font.symbols:
        text = one_line(_as_text(text, style.font))
    if not seen or not text:
        return None
    return Word(
        text=text,
        x0=x0,
        x1=x1,
        top=top,
        bottom=bottom,
        baseline=frame.place(*page.origin(first))[1],
        size=style.size or bottom - top,
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
