"""One measured step, in a process of its own so that its memory is its own."""

import resource
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.scale_data import BLOCK, World
from retrieval.filters import Filter
from retrieval.interfaces import Contract, VectorStore
from retrieval.stores.chroma import ChromaStore
from retrieval.stores.columns import Column, admits
from retrieval.stores.memory import MemoryStore

QUESTIONS = 200
LIMIT = 100
"""Candidates that a search asks for."""
AMONG = 10
TIE = 2e-6
"""Similarities closer than this are rounding."""

Row = dict[str, Any]


def open_store(kind: str, folder: Path) -> VectorStore:
    """The store of a step."""
    return ChromaStore(folder) if kind == "chroma" else MemoryStore(folder / "index.sqlite3")


def index(world: World, kind: str, folder: Path) -> Row:
    """Put all chunks into a new index."""
    store = open_store(kind, folder)
    store.create(Contract("all-MiniLM-L6-v2", 384, tuple(world.vectors[0].tolist())))
    before, seconds = _peak(), 0.0
    for records in world.records():
        started = time.perf_counter()
        store.put(records)
        seconds += time.perf_counter() - started
    store.close()
    disk = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    return {
        "index_s": seconds,
        "index_mb": _peak(),
        "index_mb_grown": _peak() - before,
        "disk_mb": disk / 1e6,
    }


def search(world: World, kind: str, folder: Path) -> Row:
    """Ask an index, with and without filters, and compare with exact search."""
    vectors, filters = world.questions(QUESTIONS)
    store = open_store(kind, folder)
    before = _peak()
    started = time.perf_counter()
    store.query(vectors[0], LIMIT, filters[0])
    first = time.perf_counter() - started
    row: Row = {"first_query_s": first}
    versions = _milliseconds(lambda _: store.version(), len(vectors))
    row["version_p50_ms"] = float(np.median(versions))
    for name, chosen in (("plan", filters), ("all", [None] * len(filters))):
        found: list[list[float]] = []

        def ask(at: int, chosen: Sequence[Filter | None] = chosen, to: list[Any] = found) -> None:
            to.append([h.similarity for h in store.query(vectors[at], LIMIT, chosen[at])[:AMONG]])

        took = _milliseconds(ask, len(vectors))
        row[f"{name}_p50_ms"], row[f"{name}_p95_ms"] = np.quantile(took, [0.5, 0.95]).tolist()
        row[f"{name}_found"] = found
    row |= {"search_mb": _peak(), "search_mb_grown": _peak() - before}
    store.close()
    for name, chosen in (("plan", filters), ("all", [None] * len(filters))):
        row[f"{name}_recall"] = _recall(row.pop(f"{name}_found"), _truth(world, vectors, chosen))
    return row


def _milliseconds(ask: Callable[[int], object], count: int) -> list[float]:
    took = []
    for at in range(count):
        started = time.perf_counter()
        ask(at)
        took.append((time.perf_counter() - started) * 1e3)
    return took


def _truth(world: World, vectors: Any, chosen: Sequence[Filter | None]) -> list[list[float]]:  # noqa: ANN401
    """The best similarities of each question by its definition, over the vectors as made."""
    best = np.full((len(vectors), AMONG), -2.0)
    for start in range(0, world.chunks, BLOCK):
        block = world.block(start).astype(np.float64)
        similarities = vectors.astype(np.float64) @ block.T
        fields = _columns(world, range(start, start + len(block)))
        for at, where in enumerate(chosen):
            if where is not None:
                similarities[at, ~admits(where, fields, len(block))] = -2.0
        best = np.concatenate([best, similarities], axis=1)
        best = np.partition(best, -AMONG, axis=1)[:, -AMONG:]
    return [row[row > -1.5].tolist() for row in best]


def _columns(world: World, chunks: range) -> dict[str, Column]:
    policies, years = Column(), Column()
    for column, of in ((policies, world.policy), (years, world.year)):
        column.extend(len(chunks))
        column.fill(range(len(chunks)), (of(chunk) for chunk in chunks))
    return {"policy": policies, "plan_year": years}


def _recall(found: Sequence[Sequence[float]], truth: Sequence[Sequence[float]]) -> float:
    shares = [
        sum(similarity >= min(best) - TIE for similarity in hits) / len(best)
        for hits, best in zip(found, truth, strict=True)
        if best
    ]
    return float(np.mean(shares))


def _peak() -> float:
    """Most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
