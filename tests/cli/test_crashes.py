"""The process is killed in the middle of indexing, as by a power cut."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from retrieval.interfaces import VectorStore
from retrieval.stores.chroma import ChromaStore
from retrieval.stores.memory import MemoryStore
from tests.cli.conftest import Run

Cli = Callable[..., Run]
MOMENTS = int(os.environ.get("CRASH_MOMENTS", "4"))  # noqa: TID251 - a setting of this test
"""Kills a store; CRASH_MOMENTS=20 for a thorough run."""


def write_documents(folder: Path, edition: str) -> None:
    for number in range(60):
        file = folder / f"PLAN_{number % 3}/2026/benefit-{number}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        lines = [
            f"## Service {part}\n\nService {part} of benefit {number} in the {edition} edition "
            f"costs ${number * part + 10} per visit, after the deductible of ${100 + number}.\n"
            for part in range(1, 7)
        ]
        file.write_text("\n".join(lines), encoding="utf-8")


def open_store(kind: str, data: Path) -> VectorStore:
    if kind == "memory":
        return MemoryStore(data / "index.sqlite3")
    return ChromaStore(path=data / "chroma")


def content(kind: str, data: Path) -> dict[str, tuple[str, object]]:
    store = open_store(kind, data)
    keys = [key for key, _ in store.scan()]
    records = store.get(keys)
    store.close()
    return {record.key: (record.text, sorted(record.metadata.items())) for record in records}


def start(tmp_path: Path, kind: str, data: Path, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [Path(sys.executable).with_name("benefits-chat"), "index", *arguments],
        cwd=tmp_path,
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": str(tmp_path),
            "BENEFITS_CHAT_DATA_DIR": str(data),
            "BENEFITS_CHAT_STORE": kind,
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def test_killed_at_random_moments_the_index_opens_and_the_next_run_completes(
    cli: Cli, store: str, tmp_path: Path
) -> None:
    plans, fresh, data = tmp_path / "plans", tmp_path / "fresh", tmp_path / "data"
    write_documents(plans, "second")
    began = time.monotonic()
    assert start(tmp_path, store, fresh, "plans").wait() == 0
    seconds = time.monotonic() - began
    expected = content(store, fresh)
    write_documents(plans, "first")
    assert cli("index", plans).status == 0
    before = tmp_path / "before"
    shutil.copytree(data, before)
    write_documents(plans, "second")
    for moment in range(MOMENTS):
        shutil.rmtree(data)
        if moment % 2:
            shutil.copytree(before, data)
        process = start(tmp_path, store, data, "plans")
        time.sleep(random.uniform(0.3, seconds))  # noqa: S311 - not for secrets
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert cli("list").status == 0
        done = cli("index", plans, "--json")
        assert done.status == 0, done.err
        assert content(store, data) == expected


def test_two_processes_that_index_at_once_do_not_mix(cli: Cli, store: str, tmp_path: Path) -> None:
    plans, data = tmp_path / "plans", tmp_path / "data"
    write_documents(plans, "only")
    processes = [start(tmp_path, store, data, "plans") for _ in range(3)]
    statuses = sorted(process.wait() for process in processes)
    assert statuses[0] == 0
    assert set(statuses) <= {0, 1}
    assert cli("index", plans, "--json").rows[0]["documents"]["unchanged"] == 60


@pytest.mark.parametrize("store", ["chroma"], indirect=True)
def test_a_reader_works_while_another_process_writes(cli: Cli, tmp_path: Path) -> None:
    plans, data = tmp_path / "plans", tmp_path / "data"
    write_documents(plans, "first")
    assert cli("index", plans).status == 0
    write_documents(plans, "second")
    process = start(tmp_path, "chroma", data, "plans")
    while process.poll() is None:
        assert cli("search", "What does service 3 of benefit 7 cost?").status == 0
    assert process.returncode == 0
    found = cli("search", "What does service 3 of benefit 7 cost?", "--json").rows[0]["matches"]
    assert all("second edition" in match["text"] for match in found)
