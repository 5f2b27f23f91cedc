"""Exact search among records that one SQLite file keeps."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol

import numpy as np

from retrieval.documents import Record, Scalar, Vector
from retrieval.errors import StoreBusyError
from retrieval.filters import Filter
from retrieval.interfaces import Contract, Hit
from retrieval.stores.contents import Contents, ContentTable
from retrieval.stores.paging import PAGE, pages
from retrieval.stores.records import check_vector, checked_records
from retrieval.stores.rows import Rows
from retrieval.stores.sqlite_file import FAULTS, Moment, SqliteFile

DEAD = 10_000
"""Rows that were removed or put again, above which they are dropped once they are half of all."""


class RecordTable(ContentTable, Protocol):
    """Records in a SQLite file. All but ``file`` and ``create`` are called in a transaction."""

    @property
    def file(self) -> SqliteFile:
        """Where they are."""

    def create(self, contract: Contract) -> None:
        """Put an empty index in place of what is there."""

    def identity(self) -> tuple[str, Contract] | None:
        """A name that no other index of this file has had, and the contract."""

    def version(self) -> str:
        """Differs once records were put or removed."""

    def put(self, records: Sequence[Record]) -> None:
        """Write records with distinct keys in place of those there."""

    def delete(self, keys: Sequence[str]) -> None:
        """Remove keys."""

    def get(self, keys: Sequence[str]) -> list[Record]:
        """The records of distinct keys, in any order."""


class TableStore:
    """Keeps vectors in memory once a search needed them, and reads the texts of what it finds.

    Every search ranks all that its filter admits. The 100 best of 2,500 vectors of 384 numbers,
    with their texts, take 0.6 ms of one core, of 100,000 14 ms; the first search of a process also
    reads the vectors, fields and texts, 25 microseconds a record. What other processes write is
    read, and only that, before the next operation.
    """

    def __init__(self, table: RecordTable) -> None:
        """Hold the table; its file is opened at the first use."""
        self._table = table
        self._identity: tuple[str, Contract] | None = None
        self._rows: Rows | None = None
        self._moment: Moment | None = None
        self._rows_moment: Moment | None = None
        self._version = ""
        self._contents = Contents(table)

    def read_contract(self) -> Contract | None:
        """What the index was built with, or None when there is no index yet."""
        with self._reading() as contract:
            return contract

    def create(self, contract: Contract) -> None:
        """Make an empty index; one that is there is replaced."""
        self._table.create(contract)

    def put(self, records: Sequence[Record]) -> None:
        """Store records; those with a key that is there are replaced."""
        with self._reading() as contract:
            wanted = checked_records(records, contract)
        if wanted:
            with self._writing():
                self._table.put(wanted)

    def get(self, keys: Sequence[str]) -> list[Record]:
        """The records of these keys, in their order; unknown ones are skipped."""
        records: dict[str, Record] = {}
        with self._reading() as contract:
            for page in pages(dict.fromkeys(keys) if contract else [], PAGE):
                records.update((record.key, record) for record in self._table.get(page))
        return [records[key] for key in keys if key in records]

    def compare(self, keys: Sequence[str], vector: Vector) -> list[Hit]:
        """The records of these keys and how near they are, in the order of the keys."""
        with self._reading() as contract:
            if contract is None:
                return []
            check_vector(vector, contract, "the query's vector")
            rows = self._refreshed(contract)
            found = rows.compared(keys, np.asarray(vector, np.float32))
            return self._hits(rows, found)

    def delete(self, keys: Sequence[str]) -> None:
        """Remove these keys; unknown ones are no error."""
        with self._reading() as contract:
            known = bool(keys) and contract is not None
        if known:
            with self._writing():
                for page in pages(dict.fromkeys(keys), PAGE):
                    self._table.delete(page)

    def query(self, vector: Vector, limit: int, where: Filter | None = None) -> list[Hit]:
        """The nearest records among those the filter admits, by falling similarity, then key."""
        with self._reading() as contract:
            if contract is None:
                return []
            check_vector(vector, contract, "the query's vector")
            if limit < 1:
                return []
            rows = self._refreshed(contract)
            return self._hits(rows, rows.nearest(np.asarray(vector, np.float32), limit, where))

    def scan(self, where: Filter | None = None) -> Iterator[tuple[str, Mapping[str, Scalar]]]:
        """Key and metadata of every record the filter admits, by key, read page by page."""
        with self._reading() as contract:
            rows = self._refreshed(contract) if contract else None
            keys = sorted(rows.key(row) for row in rows.admitted(where).tolist()) if rows else []
        for page in pages(keys, PAGE):
            with self._reading() as contract:
                fields = self._metadata(self._refreshed(contract), page) if contract else {}
            yield from ((key, fields[key]) for key in page if key in fields)

    def count(self, where: Filter | None = None) -> int:
        """How many records the filter admits."""
        with self._reading() as contract:
            if contract is None:
                return 0
            rows = self._refreshed(contract)
            return len(rows) if where is None else len(rows.admitted(where))

    def version(self) -> str:
        """Differs once records were put or removed, by whatever process."""
        with self._reading():
            return self._version

    def close(self) -> None:
        """Release the file; the store is not used afterwards."""
        self._table.file.close()

    @contextmanager
    def _reading(self) -> Iterator[Contract | None]:
        """A transaction that reads; the contract is None where there is no index."""
        with self._table.file.reading() as connection:
            if connection is None:
                self._identity, self._rows, self._moment, self._version = None, None, None, ""
            elif (moment := self._table.file.moment(connection)) != self._moment:
                identity = self._table.identity()
                if identity != self._identity:
                    self._rows = None
                self._identity, self._moment = identity, moment
                self._version = self._table.version() if identity else ""
            try:
                yield self._identity[1] if self._identity else None
            except FAULTS:
                # What was read by halves is read anew.
                self._rows = None
                raise

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A transaction that writes to the index that was read last."""
        with self._table.file.writing():
            if self._table.identity() != self._identity:
                raise StoreBusyError(
                    f"another process has just created {self._table.file.name} anew: try again"
                )
            yield

    def _refreshed(self, contract: Contract) -> Rows:
        if self._rows is None or (self._rows.dead > max(DEAD, len(self._rows))):
            self._contents = Contents(self._table)
            self._rows, self._rows_moment = Rows(self._contents, contract.dimension), None
        if self._rows_moment != self._moment:
            self._rows.refresh()
            self._rows_moment = self._moment
        return self._rows

    def _hits(self, rows: Rows, found: Sequence[tuple[int, str, float]]) -> list[Hit]:
        """Row, key and similarity with text and metadata."""
        numbers = rows.numbers([row for row, _, _ in found])
        contents = self._contents.of(numbers)
        return [
            Hit(key, *contents[number], similarity)
            for number, (_, key, similarity) in zip(numbers, found, strict=True)
        ]

    def _metadata(self, rows: Rows, keys: Sequence[str]) -> dict[str, Mapping[str, Scalar]]:
        """Of those keys that are there."""
        places = {number: key for key in keys if (number := rows.find(key)) is not None}
        return {places[n]: fields for n, (_, fields) in self._contents.of(list(places)).items()}
