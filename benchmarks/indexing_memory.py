"""Peak memory of indexing as the corpus grows tenfold.

``python -m benchmarks.indexing_memory [--documents N] [--made-up]`` writes N and 10 N made-up
documents and indexes each corpus in a process of its own; with ``--made-up`` the vectors are drawn
at random, so that the rest can be seen at sizes that the model would take hours for. ``--one MB``
indexes a single text file of that size instead, with vectors drawn at random.
"""

import hashlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from benchmarks.memory import peak_mb
from benchmarks.passages import make_passages
from retrieval.embedding.minilm import MiniLM
from retrieval.loading import find
from retrieval.settings import RetrievalSettings
from retrieval.usage import Meter
from retrieval.wiring import open_retrieval

ROOT = Path(__file__).parent.parent
PASSAGES = 30
"""Of a document: about 20 chunks."""
DIFFERENT = 400
"""Documents of different words; those beyond repeat them under another plan."""


class MadeUp(MiniLM):
    """MiniLM's tokens with vectors drawn at random, each text's its own."""

    def embed(self, texts: Sequence[str], meter: Meter | None = None) -> NDArray[np.float32]:
        """Float32, (n, 384), rows of norm 1."""
        if len(texts) == 1:
            return super().embed(texts, meter)
        seeds = [int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) for text in texts]
        rows = [np.random.default_rng(seed).normal(size=self.dimension) for seed in seeds]
        vectors = np.array(rows, dtype=np.float32).reshape(len(texts), self.dimension)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def write_documents(folder: Path, count: int) -> None:
    """Markdown files of made-up plan passages."""
    for number in range(count):
        file = folder / f"PLAN_{number // DIFFERENT}" / "2026" / f"benefit-{number}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        passages = make_passages(PASSAGES, seed=number % DIFFERENT)
        file.write_text(
            "\n\n".join(f"## Part {part}\n\n{text}" for part, text in enumerate(passages)),
            encoding="utf-8",
        )


def write_one(folder: Path, megabytes: int) -> None:
    """One text file."""
    passages = "\n\n".join(make_passages(2_000)) + "\n\n"
    repeats = max(1, megabytes * 1_000_000 // len(passages))
    with (folder / "large.txt").open("w", encoding="utf-8") as file:
        for number in range(repeats):
            file.write(f"Part {number}\n\n{passages}")


def index_here(folder: Path, *, made_up: bool) -> None:
    """Index a folder in this process and print what it took."""
    with tempfile.TemporaryDirectory() as data:
        opened = open_retrieval(RetrievalSettings(data_dir=Path(data)))
        embedder = MadeUp() if made_up else opened.embedder
        retrieval = replace(opened, embedder=embedder)
        embedder.embed(["warm"])
        begun = peak_mb()
        started = time.perf_counter()
        report = retrieval.indexer().index(list(find([folder])))
        click.echo(
            f"{report.added:7} documents {report.chunks:8} chunks "
            f"{time.perf_counter() - started:8.1f} s, peak {peak_mb():6.0f} MB "
            f"({begun:.0f} MB with the model loaded)"
        )


def _index_apart(folder: Path, *, made_up: bool) -> None:
    command = [sys.executable, "-m", "benchmarks.indexing_memory", "--here", str(folder)]
    subprocess.run(  # noqa: S603 - our own interpreter and module
        [*command, "--made-up"] if made_up else command, cwd=ROOT, check=True
    )


@click.command(help=__doc__)
@click.option("--documents", default=30, show_default=True, help="Of the smaller corpus.")
@click.option("--made-up", is_flag=True, help="Vectors drawn at random in place of the model's.")
@click.option("--one", "megabytes", type=int, help="Index one file of so many MB instead.")
@click.option("--here", type=click.Path(path_type=Path), hidden=True)
def main(*, documents: int, made_up: bool, megabytes: int | None, here: Path | None) -> None:
    """Index a corpus and one ten times as large, or one large file."""
    if here is not None:
        index_here(here, made_up=made_up)
        return
    with tempfile.TemporaryDirectory() as folder:
        if megabytes is not None:
            write_one(Path(folder), megabytes)
            _index_apart(Path(folder), made_up=True)
            return
        for count in (documents, 10 * documents):
            corpus = Path(folder) / str(count)
            write_documents(corpus, count)
            _index_apart(corpus, made_up=made_up)


if __name__ == "__main__":
    main()
