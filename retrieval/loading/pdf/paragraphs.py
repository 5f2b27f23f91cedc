"""Lines into paragraphs and list items."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from retrieval.loading.pdf.lines import Spacing, TextLine, ends_sentence, is_contents_line

_PARAGRAPH_GAP = 1.22
"""Times the usual distance of lines; paragraphs in the plan documents seen are at 1.35 and more."""
_STYLE_RATIO = 1.15
_CENTRED = 6.0
_ENDED_EARLY = 0.3
# Cost shares stand one below the other, each on a line of its own.
_COST_END = re.compile(
    r"(?:\d%?|co-?pay(?:ment)?|co-?insurance|charge|covered|none-*)\)?$", re.IGNORECASE
)
_COST_START = re.compile(r"(?:[$€£]\s?)?\d[\d,.]*%?\s?(?:[a-z]|$)")
_LEADS_ON = re.compile(
    r"(?:,|\b(?:an?|and|at|by|for|from|if|in|of|on|or|page|than|the|to|with|your))$"
)


class Paragraph(NamedTuple):
    """Lines that belong together; a list item where the first has a marker."""

    lines: tuple[TextLine, ...]

    @property
    def marker(self) -> str:
        """Of its first line."""
        return self.lines[0].marker

    @property
    def bold(self) -> bool:
        """Is all of it bold?"""
        return all(line.bold for line in self.lines)

    @property
    def size(self) -> float:
        """Of its first line's font."""
        return self.lines[0].size

    @property
    def text(self) -> str:
        """Its lines, joined as they stand."""
        return " ".join(line.text for line in self.lines)


def paragraphs_of(
    lines: Sequence[TextLine], sides: tuple[float, float], spacing: Spacing
) -> Iterator[Paragraph]:
    """Part the lines of one column where a paragraph or an item begins.

    Args:
        lines: from the top.
        sides: where the column begins and ends, from the left of the page.
        spacing: of the document.
    """
    open_lines: list[TextLine] = []
    for line in lines:
        if open_lines and _is_lone_marker(open_lines):
            open_lines = [TextLine((*open_lines[0].words, *line.words))]
            continue
        if open_lines and _begins(open_lines, line, sides, spacing):
            yield Paragraph(tuple(open_lines))
            open_lines = []
        open_lines.append(line)
    if open_lines:
        yield Paragraph(tuple(open_lines))


def _is_lone_marker(lines: list[TextLine]) -> bool:
    words = lines[0].words
    return len(lines) == 1 and len(words) == 1 and bool(lines[0].marker)


def _begins(
    above: list[TextLine], line: TextLine, sides: tuple[float, float], spacing: Spacing
) -> bool:
    """Does a line begin a paragraph of its own, after those above?"""
    last = above[-1]
    larger = max(last.size, line.size)
    if line.baseline - last.baseline > _PARAGRAPH_GAP * spacing.usual(larger):
        return True
    if is_contents_line(last.text):
        return True
    goes_on = line.text[0].islower()
    if larger > _STYLE_RATIO * min(last.size, line.size):
        return not goes_on
    if line.marker:
        return line.marker == "-" or ends_sentence(last) or bool(above[0].marker)
    if goes_on:
        return False
    if None not in (last.colour, line.colour) and last.colour != line.colour:
        return True
    outdented = above[0].marker and line.x0 < above[0].content[0].x0 - line.size
    indented = line.x0 > last.content[0].x0 + line.size and ends_sentence(last)
    return bool(outdented) or indented or _has_room(last, line, sides)


def _has_room(last: TextLine, line: TextLine, sides: tuple[float, float]) -> bool:
    """Would the first word of the line have stood in the line above?

    In the middle of a sentence it takes more room than that to say that the line was ended on
    purpose: the column may be narrower than it seems.
    """
    left, right = sides
    before, behind = last.x0 - left, right - last.x1
    centred = before > _CENTRED and abs(before - behind) < _CENTRED
    room = (before + behind if centred else behind) - (line.words[0].x1 - line.words[0].x0)
    if ends_sentence(last):
        return room > line.size
    if _LEADS_ON.search(last.text):
        return False
    costs = _COST_END.search(last.text) or _COST_START.match(line.text)
    return room > (line.size if costs else _ENDED_EARLY * (right - left))
