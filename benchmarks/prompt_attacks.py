"""Train the classifiers of the prompt attack guard, and measure them on what they never saw.

``python -m benchmarks.prompt_attacks train DATA`` writes the coefficients and the curves that chose
the thresholds; ``... measure DATA`` prints the figures. DATA is the folder with the labelled sets
(``prompt_injection``, ``northwind`` and so on); without it nothing can be trained, as none of its
rows is kept in the project. Allow four minutes on two cores, or give ``--cache`` for later runs.

Every text is scored by a classifier that saw no text of its source, and judged by thresholds that
were chosen on such scores of other texts (``prompt_attacks_thresholds.py``).
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from benchmarks.prompt_attacks_figures import curve, print_failures, print_figures
from benchmarks.prompt_attacks_rows import (
    TRAINABLE,
    Row,
    indirect_rows,
    question_rows,
    sentence_rows,
)
from benchmarks.prompt_attacks_thresholds import (
    across_halves,
    chosen_on,
    from_other_sources,
)
from benchmarks.prompt_attacks_training import (
    Cache,
    texts_of,
    train_sentences,
    trainer,
)
from chat_app.guards.hooks import Withheld
from chat_app.guards.prompt_attacks import PromptAttackGuard
from chat_app.guards.prompt_attacks_model import COEFFICIENTS, Classifier
from chat_app.guards.prompt_attacks_questions import score_question
from retrieval.embedding.minilm import MiniLM
from retrieval.usage import Meter

FIGURES = COEFFICIENTS.with_suffix(".json")
CUT = 100
"""Characters of the short version of each labelled text, which says what length contributes."""


def unseen_scores(
    rows: Sequence[Row], judged: Sequence[Row], vectors: Cache
) -> tuple[Classifier, NDArray[np.float64]]:
    """The classifier of all trainable rows, and scores by ones that saw no row of the same source.

    Args:
        rows: those to train on are among them.
        judged: to score.
        vectors: knows all of their parts.
    """
    trainable = [row for row in rows if row.train]
    train = trainer(trainable, vectors, sentences=True)
    of_all = train(np.ones(len(trainable), dtype=np.bool_))
    scores = np.zeros(len(judged))
    for start in ("", *TRAINABLE):
        classifier = of_all
        if start:
            classifier = train(np.array([not row.source.startswith(start) for row in trainable]))
        for at, row in enumerate(judged):
            if row.source.startswith(start):  # the last that fits saw none of its source
                scores[at] = score_question(classifier, row.text, vectors)
    return of_all, scores


@click.group()
def main() -> None:
    """Train and measure the prompt attack guard."""


@main.command("train")
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--cache", type=click.Path(path_type=Path), help="Keeps embeddings, an .npz file.")
def train_command(data: Path, cache: Path | None) -> None:
    """Write coefficients and figures into the package."""
    vectors = Cache(cache)
    rows, sentences = question_rows(data), sentence_rows(data)
    vectors.learn(texts_of([*rows, *sentences]))
    judged = [row for row in rows if row.judged]
    questions, scores = unseen_scores(rows, judged, vectors)
    write(questions, train_sentences(sentences, vectors), (judged, scores))
    click.echo(FIGURES.read_text())


def write(
    questions: Classifier,
    sentences: tuple[Classifier, float],
    unseen: tuple[Sequence[Row], NDArray[np.float64]],
) -> None:
    """Keep the classifiers, the thresholds that scores of unseen texts choose, and the curves."""
    judged, scores = unseen
    passages, for_sentences = sentences
    for_long, for_short = chosen_on(judged, scores)
    np.savez_compressed(
        COEFFICIENTS,
        allow_pickle=False,
        **_kept("questions", questions, for_long, for_short),
        **_kept("passages", passages, for_sentences, for_sentences),
    )
    figures = {
        "questions_threshold": for_long,
        "questions_short_threshold": for_short,
        "passages_threshold": for_sentences,
        "curve_of_short_texts": curve(judged, scores, short=True),
        "curve_of_long_texts": curve(judged, scores, short=False),
    }
    FIGURES.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")


def _kept(
    name: str, classifier: Classifier, threshold: float, short: float
) -> dict[str, NDArray[np.generic]]:
    return {
        f"{name}_weights": classifier.weights.astype(np.float16),
        f"{name}_bias": np.array(classifier.bias),
        f"{name}_threshold": np.array(threshold),
        f"{name}_short_threshold": np.array(short),
    }


@main.command("measure")
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--cache", type=click.Path(path_type=Path), help="Keeps embeddings, an .npz file.")
@click.option(
    "--failures", is_flag=True, help="Print the start of each labelled text judged wrong."
)
def measure_command(data: Path, cache: Path | None, *, failures: bool) -> None:
    """Print how rows are judged by classifiers and thresholds that saw none of them."""
    vectors = Cache(cache)
    rows = question_rows(data)
    judged = [row for row in rows if row.judged]
    short = [replace(row, text=row.text[:CUT]) for row in judged if row.labelled]
    vectors.learn(texts_of([*rows, *short]))
    _, both = unseen_scores(rows, [*judged, *short], vectors)
    scores, of_short = np.split(both, [len(judged)])
    print_measured(judged, scores, short, of_short)
    if failures:
        print_failures(judged, scores - across_halves(judged, scores))
    _print_indirect(data)


def print_measured(
    judged: Sequence[Row],
    scores: NDArray[np.float64],
    short: Sequence[Row],
    of_short: NDArray[np.float64],
) -> None:
    """The figures of texts and of their short versions, each way that thresholds are chosen."""
    click.echo("Classifiers that saw no row of the source, thresholds chosen on the other half:")
    print_figures(judged, scores - across_halves(judged, scores))
    click.echo(f"The same texts cut to {CUT} characters:")
    print_figures(short, of_short - chosen_on(judged, scores)[1], totals_only=True)
    click.echo("Thresholds chosen on the other sources alone:")
    print_figures(judged, scores - from_other_sources(judged, scores), totals_only=True)


def _print_indirect(data: Path) -> None:
    guard = PromptAttackGuard(MiniLM().embed)
    found: dict[str, list[bool]] = defaultdict(list)
    for row in indirect_rows(data):
        verdict = guard.check_passages([row.text], "", Meter())
        found[row.kind].append(isinstance(verdict, Withheld))
    for kind, withheld in sorted(found.items()):
        click.echo(f"indirect, {kind}: {sum(withheld)} of {len(withheld)} withheld")


if __name__ == "__main__":
    main()
