"""Markers in a generator's text <-> passages and the sentences quoted from them. Pure functions."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from chat_app.verification import values
from retrieval.documents import Match
from retrieval.keywords import terms
from retrieval.sentences import Span, sentences

_MARKER = re.compile(r"\s*\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]")
_LIST_MARKER = re.compile(r"^(?:[-*•‣▪●○–]|\(?\d{1,3}[.)])\s+")


_ENDS = tuple(".;!?")


class Draft(NamedTuple):
    """A sentence as the generator wrote it, and the numbers of the passages it cites."""

    text: str
    numbers: tuple[int, ...]


def read_drafts(pieces: Iterable[str]) -> Iterator[Draft]:
    """Cut a generator's stream into sentences with their markers, each as soon as it is complete.

    A line break ends a sentence; within a line, text up to and with its markers is one draft, and
    what follows the last marker is a draft that cites nothing.
    """
    open_text = ""
    for piece in pieces:
        open_text += piece
        *lines, open_text = open_text.split("\n")
        for line in lines:
            yield from _drafts(line)
    yield from _drafts(open_text)


def _drafts(line: str) -> Iterator[Draft]:
    start = 0
    numbers: list[int] = []
    text = ""
    for marker in _MARKER.finditer(line):
        between = line[start : marker.start()]
        if numbers and between[:1] in _ENDS:
            text, between = text + between[:1], between[1:]
        if between.strip() and numbers:
            yield Draft(text.strip(), tuple(dict.fromkeys(numbers)))
            text, numbers = "", []
        text += between.rstrip()
        numbers += [int(number) for number in marker.group(1).split(",")]
        start = marker.end()
    rest = line[start:]
    if numbers and rest[:1] in _ENDS:
        text, rest = text + rest[:1], rest[1:]
    if text.strip():
        yield Draft(text.strip(), tuple(dict.fromkeys(numbers)))
    if rest.strip():
        yield Draft(rest.strip(), ())


def quoted_span(sentence: str, passage: Match) -> Span:
    """The sentence of the passage that supports a sentence best, as document offsets."""
    text = passage.text
    at = text.find(sentence)
    if at >= 0:
        return Span(passage.start + at, passage.start + at + len(sentence))
    wanted_words, wanted_values = set(terms(sentence)), set(values(sentence))

    def support(span: Span) -> tuple[int, int, int]:
        piece = text[span.start : span.end]
        return (
            len(wanted_values & set(values(piece))),
            len(wanted_words & set(terms(piece))),
            -span.start,
        )

    spans = [without_list_marker(text, s) for s in sentences(text, passage_language(passage))]
    best = max(spans, key=support, default=Span(0, len(text)))
    return Span(passage.start + best.start, passage.start + best.end)


def without_list_marker(text: str, span: Span) -> Span:
    """The span without a bullet or number in front."""
    marker = _LIST_MARKER.match(text[span.start : span.end])
    return Span(span.start + marker.end(), span.end) if marker else span


def passage_language(passage: Match) -> str:
    """The language that a passage's sentences are cut by."""
    return str(passage.metadata.get("language", "en"))


def valid_numbers(numbers: Sequence[int], passages: Sequence[Match]) -> bool:
    """Is at least one passage cited, and does every number name one?"""
    return bool(numbers) and all(1 <= number <= len(passages) for number in numbers)
