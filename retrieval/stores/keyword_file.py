"""The words of an index in one SQLite file, searched by its full-text module FTS5."""

import hashlib
import json
import sqlite3
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock

import numpy as np

from retrieval.documents import Record, Scalar
from retrieval.filters import All, Equals, Filter, OneOf
from retrieval.interfaces import DocumentRecords
from retrieval.keywords import Held, held, terms
from retrieval.stores.sqlite_file import SqliteFile

APPLICATION_ID = 0x6263776B
"""Marks the file as ours (``PRAGMA application_id``); spells "bcwk"."""
FORMAT = 2
"""Raise it when what is kept changes (``PRAGMA user_version``): another format is made anew."""
SCOPES = ("policy", "plan_year")
"""Fields by which a search is narrowed before it ranks; what other fields say is left to the
store."""

_HELD = np.dtype("<u4")

# Terms are stored as ``keywords.terms`` cuts them, with spaces between; the tokenizer is to cut
# nowhere else. FTS5's own BM25 chooses candidates; ``keywords.bm25`` ranks them, by the terms as
# ``keywords.held`` gives them: those of a chunk are read in 3 microseconds, as words in 25.
# The format comes last, so that a file made by halves has none.
_SCHEMA = f"""
PRAGMA journal_mode = WAL;
CREATE TABLE state (version TEXT NOT NULL);
CREATE TABLE documents (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, hash TEXT NOT NULL);
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, document INTEGER NOT NULL,
    held BLOB NOT NULL
);
CREATE INDEX chunks_of_document ON chunks (document);
CREATE VIRTUAL TABLE words USING fts5 (scope, terms, tokenize = "ascii tokenchars '.,''-_'");
PRAGMA user_version = {FORMAT};
"""


class KeywordFile:
    """A ``interfaces.KeywordIndex`` in a file. Safe for threads and for several processes."""

    def __init__(self, path: Path | None) -> None:
        """Hold the path; the file is made at the first write.

        Args:
            path: the file, or None for one that lives in memory.
        """
        self._file = SqliteFile(
            path,
            name=f"the word index {path}" if path else "the word index in memory",
            remedy="delete the file; it is made anew from the index",
            turn=RLock(),
        )

    def version(self) -> str:
        """The version of the vector store that the words were read from; "" before the first."""
        with self._reading() as connection:
            if connection is None:
                return ""
            row = connection.execute("SELECT version FROM state").fetchone()
            return str(row[0]) if row else ""

    def documents(self) -> dict[str, str]:
        """Name and hash of the documents whose words are held."""
        with self._reading() as connection:
            if connection is None:
                return {}
            return dict(connection.execute("SELECT name, hash FROM documents").fetchall())

    def put(self, documents: Sequence[DocumentRecords]) -> None:
        """Hold the words of documents, in place of what was held of them: of all or of none."""
        with self._writing() as connection:
            for document in documents:
                _remove(connection, document.name)
                _insert(connection, document)

    def remove(self, names: Iterable[str]) -> None:
        """Forget documents."""
        with self._writing() as connection:
            for name in names:
                _remove(connection, name)

    def set_version(self, version: str) -> None:
        """Note that all of this version of the vector store is held."""
        with self._writing() as connection:
            connection.execute("DELETE FROM state")
            connection.execute("INSERT INTO state VALUES (?)", [version])

    def search(self, wanted: Sequence[str], limit: int, where: Filter | None = None) -> list[str]:
        """Keys of the chunks that hold the terms best, best first.

        Args:
            wanted: terms as ``keywords.terms`` gives them; one of them is enough.
            limit: most keys.
            where: narrows the search where it speaks of policy and plan year; what else it says
                is not looked at.
        """
        if not wanted:
            return []
        parts = [_any("scope", tokens) for tokens in _scopes(where)]
        parts.append(_any("terms", dict.fromkeys(wanted)))
        with self._reading() as connection:
            if connection is None:
                return []
            rows = connection.execute(
                "SELECT key FROM words JOIN chunks ON chunks.id = words.rowid WHERE words MATCH ?"
                " ORDER BY bm25(words, 0.0, 1.0), key LIMIT ?",
                [" AND ".join(parts), limit],
            )
            return [key for (key,) in rows]

    def scope(self, where: Filter | None) -> Hashable:
        """What of a filter narrows a search; the same for filters that narrow it alike."""
        return tuple(sorted(tuple(sorted(tokens)) for tokens in _scopes(where)))

    def within(self, where: Filter | None, most: int) -> dict[str, Held] | None:
        """The words of all chunks of a policy and plan year; None where they are more than so many.

        Args:
            where: narrows as in ``search``.
            most: chunks.
        """
        parts = [_any("scope", tokens) for tokens in _scopes(where)]
        narrowed = "words JOIN chunks ON chunks.id = words.rowid WHERE words MATCH ?"
        source, values = (narrowed, [" AND ".join(parts)]) if parts else ("chunks", [])
        with self._reading() as connection:
            if connection is None:
                return {}
            rows = connection.execute(
                f"SELECT key, held FROM {source} LIMIT ?",  # noqa: S608 - constants
                [*values, most + 1],
            ).fetchall()
        return None if len(rows) > most else {key: _read(terms) for key, terms in rows}

    def held(self, keys: Sequence[str]) -> dict[str, Held]:
        """The words of chunks; those that are not known are left out."""
        with self._reading() as connection:
            if connection is None:
                return {}
            rows = connection.execute(
                "SELECT key, held FROM chunks WHERE key IN (SELECT value FROM json_each(?))",
                [json.dumps(list(keys))],
            )
            return {key: _read(terms) for key, terms in rows}

    def close(self) -> None:
        """Release the file."""
        self._file.close()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        """The file as of one moment, or None where no words were ever put."""
        with self._file.reading() as connection:
            yield connection if connection is not None and _is_made(connection) else None

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction on the file, which is made where there is none of this format."""
        with self._file.reading() as connection:
            outdated = connection is not None and _is_outdated(connection)
        if outdated:
            self._file.discard()
        self._file.make(_SCHEMA, APPLICATION_ID)
        with self._file.writing() as connection:
            yield connection


def _read(terms: bytes) -> Held:
    return np.frombuffer(terms, _HELD)


def _is_made(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("PRAGMA user_version").fetchone()[0] == FORMAT)


def _is_outdated(connection: sqlite3.Connection) -> bool:
    [ours] = connection.execute("PRAGMA application_id").fetchone()
    return ours == APPLICATION_ID and not _is_made(connection)


def _insert(connection: sqlite3.Connection, document: DocumentRecords) -> None:
    made = connection.execute(
        "INSERT INTO documents (name, hash) VALUES (?, ?)", [document.name, document.hash]
    )
    for record in document.records:
        words = _words(record)
        chunk = connection.execute(
            "INSERT INTO chunks (key, document, held) VALUES (?, ?, ?)",
            [record.key, made.lastrowid, held(words).astype(_HELD).tobytes()],
        )
        connection.execute(
            "INSERT INTO words (rowid, scope, terms) VALUES (?, ?, ?)",
            [chunk.lastrowid, _scope(record.metadata), " ".join(words)],
        )


def _remove(connection: sqlite3.Connection, name: str) -> None:
    row = connection.execute("SELECT id FROM documents WHERE name = ?", [name]).fetchone()
    if row is None:
        return
    chunks = "SELECT id FROM chunks WHERE document = ?"
    connection.execute(f"DELETE FROM words WHERE rowid IN ({chunks})", row)  # noqa: S608 - constants
    connection.execute("DELETE FROM chunks WHERE document = ?", row)
    connection.execute("DELETE FROM documents WHERE id = ?", row)


def _words(record: Record) -> list[str]:
    fields = record.metadata
    return terms(f"{fields.get('title', '')} {fields.get('section', '')} {record.text}")


def _scope(fields: Mapping[str, Scalar]) -> str:
    return " ".join(_token(name, fields[name]) for name in SCOPES if name in fields)


def _token(name: str, value: Scalar) -> str:
    """One word for a field and its value, whatever characters they hold."""
    # 1 and 1.0 are one value to a filter, "1" is another.
    said = repr(float(value)) if isinstance(value, (int, float)) else f"'{value}"
    digest = hashlib.sha256(f"{name}\0{said}".encode("utf-8", "surrogatepass")).hexdigest()
    return digest[:16]


def _scopes(where: Filter | None) -> list[list[str]]:
    """For each comparison that all admitted chunks meet: the words of which they hold one."""
    match where:
        case All(filters):
            return [tokens for part in filters for tokens in _scopes(part)]
        case Equals(name, value) if name in SCOPES:
            return [[_token(name, value)]]
        case OneOf(name, values) if name in SCOPES and values:
            return [[_token(name, value) for value in values]]
    return []


def _any(column: str, tokens: Iterable[str]) -> str:
    """The FTS5 query for one of the words in a column."""
    quoted = (token.replace('"', '""') for token in tokens)
    return f"{{{column}}} : (" + " OR ".join(f'"{token}"' for token in quoted) + ")"
