"""Indexing keeps the vectors of sentences, and searching ranks by them."""

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from retrieval.documents import Record
from retrieval.indexing import Indexer
from retrieval.interfaces import SpanEmbedder
from retrieval.originals import OriginalFiles
from retrieval.searching import Query, Searcher
from retrieval.sentence_vectors import rounded
from retrieval.stores.memory import MemoryStore
from retrieval.stores.sentence_file import SentenceFile
from tests.fakes.documents import InMemoryFound, document
from tests.fakes.words import WordVectors
from tests.retrieval.test_indexing import KilledError, StoreThatIsKilled


class SpanVectors(WordVectors):
    """Word vectors of texts and of pieces of them."""

    def __init__(self) -> None:
        super().__init__()
        self.embedded: list[str] = []

    def embed_spans(
        self, texts: Sequence[str], spans: Sequence[Sequence[tuple[int, int]]]
    ) -> tuple[NDArray[np.float32], list[NDArray[np.float32]]]:
        self.embedded.extend(texts)
        pieces = [
            self.embed([text[start:end] for start, end in of_text])
            for text, of_text in zip(texts, spans, strict=True)
        ]
        return self.embed(texts), pieces


class World:
    """A store, its indexer and the sentences of what is in it."""

    def __init__(
        self, store: MemoryStore | None = None, vectors: WordVectors | None = None
    ) -> None:
        self.store = store or MemoryStore()
        self.vectors = vectors or SpanVectors()
        self.file = SentenceFile(None, self.vectors.name, self.vectors.dimension)
        # A file in memory has no tables before the first write.
        self.file.clear()
        self.indexer = self.indexer_with(self.file)

    def indexer_with(self, file: SentenceFile | None) -> Indexer:
        originals = OriginalFiles(Path("unused"))
        return Indexer(self.store, self.vectors, originals, nullcontext, sentences=file)

    def records(self) -> list[Record]:
        return self.store.get([key for key, _ in self.store.scan()])

    def sentences(self) -> dict[str, list[str]]:
        """By key, the sentences that are kept; their vectors are checked."""
        held = {}
        records = self.records()
        kept = self.file.get({r.key: str(r.metadata["embedded_hash"]) for r in records})
        for record in records:
            if record.key in kept:
                spans = [(int(start), int(end)) for start, end in kept[record.key].spans]
                texts = [record.text[start:end] for start, end in spans]
                expected = rounded(spans, self.vectors.embed(texts))
                np.testing.assert_array_equal(kept[record.key].directions, expected.directions)
                held[record.key] = texts
        return held


def found(name: str, *blocks: str) -> InMemoryFound:
    return InMemoryFound(document(*blocks, name=name))


LONG = [
    f"Paragraph {n} says what this plan pays for a visit. It pays {n} dollars." for n in range(40)
]
A, B = found("a", *LONG), found("b", "A copay of $40. Enroll in November.")
A_EDITED = found("a", *LONG[:-1], "A new rule holds for every visit to a specialist.")


def test_every_chunk_keeps_its_own_sentences_and_not_those_of_its_lead() -> None:
    world = World()
    world.indexer.index([A, B])
    held = world.sentences()
    assert held.keys() == {record.key for record in world.records()}
    assert held["b-chunk-0000"] == ["A copay of $40.", "Enroll in November."]
    whole = [s for key in sorted(held) if key.startswith("a") for s in held[key]]
    assert whole == [f"{s}." for block in LONG for s in block.removesuffix(".").split(". ")]
    led = [r for r in world.records() if int(r.metadata["own_start"]) > int(r.metadata["start"])]
    assert led


def test_a_chunk_that_stays_the_same_is_not_embedded_for_its_sentences_again() -> None:
    world = World()
    world.indexer.index([A, B])
    count = world.store.count()
    assert isinstance(world.vectors, SpanVectors)
    world.vectors.embedded.clear()
    world.indexer.index([A_EDITED, B])
    assert 0 < len(world.vectors.embedded) < count / 2
    assert world.sentences().keys() == {record.key for record in world.records()}


def test_an_index_from_before_is_given_sentences_where_documents_change() -> None:
    world = World()
    world.indexer_with(None).index([A, B])
    assert world.sentences() == {}
    world.indexer.index([A_EDITED, B])
    held = world.sentences()
    assert held.keys() == {r.key for r in world.records() if r.metadata["document"] == "a"}
    world.indexer.index([A_EDITED, B], rebuild=True)
    assert world.sentences().keys() == {record.key for record in world.records()}


def test_what_is_removed_keeps_nothing() -> None:
    world = World()
    world.indexer.index([A, B])
    wanted = {r.key: str(r.metadata["embedded_hash"]) for r in world.records()}
    world.indexer.remove(["a"])
    assert world.file.get(wanted).keys() == {"b-chunk-0000"}
    world.indexer.index([A], rebuild=True)
    assert "b-chunk-0000" not in world.file.get(wanted)


def test_an_embedder_without_sentences_keeps_none() -> None:
    world = World(vectors=WordVectors())
    assert not isinstance(world.vectors, SpanEmbedder)
    world.indexer.index([A, B])
    assert world.store.count() > 2
    assert world.sentences() == {}


@pytest.mark.parametrize("writes", range(14))
def test_a_kill_at_any_moment_leaves_no_wrong_sentence(writes: int) -> None:
    store = StoreThatIsKilled()
    world = World(store)
    world.indexer.index([A, B])
    store.writes = writes
    try:
        world.indexer.index([A_EDITED, found("b", "Another copay. Another day.")])
    except KilledError:
        world.sentences()  # checks each
    store.writes = 10**9
    world.indexer.index([A_EDITED, found("b", "Another copay. Another day.")])
    assert world.sentences().keys() == {record.key for record in world.records()}


def test_a_passage_that_says_it_in_one_sentence_goes_before_one_that_is_all_about_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("retrieval.searching.KEYWORD_WEIGHT", 0)
    world = World()
    filler = "Cleanings take an hour on some days. " * 2
    world.indexer.index(
        [
            found("says it", f"Dental implants need approval. {filler}"),
            found("about it", "Dental cleanings and approval. Implants and more."),
            found("far", "Enroll in November."),
        ]
    )
    asked = Query("Do dental implants need approval")
    without = Searcher(world.store, world.vectors).search(asked)
    by_sentence = Searcher(world.store, world.vectors, sentences=world.file).search(asked)
    assert [match.document for match in without] == ["about it", "says it", "far"]
    assert [match.document for match in by_sentence] == ["says it", "about it", "far"]
    similarities = {match.key: match.similarity for match in without}
    assert {match.key: match.similarity for match in by_sentence} == similarities


def test_where_no_sentences_are_kept_the_ranking_is_that_of_the_chunks() -> None:
    world = World()
    world.indexer_with(None).index([A, B])
    asked = Query("what does the plan pay for a visit")
    with_file = Searcher(world.store, world.vectors, sentences=world.file)
    assert with_file.search(asked) == Searcher(world.store, world.vectors).search(asked)
