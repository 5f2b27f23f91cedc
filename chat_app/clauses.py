"""Sentences and table rows -> clauses: what is said of what, and whether it is denied. Pure.

A clause is the smallest piece that can be true or false by itself: "you pay $40 for a specialist
visit", or one cell of a table row with the row's label.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from chat_app.lexing import DENIED, FREE, FREE_WORDS, YEAR, lexed, word_stems
from chat_app.values import Value, read_values
from retrieval.documents import CELL_SEPARATOR
from retrieval.sentences import is_row


@dataclass(frozen=True, slots=True)
class Clause:
    """One thing that is said.

    Attributes:
        words: stems that carry meaning, numbers left out; those of a row's label included.
        values: in order.
        units: the stem behind a value, as in "30 visits", beside that value.
        facets: of whom or what it holds, as (group, member), such as ("network", "in").
        marks: of DENIED, FREE, EXCEPTED, AT_MOST, MORE, LIMITED, EITHER.
        around: words of the sentence's other clauses.
    """

    words: frozenset[str]
    values: tuple[Value, ...]
    units: frozenset[tuple[Value, str]]
    facets: frozenset[tuple[str, str]]
    marks: frozenset[str]
    around: frozenset[str] = frozenset()


_HARD_END = re.compile(
    r"[;?!—–\n]|\.(?=\s|$)|\b(?:but|while|whereas|although|though|however|otherwise)\b",
    re.IGNORECASE,
)
_SOFT_END = re.compile(
    r",|\band\b|\bor\b|\bthen\b|\bwhich\b|\bthat\b|\bwho\b|"
    r"\b(?:if|when|because|since)\b|/",
    re.IGNORECASE,
)
_VERB = re.compile(
    r"\b(?:is|are|was|were|has|have|had|do|does|must|may|can|will|should|need|needs|pays?|covers?|"
    r"covered|requires?|required|applies|apply|counts?|includes?|starts?|ends?|not|cannot|"
    r"call|see|ask|use|\w+n['’]t)\b|[$%\d]",
    re.IGNORECASE,
)


def clauses(text: str) -> list[Clause]:
    """The clauses of one sentence or table row, in order."""
    label, pieces = row_cells(text) if is_row(text) else _spoken(text)
    named = _clause(label)
    read = [_clause(piece) for piece in pieces]
    shared = named.facets if label else _unanimous(read)
    return [
        Clause(
            one.words | named.words,
            one.values,
            one.units,
            one.facets | {f for f in shared if f[0] not in {group for group, _ in one.facets}},
            one.marks,
            frozenset[str]().union(*(other.words for other in read if other is not one)),
        )
        for one in read
        if one.words or one.values or one.marks
    ]


def _unanimous(parts: Sequence[Clause]) -> set[tuple[str, str]]:
    """Facets that hold for a whole sentence, as none of its clauses has another of the group."""
    facets = {facet for part in parts for facet in part.facets}
    groups = [group for group, _ in facets]
    return {facet for facet in facets if groups.count(facet[0]) == 1}


def merged(parts: Sequence[Clause]) -> Clause:
    """Several clauses as one; denied when an odd number of them is."""
    marks = frozenset[str]().union(*(part.marks for part in parts))
    if sum(DENIED in part.marks for part in parts) % 2 == 0:
        marks -= {DENIED}
    return Clause(
        frozenset[str]().union(*(part.words for part in parts)),
        tuple(value for part in parts for value in part.values),
        frozenset(),
        frozenset(facet for part in parts for facet in part.facets),
        marks,
    )


def row_cells(row: str) -> tuple[str, list[str]]:
    """The label of a row, and each of its cells.

    A second cell without a header of its own belongs to the label. A first cell that states a
    value is a cell like the others.
    """
    first, *rest = (cell.strip() for cell in row.split(CELL_SEPARATOR.strip()))
    if ": " in first and _VALUE_OR_DENIAL.search(first.partition(": ")[2]):
        return "", [first, *rest]
    label = [first]
    if len(rest) > 1 and not _VALUE_OR_DENIAL.search(rest[0]):
        label.append(rest[0].partition(": ")[2] or rest[0])
        rest = rest[1:]
    if first.endswith("?"):
        return "", [f"{first} {rest[0]}", *rest[1:]] if rest else [first]
    pieces = [
        f"{header} {piece}"
        for header, said in ((c.partition(": ")[0], c.partition(": ")[2]) for c in rest)
        for piece in (_pieces(said) if said else [""])
    ]
    said = " ".join(label)
    return said, [*pieces, said] if not pieces or any(c.isdigit() for c in said) else pieces


def _spoken(text: str) -> tuple[str, list[str]]:
    """The clauses of a sentence; of a row read aloud, also its label."""
    label, colon, rest = text.partition(": ")
    if colon and "; " in rest and not _VERB.search(label):
        return label, [piece for cell in rest.split("; ") for piece in _pieces(cell)]
    return "", _pieces(text)


_VALUE_OR_DENIAL = re.compile(r"\d|\b(?:no|not|none|yes|n/a)\b", re.IGNORECASE)


def _pieces(text: str) -> list[str]:
    """Cut at what always ends a clause, and at commas and conjunctions between two verbs."""
    masked = _without_inner_marks(text)
    cuts = [0]
    for start, end in pairwise([0, *(m.start() for m in _HARD_END.finditer(masked)), len(text)]):
        cuts.append(start)
        for soft in _SOFT_END.finditer(masked, start, end):
            if _VERB.search(masked, cuts[-1], soft.start()) and _VERB.search(
                masked, soft.end(), end
            ):
                cuts.append(soft.start())
    bounds = [*dict.fromkeys(cuts), len(text)]
    pieces: list[str] = []
    for start, end in pairwise(bounds):
        # A piece that says nothing by itself, such as "No" or "however", belongs to its neighbour.
        if pieces and (_is_short(text[start:end]) or _is_short(pieces[-1])):
            pieces[-1] += text[start:end]
        else:
            pieces.append(text[start:end])
    return pieces


def _is_short(piece: str) -> bool:
    return len(word_stems(piece)) < 2 and not any(c.isdigit() for c in piece)


def _without_inner_marks(text: str) -> str:
    """The text with numbers in one piece, so that no clause ends within one."""
    found, _ = read_values(text)
    for stated in found:
        # A year is no predicate: "With this plan in 2026," is no clause.
        filler = "y" if YEAR.fullmatch(stated.value.amount) else "0"
        text = text[: stated.start] + filler * (stated.end - stated.start) + text[stated.end :]
    return text


def _clause(text: str) -> Clause:
    tokens = lexed(text)
    marks = [token.said for token in tokens if token.kind == "mark"]
    words = frozenset(token.said for token in tokens if token.kind == "word")
    return Clause(
        words=words - FREE_WORDS if FREE in marks else words,
        values=tuple(token.value for token in tokens if token.value),
        units=frozenset(
            (one.value, other.said)
            for one, other in pairwise(tokens)
            if one.value and other.kind == "word"
        ),
        facets=frozenset(
            (token.kind, token.said)
            for token in tokens
            if token.kind not in {"word", "value", "mark"}
        ),
        marks=frozenset(m for m in marks if m != DENIED or marks.count(DENIED) % 2),
    )
