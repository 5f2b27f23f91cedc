import contextlib
import itertools
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from typing import Any, ClassVar

import httpx
import numpy as np
import pytest

from retrieval.documents import Record
from retrieval.errors import (
    FilterError,
    SettingsError,
    StoreBusyError,
    StoreError,
    StoreUnavailableError,
)
from retrieval.filters import MAX_DEPTH, All, AnyOf, Equals, Filter, Not, OneOf, Range
from retrieval.interfaces import Contract
from retrieval.stores import chroma_server, sqlite_file
from retrieval.stores.chroma import ChromaStore
from retrieval.stores.chroma_errors import FAILURES, REFUSALS, translated
from retrieval.stores.chroma_filters import MAX_PARTS, MAX_VALUES, translate
from tests.retrieval.stores.other_process import fill, filling_record
from tests.retrieval.stores.store_contract import (
    CONTRACT,
    ENVIRONMENT,
    TEXTS,
    W,
    X,
    exactly_nearest,
    found,
    keys,
    other_process,
    record,
    unit_vectors,
)

OPENED = itertools.count(1_000)
"""chromadb shares one open database among all clients of a path, by its text."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "chroma"


@pytest.fixture
def written(folder: Path) -> Path:
    """A folder with 600 records."""
    store = ChromaStore(folder)
    store.create(CONTRACT)
    fill(store, 600)
    store.close()
    return folder


@contextlib.contextmanager
def chromas_own(folder: Path) -> Iterator[Any]:
    """The collection as chromadb itself reads and writes it."""
    import chromadb

    client = chromadb.PersistentClient(f"{folder}{'/.' * next(OPENED)}")
    try:
        yield client.get_collection("benefits-chat", embedding_function=None)
    finally:
        client.close()


def graphs(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir())


def check_filled(store: ChromaStore, total: int) -> None:
    """Every record is there, with its text, metadata and vector."""
    expected = [filling_record(number) for number in range(total)]
    assert keys(store) == [r.key for r in expected]
    for back, original in zip(store.get([r.key for r in expected]), expected, strict=True):
        assert (back.text, dict(back.metadata)) == (original.text, original.metadata)
        np.testing.assert_allclose(back.vector, original.vector, rtol=0, atol=1e-6)
    for number in range(0, total, 97):
        assert found(store, filling_record(number).vector, 1) == [f"fill-{number:05d}"]


# Opening


def test_chromadb_is_imported_only_when_the_store_is_used(folder: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from retrieval.stores.chroma import ChromaStore; "
        "store = ChromaStore(Path(sys.argv[1])); "
        "assert store.read_contract() is None and store.count() == 0; "
        "print([name for name in ('chromadb', 'httpx', 'filelock') if name in sys.modules])"
    )
    command = [sys.executable, "-c", program, str(folder)]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    assert not folder.exists()


@pytest.mark.parametrize("given", [{}, {"path": Path("x"), "url": "http://127.0.0.1"}])
def test_a_store_is_in_a_folder_or_on_a_server(given: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match="either a folder or"):
        ChromaStore(**given)  # type: ignore[arg-type]


def test_neither_environment_nor_dotenv_changes_the_store(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(".env").write_text("PERSIST_DIRECTORY=elsewhere\nANONYMIZED_TELEMETRY=true\n")
    monkeypatch.setenv("IS_PERSISTENT", "false")
    monkeypatch.setenv("CHROMA_API_IMPL", "chromadb.api.fastapi.FastAPI")
    monkeypatch.setenv("CHROMA_SERVER_HOST", "192.0.2.1")
    store = ChromaStore(folder)
    store.create(CONTRACT)
    store.put([record("a")])
    assert (folder / "chroma.sqlite3").exists()
    assert not Path("elsewhere").exists()
    store.close()


def test_the_collection_holds_the_contract_and_ranks_by_inner_product(folder: Path) -> None:
    store = ChromaStore(folder, collection="plans-2025")
    store.create(CONTRACT)
    store.close()
    database = sqlite3.connect(folder / "chroma.sqlite3")
    [(name,)] = database.execute("SELECT name FROM collections")
    [(schema,)] = database.execute(
        "SELECT coalesce(config_json_str, '') || schema_str FROM collections"
    )
    database.close()
    assert name == "plans-2025"
    assert '"space":"ip"' in schema.replace(" ", "")
    assert "onnx" not in schema.lower()


def test_two_collections_of_one_folder_keep_apart(folder: Path) -> None:
    one, two = ChromaStore(folder, collection="one"), ChromaStore(folder, collection="two")
    one.create(CONTRACT)
    two.create(Contract("other", 2, (1.0, 0.0)))
    one.put([record("a")])
    two.put([record("b", np.array([1, 0], np.float32))])
    one.create(CONTRACT)
    assert keys(one) == []
    assert keys(two) == ["b"]
    one.close()
    two.close()


# Filters


@pytest.mark.parametrize(
    ("where", "clause"),
    [
        (Equals("a", "x"), {"a": {"$in": ["x"]}}),
        (OneOf("policy", ("P", "")), {"policy": {"$in": ["P", ""]}}),
        (Not(Equals("a", 1.0)), {"a": {"$nin": [1]}}),
        (Range("a", 1), {"a": {"$gte": 1}}),
        (Range("a", 1.5), {"$and": [{"a": {"$gte": 1.5}}, {"a": {"$ne": 1}}]}),
        (
            All((Equals("a", "x"), Equals("b", True))),
            {"$and": [{"a": {"$in": ["x"]}}, {"b": {"$in": [True]}}]},
        ),
        (
            Not(AnyOf((Equals("a", "x"), Not(Equals("b", 2))))),
            {"$and": [{"a": {"$nin": ["x"]}}, {"b": {"$in": [2]}}]},
        ),
        (All((All(()), Equals("a", "x"))), {"a": {"$in": ["x"]}}),
        (OneOf("a", ()), False),
        (Not(OneOf("a", ())), True),
    ],
    ids=str,
)
def test_a_filter_becomes_one_clause(where: Filter, clause: object) -> None:
    assert translate(where).clause == clause
    assert translate(where).exact


@pytest.mark.parametrize(
    "where",
    [
        Not(Range("n", 1)),
        All((Equals("a", 1), Not(Range("n", 1)))),
        OneOf("a", tuple(range(MAX_VALUES + 1))),
        AnyOf(tuple(Equals("a", n) for n in range(MAX_PARTS + 1))),
    ],
    ids=["not a range", "part of it", "values", "parts"],
)
def test_what_chroma_cannot_apply_is_marked_as_not_exact(where: Filter) -> None:
    assert not translate(where).exact


def test_a_filter_is_never_deeper_than_chroma_takes() -> None:
    where: Filter = Equals("a", "x")
    for _ in range(MAX_DEPTH):
        where = Not(where)
    with pytest.raises(FilterError, match="nested"):
        Not(where)


# Searching by a server's graph


@pytest.fixture(scope="module")
def large(chroma_server: str) -> Iterator[tuple[ChromaStore, list[Record]]]:
    """4,000 records on a server, a third of them copies as plans repeat each other's wording."""
    random = np.random.default_rng(0)
    topics = random.normal(size=(100, 384))
    rows = topics[random.integers(0, 100, 4_000)] + random.normal(size=(4_000, 384)) * 0.8
    copied = random.random(4_000) < 1 / 3
    rows[copied] = rows[random.integers(0, 40, int(copied.sum()))]
    vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    records = [
        record(f"k{n:04d}", v, n=n, third=n % 3, tenth=n % 10) for n, v in enumerate(vectors)
    ]
    store = ChromaStore(url=chroma_server, collection="large")
    store.create(Contract("topics", 384, tuple(vectors[0].tolist())))
    for start in range(0, 4_000, 250):
        store.put(records[start : start + 250])
    yield store, records
    store.close()


def recall(store: ChromaStore, records: list[Record], where: Filter | None) -> float:
    """How many of the 50 exactly nearest are among the 50 hits, ties counting as found."""
    admitted = [r for r in records if where is None or dict(r.metadata)["third"] != 0]
    matrix = np.array([r.vector for r in admitted])
    shares = []
    for number in range(0, 120, 3):
        query = matrix[number] + unit_vectors(1, 384, seed=number)[0] * 0.5
        hits = store.query(query, 50, where)
        assert len(hits) == 50
        assert [h.key for h in hits] == [
            h.key for h in sorted(hits, key=lambda h: (-h.similarity, h.key))
        ]
        least = np.sort(matrix @ query / np.linalg.norm(query))[-50]
        shares.append(sum(hit.similarity >= least - 2e-6 for hit in hits) / 50)
    return float(np.mean(shares))


def test_the_graph_finds_what_is_nearest(large: tuple[ChromaStore, list[Record]]) -> None:
    store, records = large
    assert recall(store, records, None) >= 0.99
    assert recall(store, records, Not(Equals("third", 0))) >= 0.99


def test_few_admitted_records_are_ranked_exactly(large: tuple[ChromaStore, list[Record]]) -> None:
    store, records = large
    for number, query in enumerate(unit_vectors(10, 384, seed=5)):
        where = Equals("tenth", number)
        assert found(store, query, 30, where) == exactly_nearest(records, query, 30, where)


def test_copies_tie_by_key_at_the_limit(large: tuple[ChromaStore, list[Record]]) -> None:
    store, records = large
    original = records[5]
    copies = [r.key for r in records if np.array_equal(r.vector, original.vector)]
    assert len(copies) > 20
    for limit in (1, 10, 20):
        assert found(store, original.vector, limit) == copies[:limit]


def test_hits_stay_complete_after_half_was_deleted(
    large: tuple[ChromaStore, list[Record]],
) -> None:
    store, records = large
    gone = [r.key for r in records if dict(r.metadata)["tenth"] in {1, 2, 3}]
    store.delete(gone)
    left = [r for r in records if r.key not in set(gone)]
    assert store.count() == len(left) == 2_800
    assert recall(store, left, None) >= 0.99
    assert len(store.query(X.repeat(96), 5_000)) == 2_800
    store.put([r for r in records if r.key in set(gone)])
    assert recall(store, records, None) >= 0.99


# The log


def as_chroma_reads(folder: Path) -> dict[str, tuple[object, object]]:
    with chromas_own(folder) as collection:
        everything = collection.get(include=["documents", "metadatas", "embeddings"])
        for key, vector in zip(everything["ids"], everything["embeddings"], strict=True):
            [nearest] = collection.query(vector, n_results=1, include=["distances"])["distances"]
            assert nearest[0] <= 1e-5, key
        columns = zip(everything["documents"], everything["metadatas"], strict=True)
        return dict(zip(everything["ids"], columns, strict=True))


def as_written(store: ChromaStore) -> dict[str, tuple[object, object]]:
    return {r.key: (r.text, dict(r.metadata) or None) for r in store.get(keys(store))}


def test_chromadb_itself_reads_all_that_was_written(written: Path) -> None:
    store = ChromaStore(written)
    store.put([record(text, X, text, value=text, n=1, f=1.0, b=True) for text in TEXTS])
    assert as_chroma_reads(written) == as_written(store)
    with chromas_own(written) as collection:
        assert collection.count() == 600 + len(TEXTS)
        assert sorted(collection.get(where={"b": True})["ids"]) == sorted(TEXTS)
        assert sorted(collection.get(where={"f": 1.0})["ids"]) == sorted(TEXTS)
        [found_keys] = collection.query(filling_record(7).vector, n_results=1)["ids"]
        assert found_keys == ["fill-00007"]
    store.close()


@pytest.mark.parametrize("seed", range(6))
def test_chromadb_follows_whatever_was_put_again_and_deleted(folder: Path, seed: int) -> None:
    random = Random(seed)  # noqa: S311 - the same in each run
    store, other = ChromaStore(folder), ChromaStore(folder)
    store.create(CONTRACT)
    expected: dict[str, Record] = {}
    vectors = unit_vectors(400, seed=seed)
    for step in range(40):
        names = [f"k{random.randrange(12)}" for _ in range(random.randrange(1, 5))]
        if random.random() < 0.4:
            store.delete(names)
            expected = {key: r for key, r in expected.items() if key not in names}
        else:
            put = [
                record(key, vectors[step * 5 + n], f"{step}", **{f"field{random.randrange(3)}": n})
                for n, key in enumerate(names)
            ]
            store.put(put)
            expected |= {r.key: r for r in put}
        assert keys(other) == sorted(expected)
        assert as_written(other) == {k: (r.text, dict(r.metadata)) for k, r in expected.items()}
        if step % 3 == 0:
            assert found(other, vectors[step], 5) == exactly_nearest(
                list(expected.values()), vectors[step], 5
            )
        if random.random() < 0.2:
            assert as_chroma_reads(folder) == as_written(store)
    assert as_chroma_reads(folder) == as_written(store)
    store.close()
    other.close()


def test_what_chromadb_itself_adds_and_deletes_is_seen(written: Path) -> None:
    store = ChromaStore(written)
    check_filled(store, 600)
    with chromas_own(written) as collection:
        collection.add(ids=["a"], embeddings=[W], documents=["theirs"], metadatas=[{"n": 1}])
        collection.delete(ids=["fill-00003"])
    assert store.count() == 600
    assert [(h.key, h.text, dict(h.metadata)) for h in store.query(W, 1, Equals("n", 1))][:1] in (
        [("a", "theirs", {"n": 1})],
        [("fill-00001", "text 1", {"from": "elsewhere", "n": 1})],
    )
    assert store.get(["fill-00003"]) == []
    assert [r.text for r in store.get(["a"])] == ["theirs"]
    store.close()


def test_chromas_graph_is_not_needed(written: Path) -> None:
    as_chroma_reads(written)
    for graph in graphs(written):
        shutil.rmtree(graph)
    store = ChromaStore(written)
    check_filled(store, 600)
    store.close()


def test_without_a_log_to_read_from_nothing_is_guessed(written: Path) -> None:
    as_chroma_reads(written)
    database = sqlite3.connect(written / "chroma.sqlite3")
    database.execute("UPDATE embeddings_queue_config SET config_json_str = '{}'")
    database.commit()
    database.close()
    with pytest.raises(StoreUnavailableError, match="move the folder away"):
        ChromaStore(written).count()


def test_putting_again_and_again_takes_no_more_room(written: Path) -> None:
    size = (written / "chroma.sqlite3").stat().st_size
    store = ChromaStore(written)
    for _ in range(4):
        fill(store, 600)
    store.close()
    assert (written / "chroma.sqlite3").stat().st_size < 1.3 * size
    database = sqlite3.connect(written / "chroma.sqlite3")
    [(rows,)] = database.execute("SELECT count(*) FROM embeddings_queue")
    database.close()
    assert rows == 600


def test_indexing_needs_no_chromadb_once_the_index_is_there(written: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from retrieval.stores.chroma import ChromaStore; "
        "from tests.retrieval.stores.other_process import fill; "
        "store = ChromaStore(Path(sys.argv[1])); fill(store, 700); "
        "assert store.count() == 700 and len(store.query(store.get(['fill-00001'])[0].vector, 5)); "
        "print([name for name in ('chromadb', 'httpx') if name in sys.modules])"
    )
    command = [sys.executable, "-c", program, str(written)]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("seconds", [0.0, 0.1, 0.3, 0.7])
def test_a_killed_writer_leaves_an_index_that_the_next_one_completes(
    written: Path, seconds: float
) -> None:
    reader = ChromaStore(written)
    check_filled(reader, 600)
    command = other_process(f"chroma:{written}", "fill for ever", "1200", "4")
    with subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(seconds)
        writer.send_signal(signal.SIGKILL)
    assert reader.read_contract() == CONTRACT
    there = keys(reader)
    assert len(there) == reader.count() >= 500
    assert [r.key for r in reader.get(there)] == there
    fill(reader, 1_200)
    check_filled(reader, 1_200)
    reader.close()


def spoil_database(folder: Path) -> None:
    (folder / "chroma.sqlite3").write_bytes(b"no database " * 1_000)


def cut_database(folder: Path) -> None:
    os.truncate(folder / "chroma.sqlite3", 20_000)


def spoil_pages(folder: Path) -> None:
    content = bytearray((folder / "chroma.sqlite3").read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    (folder / "chroma.sqlite3").write_bytes(content)


@pytest.mark.parametrize("damage", [spoil_database, cut_database, spoil_pages])
def test_a_corrupt_folder_is_named_with_its_remedy(
    written: Path, damage: Callable[[Path], None]
) -> None:
    damage(written)
    for _ in range(2):
        with pytest.raises(StoreUnavailableError, match="move the folder away") as caught:
            ChromaStore(written).count()
        assert str(written) in str(caught.value)


def test_a_file_in_place_of_the_folder_is_named(folder: Path) -> None:
    folder.write_text("a file")
    assert ChromaStore(folder).read_contract() is None
    with pytest.raises(StoreUnavailableError, match="move the folder away"):
        ChromaStore(folder).create(CONTRACT)


def test_another_programs_collection_is_no_index(folder: Path) -> None:
    import chromadb

    client = chromadb.PersistentClient(folder)
    client.create_collection("benefits-chat", embedding_function=None)
    client.close()
    with pytest.raises(StoreUnavailableError, match="is no index of Benefits Chat"):
        ChromaStore(folder).read_contract()


def test_creating_anew_leaves_no_graph_and_no_log_behind(written: Path) -> None:
    store = ChromaStore(written)
    sizes = []
    for _ in range(3):
        store.create(CONTRACT)
        fill(store, 600)
        as_chroma_reads(written)
        sizes.append((written / "chroma.sqlite3").stat().st_size)
        database = sqlite3.connect(written / "chroma.sqlite3")
        assert database.execute("SELECT count(*) FROM embeddings_queue").fetchall() == [(600,)]
        database.close()
        assert len(graphs(written)) == 1
    assert sizes[2] <= sizes[0] * 1.1
    store.close()


def test_a_second_writer_is_told_that_the_index_is_busy(
    written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_file, "BUSY_SECONDS", 0.1)
    store = ChromaStore(written)
    other = sqlite3.connect(written / "chroma.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(StoreBusyError, match="another process"):
            store.put([record("a")])
        assert store.count() == 600
    finally:
        other.close()
    store.put([record("a")])
    assert store.count() == 601
    store.close()


# Servers


@pytest.mark.parametrize(
    "url", ["", "localhost:8000", "ftp://host", "http://", "http://host/path", "file:///tmp"]
)
def test_what_is_no_address_of_a_server_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="http://HOST:PORT"):
        ChromaStore(url=url)


def test_a_server_that_is_not_there_is_named_with_its_remedy() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(StoreUnavailableError, match="check that it runs") as caught:
        ChromaStore(url=f"http://127.0.0.1:{port}").count()
    assert f"the Chroma server at http://127.0.0.1:{port}" in str(caught.value)


def test_a_server_that_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chroma_server, "CONNECT_SECONDS", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        with pytest.raises(StoreUnavailableError, match="check that it runs"):
            ChromaStore(url=f"http://127.0.0.1:{port}/").read_contract()


class GoesSilent(BaseHTTPRequestHandler):
    """Answers what a client asks when it connects, and nothing after that."""

    answers: ClassVar[dict[str, object]] = {
        "heartbeat": {"nanosecond heartbeat": 1},
        "identity": {"user_id": "", "tenant": "default_tenant", "databases": ["default_database"]},
        "default_tenant": {"name": "default_tenant"},
        "default_database": {"id": str(uuid.UUID(int=1)), "name": "d", "tenant": "t"},
    }

    def do_GET(self) -> None:
        name = self.path.rsplit("/", 1)[-1]
        if name in self.answers:
            content = json.dumps(self.answers[name]).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        else:
            self.rfile.read()

    def log_message(self, *_: object) -> None: ...


def test_a_server_that_stops_answering_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chroma_server, "ANSWER_SECONDS", 0.2)
    with ThreadingHTTPServer(("127.0.0.1", 0), GoesSilent) as server:
        threading.Thread(target=server.serve_forever).start()
        store = ChromaStore(url=f"http://127.0.0.1:{server.server_port}")
        try:
            with pytest.raises(StoreUnavailableError, match=r"timed out.*check that it runs"):
                store.count()
        finally:
            store.close()
            server.shutdown()


# Foreign errors


def descendants(kind: type) -> set[type]:
    return set(kind.__subclasses__()).union(*map(descendants, kind.__subclasses__()))


def test_every_error_of_chromadb_is_translated() -> None:
    import chromadb.errors

    kinds = descendants(chromadb.errors.ChromaError)
    names = {kind: kind.name() for kind in kinds}  # type: ignore[attr-defined]
    assert set(names.values()) == REFUSALS | FAILURES
    for kind, name in names.items():
        expected = StoreError if name in REFUSALS else StoreUnavailableError
        with (
            pytest.raises(StoreError, match=r"^the store .*what happened") as caught,
            translated("the store", "the remedy"),
        ):
            raise kind("what happened")
        assert type(caught.value) is expected
        assert isinstance(caught.value.__cause__, kind)


class PanicException(BaseException):
    """What a panic of Rust code looks like."""


@pytest.mark.parametrize(
    "error",
    [
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("too late"),
        httpx.RemoteProtocolError("disconnected"),
        ValueError("Could not connect to a Chroma server. Are you sure it is running?"),
        Exception("bare, as chromadb raises what a server answers"),
        OSError("disk"),
        sqlite3.DatabaseError("malformed"),
        json.JSONDecodeError("no", "json", 0),
        PanicException("panic"),
    ],
    ids=repr,
)
def test_what_else_chroma_raises_means_unavailable(error: BaseException) -> None:
    with pytest.raises(StoreUnavailableError, match="the remedy"), translated("x", "the remedy"):
        raise error


@pytest.mark.parametrize("error", [FilterError("ours"), KeyboardInterrupt(), SystemExit()])
def test_what_chroma_did_not_raise_passes(error: BaseException) -> None:
    with pytest.raises(type(error)) as caught, translated("x", "the remedy"):
        raise error
    assert caught.value is error
