"""Passages -> what a sentence is compared with: their sentences, rows and clauses. Pure.

Reading a passage costs about a millisecond; it is kept, as each passage is met by each sentence
of an answer.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from chat_app.cells import read_row, reads_cells
from chat_app.clauses import Clause, clauses, row_cells
from chat_app.lexing import Token, lexed, telling, word_stems
from chat_app.values import Value, values
from retrieval.documents import CELL_SEPARATOR, Match
from retrieval.sentences import is_row, sentences

_TOKEN = re.compile(r"[^\W_]+")
_ITEM = re.compile(r"(?:[-*•‣▪●○–]|\(?\d{1,3}[.)])\s+")
_YEAR = re.compile(r"(?:19|20)\d\d")


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence or table row of a passage.

    Attributes:
        text: without list marker; a list item stands behind the words that introduce it.
        terms: its words that tell something, in order.
        lexed: the tokens of the sentence; of a row, also those of its label with each cell.
        clauses: what it says.
        years: that it speaks of; those of the document where it names none.
    """

    text: str
    terms: tuple[str, ...]
    lexed: tuple[tuple[Token, ...], ...]
    clauses: tuple[Clause, ...]
    years: frozenset[str]


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that a passage holds.

    Attributes:
        units: in order.
        tokens: of the passage, lower case.
        starts: where in ``tokens`` a sentence, row or item starts.
        ends: where one ends.
        renderings: token sequences that a row is read aloud by.
        rows: label and cells of each row, as tokens.
        head: title, section, plan and year.
        head_words: stems of title and plan.
        values: of text and head.
    """

    units: tuple[Unit, ...]
    tokens: tuple[str, ...]
    starts: frozenset[int]
    ends: frozenset[int]
    renderings: frozenset[tuple[str, ...]]
    rows: tuple[tuple[tuple[str, ...], list[tuple[str, ...]]], ...]
    head: str
    head_words: frozenset[str]
    values: frozenset[Value]

    def quotes(self, sentence: tuple[str, ...]) -> bool:
        """Are these tokens whole sentences of the passage, or a row or cells of it read aloud?"""
        if not sentence or sentence in self.renderings:
            return bool(sentence)
        if any(reads_cells(sentence, label, cells) for label, cells in self.rows):
            return True
        size = len(sentence)
        return any(
            self.tokens[start : start + size] == sentence and start + size in self.ends
            for start in self.starts
        )


def tokens(text: str) -> tuple[str, ...]:
    """Words and numbers, lower case: what is left when layout and punctuation change.

    Marks that change a number (``$``, ``%``, a decimal point) are kept with it.
    """
    return tuple(_QUOTED.findall(text.lower()))


_QUOTED = re.compile(r"\$?\d+(?:[.,]\d+)*%?|[^\W\d_]+")


def read_passages(passages: Sequence[Match]) -> list[Evidence]:
    """What each passage holds."""
    return [
        _read(
            passage.text,
            str(passage.metadata.get("language", "en")),
            (
                passage.title,
                passage.section,
                passage.policy or "",
                str(passage.plan_year or ""),
            ),
        )
        for passage in passages
    ]


@lru_cache(maxsize=512)
def _read(text: str, language: str, head: tuple[str, ...]) -> Evidence:
    spans = sentences(text, language)
    pieces = [text[span.start : span.end] for span in spans]
    units, lead = [], head[1].rsplit(" > ", maxsplit=1)[-1]
    for piece in pieces:
        marker = _ITEM.match(piece)
        bare = piece[marker.end() :] if marker else piece
        units.append(_unit(f"{lead.rstrip(':')} {bare}" if marker else piece, bare, head))
        if piece.endswith(":") and not is_row(piece):
            lead = piece.partition(" (")[0]
    sequence: list[str] = []
    starts, ends = set(), set()
    for piece in pieces:
        marker = _ITEM.match(piece)
        starts |= {len(sequence)}
        if marker:
            starts.add(len(sequence) + len(tokens(marker.group())))
        sequence.extend(tokens(piece))
        ends.add(len(sequence))
    headline = "\n".join(part for part in head if part)
    return Evidence(
        units=tuple(units),
        tokens=tuple(sequence),
        starts=frozenset(starts),
        ends=frozenset(ends),
        renderings=frozenset(r for piece in pieces if is_row(piece) for r in _aloud(piece)),
        rows=tuple(_row(piece) for piece in pieces if is_row(piece)),
        head=headline,
        head_words=word_stems(f"{head[0]} {head[2].replace('_', ' ')}"),
        values=frozenset(values(f"{text}\n{headline}")),
    )


def _unit(text: str, bare: str, head: tuple[str, ...]) -> Unit:
    years = frozenset(_YEAR.findall(text)) or frozenset(_YEAR.findall(" ".join(head)))
    read = tuple(map(_lexed, _parts(bare)))
    return Unit(text, telling(read[0]), read, tuple(clauses(text)), years)


def _lexed(text: str) -> tuple[Token, ...]:
    return tuple(lexed(text))


def _parts(text: str) -> list[str]:
    if not is_row(text):
        return [text]
    label, cells = row_cells(text)
    return [text, *(f"{label} {cell}" for cell in cells)]


def _row(text: str) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    row = read_row(text)
    return tokens(row.label), [tokens(cell.text) for cell in row.cells]


def _aloud(row: str) -> list[tuple[str, ...]]:
    """The row as it stands, without a first cell that only groups rows, and from its name on."""
    cells = row.split(CELL_SEPARATOR.strip())
    named = [cells[1].partition(": ")[2], *cells[2:]]
    return [tokens(" ".join(part)) for part in (cells, cells[1:], named)]
