"""Passages a second: sentence-transformers on torch against this embedder, in one run.

Both embed the same made-up plan passages, in turns, so that a busy machine slows both alike: read
the ratio. Run it with ``python benchmarks/embedding.py [PASSAGES] [ROUNDS]``.
"""

import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence

import click
import numpy as np
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer

from retrieval.embedding.minilm import MiniLM
from retrieval.embedding.weights import find_weights

SERVICES = (
    "Preventive care", "A specialist visit", "Emergency room care", "Physical therapy",
    "Outpatient surgery", "Generic medication", "A hearing aid", "Maternity care",
    "Urgent care", "An imaging test", "Mental health counselling", "Durable medical equipment",
)  # fmt: skip
RULES = (
    "is covered at {percent}% from network providers after the deductible of ${dollars}",
    "costs a ${copay} copay, which counts towards the out-of-pocket maximum",
    "needs approval before the first visit, or the benefit is reduced by {percent}%",
    "is limited to {count} visits in a plan year, for each covered person",
    "is not covered outside the network, except in an emergency",
    "is paid by the plan in full once the family limit of ${dollars} is reached",
)
LENGTHS = (1, 1, 2, 4, 6, 8, 10, 12, 14)
"""Sentences in a passage: from a table row to a chunk that fills the model's window."""

Embed = Callable[[Sequence[str]], NDArray[np.float32]]


def make_passages(count: int, seed: int = 2025) -> list[str]:
    """Plan passages of mixed length, the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - no secret, a repeatable choice

    def sentence() -> str:
        rule = chance.choice(RULES).format(
            percent=chance.randrange(10, 100, 10),
            dollars=f"{chance.randrange(500, 9000, 250):,}",
            copay=chance.randrange(10, 300, 5),
            count=chance.randrange(10, 60, 5),
        )
        return f"{chance.choice(SERVICES)} {rule}."

    return [" ".join(sentence() for _ in range(chance.choice(LENGTHS))) for _ in range(count)]


def measure(embedders: dict[str, Embed], texts: Sequence[str], rounds: int) -> dict[str, float]:
    """Median passages a second of each, in turns, after one round that does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in embedders}
    for _ in range(rounds + 1):
        for name, embed in embedders.items():
            start = time.perf_counter()
            embed(texts)
            seconds[name].append(time.perf_counter() - start)
    return {name: len(texts) / statistics.median(times[1:]) for name, times in seconds.items()}


def main(count: int = 300, rounds: int = 3) -> None:
    """Print the speed of both, their ratio and their agreement."""
    texts = make_passages(count)
    model = SentenceTransformer(str(find_weights(click.echo)), device="cpu", local_files_only=True)
    ours = MiniLM(notify=click.echo)

    def reference(texts: Sequence[str]) -> NDArray[np.float32]:
        return np.asarray(model.encode(list(texts), show_progress_bar=False), dtype=np.float32)

    tokens = ours.count_tokens(texts)
    speeds = measure({"sentence-transformers": reference, "MiniLM": ours.embed}, texts, rounds)
    cosines = (reference(texts) * ours.embed(texts)).sum(axis=1)
    click.echo(f"{count} passages of {min(tokens)} to {max(tokens)} tokens, {rounds} rounds")
    for name, speed in speeds.items():
        click.echo(f"{name:24}{speed:8.1f} passages/s")
    click.echo(f"{'ratio':24}{speeds['MiniLM'] / speeds['sentence-transformers']:8.2f}")
    click.echo(f"{'agreement (cosine)':24}{cosines.min():8.6f} at least")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
