"""The texts and metadata of the rows of an index, those of a small one in memory."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol, TypeAlias

from retrieval.documents import Scalar
from retrieval.stores.paging import PAGE, pages

KEPT = 10_000
"""Rows, read or found lately, that stay in memory: about 3 KB each, and 10 microseconds to read."""

Content: TypeAlias = tuple[int, str, Mapping[str, Scalar]]
"""Number, text and metadata of a row."""


class ContentTable(Protocol):
    """Where rows are read from, each under a number that only grows."""

    def keys(self, after: int) -> Iterable[tuple[int, str, bool]]:
        """Number, key and whether it is there, of what was put or removed after a number."""

    def vectors(self, after: int) -> Iterable[tuple[int, bytes]]:
        """Number and vector, little-endian float32, of what was put after a number."""

    def contents(self, after: int) -> Iterable[Content]:
        """What was put after a number."""

    def contents_of(self, numbers: Sequence[int]) -> Iterable[Content]:
        """What was put under these numbers."""


class Contents:
    """Reads of a table, as a ``rows.Table``, and keeps what it has read.

    A search reads the metadata of all rows for its filter, once: the texts, which stand beside it,
    are then at hand for what is found, as long as they are few.
    """

    def __init__(self, table: ContentTable) -> None:
        """Hold the table; nothing is read yet."""
        self._table = table
        self._kept: dict[int, tuple[str, Mapping[str, Scalar]]] = {}

    def keys(self, after: int) -> Iterable[tuple[int, str, bool]]:
        """Number, key and whether it is there, of what was put or removed after a number."""
        return self._table.keys(after)

    def vectors(self, after: int) -> Iterable[tuple[int, bytes]]:
        """Number and vector, little-endian float32, of what was put after a number."""
        return self._table.vectors(after)

    def fields(self, after: int) -> Iterator[tuple[int, Mapping[str, Scalar]]]:
        """Number and metadata of what was put after a number."""
        for number, text, fields in self._table.contents(after):
            if len(self._kept) < KEPT:
                self._kept[number] = (text, fields)
            yield number, fields

    def of(self, numbers: Sequence[int]) -> dict[int, tuple[str, Mapping[str, Scalar]]]:
        """Text and metadata of rows; a number never stands for anything else."""
        known = {number: self._kept[number] for number in numbers if number in self._kept}
        if len(known) < len(numbers):
            for page in pages((n for n in numbers if n not in known), PAGE):
                known.update(
                    (n, (text, fields)) for n, text, fields in self._table.contents_of(page)
                )
            if len(self._kept) + len(numbers) > KEPT:
                self._kept = {}
            self._kept.update(known)
        return known
