"""The records of an embedded Chroma, read from and written to Chroma's own log.

What chromadb 1.5.9 does with its log (the table ``embeddings_queue``), found by running it:

- All that is added or deleted goes there first, vectors and metadata whole. Chroma applies it to
  tables of metadata, a full-text index and a graph of vectors, in 1.3 to 4 ms a record, during the
  call that adds it. What it finds there when it opens the folder it applies then.
- It remembers up to which number it has applied. It empties the log after that unless told not to.

So records are written to the log alone, in 0.1 ms each and with none of the graph in memory, and
read from it. Whoever opens the folder with Chroma itself finds all of them, and waits while it
applies them the first time. A search here is exact (``rows``), and needs none of what Chroma makes.

The tables are not part of Chroma's interface: chromadb is pinned, and tests compare what it reads
with what was written here.
"""

import json
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import RLock
from typing import Any

import numpy as np

from retrieval.documents import Record
from retrieval.errors import StoreUnavailableError
from retrieval.interfaces import Contract
from retrieval.stores.chroma_collection import make_collection, remove_orphans
from retrieval.stores.chroma_errors import translated
from retrieval.stores.chroma_records import (
    contract_of,
    direction,
    length_of,
    own,
    whole,
)
from retrieval.stores.contents import Content
from retrieval.stores.paging import PAGE, pages
from retrieval.stores.sqlite_file import SqliteFile

FILE = "chroma.sqlite3"
UPSERT, DELETE = 2, 3
"""Operations of the log."""
DOCUMENT = "chroma:document"
"""Metadata field of the log that holds the text."""

_TURN = RLock()
"""Chroma brings its own SQLite, whose locks those of Python's do not see within one process: so one
thread at a time uses any of these files."""

_KEEP_LOG = (
    "INSERT OR REPLACE INTO embeddings_queue_config (id, config_json_str) VALUES (1, "
    """'{"automatically_purge":false,"_type":"EmbeddingsQueueConfigurationInternal"}')"""
)
_LOG_IS_KEPT = "SELECT config_json_str LIKE '%false%' FROM embeddings_queue_config"
_INDEX = "CREATE INDEX IF NOT EXISTS benefits_chat_keys ON embeddings_queue (topic, id)"
_APPLIED = (
    "SELECT coalesce(max(seq_id), 0) FROM max_seq_id JOIN segments ON segments.id = segment_id "
    "WHERE collection = ?"
)
_INSERT = (
    "INSERT INTO embeddings_queue (operation, topic, id, vector, encoding, metadata) "
    "VALUES (?, ?, ?, ?, ?, ?)"
)


class ChromaLog:
    """One collection of an embedded Chroma, as a ``table_store.RecordTable``."""

    def __init__(self, folder: Path, collection: str) -> None:
        """Hold the folder; its file is opened at the first use."""
        self._folder = folder
        self._collection = collection
        self._id = ""
        remedy = "move the folder away and run `benefits-chat index PATH`"
        self.file = SqliteFile(folder / FILE, f"the Chroma index in {folder}", remedy, _TURN)

    def create(self, contract: Contract) -> None:
        """Put an empty collection in place of what is there."""
        with translated(self.file.name, self.file.remedy), self.file.alone():
            make_collection(self._folder, self._collection, contract)
        with self.file.writing():
            self._id, _ = self._found()
            self._prepare(contract.dimension)
            graphs = {name for (name,) in self._execute("SELECT id FROM segments")}
        remove_orphans(self._folder, graphs)

    def identity(self) -> tuple[str, Contract] | None:
        """The collection's id and contract; None where there is no such collection."""
        self._id, fields = self._found()
        if not self._id:
            return None
        contract = contract_of(fields, self._collection, self.file.name)
        [(applied,)] = self._execute(_APPLIED, self._id)
        if applied and not all(kept for (kept,) in self._execute(_LOG_IS_KEPT)):
            raise StoreUnavailableError(
                f"{self.file.name} holds no log to read from: {self.file.remedy}"
            )
        return self._id, contract

    def version(self) -> str:
        """Differs once records were put or removed."""
        return str(self._found()[1].get("version", ""))

    def put(self, records: Sequence[Record]) -> None:
        """Write records with distinct keys in place of those there.

        A record that Chroma may have applied is deleted before, as Chroma would merge the metadata.
        """
        self._prepare(len(records[0].vector))
        [(last,)] = self._execute("SELECT coalesce(max(seq_id), 0) FROM embeddings_queue")
        [(applied,)] = self._execute(_APPLIED, self._id)
        for page in pages(records, PAGE):
            keys = [record.key for record in page]
            there = self._among("SELECT id, min(seq_id), max(operation)", keys, "GROUP BY id")
            self._append_deletions(
                [key for key, first, operation in there if operation == DELETE or first <= applied]
            )
            rows = [(UPSERT, self._topic, r.key, _bytes(r), "FLOAT32", _json(r)) for r in page]
            self._execute_all(_INSERT, rows)
            self._among("DELETE", keys, "AND seq_id <= ?", last)
        self._renew()

    def delete(self, keys: Sequence[str]) -> None:
        """Remove keys."""
        [(last,)] = self._execute("SELECT coalesce(max(seq_id), 0) FROM embeddings_queue")
        states = self._among("SELECT id, operation", keys, "ORDER BY seq_id")
        there = [key for key, operation in dict(states).items() if operation != DELETE]
        self._append_deletions(there)
        self._among("DELETE", there, "AND seq_id <= ?", last)
        if there:
            self._renew()

    def get(self, keys: Sequence[str]) -> list[Record]:
        """The records of distinct keys."""
        records: dict[str, Record] = {}
        rows = self._among("SELECT id, operation, vector, metadata", keys, "ORDER BY seq_id")
        for key, operation, vector, metadata in rows:
            records.pop(key, None)
            if operation != DELETE:
                fields = json.loads(metadata or "{}")
                text = fields.pop(DOCUMENT, "")
                numbers = np.frombuffer(vector, "<f4").astype(np.float32)
                records[key] = Record(key, text, own(fields), whole(numbers, fields))
        return list(records.values())

    def keys(self, after: int) -> Iterator[tuple[int, str, bool]]:
        """Number, key and whether it is there, of what was put or removed after a number."""
        rows = self._after(f"seq_id, id, operation != {DELETE}", after)
        return ((number, key, bool(there)) for number, key, there in rows)

    def vectors(self, after: int) -> Iterator[tuple[int, bytes]]:
        """Number and vector of what was put after a number."""
        return self._after("seq_id, vector", after, f"AND operation != {DELETE}")

    def contents(self, after: int) -> Iterator[Content]:
        """What was put after a number."""
        return map(_content, self._after("seq_id, metadata", after, f"AND operation != {DELETE}"))

    def contents_of(self, numbers: Sequence[int]) -> Iterator[Content]:
        """What was put under these numbers."""
        marks = ",".join("?" * len(numbers))
        sql = f"SELECT seq_id, metadata FROM embeddings_queue WHERE seq_id IN ({marks})"  # noqa: S608 - question marks
        return map(_content, self._execute(sql, *numbers))

    @property
    def _topic(self) -> str:
        return f"persistent://default/default/{self._id}"

    def _found(self) -> tuple[str, dict[str, Any]]:
        """Id and metadata of the collection; an empty id where there is none."""
        tables = self._execute("SELECT name FROM sqlite_master WHERE name = 'collections'")
        if not tables:
            return "", {}
        found = self._execute("SELECT id FROM collections WHERE name = ?", self._collection)
        if not found:
            return "", {}
        [(identity,)] = found
        fields = self._execute(
            "SELECT key, str_value FROM collection_metadata WHERE collection_id = ?", identity
        )
        return identity, dict(fields)

    def _prepare(self, dimension: int) -> None:
        """Do what a kill may have kept ``create`` from: have the log kept, and keys found in it."""
        if not all(kept for (kept,) in self._execute(_LOG_IS_KEPT) or [(False,)]):
            self._execute(_KEEP_LOG)
        self._execute(_INDEX)
        self._execute(
            "UPDATE collections SET dimension = ? WHERE id = ? AND dimension IS NULL",
            dimension,
            self._id,
        )

    def _renew(self) -> None:
        self._execute(
            "UPDATE collection_metadata SET str_value = ? WHERE collection_id = ? AND key = ?",
            uuid.uuid4().hex,
            self._id,
            "version",
        )

    def _append_deletions(self, keys: Sequence[str]) -> None:
        self._execute_all(_INSERT, [(DELETE, self._topic, key, None, None, None) for key in keys])

    def _after(self, columns: str, after: int, further: str = "") -> Iterator[Any]:
        # The plus keeps SQLite from reading by the index, and sorting.
        source = "FROM embeddings_queue WHERE +topic = ? AND seq_id > ?"
        sql = f"SELECT {columns} {source} {further} ORDER BY seq_id"
        with self.file.reading() as connection:
            if connection is not None:
                yield from connection.execute(sql, [self._topic, after])

    def _among(self, what: str, keys: Sequence[str], further: str, *values: int) -> list[Any]:
        """Rows of the log with one of these keys."""
        marks = ",".join("?" * len(keys))
        sql = f"{what} FROM embeddings_queue WHERE topic = ? AND id IN ({marks}) {further}"
        return self._execute(sql, self._topic, *keys, *values)

    def _execute(self, sql: str, *values: object) -> list[Any]:
        with self.file.reading() as connection:
            return connection.execute(sql, values).fetchall() if connection else []

    def _execute_all(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        with self.file.reading() as connection:
            if connection is not None:
                connection.executemany(sql, rows)


def _content(row: tuple[int, str | None]) -> Content:
    number, metadata = row
    fields = json.loads(metadata or "{}")
    text = fields.pop(DOCUMENT, "")
    return number, text, own(fields)


def _bytes(record: Record) -> bytes:
    return direction(record.vector).astype("<f4").tobytes()


def _json(record: Record) -> str:
    fields = {**record.metadata, **length_of(record.vector), DOCUMENT: record.text}
    return json.dumps(fields, ensure_ascii=False)
