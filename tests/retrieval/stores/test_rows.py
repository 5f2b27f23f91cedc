import numpy as np
import pytest
from hypothesis import given, settings

from retrieval.documents import Record
from retrieval.filters import Filter, OneOf, matches
from retrieval.interfaces import Contract, VectorStore
from retrieval.stores import table_store
from retrieval.stores.columns import Column, admits, fields_of
from retrieval.stores.memory import MemoryStore
from tests.retrieval.stores.store_contract import (
    CONTRACT,
    FILTERS,
    exactly_nearest,
    found,
    keys,
    mixed_records,
    record,
    unit_vectors,
)


@given(where=FILTERS)
@settings(max_examples=500, deadline=None)
def test_columns_admit_what_a_filter_means(where: Filter) -> None:
    records = mixed_records(300)
    columns = {name: Column() for name in fields_of(where)}
    for name, column in columns.items():
        column.extend(len(records))
        there = [row for row, one in enumerate(records) if name in one.metadata]
        column.fill(there, (records[row].metadata[name] for row in there))
    expected = [matches(where, one.metadata) for one in records]
    assert admits(where, columns, len(records)).tolist() == expected


def test_rows_in_runs_and_scattered_rows_rank_alike() -> None:
    vectors = unit_vectors(3_000, 384, seed=8)
    records = [
        record(f"k{n:04d}", v, run=n // 500, scattered=n * 7919 % 6, most=int(n % 5 > 0))
        for n, v in enumerate(vectors)
    ]
    store = MemoryStore()
    store.create(Contract("topics", 384, tuple(vectors[0].tolist())))
    store.put(records)
    for number, query in enumerate(unit_vectors(12, 384, seed=9)):
        for field in ("run", "scattered", "most"):
            where = OneOf(field, (number % 6, -1))
            assert found(store, query, 20, where) == exactly_nearest(records, query, 20, where)


def changed(store: VectorStore, records: dict[str, Record], rounds: int) -> None:
    """Put again and remove until far more rows are dead than alive."""
    for number in range(rounds):
        again = [
            record(r.key, -r.vector if number % 2 else r.vector, f"{number}", n=number)
            for r in records.values()
        ]
        store.put(again)
        records |= {r.key: r for r in again}
        gone = sorted(records)[number % 7 :: 50]
        store.delete(gone)
        for key in gone:
            del records[key]


def test_rows_that_were_put_again_are_dropped_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_store, "DEAD", 100)
    store = MemoryStore()
    store.create(CONTRACT)
    records = {r.key: r for r in mixed_records(200)}
    store.put(list(records.values()))
    for _ in range(8):
        changed(store, records, 1)
        query = unit_vectors(1, seed=3)[0]
        assert keys(store) == sorted(records)
        expected = exactly_nearest(list(records.values()), query, 10)
        assert found(store, query, 10) == expected
        assert [h.text for h in store.query(query, 10)] == [records[k].text for k in expected]


def test_a_vector_of_another_length_ranks_by_its_direction() -> None:
    rows = np.array(unit_vectors(500, seed=12)) * np.linspace(1e-3, 1e3, 500)[:, None]
    records = [record(f"k{n:03d}", v.astype(np.float32)) for n, v in enumerate(rows)]
    store = MemoryStore()
    store.create(CONTRACT)
    store.put(records)
    for query in unit_vectors(10, seed=13):
        assert found(store, query * np.float32(50), 30) == exactly_nearest(records, query, 30)
