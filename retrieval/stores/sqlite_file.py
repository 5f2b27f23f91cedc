"""One SQLite file that several processes read and one at a time writes."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TypeAlias

from retrieval.errors import StoreBusyError, StoreUnavailableError

BUSY_SECONDS = 10.0
"""How long one process waits for another; a put of 1,000 records takes about 0.1 s."""

FAULTS = (sqlite3.Error, OSError, ValueError, TypeError, KeyError)
"""What SQLite, the file system and reading damaged content raise."""

Moment: TypeAlias = tuple[int, int, int]
"""Differs once anybody wrote to the file, or put another in its place."""


class SqliteFile:
    """Opens the file at the first use, and anew when another has taken its place."""

    def __init__(
        self, path: Path | None, name: str, remedy: str, turn: AbstractContextManager[object]
    ) -> None:
        """Hold the path.

        Args:
            path: the file, or None for one that lives in memory.
            name: of the index, to begin messages.
            remedy: what to do when it cannot be used, to end them.
            turn: held by one thread at a time, which may take it again.
        """
        self.path = path
        self.name = name
        self.remedy = remedy
        self._connection: sqlite3.Connection | None = None
        self._inode = 0
        self._writes = 0
        self._turn = turn

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection | None]:
        """The file as of one moment, or None where there is none.

        Raises:
            StoreUnavailableError: it cannot be read.
        """
        with self._turn, self.translated():
            connection = self._opened()
            if connection is None or connection.in_transaction:
                yield connection
                return
            with connection:
                connection.execute("BEGIN")
                yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all of it is durable at the end, or nothing of it.

        Raises:
            StoreBusyError: another process is writing.
            StoreUnavailableError: the file is not there or cannot be written.
        """
        with self._turn, self.translated():
            connection = self._opened()
            if connection is None:
                raise sqlite3.OperationalError("it was removed while it was in use")
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                self._writes += 1

    def moment(self, connection: sqlite3.Connection) -> Moment:
        """Which state of the file a transaction reads."""
        version = int(connection.execute("PRAGMA data_version").fetchone()[0])
        return self._inode, version, self._writes

    def close(self) -> None:
        """Release the file; the next use opens it again."""
        with self._turn:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Released, and not used by other threads."""
        with self._turn:
            self.close()
            yield

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turn what SQLite and the file system raise into errors of ours."""
        try:
            yield
        except FAULTS as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
                raise StoreBusyError(
                    f"another process is writing {self.name}: wait until it is done"
                ) from error
            raise StoreUnavailableError(
                f"{self.name} cannot be used ({error}): {self.remedy}"
            ) from error

    def discard(self) -> None:
        """Remove the file, whose content can be had again."""
        with self.alone(), self.translated():
            if self.path is None:
                return
            for ending in ("", "-wal", "-shm"):
                self.path.with_name(self.path.name + ending).unlink(missing_ok=True)

    def make(self, schema: str, application: int) -> None:
        """Make the file where there is none, or an empty one.

        Args:
            schema: SQL of the tables.
            application: marks the file as ours (``PRAGMA application_id``).
        """
        with self._turn, self.translated():
            if self.path is not None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self.path.touch()
            connection = self._opened()
            if connection is not None and not _tables(connection):
                connection.executescript(f"PRAGMA application_id = {application};{schema}")

    def _opened(self) -> sqlite3.Connection | None:
        if self.path is None:
            self._connection = self._connection or self._connect(":memory:")
            return self._connection
        try:
            inode = os.stat(self.path).st_ino  # noqa: PTH116 - a third of Path.stat's time
        except (FileNotFoundError, NotADirectoryError):
            inode = 0
        if inode != self._inode:
            self.close()
        if self._connection is None and inode:
            self._connection = self._connect(f"{self.path.absolute().as_uri()}?mode=rw")
            self._inode = inode
        return self._connection

    def _connect(self, address: str) -> sqlite3.Connection:
        return sqlite3.connect(
            address,
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )


def _tables(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
