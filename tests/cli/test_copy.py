"""``benefits-chat copy``, and the process killed in the middle of it."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from retrieval.catalog import read_catalog
from retrieval.documents import Record, Scalar, chunk_key
from retrieval.interfaces import Contract, VectorStore
from retrieval.stores.chroma import ChromaStore
from retrieval.stores.memory import MemoryStore
from retrieval.stores.s3_vectors import S3VectorsStore
from retrieval.transfer import BATCH
from tests.cli.conftest import Run
from tests.doubles.s3_vectors.server import S3VectorsServer

Cli = Callable[..., Run]
DIMENSION = 8
CHUNKS = 50
TOTAL = 50 * CHUNKS
OTHERS = {"memory": "chroma", "chroma": "s3_vectors"}
"""Where each store is copied to."""


@pytest.fixture(scope="module")
def s3_vectors() -> Iterator[S3VectorsServer]:
    with S3VectorsServer() as server:
        yield server


@pytest.fixture
def other(
    store: str, s3_vectors: S3VectorsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> str:
    """The store to copy to, within reach; on S3 Vectors each test has an index of its own."""
    for name, value in environment(s3_vectors, tmp_path).items():
        monkeypatch.setenv(name, value)
    return OTHERS[store]


def environment(server: S3VectorsServer, folder: Path) -> dict[str, str]:
    name = f"test-{abs(hash(folder))}"
    return {**server.environment, "BENEFITS_CHAT_VECTOR_INDEX": name}


# What the command says


def test_the_copy_answers_as_the_index_does(
    cli: Cli, other: str, plans: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli("index", plans)
    documents = cli("list", "--json").out
    question = ("search", "Is my yearly physical free?", "--json")
    found = [(m["key"], m["text"], m["metadata"]) for m in cli(*question).rows[0]["matches"]]
    copied = cli("copy", "--to", other, "--json")
    assert (copied.status, copied.err) == (0, "")
    [report] = copied.rows
    total = report["chunks"]["copied"]
    assert report["chunks"] == {"copied": total, "unchanged": 0, "removed": 0}
    assert report["verified"]["chunks"] == total > 0
    assert report["incomplete"] == []
    again = cli("copy", "--to", other)
    assert again.status == 0
    assert again.out.startswith(f"0 chunks copied, {total} were there, 0 removed; ")
    monkeypatch.setenv("BENEFITS_CHAT_STORE", other)
    assert cli("list", "--json").out == documents
    assert [
        (m["key"], m["text"], m["metadata"]) for m in cli(*question).rows[0]["matches"]
    ] == found


def test_what_the_target_holds_alone_is_lost_only_when_asked(
    cli: Cli, store: str, other: str, plans: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli("index", plans)
    monkeypatch.setenv("BENEFITS_CHAT_STORE", other)
    alone = plans / "alone.md"
    alone.write_text("# Alone\n\nOnly the other index holds this.\n", encoding="utf-8")
    cli("index", alone)
    monkeypatch.setenv("BENEFITS_CHAT_STORE", store)
    refused = cli("copy", "--to", other)
    assert refused.status == 1
    assert refused.out == ""
    assert "holds 'alone.md', which" in refused.err
    assert "--replace" in refused.err
    assert cli("copy", "--to", other, "--replace", "--json").rows[0]["chunks"]["removed"] == 1
    expected = cli("list", "--json").out
    monkeypatch.setenv("BENEFITS_CHAT_STORE", other)
    assert cli("list", "--json").out == expected


def test_what_cannot_be_copied_is_said_in_a_line(cli: Cli, store: str, other: str) -> None:
    for status, words, says in (
        (1, ("--to", other), "benefits-chat index PATH"),
        (1, ("--to", store), "copy to another store"),
        (2, ("--to", "nowhere"), "'nowhere' is not one of"),
        (2, (), "Missing option '--to'"),
    ):
        run = cli("copy", *words)
        assert (run.status, run.out) == (status, "")
        assert says in run.err
        assert "Traceback" not in run.err


# Killed


def made_records() -> list[Record]:
    rows = np.random.default_rng(0).normal(size=(TOTAL, DIMENSION))
    vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    records = []
    for number, vector in enumerate(vectors):
        name, index = f"plan-{number // CHUNKS:02d}.md", number % CHUNKS
        fields: dict[str, Scalar] = {
            "document": name,
            "source": name,
            "title": name,
            "policy": "PPO",
            "plan_year": 2026,
            "chunk_index": index,
            "document_hash": f"hash of {name}",
            "chunk_count": CHUNKS,
        }
        records.append(Record(chunk_key(name, index), f"Text {number}.", fields, vector))
    return records


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a Chroma index of ``TOTAL`` chunks."""
    data = tmp_path_factory.mktemp("source")
    store = ChromaStore(data / "chroma")
    store.create(Contract("letter-counts", DIMENSION, (1.0, *([0.0] * (DIMENSION - 1)))))
    store.put(made_records())
    store.close()
    return data


def copying(data: Path, to: str, server: S3VectorsServer, folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [Path(sys.executable).with_name("benefits-chat"), "copy", "--to", to, "--json"],
        cwd=folder,
        env={
            "PATH": os.defpath,
            "HOME": str(folder),
            "BENEFITS_CHAT_DATA_DIR": str(data),
            "BENEFITS_CHAT_STORE": "chroma",
            **environment(server, folder),
        },
        stdout=subprocess.PIPE,
    )


def in_file(path: Path) -> int:
    """Records in the file of a memory store, whoever is writing it."""
    if not path.exists():
        return 0
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        try:
            [(count,)] = connection.execute("SELECT count(*) FROM records")
        except sqlite3.OperationalError:
            return 0
        return int(count)


def check_documents(store: VectorStore, wanted: list[Record]) -> int:
    """Close the store and say how many records there are; a document with a mark is whole."""
    by_key = {record.key: record for record in wanted}
    held = {key for key, _ in store.scan()}
    for entry in read_catalog(store):
        keys = [chunk_key(entry.name, index) for index in range(CHUNKS)]
        assert held >= set(keys)
        assert [r.text for r in store.get(keys)] == [by_key[key].text for key in keys]
    store.close()
    return len(held)


@pytest.mark.parametrize("to", ["memory", "s3_vectors"])
def test_killed_at_any_moment_the_next_copy_goes_on_and_sends_nothing_twice(
    source: Path,
    to: str,
    s3_vectors: S3VectorsServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = source / "index.sqlite3"
    for name, value in environment(s3_vectors, tmp_path).items():
        monkeypatch.setenv(name, value)
    s3_vectors.forget_calls()

    def sent() -> int:
        return sum(call.vectors for call in s3_vectors.calls_of("PutVectors"))

    held, in_the_middle = 0, 0
    for wanted in (1, 1_500):
        with copying(source, to, s3_vectors, tmp_path) as process:
            while (in_file(file) if to == "memory" else sent()) < wanted:
                assert process.poll() is None
                time.sleep(0.001)
            process.send_signal(signal.SIGKILL)
        held = check_documents(open_target(to, file), made_records())
        in_the_middle += wanted <= held < TOTAL
    assert in_the_middle
    with copying(source, to, s3_vectors, tmp_path) as process:
        out, _ = process.communicate()
    assert process.returncode == 0
    assert f'"copied": {TOTAL - held}, "unchanged": {held}, "removed": 0'.encode() in out
    assert sent() <= TOTAL + 2 * BATCH
    check_copied(source, open_target(to, file))


def open_target(to: str, file: Path) -> VectorStore:
    if to == "memory":
        return MemoryStore(file)
    name = os.environ["BENEFITS_CHAT_VECTOR_INDEX"]  # noqa: TID251 - as the command was told
    return S3VectorsStore("benefits-chat", name)


def check_copied(source: Path, target: VectorStore) -> None:
    """The target holds what the source gives, to the last bit."""
    origin = ChromaStore(source / "chroma")
    assert target.read_contract() == origin.read_contract()
    keys = [key for key, _ in origin.scan()]
    assert [key for key, _ in target.scan()] == keys
    for mine, theirs in zip(origin.get(keys), target.get(keys), strict=True):
        assert (mine.text, dict(mine.metadata)) == (theirs.text, dict(theirs.metadata))
        assert np.array_equal(mine.vector, theirs.vector)
    origin.close()
    target.close()
