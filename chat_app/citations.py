"""A draft's numbers <-> passages and the sentences quoted from them. Pure functions."""

import re
from collections.abc import Sequence

from chat_app.values import values
from retrieval.documents import Match
from retrieval.keywords import terms
from retrieval.sentences import Span, sentences

_LIST_MARKER = re.compile(r"^(?:[-*•‣▪●○–]|\(?\d{1,3}[.)])\s+")


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
