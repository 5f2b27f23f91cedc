"""The sentences of a chunk as the model reads them in their place. Pure functions."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.documents import Vector

LEVELS = 127
"""Whole numbers to which a vector's largest one is rounded; of 100 cosines 99 keep to .001 of
what they were."""


@dataclass(frozen=True, slots=True, eq=False)
class SentenceVectors:
    """Where sentences stand in a chunk's text, and which way their vectors point.

    Attributes:
        spans: int32, (n, 2): character offsets in the chunk's text, end exclusive, in order.
        directions: int8, (n, dimension), of any length but 0.
    """

    spans: NDArray[np.int32]
    directions: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.directions)

    def similarities(self, vector: Vector) -> NDArray[np.float32]:
        """Cosine of each sentence and a vector of norm 1, (n,), -1 to 1."""
        return _cosines(self.directions.astype(np.float32), vector)


def rounded(spans: Sequence[tuple[int, int]], vectors: NDArray[np.float32]) -> SentenceVectors:
    """Sentences with their vectors in 8 bits; those with a vector of zeros are left out.

    Args:
        spans: in the chunk's text, end exclusive, in order.
        vectors: (n, dimension).
    """
    largest = np.abs(vectors).max(axis=1, initial=0)
    known = largest > 0
    scaled = vectors[known] * (LEVELS / largest[known, None])
    places = np.asarray(spans, dtype=np.int32).reshape(len(spans), 2)
    return SentenceVectors(places[known], np.rint(scaled).astype(np.int8))


def best_similarities(
    chunks: Sequence[SentenceVectors | None], vector: Vector
) -> list[float | None]:
    """Of each chunk, the cosine of the sentence that is nearest; None where none is known.

    Args:
        chunks: None for one whose sentences are not kept.
        vector: of the question, norm 1.
    """
    counts = [0 if chunk is None else len(chunk.directions) for chunk in chunks]
    known = [chunk.directions for chunk in chunks if chunk is not None]
    if not any(counts):
        return [None] * len(chunks)
    cosines = _cosines(np.concatenate(known, dtype=np.float32), vector)
    starts = np.cumsum([0, *filter(None, counts)])[:-1]
    best = iter(np.maximum.reduceat(cosines, starts).tolist())
    return [next(best) if count else None for count in counts]


def _cosines(directions: NDArray[np.float32], vector: Vector) -> NDArray[np.float32]:
    # In this thread alone, as a product of matrices is not: BLAS waits for its threads.
    products = np.vecdot(directions, np.asarray(vector, np.float32))
    return np.asarray(products / np.sqrt(np.vecdot(directions, directions)))
