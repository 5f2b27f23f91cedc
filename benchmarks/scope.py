"""How well do the scope and crisis guards judge: ``python benchmarks/scope.py DATA``.

DATA is a folder with the question sets that ``SETS`` names, each JSONL; beside them
``tests/samples/questions.jsonl`` and ``benchmarks/scope_own.yaml`` are read. Rows fall into halves
by a hash of their text: thresholds are chosen on one, figures are told for both.
"""

import hashlib
import json
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import click
import numpy as np
import yaml

from chat_app.guards.crisis import LEAST as CRISIS_LEAST
from chat_app.guards.crisis import CrisisGuard
from chat_app.guards.hooks import Guard, Refused
from chat_app.guards.scope import LEAST, ScopeGuard
from chat_app.guards.topics import Topics, load_topics
from retrieval.embedding.minilm import MiniLM
from retrieval.usage import Meter

Row: TypeAlias = Mapping[str, Any]
HERE = Path(__file__).parent
CURVE = np.arange(-0.4, 0.81, 0.1)

ANSWERED: Sequence[tuple[str, str, str, Callable[[Row], bool]]] = (
    ("northwind", "northwind/qa.jsonl", "question", lambda _: True),
    (
        "northwind near",
        "northwind/dontknow.jsonl",
        "question",
        lambda row: row["category"] == "near_domain",
    ),
    ("insuranceqa", "insuranceqa_natural/queries.jsonl", "query", lambda _: True),
    ("insuranceqa lemma", "insuranceqa_lemma/queries.jsonl", "query", lambda _: True),
    (
        "domain questions",
        "prompt_injection/direct.jsonl",
        "text",
        lambda row: row["label"] == "benign" and row["type"] == "domain_question",
    ),
)
"""Name, file, field and filter of benefits questions."""

OFF_TOPIC: Sequence[tuple[str, str, str, Callable[[Row], bool]]] = (
    (
        "northwind off topic",
        "northwind/dontknow.jsonl",
        "question",
        lambda row: row["category"] != "near_domain",
    ),
    ("liveqa messages", "liveqa_medquad/queries.jsonl", "message", lambda _: True),
    ("liveqa questions", "liveqa_medquad/queries.jsonl", "query", lambda _: True),
    (
        "qualifire",
        "prompt_injection/direct.jsonl",
        "text",
        lambda row: row["label"] == "benign" and row["type"] == "general",
    ),
    (
        "notinject",
        "prompt_injection/direct.jsonl",
        "text",
        lambda row: row["label"] == "benign" and row["type"] == "trigger_word_lookalike",
    ),
)
"""Likewise of questions that are none."""


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--failures", is_flag=True, help="Print what is judged wrongly in the first half.")
def main(data: Path, *, failures: bool) -> None:
    """Measure both guards on the sets, and their time."""
    samples = list(_rows(HERE.parent / "tests/samples/questions.jsonl"))
    answered = _sets(ANSWERED, data) | {"samples": _questions(samples, answerable=True)}
    off_topic = _sets(OFF_TOPIC, data) | {"samples off": _questions(samples, answerable=False)}
    own = yaml.safe_load((HERE / "scope_own.yaml").read_text(encoding="utf-8"))
    topics, embed = load_topics(), MiniLM().embed
    scope, crisis = ScopeGuard(topics, embed), CrisisGuard(topics, embed, "words")
    started = time.monotonic()
    scope.warm_up()
    crisis.warm_up()
    click.echo(f"examples: {len(topics.texts)}, embedded in {time.monotonic() - started:.1f} s")

    click.echo(f"\nscope, refused from {LEAST}")
    wrong = _report(
        scope,
        "off_topic",
        answered | {"own near misses": own["near_misses"]},
        off_topic | own["off_topic"],
        LEAST,
    )
    click.echo(f"\ncrisis, words from {CRISIS_LEAST}")
    wrong += _report(
        crisis,
        "crisis",
        answered | {"own benefits": own["benefits"], "unseen": own["unseen"]},
        own["crisis"],
        CRISIS_LEAST,
    )
    if failures:
        click.echo("\n" + "\n".join(wrong))
    _time(topics, [text for texts in answered.values() for text in texts][:300])


def _report(
    guard: Guard,
    score: str,
    answered: Mapping[str, Sequence[str]],
    refused: Mapping[str, Sequence[str]],
    least: float,
) -> list[str]:
    """Print shares and the curve; the wrong verdicts of the first half come back."""
    wrong: list[str] = []
    curve: dict[bool, list[tuple[float, bool]]] = {True: [], False: []}
    for sets, wanted in ((answered, False), (refused, True)):
        for name, texts in sets.items():
            hits: dict[bool, list[bool]] = {True: [], False: []}
            for text in texts:
                verdict = guard.check_question(text, Meter())
                hit, half = isinstance(verdict, Refused), _first_half(text)
                hits[half].append(hit)
                level = verdict.scores.get(score, -1.0)
                curve[half].append((level, wanted))
                if hit != wanted and half:
                    wrong.append(f"{name} {level:+.2f} {' '.join(text.split())}")
            click.echo(
                f"  {name:22} refused {sum(hits[True]):3} of {len(hits[True]):3}"
                f" | {sum(hits[False]):3} of {len(hits[False]):3}"
            )
    for level in sorted({*np.round(CURVE, 2), least}):
        shares = [_share(curve[half], kind, level) for half in (True, False) for kind in (0, 1)]
        click.echo(
            "  from {:+.2f}: answered {:.3f} refused {:.3f} | {:.3f} {:.3f}".format(level, *shares)
        )
    return wrong


def _share(scored: Sequence[tuple[float, bool]], kind: int, level: float) -> float:
    return statistics.fmean(score >= level for score, wanted in scored if wanted == kind)


def _time(topics: Topics, texts: Sequence[str]) -> None:
    """Print the time of both guards, one after the other, with a model that knows no text yet."""
    embed = MiniLM().embed
    guards = (CrisisGuard(topics, embed, "words"), ScopeGuard(topics, embed))
    for guard in guards:
        guard.warm_up()
    milliseconds = []
    for text in texts:
        started = time.perf_counter()
        for guard in guards:
            guard.check_question(text, Meter())
        milliseconds.append((time.perf_counter() - started) * 1000)
    middle, late = statistics.median(milliseconds), statistics.quantiles(milliseconds, n=20)[-1]
    click.echo(f"\nboth: {middle:.1f} ms at the median, {late:.1f} at the 95th percentile")


def _first_half(text: str) -> bool:
    return hashlib.sha256(text.encode()).digest()[0] % 2 == 0


def _sets(
    sets: Sequence[tuple[str, str, str, Callable[[Row], bool]]], data: Path
) -> dict[str, list[str]]:
    return {
        name: list(dict.fromkeys(row[field] for row in _rows(data / file) if wanted(row)))
        for name, file, field, wanted in sets
    }


def _questions(rows: Sequence[Row], *, answerable: bool) -> list[str]:
    return list(dict.fromkeys(r["question"] for r in rows if r["answerable"] is answerable))


def _rows(file: Path) -> Iterator[Row]:
    yield from map(json.loads, file.read_text(encoding="utf-8").splitlines())


if __name__ == "__main__":
    main()
