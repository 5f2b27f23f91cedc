"""Table rows: labels, headers and cells, and the cells that a question asks for. Pure functions.

A row stands in a passage as ``label | label | header: cell | header: cell``. What is read from it
are its own words: labels, and some or all of the cells with their headers.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chat_app.columns import (
    NETWORK,
    Facet,
    asks_amount,
    asks_meaning,
    asks_notes,
    explains,
    facets,
    is_notes,
    without_network,
)
from retrieval.documents import CELL_SEPARATOR
from retrieval.keywords import terms

_COMMON = frozenset(
    terms(
        "cover covers coverage service services care plan benefit benefits cost costs pay pays "
        "charge copay coinsurance provider providers network visit need needed use used get year "
        "insurance doctor amount"
    )
)
"""Words that cells of any row may hold: they tell nothing of which cell is meant."""
_NAMES_ROW = re.compile(
    r"(?:covered )?(?:services?|benefits?|items?|procedures?|care|drugs?)\b[^:]*: (?P<name>.+)",
    re.IGNORECASE,
)
_STATES = re.compile(
    r"[$€£]\s?\d|\d\s?%|\b(?:no|none|yes|covered|free|waived|included|unlimited|same as|n/?a)\b|"
    r"^\W*\d[\d,.]*\W*$",
    re.IGNORECASE,
)
"""What a value says, and a label does not."""
_PARTS = re.compile(r"[(),/;]|\be\.g\.|\b(?:to|and|or|for)\b", re.IGNORECASE)
_PART = 0.75
_ABBREVIATIONS = re.compile(r"\b([A-Z]{2,})s\b")
_NON = re.compile(r"\bnon[\s-]+(?=\w)", re.IGNORECASE)
_LONGEST_HEADER = 100
_YEAR = re.compile(r"\b20\d\d\b")
_ASKS_CHANGE = re.compile(
    r"\b(?:chang|differ|compar|increas|decreas|rose|rise|fell|went|goes? (?:up|down)|used to|before"
    r"|new\b|last year|previous)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class RowCell:
    """A cell of a row: ``text`` with its header, as the row has it."""

    header: str
    text: str

    @property
    def value(self) -> str:
        """The cell without its header."""
        return self.text[len(self.header) :].removeprefix(":").strip()


@dataclass(frozen=True, slots=True)
class Row:
    """A table row: what it is about, the group of rows first, and its cells.

    A row of pairs, such as ``Deductible: $500 | Coinsurance: 20%``, has no labels.
    """

    labels: tuple[str, ...]
    cells: tuple[RowCell, ...]

    @property
    def label(self) -> str:
        """The labels as they are said; where the last one names itself, its name alone."""
        about = _NAMES_ROW.match(self.labels[-1]) if len(self.labels) > 1 else None
        return about["name"] if about else ", ".join(self.labels)


def read_row(text: str) -> Row:
    """The parts of a row, in its order; together they hold all its words."""
    first, *rest = (" ".join(part.split()) for part in text.split(CELL_SEPARATOR.strip()))
    if rest and _is_pair(first) and all(map(_is_pair, rest)):
        return Row((), tuple(map(_cell, (first, *rest))))
    labels = [first]
    # Behind a question, or where nothing would be left, the second cell is an answer.
    if len(rest) > 1 and not first.endswith("?") and _is_label(rest[0]):
        labels.append(rest.pop(0))
    return Row(tuple(labels), tuple(map(_cell, rest)))


def chosen_cells(row: Row, question: str, year: int | None = None) -> tuple[RowCell, ...]:
    """The cells of the columns that a question names; without a name, all that state values.

    Of columns for several years the one of the plan's year is chosen, unless the question asks for
    another, or for what changed.

    Notes, such as limitations, are chosen when the question asks for what they say, and when a
    row holds nothing else.
    """
    cells = tuple(c for c in row.cells if not explains(c.header)) or row.cells
    if len(cells) < len(row.cells) and asks_meaning(question):
        return row.cells
    values = [cell for cell in cells if not is_notes(cell.header)]
    notes = [cell for cell in cells if is_notes(cell.header)]
    if notes and (not values or _asks_notes(row, notes, values, question)):
        return tuple(notes)
    return tuple(_of_year(_named(values, question), question, year)) if values else cells


def read_aloud(row: Row, cells: Sequence[RowCell]) -> str:
    """Labels and cells as prose: ``Specialist visit: In-network: $40; Out-of-network: 50%``."""
    label = row.label
    said = "; ".join(cell.text.rstrip(".") for cell in cells)
    if not said or not label:
        return said or label
    return f"{label} {said}" if label.endswith("?") else f"{label}: {said}"


def label_fit(row: Row, question: str) -> float:
    """How much of what the row is named after the question says, 0 to 1.

    A part of the name, such as an example in brackets, counts less than the whole. A row of pairs
    is named after each of its headers.
    """
    asked = _words(question)
    names = row.labels[-1:] or tuple(cell.header for cell in row.cells)
    parts = (part for name in names for part in _PARTS.split(name))
    shares = [_share_said(name, asked) for name in names]
    return max([*shares, *(_PART * _share_said(part, asked) for part in parts)])


def only_notes(cells: Sequence[RowCell], question: str) -> bool:
    """Are there but notes where none are asked for?"""
    return all(is_notes(cell.header) for cell in cells) and not asks_notes(question)


def column_fit(row: Row, cells: Sequence[RowCell], question: str) -> int:
    """1 when cells are of the network that is asked for, -1 when of another one only.

    Who names no network means care inside it.
    """
    said = facets(" ".join((*row.labels, *(cell.text for cell in cells))))
    asked = {facet for facet in facets(question) if facet[0] == NETWORK}
    held = {facet for facet in said if facet[0] == NETWORK}
    if not held:
        return 0
    if not asked:
        return -1 if held == {(NETWORK, "out")} else 0
    return 1 if asked & held else -1


def _words(text: str) -> set[str]:
    """Stems; "non-preferred" is one word, and not a kind of "preferred"; "MRIs" are "MRI"."""
    return set(terms(in_singular(_NON.sub("non", text))))


def in_singular(text: str) -> str:
    """The text with abbreviations in the singular: "MRIs" are "MRI"."""
    return _ABBREVIATIONS.sub(r"\1", text)


def _share_said(name: str, asked: set[str]) -> float:
    telling = _words(name) - _COMMON
    return len(telling & asked) / len(telling) if telling else 0.0


def _is_pair(part: str) -> bool:
    """Is it a header and what stands under it, and no label: ``Deductible: $500``?"""
    header, colon, value = part.partition(": ")
    return bool(colon) and not _STATES.search(header) and _STATES.search(value) is not None


def _is_label(part: str) -> bool:
    header, _, value = part.partition(": ")
    if _STATES.search(value or part):
        return False
    return not value or not (is_notes(header) or facets(header))


def _cell(part: str) -> RowCell:
    header, colon, value = part.partition(": ")
    if not colon or not value or len(header) > _LONGEST_HEADER or _STATES.search(header):
        header = ""
    return RowCell(header, part)


def _asks_notes(
    row: Row, notes: Sequence[RowCell], values: Sequence[RowCell], question: str
) -> bool:
    """Is what the notes say asked for, and not what the row is named after?"""
    about = set(terms(" ".join(row.labels)))
    wanted = set(terms(without_network(question))) - about - _COMMON
    in_notes = len(wanted & _terms_of(notes))
    in_values = len(wanted & _terms_of(values))
    words = asks_notes(question)
    if words and not set(terms(words)) & about:
        return in_values <= in_notes
    names_column = any(group == NETWORK for group, _ in facets(question))
    return in_notes > in_values and not names_column and not asks_amount(question)


def _terms_of(cells: Sequence[RowCell]) -> set[str]:
    return {term for cell in cells for term in terms(cell.value)}


def _named(cells: Sequence[RowCell], question: str) -> list[RowCell]:
    """The cells under headers that the question names: by what they are for, or by their words."""
    asked = facets(question)
    kept = [cell for cell in cells if not _conflicts(facets(cell.header), asked)] or list(cells)
    if len(kept) < 2:
        return kept
    words = set(terms(question))
    headers = [set(terms(cell.header)) for cell in kept]
    shared = set.intersection(*headers)
    hits = [len(words & (header - shared)) for header in headers]
    best = max(hits)
    return [cell for cell, hit in zip(kept, hits, strict=True) if hit == best]


def _of_year(cells: Sequence[RowCell], question: str, year: int | None) -> Sequence[RowCell]:
    asked = set(_YEAR.findall(question))
    if year is None or _ASKS_CHANGE.search(question) or asked - {str(year)}:
        return cells
    headers = [set(_YEAR.findall(cell.header)) for cell in cells]
    mine = [
        cell for cell, years in zip(cells, headers, strict=True) if str(year) in years or not years
    ]
    return mine if any(str(year) in years for years in headers) else cells


def _conflicts(header: frozenset[Facet], asked: frozenset[Facet]) -> bool:
    """Is the column for another member of a group that the question names?"""
    for group in {group for group, _ in header} & {group for group, _ in asked}:
        ours = {member for of, member in asked if of == group}
        theirs = {member for of, member in header if of == group}
        if ours.isdisjoint(theirs):
            return True
    return False


def reads_cells(
    said: tuple[str, ...], label: tuple[str, ...], cells: Sequence[tuple[str, ...]]
) -> bool:
    """Are these tokens a row's label with one or more of its cells, whole and in order?

    Args:
        said: tokens of what is said of the row.
        label: tokens of ``Row.label``.
        cells: tokens of each cell with its header.
    """
    if said[: len(label)] != label:
        return False
    ends = {len(label)}
    for cell in cells:
        ends |= {end + len(cell) for end in ends if said[end : end + len(cell)] == cell}
    return len(said) > len(label) and len(said) in ends
