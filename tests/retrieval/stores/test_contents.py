from collections.abc import Iterator, Sequence

import pytest

from retrieval.documents import Record
from retrieval.filters import Equals
from retrieval.stores import contents
from retrieval.stores.contents import Content, Contents
from retrieval.stores.memory import MemoryStore
from retrieval.stores.record_file import RecordFile
from tests.retrieval.stores.store_contract import CONTRACT, mixed_records, unit_vectors


class Counting(RecordFile):
    """Counts the rows that are read one by one."""

    def __init__(self, records: Sequence[Record]) -> None:
        super().__init__(None)
        self.read = 0
        self.create(CONTRACT)
        with self.file.writing():
            self.put(records)

    def contents_of(self, numbers: Sequence[int]) -> Iterator[Content]:
        self.read += len(numbers)
        return super().contents_of(numbers)


def test_what_was_read_with_the_fields_is_not_read_again() -> None:
    records = mixed_records(30)
    table = Counting(records)
    kept = Contents(table)
    numbers = [number for number, _, _ in table.keys(0)]
    assert dict(kept.fields(0)) == {n: r.metadata for n, r in zip(numbers, records, strict=True)}
    found = kept.of(numbers)
    assert [found[n] for n in numbers] == [(r.text, r.metadata) for r in records]
    assert table.read == 0


def test_no_more_than_a_number_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "KEPT", 50)
    monkeypatch.setattr(contents, "PAGE", 7)
    records = mixed_records(300)
    table = Counting(records)
    kept = Contents(table)
    by_number = {n: r for (n, _, _), r in zip(table.keys(0), records, strict=True)}
    numbers = list(by_number)
    for start in (0, 40, 40, 250, 120):
        if start == 250:
            assert len(list(kept.fields(0))) == 300
        wanted = numbers[start : start + 40]
        found = kept.of(wanted)
        assert found == {n: (by_number[n].text, by_number[n].metadata) for n in wanted}
        assert len(kept._kept) <= 50
    assert table.read == 40 + 40 + 40 + 40


def test_a_store_that_keeps_few_texts_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "KEPT", 50)
    store, records = MemoryStore(), mixed_records(300)
    store.create(CONTRACT)
    store.put(records)
    by_key = {r.key: r for r in records}
    for number, query in enumerate(unit_vectors(20, seed=4)):
        where = Equals("whole", number % 4) if number % 3 == 2 else None
        for hit in store.query(query, 40, where):
            assert (hit.text, hit.metadata) == (by_key[hit.key].text, by_key[hit.key].metadata)
