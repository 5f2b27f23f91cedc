"""Training of the classifier of questions, and of the one of a document's sentences."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

from benchmarks.prompt_attacks_rows import Row
from chat_app.guards.prompt_attacks_model import Classifier, features
from chat_app.guards.prompt_attacks_passages import suspects
from chat_app.guards.prompt_attacks_questions import Embed, mean_vector, read_question
from retrieval.embedding.minilm import MiniLM

INVERSE_REGULARISATION = 1.0

MOST_SENTENCES = 0.2
"""False positives among sentences that pass the screen; one chunk in 45 of real documents does.

These are hard ones, written to look like instructions to the assistant."""

FOLDS = 5

Train = Callable[[NDArray[np.bool_]], Classifier]


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
        missing = sorted(set(texts) - self._known.keys(), key=len)
        for at in range(0, len(missing), 256):
            batch = missing[at : at + 256]
            self._known.update(zip(batch, self._embedder.embed(batch), strict=True))
        if self._path and missing:
            texts, vectors = list(self._known), np.stack(list(self._known.values()))
            np.savez(self._path, texts=np.array(texts), vectors=vectors)


def texts_of(rows: Sequence[Row]) -> list[str]:
    """Everything that has to be embedded to judge rows."""
    return [
        part for row in rows for reading in read_question(row.text) for part in reading.embedded
    ]


def trainer(rows: Sequence[Row], vectors: Embed, *, sentences: bool) -> Train:
    """What trains on any selection of rows, by the whole of each as it is read first.

    Args:
        rows: that may be trained on.
        vectors: knows all of their parts.
        sentences: learn from the sentences of longer rows too, as each is judged alone later. Those
            of a benign text are benign; of an attack it is the one that looks worst to a
            classifier that was trained without it.
    """
    examples = [
        example
        for number, row in enumerate(rows)
        for example in _examples(number, row, sentences=sentences)
    ]
    row_of = np.array([example.row for example in examples])
    attack = np.array([row.attack for row in rows])[row_of]
    unsure = attack & np.array([example.sentence for example in examples])
    groups = np.array([example.group for example in examples])
    matrix = sparse.vstack(
        [
            sparse.csr_matrix(features(each.text, mean_vector(vectors(each.embedded))))
            for each in examples
        ],
        format="csr",
    )

    def fitted(kept: NDArray[np.bool_]) -> Classifier:
        model = LogisticRegression(C=INVERSE_REGULARISATION, max_iter=3000)
        weights = example_weights(groups[kept], attack[kept])
        model.fit(matrix[np.flatnonzero(kept)], attack[kept], sample_weight=weights)
        return Classifier(model.coef_[0].astype(np.float32), float(model.intercept_[0]), 0.0, 0.0)

    def train(selected: NDArray[np.bool_]) -> Classifier:
        inside = selected[row_of]
        without = fitted(inside & ~unsure)
        if not (inside & unsure).any():
            return without
        scores = matrix @ without.weights
        worst = {
            row_of[at]: at for at in np.argsort(scores, kind="stable") if (inside & unsure)[at]
        }
        kept = inside & ~unsure
        kept[list(worst.values())] = True
        return fitted(kept)

    return train


def example_weights(groups: NDArray[np.str_], attack: NDArray[np.bool_]) -> NDArray[np.float64]:
    """What each example counts, so that no kind outweighs the rest by its number alone.

    A group counts as the square root of its size, and both labels the same.

    Args:
        groups: of each example; all of a group have one label.
        attack: the label of each example.

    Returns:
        float64 (n,), mean 1.
    """
    _, group, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    weights = sizes[group] ** -0.5
    for label in np.unique(attack):
        weights[attack == label] *= len(groups) / 2 / weights[attack == label].sum()
    return np.asarray(weights / weights.mean(), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class _Example:
    """The whole of a row, or a sentence of it.

    Attributes:
        row: its number.
        text: plain.
        embedded: the parts whose mean vector stands for it.
        group: of examples of the same kind and label.
        sentence: and not the whole.
    """

    row: int
    text: str
    embedded: tuple[str, ...]
    group: str
    sentence: bool = False


def _examples(number: int, row: Row, *, sentences: bool) -> Iterator[_Example]:
    first = read_question(row.text)[0]
    group = f"{row.kind}, {'attack' if row.attack else 'benign'}"
    yield _Example(number, first.whole, tuple(first.embedded), group)
    if sentences and len(first.sentences) > 1:
        for text, embedded in zip(first.sentences, first.embedded, strict=True):
            yield _Example(number, text, (embedded,), f"{group}, sentence", sentence=True)


def train_sentences(rows: Sequence[Row], vectors: Cache) -> tuple[Classifier, float]:
    """The classifier of sentences in documents, and its threshold.

    The threshold is what few sentences exceed, of those that pass the screen, when they are scored
    by classifiers that did not see them.
    """
    train = trainer(rows, vectors, sentences=False)
    folds = np.arange(len(rows)) % FOLDS
    scores: list[float] = []
    for fold in range(FOLDS):
        classifier = train(folds != fold)
        scores += [
            classifier.score(first.whole, mean_vector(vectors(first.embedded)))
            for row in rows[fold::FOLDS]
            if not row.attack and suspects(row.text)
            for first in read_question(row.text)[:1]
        ]
    return train(folds >= 0), float(np.quantile(scores, 1 - MOST_SENTENCES))
