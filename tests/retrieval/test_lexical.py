import threading
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from retrieval.candidates import Asked, ByVector, ByVectorAndWords, Finder
from retrieval.catalog import Catalog
from retrieval.documents import Record, chunk_key
from retrieval.filters import All, Equals, Filter, Not, OneOf
from retrieval.indexing import Indexer
from retrieval.interfaces import Hit
from retrieval.keywords import Held, keyword_scores, terms
from retrieval.lexical import Lexical, WordSearch
from retrieval.originals import OriginalFiles
from retrieval.searching import Query, Searcher
from retrieval.stores.keyword_file import KeywordFile
from retrieval.stores.memory import MemoryStore
from tests.fakes.documents import InMemoryFound, document
from tests.fakes.words import WordVectors


def found(name: str, *blocks: str, policy: str | None = None) -> InMemoryFound:
    return InMemoryFound(document(*blocks, name=name, policy=policy))


class World:
    """A store, its indexer and the words of what is in it."""

    def __init__(self, words: Path | None = None) -> None:
        self.store = MemoryStore()
        self.vectors = WordVectors()
        originals = OriginalFiles(Path("unused"))
        self.indexer = Indexer(self.store, self.vectors, originals, nullcontext)
        self.lexical = Lexical(KeywordFile(words), self.store, Catalog(self.store))

    def find(self, question: str, where: Filter | None = None) -> list[str]:
        return self.searched(terms(question), where).best()

    def searched(
        self, wanted: Sequence[str], where: Filter | None = None, limit: int = 10
    ) -> WordSearch:
        search = self.lexical.search(wanted, where, limit)
        assert search is not None
        return search

    def asked(self, question: str, where: Filter | None = None) -> Asked:
        return Asked(question, terms(question), where, 5)

    def search(self, finder: Finder, asked: Asked) -> tuple[list[Hit], list[float]]:
        return finder.begin(asked)(self.vectors.embed([asked.text])[0])


@pytest.fixture
def world() -> World:
    return World()


def test_the_words_follow_what_is_added_changed_and_removed(world: World) -> None:
    assert world.find("copay") == []
    world.indexer.index([found("a", "A copay of $40."), found("b", "A copay of $50.")])
    assert sorted(world.find("copay")) == [chunk_key("a", 0), chunk_key("b", 0)]
    world.indexer.index([found("a", "A deductible.")])
    assert world.find("copay") == [chunk_key("b", 0)]
    assert world.find("deductible") == [chunk_key("a", 0)]
    world.indexer.remove(["b"])
    assert world.find("copay") == []


def test_an_index_that_was_made_anew_keeps_nothing_of_the_old_one(world: World) -> None:
    world.indexer.index([found("a", "A copay of $40.")])
    world.find("copay")
    world.indexer.index([found("c", "A deductible.")], rebuild=True)
    assert world.find("copay") == []
    assert world.find("deductible") == [chunk_key("c", 0)]


def test_what_was_left_behind_by_a_kill_between_documents_is_made_good(tmp_path: Path) -> None:
    world = World(tmp_path / "words.sqlite3")
    world.indexer.index([found("a", "A copay."), found("b", "A copay.")])
    world.lexical.refresh()
    stale = KeywordFile(tmp_path / "words.sqlite3")
    stale.remove(["b"])
    stale.set_version("killed before the end")
    again = Lexical(stale, world.store, Catalog(world.store))
    search = again.search(["copay"], None, 5)
    assert search is not None
    assert sorted(search.best()) == [chunk_key("a", 0), chunk_key("b", 0)]


def test_nothing_is_read_again_while_the_index_is_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.indexer.index([found("a", "A copay.")])
    world.lexical.refresh()
    reads: list[Sequence[str]] = []
    get = world.store.get

    def counted(keys: Sequence[str]) -> list[Record]:
        reads.append(keys)
        return get(keys)

    monkeypatch.setattr(world.store, "get", counted)
    world.lexical.refresh()
    assert reads == []
    world.indexer.index([found("b", "A copay.")])
    world.lexical.refresh()
    assert reads == [[chunk_key("b", 0)]]


def test_many_small_documents_and_a_large_one_are_read_whole(world: World) -> None:
    large = [
        "This paragraph speaks of acupuncture and of much else, at length." for _ in range(999)
    ]
    world.indexer.index(
        [found("large", *large), *(found(f"s{n}", "acupuncture") for n in range(99))]
    )
    assert len(world.searched(["acupunctur"], limit=5_000).best()) == world.store.count()


@pytest.mark.parametrize("in_memory", [0, 1_000])
def test_scores_are_bm25_of_the_passages_among_themselves(
    world: World, in_memory: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrieval.lexical.IN_MEMORY", in_memory)
    texts = ["A copay of $40 for a visit.", "A visit.", "Nothing of the kind, no, nothing."]
    world.indexer.index([found(str(n), text) for n, text in enumerate(texts)])
    search = world.searched(["copay", "visit"])
    keys = [chunk_key(str(n), 0) for n in range(3)]
    titles = [str(record.metadata["title"]) for record in world.store.get(keys)]
    titled = [f"{title} {text}" for title, text in zip(titles, texts, strict=True)]
    expected = keyword_scores(["copay", "visit"], titled)
    assert search.scores(keys) == pytest.approx(expected)
    assert search.scores(keys[:2]) == pytest.approx(keyword_scores(["copay", "visit"], titled[:2]))
    assert search.scores(["unknown"]) == [0.0]
    assert search.best() == keys[:2]


def test_words_are_searched_in_memory_where_a_filter_admits_few(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrieval.lexical.IN_MEMORY", 3)
    monkeypatch.setattr("retrieval.lexical.KEPT", 4)
    plans = {plan: Equals("policy", plan) for plan in ("PPO", "HMO")}
    world.indexer.index(
        [found(f"{p}{n}", f"A copay of ${n}.", policy=p) for p in plans for n in range(3)]
    )
    read: list[Filter | None] = []
    within = KeywordFile.within

    def counted(self: KeywordFile, where: Filter | None, most: int) -> dict[str, Held] | None:
        read.append(where)
        return within(self, where, most)

    monkeypatch.setattr(KeywordFile, "within", counted)
    for plan, where in [*plans.items(), ("HMO", plans["HMO"]), ("PPO", plans["PPO"])]:
        assert sorted(world.find("copay", where)) == [chunk_key(f"{plan}{n}", 0) for n in range(3)]
    # Of two plans together there is no room for the words of both.
    assert read == [plans["PPO"], plans["HMO"], plans["PPO"]]
    assert len(world.find("copay")) == 6
    assert len(world.find("copay")) == 6
    assert read[3:] == [None]
    world.indexer.index([found("PPO0", "A deductible.", policy="PPO")])
    assert len(world.find("copay", plans["PPO"])) == 2


def test_a_passage_that_words_alone_find_is_a_candidate_with_its_true_similarity(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrieval.candidates.NEAREST", 2)
    world.indexer.index(
        [
            *(found(f"near{n}", "the visit of the plan") for n in range(9)),
            found("far", *["deductible coinsurance formulary network tier"] * 3, "acupuncture"),
        ]
    )
    asked = world.asked("the visit of the plan acupuncture")
    asked = replace(asked, where=None, limit=1)
    hits, scores = world.search(ByVectorAndWords(world.store, world.lexical), asked)
    assert len(hits) == len({hit.key for hit in hits}) == len(scores)
    (far,) = (hit for hit in hits if hit.key.startswith("far"))
    (record,) = world.store.get([far.key])
    vector = world.vectors.embed([asked.text])[0]
    assert far.similarity == pytest.approx(float(np.dot(record.vector, vector)), abs=1e-6)
    assert not any(h.key == far.key for h in world.search(ByVector(world.store), asked)[0])


@pytest.mark.parametrize(
    "where",
    [
        Equals("policy", "PPO"),
        Not(Equals("policy", "HMO")),
        All((OneOf("policy", ("PPO", "")), Not(Equals("source", "hmo")))),
    ],
)
def test_words_never_bring_what_the_filter_does_not_admit(world: World, where: Filter) -> None:
    world.indexer.index(
        [
            found("ppo", "A copay of $40.", policy="PPO"),
            found("hmo", "A copay of $20, a copay, a copay.", policy="HMO"),
        ]
    )
    searcher = Searcher(world.store, world.vectors, ByVectorAndWords(world.store, world.lexical))
    matches = searcher.search(Query("copay", where))
    assert [match.policy for match in matches] == ["PPO"]


def test_without_a_file_for_the_words_the_nearest_passages_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "words.sqlite3").mkdir()
    world = World(tmp_path / "words.sqlite3")
    world.indexer.index([found("a", "A copay of $40."), found("b", "Enroll in November.")])
    asked = world.asked("copay")
    finder = ByVectorAndWords(world.store, world.lexical)
    assert world.search(finder, asked) == world.search(ByVector(world.store), asked)
    # The index is not read for it again until it has changed.
    with monkeypatch.context() as patch:
        patch.setattr(world.store, "get", lambda _: pytest.fail("the index was read again"))
        assert world.search(finder, asked) == world.search(ByVector(world.store), asked)
    (tmp_path / "words.sqlite3").rmdir()
    world.indexer.index([found("c", "A copay of $50.")])
    assert world.lexical.is_ready()


def test_a_question_does_not_wait_for_the_first_reading_of_a_large_index(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrieval.lexical.PATIENCE", 0.05)
    world.indexer.index([found("a", "A copay of $40.")])
    reading, done = threading.Event(), threading.Event()
    get = world.store.get

    def slow(keys: Sequence[str]) -> list[Record]:
        reading.set()
        assert done.wait(60)
        return get(keys)

    monkeypatch.setattr(world.store, "get", slow)
    first = threading.Thread(target=world.lexical.refresh)
    first.start()
    assert reading.wait(60)
    assert not world.lexical.is_ready()
    done.set()
    first.join()
    assert world.lexical.is_ready()


def test_words_that_were_read_are_read_anew_once_the_index_has_changed(world: World) -> None:
    def score() -> float:
        asked = world.asked("acupuncture")
        hits, scores = world.search(ByVectorAndWords(world.store, world.lexical), asked)
        return dict(zip((hit.key for hit in hits), scores, strict=True))["one-chunk-0000"]

    world.indexer.index([found("one", "acupuncture"), found("two", "a visit")])
    assert score() > 0
    world.indexer.index([found("one", "a massage"), found("two", "a visit")])
    assert score() == 0
