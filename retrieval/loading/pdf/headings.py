"""Which paragraphs are headings, and how deep, by their looks."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from retrieval.loading.pdf.lines import Spacing
from retrieval.loading.pdf.paragraphs import Paragraph

MAX_HEADING = 160
_MAX_CAPITALS = 80
_LARGER = 1.12
_NO_HEADING_END = (".", ",", ";", "!")
# What values look like; a large line may hold a number all the same.
_VALUE = re.compile(r"[$€£]\s?\d|\s\|\s|\d/\d+/\d|__")
_LABELLED_NUMBER = re.compile(r":\s.*\d")
_LARGE = 1.25
_LETTERS = re.compile(r"[^\W\d_]")
_NUMBER = re.compile(
    r"(?:(chapter|part|section|article|appendix)\s+)?(\d+(?:\.\d+)*\.?)(?:[\s:]|$)", re.IGNORECASE
)
_UNNUMBERED = -9
_CONTENTS = re.compile(r"(?:.*\btable of )?contents:?", re.IGNORECASE)


class Style(NamedTuple):
    """The looks of a heading; the greater is the outer one.

    Attributes:
        depth: 0 for a chapter, minus the parts of its number for another, such as -2 for
            ``Section 2.1``, and less still without a number.
    """

    size: float
    capitals: bool
    bold: bool
    depth: int


def heading_styles(paragraphs: Iterable[Paragraph], spacing: Spacing) -> list[Style]:
    """The styles of all headings of a document, from the outermost in."""
    styles = {style for each in paragraphs if (style := heading_style(each, spacing))}
    return sorted(styles, reverse=True)


def heading_style(paragraph: Paragraph, spacing: Spacing) -> Style | None:
    """The style of a heading; None for any other paragraph."""
    text = heading_text(paragraph.text)
    plausible = (
        0 < len(text) <= MAX_HEADING
        and paragraph.marker != "-"
        and len(_LETTERS.findall(text)) > 1
        and (text[0].isupper() or text[0].isdigit())
        and not _VALUE.search(text)
        and not (paragraph.size < _LARGE * spacing.body and _LABELLED_NUMBER.search(text))
        and not text.endswith(_NO_HEADING_END)
    )
    if not plausible:
        return None
    larger = paragraph.size >= _LARGER * spacing.body
    capitals = text.isupper() and len(text) <= _MAX_CAPITALS
    level_with_text = paragraph.size >= 0.9 * spacing.body
    if larger or (level_with_text and (paragraph.bold or (capitals and " " in text))):
        return Style(round(paragraph.size * 2) / 2, capitals, paragraph.bold, _depth(text))
    return None


def _depth(text: str) -> int:
    match = _NUMBER.match(text)
    if not match:
        return _UNNUMBERED
    if match[1] and match[1].lower() in {"chapter", "part"}:
        return 0
    return -1 - match[2].rstrip(".").count(".")


def heading_text(text: str) -> str:
    """A heading without the mark that stood between it and a logo."""
    return text.lstrip(" :;,.|–-")


def level_of(style: Style, styles: Sequence[Style]) -> int:
    """1 for the outermost of a document's heading styles."""
    return styles.index(style) + 1


def is_contents_title(text: str) -> bool:
    """The heading of a table of contents."""
    return _CONTENTS.fullmatch(text) is not None
