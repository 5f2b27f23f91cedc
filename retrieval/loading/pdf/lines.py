"""Words into lines, and what lines say about themselves."""

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from retrieval.loading.pdf.words import Word

BULLETS = frozenset("•‣▪▫●○◦■□◾◽►▸▶➢➤✓✔✗✘✕×❖❑❒◆◇♦★☐☑☒·∙⁃")
"""Signs that begin a list item wherever they begin a line."""
_DASHES = frozenset({"-", "–", "—", "*", "o", "§", "¨", "+", ">"})
_NUMBER = re.compile(r"\(?(?:\d{1,3}|[A-Za-z]|[ivxIVX]{1,5})[.)]|\(\d{1,3}\)")
_SENTENCE_END = re.compile(r"[.!?:;][)\"'”’]*$")
_LEADER = re.compile(r"(?:\.\s?){4,}\s*(?:\d+|[ivxl]+)\s*$")
_NUMBER_LABEL = re.compile(
    r"(?:section|chapter|part|article|appendix)\s+(?:\d+(?:\.\d+)*|[ivxlc]+|[a-z])[.:]?|\d+(?:\.\d+)+\.?",
    re.IGNORECASE,
)
_SAME_LINE = 0.4
_MARKER_GAP = 0.4


@dataclass(frozen=True)
class TextLine:
    """Words that stand side by side, from left to right; one at least."""

    words: tuple[Word, ...]

    @cached_property
    def x0(self) -> float:
        """Left end."""
        return self.words[0].x0

    @cached_property
    def x1(self) -> float:
        """Right end."""
        return max(word.x1 for word in self.words)

    @cached_property
    def baseline(self) -> float:
        """Of the longest run of words."""
        return self._widest.baseline

    @cached_property
    def size(self) -> float:
        """Of the widest word's font."""
        return self._widest.size

    @cached_property
    def bold(self) -> bool:
        """Are all words bold, but for a marker?"""
        return all(word.bold for word in self.content)

    @cached_property
    def colour(self) -> tuple[int, ...] | None:
        """Of all words, or None when they differ."""
        colours = {word.colour for word in self.content}
        return colours.pop() if len(colours) == 1 else None

    @cached_property
    def marker(self) -> str:
        """``-`` for any bullet, a number as it stands, or nothing."""
        first = self.words[0]
        follower = self.words[1] if len(self.words) > 1 else None
        gap = follower.x0 - first.x1 if follower else first.size
        if first.text in BULLETS:
            return "-"
        if first.text in _DASHES and gap > _MARKER_GAP * first.size:
            return "-"
        if _NUMBER.fullmatch(first.text) and follower:
            return first.text
        return ""

    @cached_property
    def content(self) -> tuple[Word, ...]:
        """The words without the marker."""
        return self.words[1:] if self.marker and len(self.words) > 1 else self.words

    @cached_property
    def text(self) -> str:
        """All words, as they stand."""
        return " ".join(word.text for word in self.words)

    @cached_property
    def _widest(self) -> Word:
        return max(self.words, key=lambda word: word.x1 - word.x0)


class Spacing(NamedTuple):
    """What is usual in a document.

    Attributes:
        body: size of the font of most of its letters.
        leading: usual distance of two lines, by the size of their font.
    """

    body: float
    leading: dict[float, float]

    def usual(self, size: float) -> float:
        """Usual distance of two lines of this size."""
        return self.leading.get(_rounded(size), 1.2 * size)


def lines_of(words: Iterable[Word]) -> list[TextLine]:
    """Lines from the top, of words that stand in one column."""
    lines: list[TextLine] = []
    row: list[Word] = []
    for word in sorted(words, key=lambda each: (each.baseline, each.x0)):
        if row and word.baseline - row[0].baseline > _SAME_LINE * max(word.size, row[0].size):
            lines.append(_line(row))
            row = []
        row.append(word)
    if row:
        lines.append(_line(row))
    return lines


def spacing_of(lines: Sequence[Sequence[TextLine]]) -> Spacing:
    """What is usual, over the lines of all pages, each page's from the top."""
    sizes: Counter[float] = Counter()
    distances: dict[float, Counter[float]] = {}
    for page in lines:
        for line in page:
            sizes[_rounded(line.size)] += len(line.text)
        for above, below in itertools.pairwise(page):
            distance = below.baseline - above.baseline
            alike = _rounded(above.size) == _rounded(below.size) and above.x0 < below.x1
            if alike and 0.8 * above.size < distance < 2.2 * above.size:
                counter = distances.setdefault(_rounded(above.size), Counter())
                counter[round(distance * 4) / 4] += 1
    body = sizes.most_common(1)[0][0] if sizes else 12.0
    leading = {size: counter.most_common(1)[0][0] for size, counter in distances.items()}
    return Spacing(body, leading)


def is_contents_line(text: str) -> bool:
    """A line of a table of contents: words, a row of dots and a page number."""
    return _LEADER.search(text) is not None


def is_number_label(text: str) -> bool:
    """Is it the number of a heading, alone or with its word: ``Section 2.1``?"""
    return _NUMBER_LABEL.fullmatch(text) is not None


def ends_sentence(line: TextLine) -> bool:
    """Does it end with the mark that ends a sentence?"""
    return _SENTENCE_END.search(line.text) is not None


def _line(row: list[Word]) -> TextLine:
    return TextLine(tuple(sorted(row, key=lambda word: word.x0)))


def _rounded(size: float) -> float:
    return round(size * 2) / 2
