from contextlib import nullcontext
from pathlib import Path

import pytest

from retrieval.documents import Document
from retrieval.errors import ContractError, QuestionError, StoreError
from retrieval.filters import Equals, OneOf
from retrieval.glossary import Glossary
from retrieval.indexing import Indexer
from retrieval.langchain_retriever import PassageRetriever
from retrieval.originals import OriginalFiles
from retrieval.searching import Query, Searcher
from retrieval.stores.memory import MemoryStore
from tests.fakes.documents import InMemoryFound, document
from tests.fakes.letters import LetterCounts
from tests.fakes.words import WordVectors


def plan(policy: str, *blocks: str) -> InMemoryFound:
    made = document(*blocks, name=f"{policy}.txt", policy=policy)
    return InMemoryFound(made)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def searcher(store: MemoryStore) -> Searcher:
    vectors = WordVectors()
    documents = [
        plan("PPO", "A specialist visit has a $40 copay.", "The annual physical costs nothing."),
        plan("HMO", "A specialist visit has a $30 copay.", "Enroll within 31 days."),
        InMemoryFound(document("Everyone enrolls in November.", name="common.txt")),
    ]
    indexer = Indexer(store, vectors, OriginalFiles(Path("unused")), nullcontext)
    indexer.index(documents)
    return Searcher(store, vectors, glossary=Glossary({"checkup": ["annual physical"]}))


def test_the_filter_comes_before_the_ranking(searcher: Searcher) -> None:
    (found,) = searcher.search(Query("specialist visit copay", Equals("policy", "HMO"), limit=1))
    assert "$30" in found.text


def test_matches_fall_by_score_and_never_exceed_the_limit(searcher: Searcher) -> None:
    found = searcher.search(Query("specialist visit copay enroll", limit=2))
    assert len(found) == 2
    assert found[0].score >= found[1].score


def test_the_words_of_members_find_the_words_of_documents(searcher: Searcher) -> None:
    (found, *_) = searcher.search(Query("checkup?"))
    assert "annual physical" in found.text


def test_a_filter_that_admits_nothing_finds_nothing(searcher: Searcher) -> None:
    assert searcher.search(Query("copay", Equals("policy", "EPO"))) == []


@pytest.mark.parametrize("question", ["", " \n", "\x00", "???", "x" * 4001])
def test_a_question_that_is_none_is_refused(searcher: Searcher, question: str) -> None:
    with pytest.raises(QuestionError, match="the question"):
        searcher.search(Query(question))


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_limit_out_of_range_is_refused(searcher: Searcher, limit: int) -> None:
    with pytest.raises(QuestionError, match="between 1 and 1000"):
        searcher.search(Query("copay", limit=limit))


def test_control_characters_do_not_hide_a_question(searcher: Searcher) -> None:
    assert searcher.search(Query("specialist\x00visit\ncopay"))


def test_an_index_of_another_model_is_refused_before_any_search(
    store: MemoryStore, searcher: Searcher
) -> None:
    searcher.check()
    with pytest.raises(ContractError, match=r"word-vectors.*letter-counts"):
        Searcher(store, LetterCounts()).check()


def test_an_index_that_was_never_made_is_named() -> None:
    with pytest.raises(StoreError, match="benefits-chat index PATH"):
        Searcher(MemoryStore(), LetterCounts()).check()


def test_the_langchain_retriever_brings_the_same_passages(searcher: Searcher) -> None:
    where = OneOf("policy", ("PPO", ""))
    documents = PassageRetriever(searcher=searcher, where=where, limit=2).invoke("specialist copay")
    found = searcher.search(Query("specialist copay", where, 2))
    assert [(d.id, d.page_content) for d in documents] == [(m.key, m.text) for m in found]
    assert documents[0].metadata["policy"] == "PPO"
    assert documents[0].metadata["score"] == found[0].score


def test_a_document_that_says_nothing_of_itself_has_a_readable_match(searcher: Searcher) -> None:
    (found,) = searcher.search(Query("November", Equals("policy", "")))
    assert isinstance(found.to_json(), dict)
    assert (found.policy, found.plan_year, found.page) == (None, None, None)
    assert Document(name="n", source="s", title="", text="").policy is None
