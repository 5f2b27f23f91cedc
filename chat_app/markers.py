"""The ways in which models say which passages a sentence rests on. Pure functions.

The rules ask for ``[1]``; small models write ``(1)``, ``[Passage 1]``, ``【1】``, ``¹``,
``Source: 1`` or "According to passage 1, ..." all the same.
"""

import re
from typing import NamedTuple

MAX_RANGE = 8
"""Longest range, as in ``[1-3]``, that is read as all its numbers."""

_SUPERSCRIPT = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_PLAIN = str.maketrans(_SUPERSCRIPT, "0123456789")
_OPEN, _CLOSE = r"[\[【［]", r"[\]】］]"

_KIND = r"\b(?:passages?|sources?|documents?|docs?|references?|refs?|citations?)"
_NUMBER = r"#?\d{1,3}(?!\d)"
_NUMBERS = rf"{_NUMBER}(?:\s*(?:,\s*and\b|[,;&–-]|\band\b)\s*(?:{_KIND}\s*)?{_NUMBER})*"
_NAMED = rf"{_KIND}\s*(?:numbers?\b|nos?\.|[:#.])?\s*{_NUMBERS}"
_AS_STATED = r"as\s(?:stated|described|noted|shown)\sin"

_BRACKETED = rf"{_OPEN}\s*\^?(?:{_NAMED}|{_NUMBERS})(?:†[^\]】］\n]{{0,40}})?\s*{_CLOSE}"
_NAMED_IN_ROUND = rf"\((?:(?:see|from|per|{_AS_STATED})\s)?(?:the\s)?{_NAMED}\s*\)"
_RAISED = rf"<sup>\s*{_OPEN}?{_NUMBERS}{_CLOSE}?\s*</sup>"
_ANYWHERE = rf"(?:{_BRACKETED}|{_NAMED_IN_ROUND}|{_RAISED})"
"""What is a marker wherever it stands."""
_SMALL = r"(?:1?\d|20)"
_ROUND = rf"\({_SMALL}(?:\s*,\s*{_SMALL})*\)"
_RAISED_DIGITS = rf"[{_SUPERSCRIPT}]+(?:,[{_SUPERSCRIPT}]+)*"
_CLOSED = rf"(?:{_ANYWHERE}|{_ROUND}|{_RAISED_DIGITS})"
"""What is a marker at least at the end of a sentence."""
_SOME = "{1,8}"
"""Bounded: a model that is stuck writes markers by the thousand, each of which would be a start."""

_BEGINS = rf"[^\s\d\[\]【［(<.,;!?{_SUPERSCRIPT}]"
"""What begins a further sentence, and no further marker."""

ENDING = re.compile(
    # "... $20. [1]" or "... $20 [1].", and behind it something that is no further marker.
    rf"(?:[.!?][\"')\]*_”’]*(?:\s*{_CLOSED}){_SOME}[.!?]?|(?:\s*{_CLOSED}){_SOME}[.!?])"
    rf"(?=\s*{_BEGINS})",
    re.IGNORECASE,
)
"""The end of a sentence with its markers, known as such before its line is complete."""
DECIDES = re.compile(rf"{_BEGINS}|\n")
"""Without such a character, more text ends no sentence or line."""

LEADING = re.compile(
    rf"\s*(?:(?:[-*•]|\d{{1,2}}[.)])\s+)?(?:\*\*)?(?:\s*{_CLOSED}){_SOME}", re.IGNORECASE
)
"""Markers in front of the first sentence of a line."""

_ACCORDING = rf"(?:according\sto|based\son|{_AS_STATED}|per|in|from)"
_SAYS = r"(?:states|says|shows|mentions|explains|notes|confirms|indicates)"
_STARTS = r"(?:\A|(?<=[.!?]\s))\s*"
_ITEM = rf"(?:{_KIND}\s*)?{_OPEN}?{_NUMBER}{_CLOSE}?"
_BETWEEN = r"\s*(?:,\s*and\b|[,;&–-]|\band\b)?\s*"
_FORMS = {
    # "Source: 1" behind the last sentence of a line, or in a line of its own.
    "label": rf"\s*[–(-]?\s*{_KIND}\s*:\s*{_ITEM}(?:{_BETWEEN}{_ITEM})*\)?\.?\s*\Z",
    "line": rf"\A\s*{_KIND}\s+{_NUMBERS}\.?\s*\Z",
    "opening": (
        rf"{_STARTS}(?:{_ACCORDING}\s+(?:the\s+)?{_KIND}\s+{_NUMBERS}\s*,\s*"
        rf"|{_KIND}\s+{_NUMBERS}\s+{_SAYS}(?:\s+that\b)?\s*[:,]?\s+"
        rf"|{_KIND}\s+{_NUMBERS}\s*[:–-]\s*)"
    ),
    "closing": (
        rf",?\s+(?:according\sto|based\son|{_AS_STATED})\s+(?:the\s+)?{_KIND}\s+{_NUMBERS}"
        r"(?=[.!?]|\s*\Z)"
    ),
    "anywhere": rf"\s*{_ANYWHERE}",
    # "213(d)(1)" is a text's own; so is what stands in the middle of a sentence.
    "at_end": (
        rf"(?:\s+{_ROUND}|\s*{_RAISED_DIGITS})(?=\s*[.!?](?:\s|\Z)|\s*\Z)"
        rf"|(?:\A|(?<=[.!?\]】］]))\s*(?:{_ROUND}|{_RAISED_DIGITS})"
    ),
}
_MARKER = re.compile(
    "|".join(f"(?P<{name}>{form})" for name, form in _FORMS.items()), re.IGNORECASE
)
_ONLY_NUMBERS = re.compile(r"\s*\[\d{1,3}(?:\s*,\s*\d{1,3})*\]")
_SPAN = re.compile(r"(\d{1,3})(?:\s*[–-]\s*(\d{1,3}))?")


class Marker(NamedTuple):
    """Passages that a text names.

    Attributes:
        place: offset in the text without markers.
        numbers: of the passages, in the order in which they are written.
        opens: it is the opening of the sentence behind it, as "According to passage 1, ..." is.
    """

    place: int
    numbers: tuple[int, ...]
    opens: bool = False


def without_markers(part: str, *, strict: bool = False) -> tuple[str, list[Marker]]:
    """A text without its markers, and the markers.

    Args:
        part: a line, or a sentence of it; runs of spaces in it cost time by their square.
        strict: only ``[1]`` and ``[1, 2]`` are markers, and all else is text.
    """
    text = ""
    markers: list[Marker] = []
    position = 0
    for found in (_ONLY_NUMBERS if strict else _MARKER).finditer(part):
        opens = found.lastgroup == "opening"
        indent = len(found.group()) - len(found.group().lstrip()) if opens else 0
        text += part[position : found.start() + indent]
        markers.append(Marker(len(text), _numbers(found.group()), opens))
        position = found.end()
    text += part[position:]
    for place in (marker.place for marker in markers if marker.opens):
        text = text[:place] + text[place : place + 1].capitalize() + text[place + 1 :]
    return text, markers


def _numbers(marker: str) -> tuple[int, ...]:
    numbers: list[int] = []
    for first, last in _SPAN.findall(marker.partition("†")[0].translate(_PLAIN)):
        start, end = int(first), int(last or first)
        numbers += range(start, end + 1) if start <= end < start + MAX_RANGE else (start, end)
    return tuple(dict.fromkeys(numbers))
