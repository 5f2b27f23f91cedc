"""The keys, vectors and filterable fields of an index in memory, as columns of numpy."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from retrieval.documents import Scalar, Vector
from retrieval.filters import Filter
from retrieval.stores.columns import Column, admits, fields_of
from retrieval.stores.paging import PAGE, pages
from retrieval.stores.records import cosines

SCATTERED = 16
"""Rows in a run on average, below which they are copied together before they are ranked."""
USUAL = ("policy", "plan_year", "chunk_index")
"""Fields that are read with the first of any: every question names them, and a pass over the
metadata takes 8 microseconds a row."""
TOLERANCE = 1e-5
"""How far a product in float32 may be from the cosine."""


T = TypeVar("T")


class Table(Protocol):
    """Where the rows are read from, each under a number that only grows."""

    def keys(self, after: int) -> Iterable[tuple[int, str, bool]]:
        """Number, key and whether it is there, of what was put or removed after a number."""

    def vectors(self, after: int) -> Iterable[tuple[int, bytes]]:
        """Number and vector, little-endian float32, of what was put after a number."""

    def fields(self, after: int) -> Iterable[tuple[int, Mapping[str, Scalar]]]:
        """Number and metadata of what was put after a number."""


class Rows:
    """Reads of a table what is asked for: keys first, vectors and fields when they are needed.

    A key that is put again has a new row; the old one is dead.
    """

    def __init__(self, table: Table, dimension: int) -> None:
        """Hold the table; nothing is read yet."""
        self._table = table
        self._dimension = dimension
        self._last = 0
        self._at: dict[str, int] = {}
        self._keys: list[str] = []
        self._numbers = np.zeros(0, np.int64)
        self._alive = np.zeros(0, bool)
        self._vectors = np.zeros((0, dimension), np.float32)
        self._vectors_to = 0
        self._columns: dict[str, Column] = {}
        self._columns_to: dict[str, int] = {}

    def refresh(self) -> None:
        """Read what was put or removed since the last time."""
        numbers: list[int] = []
        for number, key, there in self._table.keys(self._last):
            self._last = number
            if (old := self._at.pop(key, None)) is not None:
                self._keys[old] = ""
            if there:
                self._at[key] = len(self._keys)
                self._keys.append(key)
                numbers.append(number)
        self._numbers = np.append(self._numbers, np.array(numbers, np.int64))
        self._alive = np.zeros(len(self._keys), bool)
        self._alive[np.fromiter(self._at.values(), np.int64, len(self._at))] = True

    @property
    def dead(self) -> int:
        """Rows of keys that were removed or put again."""
        return len(self._keys) - len(self._at)

    def __len__(self) -> int:
        return len(self._at)

    def admitted(self, where: Filter | None) -> NDArray[np.int64]:
        """The rows that the filter admits."""
        if where is None:
            return np.flatnonzero(self._alive)
        self._read_columns(fields_of(where))
        mask = admits(where, self._columns, len(self._keys))
        return np.flatnonzero(mask & self._alive)

    def key(self, row: int) -> str:
        """The key of a row."""
        return self._keys[row]

    def numbers(self, rows: Sequence[int]) -> list[int]:
        """The numbers of rows in their table."""
        numbers: list[int] = self._numbers[rows].tolist()
        return numbers

    def find(self, key: str) -> int | None:
        """The number of a key, or None when it is not there."""
        row = self._at.get(key)
        return None if row is None else int(self._numbers[row])

    def nearest(
        self, vector: Vector, limit: int, where: Filter | None
    ) -> list[tuple[int, str, float]]:
        """Exact cosine ranking of the rows that the filter admits.

        Returns:
            Row, key and similarity, -1 to 1, by falling similarity, then key.
        """
        rows = self.admitted(where)
        if not len(rows):
            return []
        vectors = self._read_vectors()
        roughly = _products(vectors, rows, vector / np.linalg.norm(vector))
        if limit < len(rows):
            # Within the tolerance the product does not tell which of two rows is closer.
            least = np.partition(roughly, -limit)[-limit] - TOLERANCE
            rows = rows[roughly >= least]
        exactly = cosines(vectors[rows], vector)
        places = rows.tolist()
        keys = [self._keys[row] for row in places]
        falling = sorted(zip((-exactly).tolist(), keys, places, strict=True))[:limit]
        return [(row, key, -below) for below, key, row in falling]

    def compared(self, keys: Sequence[str], vector: Vector) -> list[tuple[int, str, float]]:
        """Row, key and similarity of those keys that are there, in their order."""
        found = [(self._at[key], key) for key in keys if key in self._at]
        if not found:
            return []
        rows = [row for row, _ in found]
        similarities = cosines(self._read_vectors()[rows], vector).tolist()
        return [(row, key, s) for (row, key), s in zip(found, similarities, strict=True)]

    def _read_vectors(self) -> NDArray[np.float32]:
        rows = len(self._keys)
        if rows > len(self._vectors):
            # Room to grow, which takes no memory until it is filled, spares most copies.
            room = np.zeros((rows + rows // 8 + PAGE, self._dimension), np.float32)
            room[: len(self._vectors)] = self._vectors
            self._vectors = room
        if self._vectors_to < self._last:
            for places, blobs in self._placed(self._table.vectors(self._vectors_to)):
                page = np.frombuffer(b"".join(blobs), "<f4").reshape(len(blobs), -1)
                self._vectors[places] = page / _lengths(page)
            self._vectors_to = self._last
        return self._vectors[:rows]

    def _read_columns(self, names: Sequence[str]) -> None:
        """Bring the columns of these fields up to date, all in one pass."""
        behind = [name for name in names if self._columns_to.get(name, -1) < self._last]
        if not behind:
            return
        behind += [name for name in USUAL if name not in names and name not in self._columns]
        columns = [self._columns.setdefault(name, Column()) for name in behind]
        for column in columns:
            column.extend(len(self._keys))
        start = min(self._columns_to.get(name, 0) for name in behind)
        for rows, page in self._placed(self._table.fields(start)):
            for name, column in zip(behind, columns, strict=True):
                there = [row for row, fields in zip(rows, page, strict=True) if name in fields]
                column.fill(there, (fields[name] for fields in page if name in fields))
        self._columns_to.update(dict.fromkeys(behind, self._last))

    def _placed(self, numbered: Iterable[tuple[int, T]]) -> Iterator[tuple[list[int], list[T]]]:
        """Page by page, the rows of the numbers and what comes with them."""
        for page in pages(numbered, PAGE):
            numbers = np.array([number for number, _ in page], np.int64)
            yield np.searchsorted(self._numbers, numbers).tolist(), [value for _, value in page]


def _products(
    vectors: NDArray[np.float32], rows: NDArray[np.int64], direction: Vector
) -> NDArray[np.float32]:
    """Product of each of the rows, in order, with a direction.

    The passages of a plan stand together, so that its rows are few runs, which need not be copied.
    ``vecdot`` runs in this thread alone: a matrix product waits for threads of BLAS, on a busy
    machine 40 ms for 10,000 rows in place of 0.5 ms.
    """
    breaks = np.flatnonzero(np.diff(rows) != 1) + 1
    if 2 * len(rows) > len(vectors):
        return np.asarray(np.vecdot(vectors, direction)[rows])
    if SCATTERED * len(breaks) > len(rows):
        return np.asarray(np.vecdot(vectors[rows], direction))
    starts, ends = [0, *breaks.tolist()], [*breaks.tolist(), len(rows)]
    runs = [
        np.vecdot(vectors[rows[start] : rows[end - 1] + 1], direction)
        for start, end in zip(starts, ends, strict=True)
    ]
    return np.concatenate(runs)


def _lengths(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Length of each row as a column; to the bit 1 where it is 1 but for rounding."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.where(np.abs(lengths - 1) <= TOLERANCE / 2, np.float32(1), lengths)
