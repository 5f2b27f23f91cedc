"""The vectors of one index: keys, float32 rows and metadata, with exact distances."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.doubles.s3_vectors.paging import position


@dataclass(frozen=True, slots=True)
class Vector:
    """One vector as it was put.

    Attributes:
        key: unique in its index.
        data: float32 (dimension,).
        metadata: as given.
        size: bytes of key, numbers and metadata, as pages count them.
    """

    key: str
    data: NDArray[np.float32]
    metadata: Mapping[str, Any]
    size: int


class VectorRows:
    """A matrix that grows, one row for each key; a deleted row is filled by the last one.

    Args:
        dimension: numbers in a row.
        metric: ``cosine``, for which rows are scaled to norm 1, or ``euclidean``.
    """

    def __init__(self, dimension: int, metric: str) -> None:
        self._cosine = metric == "cosine"
        self._matrix = np.empty((64, dimension), dtype=np.float32)
        self._vectors: list[Vector] = []
        self._rows: dict[str, int] = {}
        self._order: list[tuple[int, str]] | None = None
        self.version = 0

    def __len__(self) -> int:
        return len(self._vectors)

    def __iter__(self) -> Iterator[Vector]:
        return iter(self._vectors)

    def get(self, key: str) -> Vector | None:
        """The vector of this key."""
        row = self._rows.get(key)
        return None if row is None else self._vectors[row]

    def keys_of(self, rows: NDArray[np.intp]) -> list[str]:
        """The keys of these rows."""
        return [self._vectors[row].key for row in rows.tolist()]

    def put(self, vectors: Sequence[Vector]) -> None:
        """Add vectors, or overwrite those with the same keys."""
        for vector in vectors:
            row = self._rows.setdefault(vector.key, len(self._vectors))
            if row == len(self._vectors):
                self._make_room(row + 1)
                self._vectors.append(vector)
                self._order = None
            self._vectors[row] = vector
            self._matrix[row] = self._row(vector.data)
        self.version += 1

    def delete(self, keys: Sequence[str]) -> None:
        """Remove these keys; those that are missing are passed over."""
        for key in keys:
            row = self._rows.pop(key, None)
            if row is None:
                continue
            last = self._vectors.pop()
            if last.key != key:
                self._vectors[row], self._rows[last.key] = last, row
                self._matrix[row] = self._matrix[len(self)]
            self._order = None
        self.version += 1

    def in_order(self) -> list[tuple[int, str]]:
        """Every key with its position, in the arbitrary but stable order of the service."""
        if self._order is None:
            self._order = sorted((position(key), key) for key in self._rows)
        return self._order

    def distances(self, to: NDArray[np.float32], rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """Distance of these rows: 1 - cosine similarity, or the euclidean distance."""
        chosen = self._matrix[: len(self)] if len(rows) == len(self) else self._matrix[rows]
        if self._cosine:
            return np.asarray(1 - chosen @ self._row(to), np.float32)
        return np.asarray(np.linalg.norm(chosen.astype(np.float64) - to, axis=1), np.float32)

    def _row(self, data: NDArray[np.float32]) -> NDArray[np.float32]:
        if not self._cosine:
            return data
        exact = data.astype(np.float64)
        return np.asarray(exact / np.linalg.norm(exact), np.float32)

    def _make_room(self, rows: int) -> None:
        if rows > len(self._matrix):
            self._matrix = np.concatenate([self._matrix, np.empty_like(self._matrix)])
