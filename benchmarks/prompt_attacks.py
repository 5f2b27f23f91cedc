"""Train the classifiers of the prompt attack guard, and measure them on what they never saw.

``python -m benchmarks.prompt_attacks train DATA`` writes the coefficients and the curves that chose
the thresholds; ``... measure DATA`` prints the figures. DATA is the folder with the labelled sets
(``prompt_injection``, ``northwind`` and so on); without it nothing can be trained, as none of its
rows is kept in the project. Allow three minutes on two cores, or give ``--cache`` for later runs.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from scipy import sparse  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
from sklearn.metrics import roc_auc_score  # type: ignore[import-untyped]

from benchmarks.prompt_attacks_rows import (
    TRAINABLE,
    Row,
    indirect_rows,
    question_rows,
    sentence_rows,
)
from chat_app.guards.hooks import Withheld
from chat_app.guards.prompt_attacks import PromptAttackGuard
from chat_app.guards.prompt_attacks_model import (
    COEFFICIENTS,
    SHORT,
    Classifier,
    features,
    load_classifier,
)
from chat_app.guards.prompt_attacks_passages import suspects
from chat_app.guards.prompt_attacks_text import readings, windows
from retrieval.embedding.minilm import MiniLM
from retrieval.usage import Meter

FIGURES = COEFFICIENTS.with_suffix(".json")
INVERSE_REGULARISATION = 1.0
MOST_BENIGN, MOST_BENEFITS = 0.05, 0.01
"""False positives at which the threshold is set; promised are 0.05 and 0.02."""

MOST_SHORT = 0.01
"""Of short benign texts; the long ones may have the rest of MOST_BENIGN."""

MOST_SENTENCES = 0.2
"""False positives among sentences that pass the screen; one chunk in 45 of real documents does.

These are hard ones, written to look like instructions to the assistant."""

FOLDS = 5

TRAINED_ONLY = frozenset({"own", "HaluEval", "presidio-research", "Northwind pages"})

Vectors = Callable[[Sequence[str]], NDArray[np.float32]]


class Cache:
    """Embeddings by text, kept in a file between runs when there is one."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._embedder = MiniLM()
        self._known: dict[str, NDArray[np.float32]] = {}
        if path and path.exists():
            with np.load(path) as stored:
                self._known = dict(zip(stored["texts"].tolist(), stored["vectors"], strict=True))

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed texts; float32 (n, 384)."""
        return np.stack([self._known[text] for text in texts])

    def learn(self, texts: Sequence[str]) -> None:
        """Embed what is not known yet, and save."""
        missing = sorted(set(texts) - self._known.keys())
        for at in range(0, len(missing), 256):
            batch = missing[at : at + 256]
            self._known.update(zip(batch, self._embedder.embed(batch), strict=True))
        if self._path and missing:
            texts, vectors = list(self._known), np.stack(list(self._known.values()))
            np.savez(self._path, texts=np.array(texts), vectors=vectors)


def train(rows: Sequence[Row], vectors: Vectors) -> Classifier:
    """A classifier of whole texts, by their first reading."""
    matrix = sparse.csr_matrix(np.stack([_whole(row.text, vectors) for row in rows]))
    model = LogisticRegression(C=INVERSE_REGULARISATION, max_iter=3000, class_weight="balanced")
    model.fit(matrix, [row.attack for row in rows])
    return Classifier(model.coef_[0].astype(np.float32), float(model.intercept_[0]), 0.0, 0.0)


def score(classifier: Classifier, text: str, vectors: Vectors) -> float:
    """As the guard scores a question: the worst of its readings."""
    parts = [windows(reading) for reading in readings(text)]
    return max(classifier.worst(part, vectors(part)) for part in parts)


def _whole(text: str, vectors: Vectors) -> NDArray[np.float32]:
    parts = windows(readings(text)[0])
    mean = vectors(parts).mean(axis=0)
    return features(" ".join(parts), mean / np.linalg.norm(mean))


def texts_of(rows: Sequence[Row]) -> list[str]:
    """Everything that has to be embedded to judge rows."""
    return [part for row in rows for reading in readings(row.text) for part in windows(reading)]


def unseen_scores(
    rows: Sequence[Row], vectors: Vectors, trained: Sequence[Row] = ()
) -> NDArray[np.float64]:
    """Scores of all rows, each by a classifier that saw no row of its source.

    Args:
        rows: to score.
        vectors: knows all of their parts.
        trained: to learn from, where they are others than the rows to score.
    """
    trained = [row for row in trained or rows if row.train]
    of_all = train(trained, vectors)
    others = {
        start: train([row for row in trained if not row.source.startswith(start)], vectors)
        for start in TRAINABLE
    }

    def judge(row: Row) -> Classifier:
        return next((c for start, c in others.items() if row.source.startswith(start)), of_all)

    return np.array([score(judge(row), row.text, vectors) for row in rows])


def thresholds(rows: Sequence[Row], scores: NDArray[np.float64]) -> tuple[float, float]:
    """For long and for short texts, the least with few false positives on benign texts.

    Of the sources that are never trained on, only the half for development is looked at.
    """
    pairs = list(zip(rows, scores, strict=True))
    benign = [
        (len(r.text) <= SHORT, s)
        for r, s in pairs
        if r.labelled and not r.attack
        for _ in range(1 if r.train else 2 * r.development)  # each stands for both halves
    ]
    benefits = [s for r, s in pairs if r.kind == "benefits" and r.development]
    of_short, of_long = ([s for short, s in benign if short is kind] for kind in (True, False))
    for_short = max(np.quantile(of_short, 1 - MOST_SHORT), np.quantile(benefits, 1 - MOST_BENEFITS))
    left = MOST_BENIGN * len(benign) - sum(s > for_short for s in of_short)
    return float(np.quantile(of_long, 1 - left / len(of_long))), float(for_short)


def sentence_threshold(rows: Sequence[Row], vectors: Vectors) -> float:
    """That few sentences of documents exceed, of those that pass the screen."""
    pairs = zip(rows, folded_scores(rows, vectors), strict=True)
    benign = [s for row, s in pairs if not row.attack and suspects(row.text)]
    return float(np.quantile(benign, 1 - MOST_SENTENCES))


def folded_scores(rows: Sequence[Row], vectors: Vectors) -> NDArray[np.float64]:
    """Scores of all rows, each by a classifier that did not see it but saw its source."""
    scores = np.zeros(len(rows))
    for fold in range(FOLDS):
        seen = [row for at, row in enumerate(rows) if at % FOLDS != fold and row.train]
        classifier = train(seen, vectors)
        for at in range(fold, len(rows), FOLDS):
            scores[at] = score(classifier, rows[at].text, vectors)
    return scores


def curve(
    rows: Sequence[Row], scores: NDArray[np.float64], *, short: bool
) -> list[dict[str, float]]:
    """Recall and false positives of unseen labelled texts, and of benefits questions."""
    length = np.array([(len(row.text) <= SHORT) is short for row in rows])
    groups = {
        "recall": np.array([r.labelled and r.attack for r in rows]) & length,
        "benign": np.array([r.labelled and not r.attack for r in rows]) & length,
        "benefits": np.array([r.kind == "benefits" for r in rows]) & length,
    }
    return [
        {"threshold": float(at)}
        | {name: round(float((scores[kept] > at).mean()), 4) for name, kept in groups.items()}
        for at in np.arange(-2, 4.01, 0.5)
    ]


def area(rows: Sequence[Row], scores: NDArray[np.float64]) -> float:
    """Area under the ROC curve; 0.5 is chance."""
    return float(roc_auc_score([row.attack for row in rows], scores))


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
    scores = folded_scores(rows, vectors)
    questions = train([row for row in rows if row.train], vectors)
    passages = train(sentences, vectors)
    for_long, for_short = thresholds(rows, scores)
    for_sentences = sentence_threshold(sentences, vectors)
    np.savez_compressed(
        COEFFICIENTS,
        questions_weights=questions.weights.astype(np.float16),
        questions_bias=questions.bias,
        questions_threshold=for_long,
        questions_short_threshold=for_short,
        passages_weights=passages.weights.astype(np.float16),
        passages_bias=passages.bias,
        passages_threshold=for_sentences,
        passages_short_threshold=for_sentences,
    )
    figures = {
        "questions_threshold": for_long,
        "questions_short_threshold": for_short,
        "passages_threshold": for_sentences,
        "curve_of_short_texts": curve(rows, scores, short=True),
        "curve_of_long_texts": curve(rows, scores, short=False),
    }
    FIGURES.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    click.echo(FIGURES.read_text())


@main.command("measure")
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--cache", type=click.Path(path_type=Path), help="Keeps embeddings, an .npz file.")
@click.option(
    "--failures", is_flag=True, help="Print the start of each labelled text judged wrong."
)
def measure_command(data: Path, cache: Path | None, *, failures: bool) -> None:
    """Print how rows are judged by classifiers that saw none of their source."""
    vectors = Cache(cache)
    rows = question_rows(data)
    short = [replace(r, text=r.text[:100]) for r in rows if r.labelled]
    vectors.learn(texts_of([*rows, *short]))
    scores = unseen_scores(rows, vectors) - _limits(rows)
    click.echo("By classifiers that saw no row of the source:")
    _print_groups(rows, scores)
    of_short = unseen_scores(short, vectors, trained=rows) - _limits(short)
    _print_labelled("cut to 100 characters", short, of_short)
    click.echo("The same with classifiers that saw other rows of their source, where permitted:")
    _print_groups(rows, folded_scores(rows, vectors) - _limits(rows))
    if failures:
        for row, value in zip(rows, scores, strict=True):
            if row.labelled and (value > 0) != row.attack:
                click.echo(
                    f"{value:6.2f} {'missed' if row.attack else 'refused'} {row.text[:150]!r}"
                )
    _print_indirect(data)


def _limits(rows: Sequence[Row]) -> NDArray[np.float64]:
    classifier = load_classifier("questions")
    return np.array([classifier.limit(row.text) for row in rows])


def _print_groups(rows: Sequence[Row], scores: NDArray[np.float64]) -> None:
    groups: dict[tuple[bool, str, str], list[float]] = defaultdict(list)
    for row, value in zip(rows, scores, strict=True):
        if row.source not in TRAINED_ONLY:
            half = "" if row.train else " (chosen on)" if row.development else " (unseen half)"
            groups[row.attack, row.source + half, row.kind].append(value)
    for (attack, source, kind), values in sorted(groups.items()):
        share = np.mean(np.array(values) > 0)
        label = "attack" if attack else "benign"
        click.echo(f"{label} {source}, {kind}: {share:.3f} refused of {len(values)}")
    named: dict[str, Callable[[Row], bool]] = {
        "all labelled": lambda row: row.labelled,
        "qualifire": lambda row: row.source.startswith("qualifire"),
        "qualifire, unseen half": lambda row: (
            row.source.startswith("qualifire") and not row.development
        ),
    }
    for name, keep in named.items():
        kept = [number for number, row in enumerate(rows) if keep(row)]
        _print_labelled(name, [rows[number] for number in kept], scores[kept])
    benefits = np.array([row.kind == "benefits" for row in rows])
    click.echo(f"benefits questions: {(scores[benefits] > 0).mean():.4f} of {benefits.sum()}")


def _print_labelled(name: str, rows: Sequence[Row], scores: NDArray[np.float64]) -> None:
    attack = np.array([row.attack for row in rows])
    click.echo(
        f"{name}: recall {(scores[attack] > 0).mean():.3f} of {attack.sum()}, "
        f"false positives {(scores[~attack] > 0).mean():.3f} of {(~attack).sum()}, "
        f"AUROC {area(rows, scores):.3f}"
    )


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
