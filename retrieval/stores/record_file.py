"""Records in one SQLite file: durable, read by many processes, written by one at a time."""

import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from threading import RLock
from typing import Any

import numpy as np

from retrieval.documents import Record
from retrieval.errors import StoreUnavailableError
from retrieval.interfaces import Contract
from retrieval.stores.contents import Content
from retrieval.stores.sqlite_file import SqliteFile

APPLICATION_ID = 0x62637632
"""Marks the file as ours (``PRAGMA application_id``); spells "bcv2"."""

_SCHEMA = """
PRAGMA journal_mode = WAL;
CREATE TABLE contract (identity TEXT NOT NULL, value TEXT NOT NULL, version INTEGER NOT NULL);
CREATE TABLE records (
    number INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE,
    vector BLOB, text TEXT, metadata TEXT
);
"""
# A removed key keeps a row without vector, for the processes that have read it before.
_PUT = "INSERT OR REPLACE INTO records (key, vector, text, metadata) VALUES (?, ?, ?, ?)"
_CONTENT = "number, text, metadata"


class RecordFile:
    """One index in one file, or in memory, as a ``table_store.RecordTable``."""

    def __init__(self, path: Path | None) -> None:
        """Hold the path; the file is opened at the first use."""
        remedy = "move the file away and run `benefits-chat index PATH`"
        self.file = SqliteFile(path, str(path or "the index in memory"), remedy, RLock())

    def create(self, contract: Contract) -> None:
        """Put an empty index in place of what is there."""
        self.file.make(_SCHEMA, APPLICATION_ID)
        with self.file.writing() as connection:
            self._check(connection)
            connection.execute("DELETE FROM records")
            connection.execute("DELETE FROM contract")
            connection.execute(
                "INSERT INTO contract VALUES (?, ?, 0)",
                [uuid.uuid4().hex, json.dumps(asdict(contract))],
            )

    def identity(self) -> tuple[str, Contract] | None:
        """A name that no other index of this file has had, and the contract."""
        with self.file.reading() as connection:
            if connection is None or not self._check(connection):
                return None
            rows = connection.execute("SELECT identity, value FROM contract").fetchall()
        return (rows[0][0], _contract(rows[0][1])) if rows else None

    def version(self) -> str:
        """Differs once records were put or removed."""
        [(identity, changes)] = self._execute("SELECT identity, version FROM contract")
        return f"{identity} {changes}"

    def put(self, records: Sequence[Record]) -> None:
        """Write records with distinct keys in place of those there."""
        self._write([(r.key, _bytes(r), r.text, json.dumps(dict(r.metadata))) for r in records])

    def delete(self, keys: Sequence[str]) -> None:
        """Remove keys."""
        there = self._among("key", keys)
        if there:
            self._write([(key, None, None, None) for (key,) in there])

    def get(self, keys: Sequence[str]) -> list[Record]:
        """The records of distinct keys."""
        return [
            Record(key, text, json.loads(fields), np.frombuffer(vector, "<f4").astype(np.float32))
            for key, text, fields, vector in self._among("key, text, metadata, vector", keys)
        ]

    def keys(self, after: int) -> Iterator[tuple[int, str, bool]]:
        """Number, key and whether it is there, of what was put or removed after a number."""
        rows = self._after("number, key, vector IS NOT NULL", after)
        return ((number, key, bool(there)) for number, key, there in rows)

    def vectors(self, after: int) -> Iterator[tuple[int, bytes]]:
        """Number and vector of what was put after a number."""
        return self._after("number, vector", after, "AND vector IS NOT NULL")

    def contents(self, after: int) -> Iterator[Content]:
        """What was put after a number."""
        return map(_content, self._after(_CONTENT, after, "AND vector IS NOT NULL"))

    def contents_of(self, numbers: Sequence[int]) -> Iterator[Content]:
        """What was put under these numbers."""
        marks = ",".join("?" * len(numbers))
        sql = f"SELECT {_CONTENT} FROM records WHERE number IN ({marks})"  # noqa: S608 - question marks
        return map(_content, self._execute(sql, *numbers))

    def _write(self, rows: Sequence[tuple[object, ...]]) -> None:
        with self.file.reading() as connection:
            if connection is not None:
                connection.executemany(_PUT, rows)
                connection.execute("UPDATE contract SET version = version + 1")

    def _after(self, columns: str, after: int, further: str = "") -> Iterator[Any]:
        sql = f"SELECT {columns} FROM records WHERE number > ? {further} ORDER BY number"  # noqa: S608 - our own words
        with self.file.reading() as connection:
            if connection is not None:
                yield from connection.execute(sql, [after])

    def _among(self, columns: str, keys: Sequence[str]) -> list[Any]:
        """Columns of the records with these keys."""
        marks = ",".join("?" * len(keys))
        return self._execute(
            f"SELECT {columns} FROM records WHERE key IN ({marks}) AND vector IS NOT NULL",  # noqa: S608 - question marks
            *keys,
        )

    def _execute(self, sql: str, *values: object) -> list[Any]:
        with self.file.reading() as connection:
            return connection.execute(sql, values).fetchall() if connection else []

    def _check(self, connection: Any) -> bool:  # noqa: ANN401 - of sqlite3
        """Has the file tables? Those of another program are left alone."""
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        mark = connection.execute("PRAGMA application_id").fetchone()[0]
        if tables and mark != APPLICATION_ID:
            raise StoreUnavailableError(
                f"{self.file.name} was made by another program or version: {self.file.remedy}"
            )
        return bool(tables)


def _content(row: tuple[int, str, str]) -> Content:
    number, text, metadata = row
    return number, text, json.loads(metadata)


def _bytes(record: Record) -> bytes:
    return np.asarray(record.vector, "<f4").tobytes()


def _contract(text: str) -> Contract:
    value = json.loads(text)
    return Contract(value["model"], value["dimension"], tuple(value["fingerprint"]))
