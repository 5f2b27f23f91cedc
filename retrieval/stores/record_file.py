"""Records in one SQLite file: durable, read by many processes, written by one at a time."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import numpy as np

from retrieval.documents import Record
from retrieval.errors import StoreBusyError, StoreUnavailableError
from retrieval.interfaces import Contract

APPLICATION_ID = 0x62637631
"""Marks the file as ours (``PRAGMA application_id``); spells "bcv1"."""
BUSY_SECONDS = 10.0
"""How long a writer waits for another one; a put of 1,000 records takes about 0.1 s."""

_SCHEMA = f"""
PRAGMA journal_mode = WAL;
PRAGMA application_id = {APPLICATION_ID};
CREATE TABLE IF NOT EXISTS contract (value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS records (
    key TEXT PRIMARY KEY, text TEXT NOT NULL, metadata TEXT NOT NULL, vector BLOB NOT NULL
);
"""


class RecordFile:
    """One index in one file. Not safe for threads: its owner lets one in at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._seen: tuple[int, int] | None = None

    def changed(self) -> bool:
        """Did another process write, or replace the file, since it was read here?"""
        with self._translated():
            return self._version() != self._seen

    def read(self) -> tuple[Contract | None, list[Record]]:
        """All of the file as of one moment; (None, []) when there is no index in it."""
        with self._translated():
            if self._connection is None:
                self._seen = self._version()
                return None, []
            with self._transaction("BEGIN") as connection:
                contracts = connection.execute("SELECT value FROM contract").fetchall()
                rows = connection.execute("SELECT key, text, metadata, vector FROM records")
                records = [
                    Record(key, text, json.loads(fields), np.frombuffer(vector, dtype="<f4"))
                    for key, text, fields, vector in rows
                ]
                self._seen = self._version()
            return (_contract(contracts[0][0]) if contracts else None), records

    def create(self, contract: Contract) -> None:
        """Put an empty index in place of what is there."""
        with self._translated():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if self._connection is None:
                self._open(make=True)
            with self._transaction() as connection:
                connection.execute("DELETE FROM records")
                connection.execute("DELETE FROM contract")
                connection.execute(
                    "INSERT INTO contract VALUES (?)", [json.dumps(asdict(contract))]
                )
            self._seen = self._version()

    def put(self, records: Sequence[Record]) -> None:
        """Write records in one transaction."""
        rows = [
            (r.key, r.text, json.dumps(dict(r.metadata)), np.asarray(r.vector, "<f4").tobytes())
            for r in records
        ]
        with self._translated(), self._transaction() as connection:
            connection.executemany("INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?)", rows)

    def delete(self, keys: Sequence[str]) -> None:
        """Remove keys in one transaction."""
        with self._translated(), self._transaction() as connection:
            connection.executemany("DELETE FROM records WHERE key = ?", [(key,) for key in keys])

    def close(self) -> None:
        """Release the file."""
        if self._connection is not None:
            self._connection.close()
        self._connection, self._seen = None, None

    def _version(self) -> tuple[int, int]:
        """Which file it is and how often others wrote to it; opens the file when it is there."""
        inode = self._path.stat().st_ino if self._path.exists() else 0
        if self._connection is not None and self._seen is not None and self._seen[0] != inode:
            self.close()
        if self._connection is None and inode:
            self._open(make=False)
        if self._connection is None:
            return 0, 0
        return inode, int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def _open(self, *, make: bool) -> None:
        mode = "rwc" if make else "rw"
        connection = sqlite3.connect(
            f"{self._path.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            mark = connection.execute("PRAGMA application_id").fetchone()[0]
            tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            if mark != APPLICATION_ID and tables:
                raise sqlite3.DatabaseError("it was made by another program")
            if not tables and make:
                connection.executescript(_SCHEMA)
        except sqlite3.Error:
            connection.close()
            raise
        if tables or make:
            self._connection = connection
        else:
            # Left by a process that was killed before it created the index.
            connection.close()

    @contextmanager
    def _transaction(self, begin: str = "BEGIN IMMEDIATE") -> Iterator[sqlite3.Connection]:
        if self._connection is None:
            raise sqlite3.OperationalError("it was removed while it was in use")
        with self._connection as connection:
            connection.execute(begin)
            yield connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError, ValueError, TypeError, KeyError) as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
                raise StoreBusyError(
                    f"another process is writing {self._path}: wait until it is done"
                ) from error
            raise StoreUnavailableError(
                f"{self._path} cannot be used as an index ({error}): "
                "move the file away and run `benefits-chat index PATH`"
            ) from error


def _contract(text: str) -> Contract:
    value = json.loads(text)
    return Contract(value["model"], value["dimension"], tuple(value["fingerprint"]))
