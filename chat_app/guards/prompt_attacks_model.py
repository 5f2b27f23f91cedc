"""The classifiers of prompt attacks: logistic regression over an embedding, cues and words."""

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chat_app.guards.prompt_attacks_cues import CUES, cues, unmistakable

COEFFICIENTS = Path(__file__).with_name("prompt_attacks.npz")
"""Written by ``python -m benchmarks.prompt_attacks train``."""

BUCKETS = 32_768
"""Words share this many weights by their CRC-32, so that no vocabulary is kept.

Of the 8,295 trained on, 23 in 100 share theirs; with 8,192 weights 64 in 100 would."""

DIMENSION = 384
FEATURES = DIMENSION + len(CUES) + BUCKETS
CUE_WEIGHT, WORD_WEIGHT = 0.75, 3.0
"""Scales beside a vector of norm 1; of those tried the best on half of the held-out rows."""

SHORT = 250
"""Characters. Long role plays that are benign score high, so longer texts have a threshold of
their own; with one for all, short attacks in other words or languages would pass."""

MARK = 6.0
"""Added for a mark that decides alone, such as the control tokens of a chat model."""

_WORD = re.compile(r"\w+")


def features(text: str, vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """What a classifier sees of a plain text and its embedding; float32 (FEATURES,).

    The words count as a vector of norm WORD_WEIGHT, so that the length of a text says nothing.
    """
    row = np.zeros(FEATURES, dtype=np.float32)
    row[:DIMENSION] = vector
    row[DIMENSION : DIMENSION + len(CUES)] = CUE_WEIGHT * cues(text)
    buckets = _buckets(text)
    if buckets:
        row[DIMENSION + len(CUES) + np.array(buckets)] = WORD_WEIGHT / len(buckets) ** 0.5
    return row


@dataclass(frozen=True, slots=True)
class Classifier:
    """One logistic regression.

    Attributes:
        weights: float32 (FEATURES,).
        bias: the score of a text without features.
        threshold: an attack scores more; the file of figures beside this module holds the curve.
        short_threshold: the same for texts of at most SHORT characters.
    """

    weights: NDArray[np.float32]
    bias: float
    threshold: float
    short_threshold: float

    def limit(self, text: str) -> float:
        """The threshold for a text."""
        return self.short_threshold if len(text) <= SHORT else self.threshold

    def score(self, text: str, vector: NDArray[np.float32]) -> float:
        """How much more likely an attack is than not, as log odds."""
        score = float(self.weights @ features(text, vector)) + self.bias
        return score + MARK if unmistakable(text) else score

    def worst(self, parts: Sequence[str], vectors: NDArray[np.float32]) -> float:
        """The score of a text in parts: that of the whole or of its worst part, the greater."""
        scores = [self.score(part, vector) for part, vector in zip(parts, vectors, strict=True)]
        if len(parts) > 1:
            mean = vectors.mean(axis=0)
            scores.append(self.score(" ".join(parts), mean / np.linalg.norm(mean)))
        return max(scores)


@cache
def load_classifier(name: str) -> Classifier:
    """The classifier of ``questions`` or of the sentences of ``passages``."""
    with np.load(COEFFICIENTS) as stored:
        return Classifier(
            weights=stored[f"{name}_weights"].astype(np.float32),
            bias=float(stored[f"{name}_bias"]),
            threshold=float(stored[f"{name}_threshold"]),
            short_threshold=float(stored[f"{name}_short_threshold"]),
        )


def _buckets(text: str) -> list[int]:
    words = set(_WORD.findall(text.lower()))
    return sorted({zlib.crc32(word.encode("utf-8", "replace")) % BUCKETS for word in words})
