"""The vectors of sentences in one SQLite file beside the index."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock

import numpy as np

from retrieval.errors import StoreError
from retrieval.interfaces import KeptSentences
from retrieval.recent import Recent
from retrieval.sentence_vectors import SentenceVectors
from retrieval.stores.sqlite_file import SqliteFile

APPLICATION_ID = 0x62637376
"""Marks the file as ours (``PRAGMA application_id``); spells "bcsv"."""
FORMAT = 1
"""Raise it when vectors of the same sentences come out differently: what is kept is made anew."""

KEPT = 5_000
"""Chunks, found lately, whose sentences stay in memory: 13 MB."""

_SCHEMA = """
PRAGMA journal_mode = WAL;
CREATE TABLE state (model TEXT NOT NULL);
CREATE TABLE sentences (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, embedded_hash TEXT NOT NULL,
    spans BLOB NOT NULL, directions BLOB NOT NULL
);
"""
_PUT = (
    "INSERT INTO sentences (key, embedded_hash, spans, directions) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (key) DO UPDATE SET embedded_hash = excluded.embedded_hash,"
    " spans = excluded.spans, directions = excluded.directions"
)
_SPAN, _DIRECTION = np.dtype("<i4"), np.dtype("i1")


class SentenceFile:
    """A ``interfaces.SentenceIndex`` in a file. Safe for threads and for several processes.

    What is kept is of use only for the very text it was made of, whose hash stands beside it, and
    for the model it was made with: so whatever changed the index in between, a killed run, a copy
    or another machine, nothing wrong is ever read. A file that cannot be written or read keeps
    nothing.

    It takes 2.7 KB a chunk of 5 sentences, 270 MB for 100,000 chunks.
    """

    def __init__(self, path: Path | None, model: str, dimension: int) -> None:
        """Hold the path; the file is made at the first write.

        Args:
            path: the file, or None for one that lives in memory.
            model: names the model whose vectors are kept.
            dimension: numbers in a vector.
        """
        self._file = SqliteFile(
            path,
            name=f"the file of sentence vectors {path}" if path else "the sentence vectors",
            remedy="delete the file, and index with --rebuild to have it made anew",
            turn=RLock(),
        )
        self._model = f"{model} {dimension} {FORMAT}"
        self._known: Recent[tuple[str, str], SentenceVectors] = Recent(KEPT)
        self._dimension = dimension

    def get(self, wanted: Mapping[str, str]) -> dict[str, SentenceVectors]:
        """The sentences of chunks; those that are not kept, or of another text, are left out.

        Args:
            wanted: key and ``embedded_hash`` of chunks.
        """
        kept = self._known.completed(wanted.items(), self._read)
        return {key: sentences for (key, _), sentences in kept.items()}

    def put(self, kept: Iterable[KeptSentences]) -> None:
        """Keep the sentences of chunks, in place of what was kept under their keys."""
        self._known = Recent(KEPT)
        with suppress(StoreError), self._writing() as connection:
            if _kept_model(connection) != self._model:
                connection.execute("DELETE FROM sentences")
                connection.execute("DELETE FROM state")
                connection.execute("INSERT INTO state VALUES (?)", [self._model])
            connection.executemany(
                _PUT,
                (
                    (
                        chunk.key,
                        chunk.embedded_hash,
                        chunk.sentences.spans.astype(_SPAN).tobytes(),
                        chunk.sentences.directions.tobytes(),
                    )
                    for chunk in kept
                ),
            )

    def remove(self, keys: Iterable[str]) -> None:
        """Forget chunks."""
        self._known = Recent(KEPT)
        with suppress(StoreError), self._writing() as connection:
            connection.executemany("DELETE FROM sentences WHERE key = ?", ((k,) for k in keys))

    def clear(self) -> None:
        """Forget all chunks."""
        self._known = Recent(KEPT)
        with suppress(StoreError), self._writing() as connection:
            connection.execute("DELETE FROM sentences")

    def close(self) -> None:
        """Release the file."""
        self._file.close()

    def _read(self, pairs: Sequence[tuple[str, str]]) -> dict[tuple[str, str], SentenceVectors]:
        wanted = dict(pairs)
        with suppress(StoreError), self._file.reading() as connection:
            if connection is not None and _kept_model(connection) == self._model:
                rows = connection.execute(
                    "SELECT key, embedded_hash, spans, directions FROM sentences"
                    " WHERE key IN (SELECT value FROM json_each(?))",
                    [json.dumps(list(wanted))],
                )
                return {
                    (key, embedded_hash): self._vectors(spans, directions)
                    for key, embedded_hash, spans, directions in rows
                    if embedded_hash == wanted[key]
                }
        return {}

    def _vectors(self, spans: bytes, directions: bytes) -> SentenceVectors:
        return SentenceVectors(
            np.frombuffer(spans, _SPAN).reshape(-1, 2),
            np.frombuffer(directions, _DIRECTION).reshape(-1, self._dimension),
        )

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction on the file, which is made where there is none."""
        self._file.make(_SCHEMA, APPLICATION_ID)
        with self._file.writing() as connection:
            yield connection


def _kept_model(connection: sqlite3.Connection) -> str:
    """The model whose vectors the file holds; "" of a new file."""
    row = connection.execute("SELECT model FROM state").fetchone()
    return str(row[0]) if row else ""
