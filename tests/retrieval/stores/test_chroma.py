import contextlib
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
from typing import ClassVar

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
from retrieval.stores import chroma_database, chroma_folder, chroma_server
from retrieval.stores.chroma import ChromaStore
from retrieval.stores.chroma_errors import FAILURES, REFUSALS, translated
from retrieval.stores.chroma_filters import MAX_PARTS, MAX_VALUES, translate
from tests.retrieval.stores.other_process import fill, filling_record
from tests.retrieval.stores.store_contract import (
    CONTRACT,
    ENVIRONMENT,
    X,
    exactly_nearest,
    found,
    keys,
    other_process,
    record,
    unit_vectors,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "chroma"


@pytest.fixture
def written(folder: Path) -> Path:
    """A folder with 600 records, whose graph is written to files."""
    store = ChromaStore(folder)
    store.create(CONTRACT)
    fill(store, 600)
    store.close()
    assert graphs(folder)
    return folder


def graphs(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir())


def elements(folder: Path) -> int:
    """Vectors in the files of the graph, replaced and deleted ones among them."""
    return (graphs(folder)[0] / "length.bin").stat().st_size // 4


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


def test_a_killed_writer_of_another_collection_is_repaired_too(written: Path) -> None:
    other = ChromaStore(written, collection="other")
    other.create(CONTRACT)
    truncate_pickle(written / chroma_database.graphs(written)["benefits-chat"])
    (written / "state").write_text("unfinished benefits-chat token")
    assert other.count() == 0
    store = ChromaStore(written)
    check_filled(store, 600)
    store.close()
    other.close()


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


# Searching by the graph


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ChromaStore, list[Record]]]:
    """4,000 records, a third of them copies as plans repeat each other's wording."""
    random = np.random.default_rng(0)
    topics = random.normal(size=(100, 384))
    rows = topics[random.integers(0, 100, 4_000)] + random.normal(size=(4_000, 384)) * 0.8
    copied = random.random(4_000) < 1 / 3
    rows[copied] = rows[random.integers(0, 40, int(copied.sum()))]
    vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    records = [
        record(f"k{n:04d}", v, n=n, third=n % 3, tenth=n % 10) for n, v in enumerate(vectors)
    ]
    store = ChromaStore(tmp_path_factory.mktemp("large") / "chroma")
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


# Damage and repair


def truncate_pickle(graph: Path) -> None:
    (graph / "index_metadata.pickle").write_bytes(b"")


def truncate_vectors(graph: Path) -> None:
    os.truncate(graph / "data_level0.bin", 1_000)


def lose_vectors(graph: Path) -> None:
    (graph / "data_level0.bin").unlink()


def lose_graph(graph: Path) -> None:
    shutil.rmtree(graph)


DAMAGES = [truncate_pickle, truncate_vectors, lose_vectors, lose_graph]


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_a_killed_writer_left_is_repaired_at_the_next_use(
    written: Path, damage: Callable[[Path], None]
) -> None:
    damage(graphs(written)[0])
    (written / "state").write_text("unfinished benefits-chat token")
    store = ChromaStore(written)
    assert store.read_contract() == CONTRACT
    check_filled(store, 600)
    store.put([record("new", X)])
    assert store.count() == 601
    store.close()


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_that_shows_only_in_use_is_repaired_at_the_next_try(
    written: Path, damage: Callable[[Path], None]
) -> None:
    damage(graphs(written)[0])
    store = ChromaStore(written)
    with contextlib.suppress(StoreUnavailableError):
        store.get([filling_record(number).key for number in range(600)])
    check_filled(store, 600)
    store.close()


def test_without_a_log_to_repair_from_nothing_is_removed(written: Path) -> None:
    database = sqlite3.connect(written / "chroma.sqlite3")
    database.execute("UPDATE embeddings_queue_config SET config_json_str = '{}'")
    database.commit()
    database.close()
    (written / "state").write_text("unfinished benefits-chat token")
    before = graphs(written)
    with pytest.raises(StoreUnavailableError, match="move the folder away"):
        ChromaStore(written).count()
    assert graphs(written) == before


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
        sizes.append((written / "chroma.sqlite3").stat().st_size)
        assert len(graphs(written)) == 1
    assert sizes[2] <= sizes[0] * 1.1
    store.close()


def test_closing_drops_what_later_writes_made_superfluous(written: Path) -> None:
    size = (written / "chroma.sqlite3").stat().st_size
    store = ChromaStore(written)
    for _ in range(4):
        fill(store, 600)
    assert (written / "chroma.sqlite3").stat().st_size > 1.5 * size
    assert elements(written) > 2_000
    store.close()
    assert (written / "chroma.sqlite3").stat().st_size < 1.5 * size
    assert elements(written) == 600
    database = sqlite3.connect(written / "chroma.sqlite3")
    [(rows,)] = database.execute("SELECT count(*) FROM embeddings_queue")
    database.close()
    assert rows == 600
    lose_graph(graphs(written)[0])
    again = ChromaStore(written)
    check_filled(again, 600)
    again.close()


def test_a_process_that_does_not_end_its_turn_is_named(
    written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from filelock import FileLock

    monkeypatch.setattr(chroma_folder, "TURN_SECONDS", 0.1)
    with FileLock(written / "turn.lock"), pytest.raises(StoreBusyError, match="another process"):
        ChromaStore(written).count()
    assert ChromaStore(written).count() == 600


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
