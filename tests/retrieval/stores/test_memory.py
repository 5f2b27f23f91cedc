import os
import signal
import sqlite3
import subprocess
from pathlib import Path

import numpy as np
import pytest

from retrieval.errors import StoreBusyError, StoreUnavailableError
from retrieval.stores import sqlite_file
from retrieval.stores.memory import MemoryStore
from retrieval.stores.records import nearest
from tests.retrieval.stores.other_process import BATCH, fill, filling_record
from tests.retrieval.stores.store_contract import (
    CONTRACT,
    ENVIRONMENT,
    X,
    exactly_nearest,
    found,
    keys,
    mixed_records,
    other_process,
    record,
    unit_vectors,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "index.sqlite3"


@pytest.fixture
def written(path: Path) -> Path:
    """A file with 300 records."""
    store = MemoryStore(path)
    store.create(CONTRACT)
    store.put(mixed_records(300))
    store.close()
    return path


def test_reading_where_nothing_is_makes_no_file(path: Path) -> None:
    store = MemoryStore(path)
    assert (store.read_contract(), store.count(), list(store.scan())) == (None, 0, [])
    assert not path.exists()


def test_equal_rows_tie_wherever_they_stand() -> None:
    vectors = np.array(unit_vectors(1_000, 384))
    twin = vectors[0].copy()
    vectors[::7] = twin
    names = [f"k{number:04d}" for number in range(1_000)]
    query = unit_vectors(1, 384, seed=9)[0]
    hits = nearest(names, vectors, query, 1_000)
    twins = [key for key, _ in hits if int(key[1:]) % 7 == 0]
    assert twins == names[::7]
    assert len({similarity for key, similarity in hits if key in set(twins)}) == 1


def test_a_cut_ranking_is_the_beginning_of_the_whole() -> None:
    records = mixed_records(2_000)
    names, vectors = [r.key for r in records], np.array([r.vector for r in records])
    for query in unit_vectors(20, seed=11):
        whole = nearest(names, vectors, query, 5_000)
        assert [key for key, _ in whole] == exactly_nearest(records, query, 2_000)
        for limit in (1, 10, 1_999):
            assert nearest(names, vectors, query, limit) == whole[:limit]


@pytest.mark.parametrize(
    "content",
    [
        b"not a database at all, but long enough to look at" * 100,
        b"SQLite format 3\x00" + b"\x00" * 90,
    ],
    ids=["text", "a cut header"],
)
def test_a_file_that_is_no_index_is_named_with_its_remedy(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    for use in (MemoryStore(path).read_contract, lambda: MemoryStore(path).create(CONTRACT)):
        with pytest.raises(StoreUnavailableError, match="move the file away") as caught:
            use()
        assert str(path) in str(caught.value)
    assert path.read_bytes() == content


def test_another_programs_database_is_left_alone(path: Path) -> None:
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE records (something TEXT)")
    database.commit()
    database.close()
    before = path.read_bytes()
    with pytest.raises(StoreUnavailableError, match="another program"):
        MemoryStore(path).create(CONTRACT)
    assert path.read_bytes() == before


def test_an_empty_file_is_no_index_yet(path: Path) -> None:
    path.touch()
    store = MemoryStore(path)
    assert store.read_contract() is None
    store.create(CONTRACT)
    store.put([record("a")])
    assert keys(store) == ["a"]
    store.close()


def test_a_folder_in_place_of_the_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError, match="cannot be used"):
        MemoryStore(tmp_path).read_contract()


def test_a_damaged_file_is_named_with_its_remedy(written: Path) -> None:
    content = bytearray(written.read_bytes())
    content[4096 * 2 :] = os.urandom(len(content) - 4096 * 2)
    written.write_bytes(content)
    with pytest.raises(StoreUnavailableError, match="move the file away"):
        MemoryStore(written).count()


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE records SET metadata = '{'",
        "UPDATE records SET vector = x'0102' WHERE key = 'key-0007'",
        "UPDATE contract SET value = '[]'",
        "DROP TABLE records",
    ],
)
def test_damaged_content_is_named_with_its_remedy(written: Path, damage: str) -> None:
    database = sqlite3.connect(written)
    database.execute(damage)
    database.commit()
    database.close()
    store = MemoryStore(written)
    with pytest.raises(StoreUnavailableError, match="move the file away"):
        store.query(X, 5)
    store.close()


def test_a_second_writer_is_told_that_the_index_is_busy(
    written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_file, "BUSY_SECONDS", 0.1)
    store = MemoryStore(written)
    assert store.count() == 300
    other = sqlite3.connect(written, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(StoreBusyError, match="another process"):
            store.put([record("a")])
        with pytest.raises(StoreBusyError):
            store.delete(["key-0001"])
        assert store.count() == 300
    finally:
        other.close()
    store.put([record("a")])
    assert store.count() == 301
    store.close()


def test_a_file_that_is_removed_or_replaced_is_noticed(written: Path, tmp_path: Path) -> None:
    store = MemoryStore(written)
    assert store.count() == 300
    other = MemoryStore(tmp_path / "other.sqlite3")
    other.create(CONTRACT)
    other.put([record("other")])
    other.close()
    (tmp_path / "other.sqlite3").replace(written)
    assert keys(store) == ["other"]
    written.unlink()
    assert store.read_contract() is None
    assert store.count() == 0
    store.close()


def test_every_text_survives_the_file(path: Path) -> None:
    texts = ["", "nul\x00inside", "e\u0301 🏥 خطة", "line\r\nbreak", "'\"", "k" * 1_000]
    store = MemoryStore(path)
    store.create(CONTRACT)
    put = [record(t or "empty", X, t, value=t, f=1.0, i=1, b=True, z=-0.5) for t in texts]
    store.put(put)
    store.close()
    again = MemoryStore(path)
    back = again.get([r.key for r in put])
    assert [(r.key, r.text, repr(r.metadata)) for r in back] == [
        (r.key, r.text, repr(r.metadata)) for r in put
    ]
    again.close()


def test_a_killed_writer_leaves_whole_puts_and_the_next_completes_them(path: Path) -> None:
    store = MemoryStore(path)
    store.create(CONTRACT)
    place = f"memory:{path}"
    for pause in (0, 20, 80):
        command = other_process(place, "fill for ever", "1000", "4")
        with subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            for _ in range(pause):
                store.count()
            writer.send_signal(signal.SIGKILL)
        assert store.count() % BATCH == 0
        assert all(r.text == f"text {r.metadata['n']}" for r in store.get(keys(store)))
    fill(store, 1_000)
    assert store.count() == 1_000
    assert found(store, filling_record(7).vector, 1) == ["fill-00007"]
    store.close()
