"""How far a question is an attack: the whole of each of its readings, and each sentence.

One sentence makes a text an attack when it rides on an ordinary question, so every sentence is
judged like a text of its own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chat_app.guards.prompt_attacks_model import SHORT, Classifier
from chat_app.guards.prompt_attacks_text import readings, sentences

Embed = Callable[[Sequence[str]], NDArray[np.float32]]
"""Texts to all-MiniLM-L6-v2 vectors, float32 (n, 384), rows of norm 1."""

MAX_EMBEDDED, MAX_HIDDEN = 10, 5
"""Sentences, or runs of them, that are embedded of a text in all, and of what it hides."""

MAX_OF_SHORT = 3
"""Of a reading of at most SHORT characters."""

READ_WORDS, READ_CHARACTERS = 150, 1_000
"""Of a sentence or run, for its vector: MiniLM reads 256 tokens. Its words and cues all count."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a question.

    Attributes:
        whole: plain.
        sentences: plain, at least one.
    """

    whole: str
    sentences: tuple[str, ...]

    @property
    def embedded(self) -> list[str]:
        """The sentences, as far as their vectors tell of them."""
        return [" ".join(s.split(" ")[:READ_WORDS])[:READ_CHARACTERS] for s in self.sentences]


def read_question(text: str) -> list[Reading]:
    """As it is written first, then what it hides."""
    as_written, *hidden = readings(text)
    most = MAX_EMBEDDED - MAX_HIDDEN if hidden else MAX_EMBEDDED
    first = Reading(as_written, _sentences(text, as_written, most))
    return [
        first,
        *(Reading(one, _sentences(one, one, MAX_HIDDEN // len(hidden))) for one in hidden),
    ]


def score_question(classifier: Classifier, text: str, embed: Embed) -> float:
    """The greatest score of the readings of a text, as log odds; one call embeds all of them."""
    found = read_question(text)
    vectors = embed([part for reading in found for part in reading.embedded])
    ends = np.cumsum([len(reading.sentences) for reading in found])
    of_readings = np.split(vectors, ends[:-1])
    return max(_score(classifier, *each) for each in zip(found, of_readings, strict=True))


def mean_vector(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """The direction of the mean; float32 (384,), norm 1, or zeros of vectors without one."""
    mean: NDArray[np.float32] = vectors.mean(axis=0)
    norm = float(np.linalg.norm(mean))
    return mean / np.float32(norm) if norm else mean


def _sentences(text: str, plain: str, most: int) -> tuple[str, ...]:
    return tuple(sentences(text, min(most, MAX_OF_SHORT) if len(plain) <= SHORT else most))


def _score(classifier: Classifier, reading: Reading, vectors: NDArray[np.float32]) -> float:
    of_whole = classifier.score(reading.whole, mean_vector(vectors))
    return max(of_whole, classifier.worst(reading.sentences, vectors))
