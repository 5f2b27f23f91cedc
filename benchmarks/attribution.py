"""What finds a passage that may choose one: ``python -m benchmarks.attribution [PATHS]``.

A sentence that cites nothing, or wrongly, is laid beside all passages of its answer. Here those are
its own passage and the likest others of the same plan and year. True sentences should be found;
the false ones made from them (``benchmarks.corruptions``) should be found nowhere, and not more of
them be shown than when each is held to the passage it was made from.
"""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from benchmarks.corruptions import Claim, corrupted, true_claims
from benchmarks.grounding import SAMPLES, load
from chat_app.answering import PASSAGES
from chat_app.attribution import attributed
from chat_app.verification import verify
from retrieval.documents import Match
from retrieval.embedding.minilm import MiniLM


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--number", default=300, help="True sentences from each path, half rephrased.")
@click.option("--seed", default=1)
@click.option(
    "--plans", default="PPO Plus,HMO Select,HDHP Saver,Northwind Health Plus,Northwind Standard"
)
def main(paths: Sequence[Path], number: int, seed: int, plans: str) -> None:
    """Found of true sentences and of false ones, over the samples and further documents."""
    model, chance = MiniLM(), random.Random(seed)  # noqa: S311 - a sample
    counts: dict[str, Counter[str]] = {}
    for path in (SAMPLES, *paths):
        passages = load([path], model)
        vectors = model.embed([passage.text for passage in passages])
        for claim in _sampled(passages, number, chance):
            given = _answer(claim, passages, vectors, model)
            for one in (claim, *corrupted(claim, plans.split(","), chance)):
                kind = f"true, {one.of}" if one is claim else "false"
                counts.setdefault(kind, Counter()).update(_judged(one, given))
    for kind, found in counts.items():
        total = found["all"]
        shares = ", ".join(
            f"{what} {found[what]} ({found[what] / total:.2%})"
            for what in ("verified by its own", "found", "either", "naively found")
        )
        click.echo(f"{kind}: {total}, {shares}")


def _sampled(passages: Sequence[Match], number: int, chance: random.Random) -> Iterator[Claim]:
    claims = list({(c.text, c.kind): c for c in true_claims(passages, chance)}.values())
    for kind in ("quoted", "rephrased"):
        own = [claim for claim in claims if claim.kind == kind]
        yield from chance.sample(own, min(number // 2, len(own)))


def _answer(
    claim: Claim, passages: Sequence[Match], vectors: NDArray[np.float32], model: MiniLM
) -> list[Match]:
    """The passages that an answer with this sentence is written from; its own is the first."""
    own = claim.passage
    order = np.argsort(-(vectors @ model.embed([claim.text])[0]), kind="stable")
    others = [
        passage
        for passage in (passages[at] for at in order)
        if passage.key != own.key
        and passage.policy in {own.policy, None}
        and passage.plan_year in {own.plan_year, None}
    ]
    return [own, *others[: PASSAGES - 1]]


def _judged(claim: Claim, given: Sequence[Match]) -> dict[str, int]:
    verdicts = [verify(claim.text, [passage]).supported for passage in given]
    found = attributed(claim.text, given) is not None
    return {
        "all": 1,
        "verified by its own": verdicts[0],
        "found": found,
        "either": verdicts[0] or found,
        "naively found": any(verdicts),
    }


if __name__ == "__main__":
    main()
