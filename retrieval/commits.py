"""How the index is changed so that a kill at any moment loses nothing.

The first chunk of a document carries its hash and chunk count and is written last: it is the
commit mark. A document that changes loses its mark first, then its other chunks are replaced,
then the new mark is written. So a document with a mark is complete, and a run that finds chunks
without one removes them.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from retrieval.catalog import Entry, read_catalog
from retrieval.documents import Chunk, Document, Record, Scalar, Vector, chunk_key, chunk_metadata
from retrieval.interfaces import Embedder, VectorStore
from retrieval.usage import Meter

PART_CHUNKS = 4_096
"""Chunks whose records are in memory at once, about 20 MB; documents of less are replaced only when
all of their vectors are there."""


class Found(Protocol):
    """A document that was found and not yet read."""

    @property
    def name(self) -> str:
        """Unique in the index."""

    @property
    def path(self) -> Path:
        """The file it is in."""

    @property
    def hash(self) -> str:
        """Changes when the document would load differently."""

    def load(self) -> Document:
        """Read it; raises LoadingError."""


class Originals(Protocol):
    """Keeps the files that the chat shows beside an answer."""

    def keep(self, found: Found) -> None:
        """Keep the file of a document about to be committed."""

    def drop(self, document: str) -> None:
        """Forget the file of a removed document."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A document that was read and cut, to be committed under a hash."""

    document: Document
    hash: str
    chunks: Sequence[Chunk]
    found: Found


class Committer:
    """Writes and removes whole documents."""

    def __init__(self, store: VectorStore, embedder: Embedder, originals: Originals) -> None:
        """Hold the parts."""
        self._store = store
        self._embedder = embedder
        self._originals = originals

    def repaired(self) -> dict[str, Entry]:
        """The complete documents by name; what an interrupted run left behind is removed."""
        entries = {entry.name: entry for entry in read_catalog(self._store)}
        if sum(entry.chunk_count for entry in entries.values()) == self._store.count():
            return entries
        indices: dict[str, dict[int, str]] = {}
        for key, fields in self._store.scan():
            indices.setdefault(str(fields["document"]), {})[int(fields["chunk_index"])] = key
        for name, keys in indices.items():
            entry = entries.get(name)
            if entry is None or set(range(entry.chunk_count)) - set(keys):
                entries.pop(name, None)
                self._store.delete([keys.pop(0)] if 0 in keys else [])
                self._store.delete(list(keys.values()))
            else:
                self._store.delete([k for i, k in keys.items() if i >= entry.chunk_count])
        return entries

    def commit(self, batch: Sequence[Loaded], entries: dict[str, Entry], meter: Meter) -> int:
        """Write documents, in place of those of the same name.

        A chunk whose words were in the document before keeps its vector and is not embedded.

        Args:
            batch: documents that are new or have changed.
            entries: the complete documents of the index.
            meter: counts what is paid for.

        Returns:
            How many of them replaced one.
        """
        replaced = [entries[d.document.name] for d in batch if d.document.name in entries]
        known = self._vectors(replaced)
        marks: list[Record] = []
        for part in _parts(batch):
            records = self._records(part, known, meter)
            if not marks:
                self._store.delete([chunk_key(entry.name, 0) for entry in replaced])
            self._store.put([record for record in records if record.metadata["chunk_index"]])
            marks += [record for record in records if not record.metadata["chunk_index"]]
        for item in batch:
            old = entries.get(item.document.name)
            beyond = range(len(item.chunks), old.chunk_count if old else 0)
            self._store.delete([chunk_key(item.document.name, i) for i in beyond])
            self._originals.keep(item.found)
        self._store.put(marks)
        return len(replaced)

    def remove(self, entries: Sequence[Entry]) -> None:
        """Remove documents with all their chunks, the commit mark first."""
        for entry in entries:
            self._store.delete([chunk_key(entry.name, i) for i in range(entry.chunk_count)])
            self._originals.drop(entry.name)

    def _vectors(self, replaced: Sequence[Entry]) -> dict[Scalar, Vector]:
        """The vectors of documents that are about to be replaced, by what was embedded."""
        keys = [chunk_key(e.name, i) for e in replaced for i in range(e.chunk_count)]
        vectors: dict[Scalar, Vector] = {}
        for start in range(0, len(keys), PART_CHUNKS):
            for record in self._store.get(keys[start : start + PART_CHUNKS]):
                vectors[record.metadata.get("embedded_hash", "")] = record.vector
        return vectors

    def _records(
        self, part: Sequence[tuple[Loaded, Chunk]], known: dict[Scalar, Vector], meter: Meter
    ) -> list[Record]:
        """The records of some chunks, embedding what is not known yet."""
        hashes = [_embedded_hash(chunk) for _, chunk in part]
        new = {h: chunk for h, (_, chunk) in zip(hashes, part, strict=True) if h not in known}
        made = self._embedder.embed([chunk.embedded_text for chunk in new.values()], meter)
        vectors = known | dict(zip(new, _rows(made), strict=True))
        return [
            self._record(item, chunk, embedded, vectors)
            for (item, chunk), embedded in zip(part, hashes, strict=True)
        ]

    def _record(
        self, item: Loaded, chunk: Chunk, embedded: str, vectors: dict[Scalar, Vector]
    ) -> Record:
        fields = chunk_metadata(item.document, chunk, item.hash, len(item.chunks))
        return Record(
            key=chunk_key(item.document.name, chunk.index),
            text=chunk.text,
            metadata=fields | {"embedded_hash": embedded},
            vector=vectors[embedded],
        )


def _parts(batch: Sequence[Loaded]) -> Iterator[list[tuple[Loaded, Chunk]]]:
    """The chunks of all documents, at most PART_CHUNKS at a time."""
    chunks = ((item, chunk) for item in batch for chunk in item.chunks)
    while part := list(islice(chunks, PART_CHUNKS)):
        yield part


def _embedded_hash(chunk: Chunk) -> str:
    return hashlib.sha256(chunk.embedded_text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _rows(vectors: NDArray[np.float32]) -> Iterator[Vector]:
    yield from vectors
