"""Words of a page, or of a cell of a table, into paragraphs in reading order."""

from collections.abc import Iterable, Iterator, Sequence

from retrieval.loading.pdf.lines import BULLETS, Spacing, TextLine, is_number_label, lines_of
from retrieval.loading.pdf.paragraphs import Paragraph, paragraphs_of
from retrieval.loading.pdf.regions import Column, Figures, Item, Ruled, reading_order
from retrieval.loading.pdf.words import Word

_FRAGMENT_GAP = 0.9
"""Times the size of the font: white that may part columns."""
_BULLET_GAP = 0.3
_REJOIN_GAP = 2.0
_MARKER_REACH = 60.0


def fragments_of(words: Iterable[Word]) -> list[TextLine]:
    """Lines over the width of a page, cut at wide white; a marker keeps its text."""
    fragments: list[TextLine] = []
    for line in lines_of(words):
        open_words: list[Word] = []
        right = 0.0
        for word in line.words:
            if open_words and _is_cut(open_words, right, word):
                fragments.append(TextLine(tuple(open_words)))
                open_words = []
            right = max(right, word.x1) if open_words else word.x1
            open_words.append(word)
        fragments.append(TextLine(tuple(open_words)))
    return fragments


def flowing(
    items: Sequence[Item], spacing: Spacing, sides: tuple[float, float] | None = None
) -> Iterator[Paragraph | Figures | Ruled]:
    """Items in reading order, lines put together to paragraphs.

    Args:
        items: of a page or a cell.
        spacing: of the document.
        sides: where the text may begin and end, from the left of the page, if that is known.
    """
    regions = list(reading_order(items))
    for region in regions:
        if isinstance(region, Figures):
            yield region
            continue
        own = _sides(region) if sides is None or len(regions) > 1 else sides
        for lines in _between_tables(region):
            if isinstance(lines, Ruled):
                yield lines
            else:
                yield from paragraphs_of(lines, own, spacing)


def _is_cut(before: Sequence[Word], right: float, word: Word) -> bool:
    """Does a word stand so far right of those before, which end there, that it may be apart?"""
    gap = word.x0 - right
    if word.text in BULLETS and gap > _BULLET_GAP * word.size:
        return True
    if len(before) == 1 and gap < _MARKER_REACH and TextLine((*before, word)).marker:
        return False
    return gap > _FRAGMENT_GAP * max(word.size, before[-1].size)


def _sides(column: Column) -> tuple[float, float]:
    boxes = [item.box for item in column.items if isinstance(item.content, TextLine)]
    return min((b.x0 for b in boxes), default=0.0), max((b.x1 for b in boxes), default=0.0)


def _between_tables(column: Column) -> Iterator[list[TextLine] | Ruled]:
    """The lines of a column, gathered up to each table; fragments of one line are put together."""
    lines: list[TextLine] = []
    for item in column.items:
        if isinstance(item.content, Ruled):
            if lines:
                yield lines
            yield item.content
            lines = []
        elif lines and _is_same_line(lines[-1], item.content):
            lines[-1] = TextLine((*lines[-1].words, *item.content.words))
        else:
            lines.append(item.content)
    if lines:
        yield lines


def _is_same_line(left: TextLine, right: TextLine) -> bool:
    """Does the text go on over the white, as in ``Section 2.1     Your eligibility``?"""
    level = abs(left.baseline - right.baseline) < 0.5 * left.size
    gap = right.x0 - left.x1
    near = 0 <= gap < _REJOIN_GAP * left.size
    numbered = gap >= 0 and is_number_label(left.text)
    return level and not right.marker and (near or numbered)
