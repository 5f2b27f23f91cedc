"""Passages -> sentences and rows that may be quoted. Pure functions."""

from collections.abc import Iterator
from dataclasses import dataclass

from chat_app.cells import Row, RowCell, chosen_cells, read_aloud, read_row
from chat_app.citations import without_list_marker
from chat_app.prompting import Passage
from chat_app.values import values
from retrieval.keywords import STOP_WORDS, terms
from retrieval.sentences import Span, is_row, sentences


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence or row that may be quoted, and what is known of it.

    Attributes:
        rank: of its passage, from 0.
        span: in the passage, without list marker.
        lead: what introduces the list that it is an item of.
        section: the heading it stands under; empty where a lead introduces it.
        text: as it would be said: of a row, its labels and the cells that are asked for.
        row: what it is read from, where it is a row.
        cells: of the row, those that are said.
    """

    passage: Passage
    rank: int
    span: Span
    lead: Span | None
    section: str
    text: str
    row: Row | None = None
    cells: tuple[RowCell, ...] = ()

    @property
    def in_context(self) -> str:
        """The sentence with what introduces it: what it is compared by."""
        lead = self.passage.text[self.lead.start : self.lead.end] if self.lead else self.section
        return f"{lead} {self.text}".strip()


def candidates_of(passage: Passage, rank: int, question: str) -> Iterator[Candidate]:
    """What a passage holds of its own that says something, in order.

    Args:
        passage: to be quoted.
        rank: of the passage, from 0.
        question: as it was asked, which says what columns of a table are meant.
    """
    for candidate in _all_of(passage, rank, question):
        if candidate.span.start >= passage.own_start:
            yield candidate


def one_line(text: str) -> str:
    """The text without line breaks."""
    return " ".join(text.split())


def _all_of(passage: Passage, rank: int, question: str) -> Iterator[Candidate]:
    section = _section(passage)
    heading: Span | None = None
    lead: Span | None = None
    for span in sentences(passage.text):
        text = passage.text[span.start : span.end]
        bare = without_list_marker(passage.text, span)
        if is_row(text) or bare == span:
            lead = None
        if is_row(text):
            yield from _of_row(passage, rank, span, question)
        elif text.endswith(":"):
            lead = bare
        elif text == section:
            heading = span
        elif text != passage.title and not text.endswith("?"):
            said = one_line(passage.text[bare.start : bare.end])
            # "Acupuncture" says something only under "What is not covered".
            alone = lead or bare == span or _says_something(said, in_list=False)
            above = lead if alone else heading
            if _says_something(text, in_list=above is not None):
                yield Candidate(passage, rank, bare, above, "" if above else section, said)


def _section(passage: Passage) -> str:
    return passage.section.rsplit(" > ", maxsplit=1)[-1]


def _of_row(passage: Passage, rank: int, span: Span, question: str) -> Iterator[Candidate]:
    text = passage.text[span.start : span.end]
    if _says_something(text, in_list=False):
        row = read_row(text)
        cells = chosen_cells(row, question, passage.year)
        said = read_aloud(row, cells)
        yield Candidate(passage, rank, span, None, _section(passage), said, row, cells)


def _says_something(text: str, *, in_list: bool) -> bool:
    """Is it more than a heading? Headings are short, capitalised and end without a mark."""
    if values(text):
        return True
    words = [word for word in text.split() if word[0].isalpha()]
    if in_list or is_row(text) or text[-1] in ".!;":
        return len(terms(text)) >= 2 or in_list
    capitals = sum(word[0].isupper() for word in words if word not in STOP_WORDS)
    telling = sum(word not in STOP_WORDS for word in words)
    return telling >= 3 and capitals < 0.6 * telling
