from collections.abc import Iterator, Mapping

import numpy as np

from retrieval.catalog import Catalog, Entry
from retrieval.documents import Record, Scalar, chunk_key
from retrieval.filters import Filter
from retrieval.interfaces import Contract
from retrieval.stores.memory import MemoryStore

CONTRACT = Contract("letter-counts", 2, (1.0, 0.0))


class CountingStore(MemoryStore):
    """Counts how often it is read from end to end."""

    scans = 0

    def scan(self, where: Filter | None = None) -> Iterator[tuple[str, Mapping[str, Scalar]]]:
        self.scans += 1
        return super().scan(where)


def chunk(document: str, index: int, policy: str = "", year: int = 0) -> Record:
    fields: dict[str, Scalar] = {
        "document": document,
        "source": document,
        "title": document.upper(),
        "policy": policy,
        "plan_year": year,
        "chunk_index": index,
        "chunk_count": 2,
        "document_hash": "hash",
    }
    return Record(chunk_key(document, index), "text", fields, np.array([1, 0], np.float32))


def test_only_documents_with_their_first_chunk_are_listed_by_name() -> None:
    store = MemoryStore()
    store.create(CONTRACT)
    store.put([chunk("b", 0, "PPO", 2026), chunk("b", 1, "PPO", 2026), chunk("a", 0)])
    store.put([chunk("unfinished", 1)])
    assert Catalog(store).entries() == [
        Entry("a", "a", "A", None, None, 2, "hash"),
        Entry("b", "b", "B", "PPO", 2026, 2, "hash"),
    ]


def test_the_index_is_read_again_only_when_it_has_changed() -> None:
    store = CountingStore()
    store.create(CONTRACT)
    store.put([chunk("a", 0, "PPO", 2026), chunk("b", 0, "PPO", 2026), chunk("c", 0)])
    catalog = Catalog(store)
    plans = catalog.plans()
    assert plans == {("PPO", 2026, "A"), ("PPO", 2026, "B")}
    assert len(catalog.entries()) == 3
    assert catalog.plans() is plans
    assert store.scans == 1
    store.put([chunk("d", 0, "PPO", 2026)])
    assert catalog.plans() == plans | {("PPO", 2026, "D")}
    assert store.scans == 2


def test_what_a_caller_does_to_the_list_stays_with_the_caller() -> None:
    store = MemoryStore()
    store.create(CONTRACT)
    store.put([chunk("a", 0)])
    catalog = Catalog(store)
    catalog.entries().clear()
    assert [entry.name for entry in catalog.entries()] == ["a"]
