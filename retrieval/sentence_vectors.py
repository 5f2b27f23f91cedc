"""The sentences of a chunk as the model reads them in their place. Pure functions."""

from collections.abc import Sequence
from dataclasses import dataclass, field

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
        lengths: of the directions, float32, (n,).
    """

    spans: NDArray[np.int32]
    directions: NDArray[np.int8]
    lengths: NDArray[np.float32] = field(init=False)

    def __post_init__(self) -> None:
        numbers = self.directions.astype(np.float32)
        object.__setattr__(self, "lengths", np.sqrt(np.vecdot(numbers, numbers)))

    def similarities(self, vector: Vector) -> NDArray[np.float32]:
        """Cosine of each sentence and a vector of norm 1, (n,), -1 to 1."""
        return _cosines(self.directions, self.lengths, vector)


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
    known = [chunk for chunk in chunks if chunk and len(chunk.lengths)]
    if not known:
        return [None] * len(chunks)
    lengths = [chunk.lengths for chunk in known]
    directions = np.concatenate([chunk.directions for chunk in known])
    cosines = _cosines(directions, np.concatenate(lengths), vector)
    starts = np.cumsum([0, *map(len, lengths[:-1])])
    best = iter(np.maximum.reduceat(cosines, starts).tolist())
    return [next(best) if chunk and len(chunk.lengths) else None for chunk in chunks]


def _cosines(
    directions: NDArray[np.int8], lengths: NDArray[np.float32], vector: Vector
) -> NDArray[np.float32]:
    # In this thread alone, as a product of matrices is not: BLAS waits for its threads.
    products = np.vecdot(directions.astype(np.float32), np.asarray(vector, np.float32))
    return np.asarray(products / lengths)
