"""How well are sentences verified against their passages: ``python -m benchmarks.grounding``.

Three commands: ``fit`` fits the coefficients of ``chat_app.support``, ``attribution`` measures the
support of words on labelled claims, ``corruptions`` measures what is caught of false sentences made
from true ones, and what is refused of the true ones.
"""

import json
import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from benchmarks.corruptions import Claim, corrupted, true_claims
from chat_app.alignment import FREE_TOKENS, Closeness
from chat_app.evidence import read_passages
from chat_app.markers import without_markers
from chat_app.support import features, support
from chat_app.token_reading import TokenReader
from chat_app.verification import MIN_CLOSENESS, verify
from retrieval.chunking import chunk_document
from retrieval.documents import Document, Match, chunk_key, chunk_metadata
from retrieval.embedding.minilm import MiniLM
from retrieval.errors import LoadingError
from retrieval.keywords import terms
from retrieval.loading import find

SAMPLES = Path(__file__).parent.parent / "samples"


@click.group()
def main() -> None:
    """Measure the verification of sentences."""


def load(paths: Sequence[Path], model: MiniLM) -> list[Match]:
    """The documents under these paths, as a search would bring their passages."""
    matches: list[Match] = []
    for found in find(paths):
        try:
            if isinstance(found, LoadingError):
                raise found
            document = found.load()
        except LoadingError as error:
            click.echo(f"left out: {error}", err=True)
            continue
        chunks = chunk_document(document, model.count_tokens, model.window)
        for chunk in chunks:
            metadata = chunk_metadata(document, chunk, found.hash, len(chunks))
            matches.append(Match(chunk_key(document.name, chunk.index), chunk.text, metadata, 1, 1))
    return matches


def passage(text: str) -> Match:
    """A text as a passage of no plan."""
    document = Document(name="text", source="text", title="", text=text)
    chunk = chunk_document(document, lambda texts: [1 for _ in texts], 256)[0]
    return Match("text-chunk-0000", text, chunk_metadata(document, chunk, "", 1), 1, 1)


class Pair(NamedTuple):
    """A sentence, the passage it is laid beside, and whether that supports it."""

    sentence: str
    passage: Match
    is_supported: bool


def sample_pairs(passages: Sequence[Match], chance: random.Random, number: int) -> Iterator[Pair]:
    """Sentences in other words beside their own passage, and beside the likest other one."""
    claims = [c for c in true_claims(passages, chance) if c.kind == "rephrased"]
    for claim in chance.sample(claims, min(number, len(claims))):
        said = _thinned(claim.text, chance)
        yield Pair(said, claim.passage, is_supported=True)
        yield Pair(said, _likest(said, claim.passage, passages), is_supported=False)


def _thinned(text: str, chance: random.Random) -> str:
    """The text with up to a third of its words left out or put elsewhere."""
    words = text.split()
    kept = [w for w in words if chance.random() > chance.choice((0.0, 0.1, 0.3))]
    if chance.random() < 0.3:
        cut = len(kept) // 2
        kept = kept[cut:] + kept[:cut]
    return " ".join(kept or words)


def _likest(text: str, own: Match, passages: Sequence[Match]) -> Match:
    """The passage that shares most words, of those that do not hold the same words."""
    wanted, held = set(terms(text)), set(terms(own.text))
    others = [
        (len(wanted & words), match)
        for match in passages
        if match.key != own.key
        and len((words := _terms_of(match)) & held) < 0.6 * len(held)
        and not wanted <= words
    ]
    return max(others, key=lambda pair: pair[0])[1]


def _terms_of(match: Match, known: dict[str, set[str]] = {}) -> set[str]:  # noqa: B006 - a cache
    if match.key not in known:
        known[match.key] = set(terms(match.text))
    return known[match.key]


def answer_pairs(folder: Path) -> Iterator[Pair]:
    """Sentences of written answers beside the page they cite, and beside the likest other page."""
    rows = [json.loads(line) for line in (folder / "pages.jsonl").read_text("utf-8").splitlines()]
    pages = {(row["doc"], row["page"]): passage(row["text"]) for row in rows if row["text"].strip()}
    pages = {
        place: Match(f"page-chunk-{n:04d}", m.text, m.metadata, 1, 1)
        for n, (place, m) in enumerate(pages.items())
    }
    for line in (folder / "qa.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        for said in re.finditer(r"([^.\]\[]+?)\.?\s*\[([^\]]+)#page=(\d+)\]", row["truth"]):
            own = pages.get((said[2], int(said[3])))
            sentence = said[1].strip()
            if own and len(terms(sentence)) >= 4:
                yield Pair(sentence, own, is_supported=True)
                other = _likest(sentence, own, list(pages.values()))
                yield Pair(sentence, other, is_supported=False)


def table(pairs: Sequence[Pair]) -> NDArray[np.float64]:
    """Features of each pair, (n, features)."""
    return np.array([features(p.sentence, read_passages([p.passage])) for p in pairs])


@main.command()
@click.option("--northwind", type=click.Path(exists=True, path_type=Path), required=True)
def fit(northwind: Path) -> None:
    """Fit on the sample documents and on the Northwind answers (MIT), and print the curves."""
    model, chance = MiniLM(), random.Random(0)  # noqa: S311 - a sample
    answers = list(answer_pairs(northwind))
    pairs = [*sample_pairs(load([SAMPLES], model), chance, 500), *answers]
    labels = np.array([pair.is_supported for pair in pairs])
    click.echo(f"{len(pairs)} pairs, {labels.sum()} supported")
    click.echo("share of words, for comparison")
    print_curve(labels, np.array([_share(pair) for pair in pairs]))
    found = table(pairs)
    areas = ", ".join(f"{roc_auc_score(labels, column):.3f}" for column in found.T)
    click.echo(f"WORDS: AUROC of each feature: {areas}")
    half = np.arange(len(pairs)) // 2 % 2 == 0
    trial = LogisticRegression().fit(found[half], labels[half])
    held_out = roc_auc_score(labels[~half], trial.decision_function(found[~half]))
    whole = LogisticRegression().fit(found, labels)
    numbers = ", ".join(f"{c:.2f}" for c in whole.coef_[0])
    click.echo(f"WORDS = Model(({numbers}), {whole.intercept_[0]:.2f})  AUROC {held_out:.3f}")
    print_curve(labels, whole.predict_proba(found)[:, 1])
    closeness = Closeness(TokenReader(model))
    near = np.array([closeness(p.sentence, read_passages([p.passage])) for p in pairs])
    for name, own in (("all", slice(None)), ("Northwind answers", slice(-len(answers), None))):
        area = roc_auc_score(labels[own], near[own])
        click.echo(f"closeness, nothing fitted, {name}: AUROC {area:.3f}")
        print_curve(labels[own], near[own])
    elsewhere = [chance.choice(pairs).passage for _ in pairs]
    far = [
        closeness(pair.sentence, read_passages([other]))
        for pair, other in zip(pairs, elsewhere, strict=True)
        if pair.is_supported
    ]
    click.echo("closeness, supported sentences beside any passage as the others")
    print_curve(
        np.array([True] * int(labels.sum()) + [False] * len(far)),
        np.concatenate([near[labels], far]),
    )


def _share(pair: Pair) -> float:
    words, known = terms(pair.sentence), set(terms(f"{pair.passage.text} {pair.passage.section}"))
    return sum(word in known for word in words) / max(1, len(words))


def print_curve(labels: NDArray[np.bool_], scores: NDArray[np.float64]) -> None:
    """What each threshold keeps of the supported and lets through of the others."""
    for threshold in (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.65, 0.7, 0.8):
        kept, let = (scores[labels] >= threshold).mean(), (scores[~labels] >= threshold).mean()
        click.echo(f"  from {threshold:.2f}: {kept:6.1%} of supported, {let:6.1%} of others")


@main.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
def attribution(path: Path) -> None:
    """AUROC on labelled rows, in the shape of AttributionBench; nothing is fitted."""
    rows: list[dict[str, Any]] = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    claims = [without_markers(row["claim"])[0].strip() for row in rows]
    cited = [read_passages([passage(text or "-") for text in row["references"]]) for row in rows]
    model = MiniLM()
    lengths = [sum(model.count_tokens([u.text for e in held for u in e.units])) for held in cited]
    read, words, near, spent = TokenReader(model), [], [], []
    for row, claim, held in zip(rows, claims, cited, strict=True):
        words.append(support(features(claim, held)))
        started = time.perf_counter()
        near.append(Closeness(read, row["question"])(claim, held))
        spent.append(1000 * (time.perf_counter() - started))
    print_areas("words", rows, np.array(words), np.array(lengths))
    print_areas("closeness", rows, np.array(near), np.array(lengths))
    click.echo(f"closeness: {np.median(spent):.1f} ms a claim at the median")


def print_areas(
    name: str,
    rows: Sequence[dict[str, Any]],
    scores: NDArray[np.float64],
    lengths: NDArray[np.int64],
) -> None:
    """AUROC of all rows with its 95 % interval over questions, by source, and by length."""
    labels = np.array([row["label"] == "attributable" for row in rows])
    sources = np.array([row["src_dataset"] for row in rows])
    by_question: dict[str, list[int]] = defaultdict(list)
    for at, row in enumerate(rows):
        by_question[row["question"]].append(at)
    groups, chance = list(by_question.values()), np.random.default_rng(0)
    drawn = [
        np.concatenate([groups[n] for n in chance.integers(len(groups), size=len(groups))])
        for _ in range(1_000)
    ]
    low, high = np.percentile([roc_auc_score(labels[d], scores[d]) for d in drawn], [2.5, 97.5])
    area = roc_auc_score(labels, scores)
    click.echo(f"{name}: AUROC {area:.3f} ({low:.3f} to {high:.3f}), {len(groups)} questions")
    kinds = {source: sources == source for source in sorted(set(sources))}
    kinds[f"up to {FREE_TOKENS} tokens cited"] = lengths <= FREE_TOKENS
    kinds["more tokens cited"] = lengths > FREE_TOKENS
    for kind, own in kinds.items():
        area = roc_auc_score(labels[own], scores[own])
        click.echo(f"  {kind}: {area:.3f} of {own.sum()}")


@main.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--number", default=500, help="True sentences from each path, half rephrased.")
@click.option("--seed", default=1)
@click.option(
    "--plans", default="PPO Plus,HMO Select,HDHP Saver,Northwind Health Plus,Northwind Standard"
)
def corruptions(paths: Sequence[Path], number: int, seed: int, plans: str) -> None:
    """Caught and refused, by kind of corruption, over the samples and further documents."""
    model, chance = MiniLM(), random.Random(seed)  # noqa: S311 - a sample
    closeness = Closeness(TokenReader(model))
    far: Counter[bool] = Counter()
    refused: dict[tuple[str, str], Counter[bool]] = defaultdict(Counter)
    spent: list[float] = []
    for path in (SAMPLES, *paths):
        for claim in _sampled(load([path], model), number, chance):
            for one in (claim, *corrupted(claim, plans.split(","), chance)):
                started = time.perf_counter()
                verdict = verify(one.text, [one.passage], closeness)
                spent.append(1000 * (time.perf_counter() - started))
                kind = "true" if one is claim else one.kind
                refused[kind, one.of][not verdict.supported] += 1
                far[one is claim] += verdict.closeness < MIN_CLOSENESS
    for (kind, of), counts in sorted(refused.items(), key=lambda item: item[0][0] != "true"):
        total = counts.total()
        click.echo(
            f"{kind:34} {of:10} {counts[True]:5} of {total:5} refused {counts[True] / total:7.1%}"
        )
    for said, is_true in (("true", True), ("false", False)):
        whole = sum((c for (k, _), c in refused.items() if (k == "true") is is_true), Counter())
        click.echo(
            f"all {said}: {whole[True]} of {whole.total()} refused, "
            f"{whole[True] / whole.total():.2%}"
        )
    click.echo(f"not close enough: {far[True]} true sentences, {far[False]} false ones")
    click.echo(f"ms a sentence: median {np.median(spent):.1f}, mean {np.mean(spent):.1f}")


def _sampled(passages: Sequence[Match], number: int, chance: random.Random) -> list[Claim]:
    claims = list({(c.text, c.kind): c for c in true_claims(passages, chance)}.values())
    picked: list[Claim] = []
    for kind in ("quoted", "rephrased"):
        own = [claim for claim in claims if claim.kind == kind]
        picked += chance.sample(own, min(number // 2, len(own)))
    return picked


if __name__ == "__main__":
    main()
