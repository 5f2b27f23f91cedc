"""Quotes with the vectors of sentences that the index keeps."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from chat_app.generation.quotes import QuotesChatModel
from chat_app.prompting import NO_ANSWER, messages
from retrieval.documents import Match
from retrieval.sentence_vectors import SentenceVectors, rounded
from retrieval.sentences import sentences
from retrieval.usage import Meter
from tests.fakes.documents import match
from tests.fakes.words import WordVectors

SERVICES = ("specialist visit", "lab test", "X-ray", "generic drug", "filling", "ambulance ride")
PLACES = ("in the network", "out of the network", "by mail", "at home")


class Counting(WordVectors):
    """Remembers what it embedded."""

    def __init__(self) -> None:
        super().__init__()
        self.embedded: list[str] = []

    def embed(self, texts: Sequence[str], meter: Meter | None = None) -> NDArray[np.float32]:
        self.embedded.extend(texts)
        return super().embed(texts, meter)


class Kept:
    """Keeps the sentences of matches, under their keys."""

    def __init__(
        self, vectors: WordVectors, matches: Sequence[Match], seed: int | None = None
    ) -> None:
        self._kept: dict[str, SentenceVectors] = {}
        for number, found in enumerate(matches):
            spans = sentences(found.text)
            made: NDArray[np.floating] = WordVectors.embed(
                vectors, [found.text[start:end] for start, end in spans]
            )
            if seed is not None:
                made = np.random.default_rng(seed + number).normal(size=made.shape)
            self._kept[found.key] = rounded(spans, made.astype(np.float32))

    def get(self, wanted: Mapping[str, str]) -> dict[str, SentenceVectors]:
        return {key: self._kept[key] for key in wanted if key in self._kept}


def passages() -> list[Match]:
    made: list[Match] = []
    for place in PLACES:
        text = " ".join(f"For a {s} you pay ${n + 1}0 {place}." for n, s in enumerate(SERVICES))
        made.append(match(text, key=f"plan.txt-chunk-{len(made):04d}"))
    return made


def answer(model: QuotesChatModel, question: str, found: Sequence[Match]) -> list[str]:
    prompt = messages(question, found)
    return str(model.invoke(prompt, max_sentences=3, matches=found).content).splitlines()


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("place", PLACES)
def test_the_same_is_quoted_and_fewer_sentences_are_embedded(service: str, place: str) -> None:
    found, question = passages(), f"What do I pay for a {service} {place}?"
    without, vectors = Counting(), Counting()
    expected = answer(QuotesChatModel(embed=without.embed), question, found)
    model = QuotesChatModel(embed=vectors.embed, sentences=Kept(vectors, found).get)
    assert answer(model, question, found) == expected
    assert expected[0].startswith(f"For a {service} you pay")
    assert len(vectors.embedded) < len(without.embedded)


def test_what_is_kept_of_some_passages_alone_is_used() -> None:
    found = passages()
    question = "What does my dentist charge me to have a filling done at home one evening?"
    vectors = WordVectors()
    expected = answer(QuotesChatModel(embed=vectors.embed), question, found)
    for kept in (found[1:3], found[:1], found[3:], []):
        model = QuotesChatModel(embed=vectors.embed, sentences=Kept(vectors, kept).get)
        assert answer(model, question, found) == expected


@given(seed=st.integers(0, 9_999), service=st.sampled_from(SERVICES))
@settings(max_examples=25, deadline=None)
def test_vectors_that_mislead_cost_rank_and_never_truth(seed: int, service: str) -> None:
    found = passages()
    vectors = WordVectors()
    model = QuotesChatModel(embed=vectors.embed, sentences=Kept(vectors, found, seed).get)
    for line in answer(model, f"What do I pay for a {service}?", found):
        quote, _, number = line.removesuffix("]").rpartition(" [")
        assert line == NO_ANSWER or quote in found[int(number) - 1].text


def test_without_the_matches_nothing_kept_is_looked_for() -> None:
    found = passages()
    vectors = WordVectors()
    model = QuotesChatModel(embed=vectors.embed, sentences=Kept(vectors, found).get)
    reply = model.invoke(messages("What do I pay for an X-ray at home?", found), max_sentences=1)
    assert "X-ray" in str(reply.content)
