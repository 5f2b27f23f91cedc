import threading
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval import commits
from retrieval.catalog import read_catalog
from retrieval.documents import Record
from retrieval.errors import (
    ContractError,
    EmbeddingError,
    InputError,
    LoadingError,
    UnknownNameError,
)
from retrieval.indexing import Indexer, IndexReport, Progress, Scope
from retrieval.originals import OriginalFiles
from retrieval.stores.memory import MemoryStore
from tests.fakes.documents import InMemoryFound, document
from tests.fakes.letters import LetterCounts


class KilledError(BaseException):
    """Stands for the end of the process in the middle of a write."""


class StoreThatIsKilled(MemoryStore):
    """Dies once it has done a number of write operations."""

    def __init__(self, writes: int = 10**9) -> None:
        super().__init__()
        self.writes = writes

    def put(self, records: Sequence[Record]) -> None:
        half = len(records) // 2
        for part in (records[:half], records[half:]):
            self._spend()
            super().put(part)

    def delete(self, keys: Sequence[str]) -> None:
        half = len(keys) // 2
        for part in (keys[:half], keys[half:]):
            self._spend()
            super().delete(part)

    def _spend(self) -> None:
        if self.writes <= 0:
            raise KilledError
        self.writes -= 1


def indexer(store: MemoryStore, embedder: LetterCounts | None = None) -> Indexer:
    return Indexer(
        store, embedder or LetterCounts(), OriginalFiles(Path("unused")), nullcontext, "the index"
    )


def found(name: str, *sentences: str, **fields: object) -> InMemoryFound:
    return InMemoryFound(replace(document(*sentences, name=name), **fields))  # type: ignore[arg-type]


def content(store: MemoryStore) -> dict[str, tuple[str, tuple[tuple[str, object], ...]]]:
    keys = [key for key, _ in store.scan()]
    return {r.key: (r.text, tuple(sorted(r.metadata.items()))) for r in store.get(keys)}


A = found("a.txt", *(f"Sentence number {i} of the first plan. " * 3 for i in range(9)))
B = found("b.txt", "The second plan pays everything.")
A_EDITED = found("a.txt", "Only one sentence is left.")


def test_what_is_new_is_added_with_its_commit_mark() -> None:
    store = MemoryStore()
    report = indexer(store).index([A, B])
    assert (report.added, report.changed, report.unchanged, report.removed) == (2, 0, 0, 0)
    assert [entry.name for entry in read_catalog(store)] == ["a.txt", "b.txt"]
    assert report.chunks == store.count() == sum(e.chunk_count for e in read_catalog(store))


def test_what_is_unchanged_is_neither_read_nor_embedded_again() -> None:
    store, embedder = MemoryStore(), LetterCounts()
    indexer(store, embedder).index([A, B])
    embedder.embedded.clear()
    unreadable = replace(B, failure="must not be read")
    report = indexer(store, embedder).index([A, unreadable])
    assert (report.added, report.changed, report.unchanged) == (0, 0, 2)
    assert len(embedder.embedded) == 1  # the fingerprint of the contract


def test_a_changed_document_is_replaced_whole() -> None:
    store, fresh = MemoryStore(), MemoryStore()
    indexer(store).index([A, B])
    report = indexer(store).index([A_EDITED, B])
    indexer(fresh).index([A_EDITED, B])
    assert (report.added, report.changed, report.unchanged) == (0, 1, 1)
    assert content(store) == content(fresh)


def test_a_document_that_cannot_be_read_any_more_keeps_what_was_indexed() -> None:
    store = MemoryStore()
    indexer(store).index([A, B])
    before = content(store)
    broken = replace(A_EDITED, failure="is encrypted")
    report = indexer(store).index([broken, B], prune=Scope())
    assert [str(error) for error in report.failed] == ["a.txt: is encrypted"]
    assert content(store) == before


def test_pruning_removes_what_is_not_found_any_more() -> None:
    store = MemoryStore()
    indexer(store).index([A, B])
    report = indexer(store).index([B], prune=Scope())
    assert report.removed == 1
    assert {e.name for e in read_catalog(store)} == {"b.txt"}
    assert store.count() == 1


def test_pruning_one_policy_leaves_the_others() -> None:
    store = MemoryStore()
    ppo = found("p.txt", "About the PPO.", policy="PPO", plan_year=2026)
    hmo = found("h.txt", "About the HMO.", policy="HMO", plan_year=2026)
    indexer(store).index([ppo, hmo, A])
    indexer(store).index([B], prune=Scope(policy="PPO"))
    assert {e.name for e in read_catalog(store)} == {"a.txt", "b.txt", "h.txt"}


@pytest.mark.parametrize("options", [{"prune": Scope()}, {"rebuild": True}])
def test_nothing_found_removes_nothing(options: dict[str, object]) -> None:
    store = MemoryStore()
    indexer(store).index([A])
    with pytest.raises(InputError, match="check the paths"):
        indexer(store).index([LoadingError("c.pdf", "is empty")], **options)  # type: ignore[arg-type]
    assert store.count() > 0


def test_rebuilding_with_nothing_readable_leaves_the_index() -> None:
    store = MemoryStore()
    indexer(store).index([A])
    before = content(store)
    indexer(store).index([replace(B, failure="is a scan")], rebuild=True)
    assert content(store) == before


def test_a_document_without_text_is_reported_not_indexed() -> None:
    store = MemoryStore()
    report = indexer(store).index([found("empty.txt", "  "), B])
    assert [str(error) for error in report.failed] == ["empty.txt: holds no text"]
    assert report.added == 1


def test_another_model_is_refused_and_changes_nothing() -> None:
    store = MemoryStore()
    indexer(store).index([A])
    before = content(store)
    with pytest.raises(ContractError, match=r"letter-counts.*other-model.*--rebuild"):
        indexer(store, LetterCounts("other-model")).index([B])
    assert content(store) == before


def test_rebuilding_takes_the_new_model() -> None:
    store = MemoryStore()
    indexer(store).index([A])
    indexer(store, LetterCounts("other-model")).index([B], rebuild=True)
    contract = store.read_contract()
    assert contract is not None
    assert contract.model == "other-model"
    assert {e.name for e in read_catalog(store)} == {"b.txt"}


def test_removing_takes_every_chunk_and_names_what_is_unknown() -> None:
    store = MemoryStore()
    indexer(store).index([A, B])
    with pytest.raises(UnknownNameError, match=r"'c\.txt'.*list"):
        indexer(store).remove(["a.txt", "c.txt"])
    assert indexer(store).remove(["a.txt", "a.txt"]) == 1
    assert [e.name for e in read_catalog(store)] == ["b.txt"]
    assert store.count() == 1


def test_what_cannot_be_read_is_counted_once_it_is_its_turn() -> None:
    seen: list[Progress] = []
    broken = replace(B, failure="is encrypted")
    report = indexer(MemoryStore()).index([A, broken], progress=seen.append)
    assert [str(error) for error in report.failed] == ["b.txt: is encrypted"]
    assert seen[-1].documents == seen[-1].of_documents == 2


def test_an_embedder_that_fails_ends_the_run_and_the_thread_that_reads() -> None:
    class Failing(LetterCounts):
        def count_tokens(self, texts: Sequence[str]) -> list[int]:
            raise EmbeddingError(f"no model for {len(texts)} texts")

    with pytest.raises(EmbeddingError, match="no model"):
        indexer(MemoryStore(), Failing()).index([A, B])
    assert not [thread for thread in threading.enumerate() if thread.name == "ahead"]


@pytest.mark.parametrize("chunks", [1, 2, 3, 1000])
def test_a_document_of_many_chunks_is_written_in_parts_with_the_same_outcome(
    monkeypatch: pytest.MonkeyPatch, chunks: int
) -> None:
    parts, whole = MemoryStore(), MemoryStore()
    for state in ([A, B], [A_EDITED, B], [A]):
        indexer(whole).index(state)
    monkeypatch.setattr(commits, "PART_CHUNKS", chunks)
    for state in ([A, B], [A_EDITED, B], [A]):
        indexer(parts).index(state)
    assert content(parts) == content(whole)


def test_a_document_of_many_chunks_keeps_the_vectors_of_what_did_not_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(commits, "PART_CHUNKS", 2)
    store, embedder = MemoryStore(), LetterCounts()
    indexer(store, embedder).index([A])
    embedder.embedded.clear()
    indexer(store, embedder).index([replace(A, document=replace(A.document, policy="PPO"))])
    assert len(embedder.embedded) == 1  # the fingerprint of the contract


def test_progress_ends_with_all_documents() -> None:
    seen: list[Progress] = []
    indexer(MemoryStore()).index([A, B], progress=seen.append)
    assert seen[-1].documents == seen[-1].of_documents == 2


def test_the_report_is_what_the_command_line_prints() -> None:
    report = IndexReport(added=1, failed=[LoadingError("x.pdf", "is empty")], chunks=3)
    assert report.to_json() == {
        "documents": {
            "added": 1,
            "changed": 0,
            "unchanged": 0,
            "removed": 0,
            "failed": [{"path": "x.pdf", "reason": "is empty"}],
        },
        "chunks": 3,
        "seconds": 0.0,
        "usage": {"input_tokens": 0, "output_tokens": 0, "cost_usd": 0.0},
    }


VERSIONS = st.lists(st.sampled_from("abcdefgh"), max_size=6).map(
    lambda words: [f"Sentence about {w} in the plan. " * 6 for w in words] or ["One."]
)
STATES = st.dictionaries(st.sampled_from(["x", "y", "z"]), VERSIONS, min_size=1, max_size=3)


def documents(state: dict[str, list[str]]) -> list[InMemoryFound]:
    return [found(name, *sentences) for name, sentences in sorted(state.items())]


@settings(max_examples=150, deadline=None)
@given(STATES, STATES, STATES, st.integers(0, 30), st.sampled_from([1, 2, 1000]))
def test_killed_at_any_write_the_next_run_completes(
    before: dict[str, list[str]],
    interrupted: dict[str, list[str]],
    after: dict[str, list[str]],
    writes: int,
    part: int,
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(commits, "PART_CHUNKS", part)
        _check_that_a_kill_loses_nothing(before, interrupted, after, writes)


def _check_that_a_kill_loses_nothing(
    before: dict[str, list[str]],
    interrupted: dict[str, list[str]],
    after: dict[str, list[str]],
    writes: int,
) -> None:
    store, fresh = StoreThatIsKilled(), MemoryStore()
    indexer(store).index(documents(before), prune=Scope())
    store.writes = writes
    try:
        indexer(store).index(documents(interrupted), prune=Scope())
    except KilledError:
        complete = {entry.name: entry for entry in read_catalog(store)}
        states = [before, interrupted]
        for name, entry in complete.items():
            assert any(_chunks(state.get(name)) == entry.chunk_count for state in states)
    store.writes = 10**9
    indexer(store).index(documents(after), prune=Scope())
    indexer(fresh).index(documents(after))
    assert content(store) == content(fresh)


def _chunks(sentences: list[str] | None) -> int:
    if sentences is None:
        return -1
    store = MemoryStore()
    indexer(store).index([InMemoryFound(document(*sentences, name="n"))])
    return store.count()
