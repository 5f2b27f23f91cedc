"""Passages a second: sentence-transformers on torch against this embedder, in one run.

All embed the same made-up plan passages, in turns, so that a busy machine slows them alike: read
the ratios. Processor seconds are given beside, as they suffer less from what else runs. Run it with
``python -m benchmarks.embedding [PASSAGES] [ROUNDS]``.

Agreement beyond these passages, measured on 998 passages and 400 questions of InsuranceQA: fp32
agrees with torch to 1.0000; int8 with fp32 to .9978 at least and .9990 in the mean (questions .9985
at least), 96 % of the ten best answers and of the best are the same, and MRR@10 changes by .0002
(95 % interval -.005 to .006). onnxruntime's own ``quantize_dynamic``: .966 at least, 89 % of
the ten best; its 8-bit ``MatMulNBits`` in blocks of 128: .9977 at least, but 1.4 times the speed of
fp32 instead of 2.
"""

import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence

import click
import numpy as np
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer

from benchmarks.passages import SERVICES, make_passages
from retrieval.embedding.minilm import MiniLM
from retrieval.embedding.weights import find_weights

Embed = Callable[[Sequence[str]], NDArray[np.float32]]


def measure(
    embedders: dict[str, Embed], texts: Sequence[str], rounds: int
) -> dict[str, tuple[float, float]]:
    """Median seconds and processor seconds of each, in turns, after a round that does not count."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in embedders}
    for _ in range(rounds + 1):
        for name, embed in embedders.items():
            start, start_cpu = time.perf_counter(), _cpu()
            embed(texts)
            taken[name].append((time.perf_counter() - start, _cpu() - start_cpu))
    return {
        name: (statistics.median(s for s, _ in each[1:]), statistics.median(c for _, c in each[1:]))
        for name, each in taken.items()
    }


def question_ms(embed: Embed, questions: Sequence[str]) -> float:
    """Median milliseconds of a question by itself."""
    times = []
    for question in questions:
        start = time.perf_counter()
        embed([question])
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main(count: int = 300, rounds: int = 3) -> None:
    """Print the speed of each, their ratios and their agreement."""
    texts = make_passages(count)
    model = SentenceTransformer(str(find_weights(click.echo)), device="cpu", local_files_only=True)
    fp32, int8 = (MiniLM(notify=click.echo, precision=which) for which in ("fp32", "int8"))

    def reference(texts: Sequence[str]) -> NDArray[np.float32]:
        return np.asarray(model.encode(list(texts), show_progress_bar=False), dtype=np.float32)

    embedders: dict[str, Embed] = {
        "sentence-transformers": reference,
        "MiniLM fp32": fp32.embed,
        "MiniLM int8": int8.embed,
    }
    tokens = fp32.count_tokens(texts)
    taken = measure(embedders, texts, rounds)
    (wall, cpu), expected = taken["sentence-transformers"], reference(texts)
    questions = [f"Do I pay for {service.lower()}?" for service in SERVICES]
    click.echo(f"{count} passages of {min(tokens)} to {max(tokens)} tokens, {rounds} rounds")
    click.echo(
        f"{'':24}{'passages/s':>12}{'ratio':>8}{'ratio, cpu':>12}{'question ms':>13}{'cosine':>10}"
    )
    for name, embed in embedders.items():
        seconds, cpu_seconds = taken[name]
        least = (expected * embed(texts)).sum(axis=1).min()
        click.echo(
            f"{name:24}{count / seconds:12.1f}{wall / seconds:8.2f}{cpu / cpu_seconds:12.2f}"
            f"{question_ms(embed, questions):13.2f}{least:10.6f}"
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
