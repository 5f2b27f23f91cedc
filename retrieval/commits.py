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

from retrieval.catalog import Entry, read_catalog
from retrieval.chunk_vectors import Embedded, embed_chunks, embed_with_sentences
from retrieval.documents import Chunk, Document, Record, chunk_key, chunk_metadata
from retrieval.interfaces import (
    Contract,
    Embedder,
    KeptSentences,
    SentenceIndex,
    SpanEmbedder,
    VectorStore,
)
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

    def __init__(
        self,
        store: VectorStore,
        embedder: Embedder,
        originals: Originals,
        sentences: SentenceIndex | None = None,
    ) -> None:
        """Hold the parts; without a place for sentences, or an embedder of them, none are kept."""
        self._store = store
        self._embedder = embedder
        self._originals = originals
        self._sentences = sentences if isinstance(embedder, SpanEmbedder) else None

    def begin(self, contract: Contract) -> None:
        """Make an empty index under this contract; an index that is there is replaced."""
        self._store.create(contract)
        if self._sentences is not None:
            self._sentences.clear()

    def repaired(self) -> dict[str, Entry]:
        """The complete documents by name; what an interrupted run left behind is removed."""
        entries = {entry.name: entry for entry in read_catalog(self._store)}
        if sum(entry.chunk_count for entry in entries.values()) == self._store.count():
            return entries
        indices: dict[str, dict[int, str]] = {}
        for key, fields in self._store.scan():
            if "document_hash" in fields:  # else another program wrote it
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
        known = self._known(replaced)
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
            self._delete([chunk_key(item.document.name, i) for i in beyond])
            self._originals.keep(item.found)
        self._store.put(marks)
        return len(replaced)

    def remove(self, entries: Sequence[Entry]) -> None:
        """Remove documents with all their chunks, the commit mark first."""
        for entry in entries:
            self._delete([chunk_key(entry.name, i) for i in range(entry.chunk_count)])
            self._originals.drop(entry.name)

    def _delete(self, keys: Sequence[str]) -> None:
        self._store.delete(keys)
        if self._sentences is not None and keys:
            self._sentences.remove(keys)

    def _known(self, replaced: Sequence[Entry]) -> dict[str, Embedded]:
        """What is kept of documents that are about to be replaced, by the hash of the text."""
        keys = [chunk_key(e.name, i) for e in replaced for i in range(e.chunk_count)]
        known: dict[str, Embedded] = {}
        for start in range(0, len(keys), PART_CHUNKS):
            records = self._store.get(keys[start : start + PART_CHUNKS])
            hashes = {r.key: str(r.metadata.get("embedded_hash", "")) for r in records}
            sentences = self._sentences.get(hashes) if self._sentences is not None else {}
            for record in records:
                kept = Embedded(record.vector, sentences.get(record.key))
                known[hashes[record.key]] = kept
        return known

    def _records(
        self, part: Sequence[tuple[Loaded, Chunk]], known: dict[str, Embedded], meter: Meter
    ) -> list[Record]:
        """The records of some chunks, embedding what is not known yet; keeps their sentences."""
        hashes = [_embedded_hash(chunk) for _, chunk in part]
        new = {
            embedded_hash: chunk
            for embedded_hash, (_, chunk) in zip(hashes, part, strict=True)
            if not self._is_whole(known.get(embedded_hash))
        }
        made = known | dict(zip(new, self._embedded([*new.values()], meter), strict=True))
        records = [
            self._record(item, chunk, embedded_hash, made[embedded_hash])
            for (item, chunk), embedded_hash in zip(part, hashes, strict=True)
        ]
        if self._sentences is not None:
            self._sentences.put(
                KeptSentences(record.key, embedded_hash, sentences)
                for record, embedded_hash in zip(records, hashes, strict=True)
                if (sentences := made[embedded_hash].sentences) is not None
            )
        return records

    def _is_whole(self, known: Embedded | None) -> bool:
        """Need the chunk not be embedded? Not for a vector; for its sentences where they lack."""
        return known is not None and (self._sentences is None or known.sentences is not None)

    def _embedded(self, chunks: Sequence[Chunk], meter: Meter) -> list[Embedded]:
        if self._sentences is not None and isinstance(self._embedder, SpanEmbedder):
            return embed_with_sentences(self._embedder, chunks)
        return embed_chunks(self._embedder, chunks, meter)

    def _record(self, item: Loaded, chunk: Chunk, embedded_hash: str, made: Embedded) -> Record:
        fields = chunk_metadata(item.document, chunk, item.hash, len(item.chunks))
        return Record(
            key=chunk_key(item.document.name, chunk.index),
            text=chunk.text,
            metadata=fields | {"embedded_hash": embedded_hash},
            vector=made.vector,
        )


def _parts(batch: Sequence[Loaded]) -> Iterator[list[tuple[Loaded, Chunk]]]:
    """The chunks of all documents, at most PART_CHUNKS at a time."""
    chunks = ((item, chunk) for item in batch for chunk in item.chunks)
    while part := list(islice(chunks, PART_CHUNKS)):
        yield part


def _embedded_hash(chunk: Chunk) -> str:
    return hashlib.sha256(chunk.embedded_text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
