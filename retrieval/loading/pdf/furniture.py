"""What stands on page after page: running heads, footers and page numbers."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from retrieval.loading.pdf.lines import TextLine

MARGIN_SHARE = 0.13
"""Of the page's height, at the top and at the bottom: running heads stand there."""
_LEAST_PAGES = 3
_SAME_HEIGHT = 6.0
_OFF_HEIGHT = 30.0
"""Points: the head of a first page often stands a little lower or higher."""
_END_NUMBER = re.compile(r"^\d{1,4}\b|\b\d{1,4}$")
_PAGE_NUMBER = re.compile(
    r"[-–—|•·( ]*(?:page\s*)?(?:\d{1,4}|[ivxl]{1,6})(?:\s*(?:of|/)\s*\d{1,4})?[-–—|•·) ]*"
    r"|\d{1,4}\s*\|\s*page|page\s*\|\s*\d{1,4}",
    re.IGNORECASE,
)


class Margins(NamedTuple):
    """The lines at the top and bottom of a page, outside of its tables."""

    page: int
    lines: list[TextLine]


def margins(page: int, height: float, lines: Sequence[TextLine]) -> Margins:
    """The lines that stand near the top and the bottom of a page of this height, in points."""
    depth = MARGIN_SHARE * height
    return Margins(page, [x for x in lines if not depth <= x.baseline <= height - depth])


class Furniture(NamedTuple):
    """Running heads, each with its page.

    Attributes:
        first: those that appear for the first time.
        repeated: all others, and page numbers.
    """

    first: set[tuple[int, TextLine]]
    repeated: set[tuple[int, TextLine]]


def furniture(pages: Sequence[Margins]) -> Furniture:
    """Tell running heads and page numbers from text.

    A head that is said once stays said: the footers of many plan documents are the only place of
    their service number, the heads that of their coverage period.
    """
    places: dict[str, list[tuple[int, float]]] = {}
    for page in pages:
        for line in page.lines:
            for pattern in _patterns(line, page.page):
                places.setdefault(pattern, []).append((page.page, line.baseline))
    said: set[str] = set()
    found = Furniture(set(), set())
    for page in pages:
        for line in page.lines:
            running = {
                pattern
                for pattern in _patterns(line, page.page)
                if _runs(places[pattern], line.baseline)
            }
            if _PAGE_NUMBER.fullmatch(line.text) or running & said:
                found.repeated.add((page.page, line))
            elif running:
                found.first.add((page.page, line))
            said |= running
    return found


def _patterns(line: TextLine, page: int) -> set[str]:
    """The text of a line, and the same with a number at its ends relative to that of the page."""
    relative = _END_NUMBER.sub(lambda match: f"#{int(match[0]) - page}", line.text)
    return {line.text, relative}


def _runs(places: Sequence[tuple[int, float]], baseline: float) -> bool:
    """Does a text stand at one height on pages that follow each other, here or a little off?"""
    heights = {height for _, height in places if abs(height - baseline) <= _OFF_HEIGHT}
    return any(
        _chain({page for page, other in places if abs(other - height) <= _SAME_HEIGHT})
        >= _LEAST_PAGES
        for height in heights
    )


def _chain(pages: set[int]) -> int:
    """The most pages that follow each other, or every other page: left and right ones differ."""
    longest = length = 0
    last = None
    for page in sorted(pages):
        length = length + 1 if last is not None and page - last <= 2 else 1
        longest, last = max(longest, length), page
    return longest
