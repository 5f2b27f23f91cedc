"""Brings an index up to date: what is new is added, what changed replaced, the rest left."""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from retrieval.ahead import ahead
from retrieval.catalog import Entry, read_catalog
from retrieval.chunking import CHUNKING_VERSION, chunk_document
from retrieval.commits import Committer, Found, Loaded, Originals
from retrieval.contract import check_contract, contract_of
from retrieval.errors import InputError, LoadingError, UnknownNameError
from retrieval.interfaces import Contract, Embedder, SentenceIndex, VectorStore
from retrieval.pricing import usage_json
from retrieval.usage import Meter

BATCH_CHUNKS = 256
"""Chunks that are embedded and written together: enough to sort by length, little to lose."""
FIRST_BATCH_CHUNKS = 32
"""Chunks of the first batch, each further one holding twice as many: nothing is embedded while it
is read."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an indexing run is."""

    documents: int
    of_documents: int
    chunks: int


@dataclass(slots=True)
class IndexReport:
    """What an indexing run did, and what it used that is paid for."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    failed: list[LoadingError] = field(default_factory=list)
    chunks: int = 0
    seconds: float = 0.0
    meter: Meter = field(default_factory=Meter)

    def to_json(self) -> dict[str, object]:
        """The report as the command line prints it."""
        failed = [{"path": error.path, "reason": error.reason} for error in self.failed]
        return {
            "documents": {
                "added": self.added,
                "changed": self.changed,
                "unchanged": self.unchanged,
                "removed": self.removed,
                "failed": failed,
            },
            "chunks": self.chunks,
            "seconds": round(self.seconds, 3),
            "usage": usage_json(self.meter),
        }


@dataclass(frozen=True, slots=True)
class Scope:
    """Which documents a run may prune: all, or those of one policy and/or year."""

    policy: str | None = None
    plan_year: int | None = None

    def holds(self, entry: Entry) -> bool:
        """Does the document belong to the scope?"""
        return (self.policy is None or entry.policy == self.policy) and (
            self.plan_year is None or entry.plan_year == self.plan_year
        )


@dataclass(frozen=True, slots=True)
class Estimate:
    """What an indexing run would do: documents to embed, and what they come to.

    Attributes:
        documents: new or changed ones.
        unchanged: documents that would be left alone.
        failed: files that cannot be read.
        chunks: of the documents to embed.
        tokens: of those chunks, in the embedder's own count.
    """

    documents: int
    unchanged: int
    failed: int
    chunks: int
    tokens: int


@dataclass(slots=True)
class _Batch:
    """Documents to be committed together, and what was met on the way to them."""

    loaded: list[Loaded] = field(default_factory=list)
    chunks: int = 0
    unchanged: int = 0
    failed: list[LoadingError] = field(default_factory=list)

    def add(self, item: Loaded) -> None:
        self.loaded.append(item)
        self.chunks += len(item.chunks)


class Indexer:
    """Brings an index up to date with documents."""

    def __init__(
        self,
        store: VectorStore,
        embedder: Embedder,
        originals: Originals,
        lock: Callable[[], AbstractContextManager[object]],
        index: str = "the index",
        *,
        sentences: SentenceIndex | None = None,
    ) -> None:
        """Hold the parts; nothing is opened yet.

        Args:
            store: where chunks go.
            embedder: makes the vectors; must be the one the index was built with.
            originals: keeps the files that the chat shows.
            lock: held while the index is written; raises StoreBusyError at once when taken.
            index: how to name the index in messages.
            sentences: keeps the vectors of sentences, of embedders that give them.
        """
        self._store = store
        self._embedder = embedder
        self._committer = Committer(store, embedder, originals, sentences)
        self._lock = lock
        self._index = index

    def index(
        self,
        found: Sequence[Found | LoadingError],
        *,
        rebuild: bool = False,
        prune: Scope | None = None,
        progress: Callable[[Progress], None] = lambda _: None,
    ) -> IndexReport:
        """Add what is new, replace what changed, leave the rest.

        Args:
            found: documents, and the files that cannot become one.
            rebuild: empty the index first; the only way to change the embedding model.
            prune: remove documents of this scope that are not among ``found``.
            progress: called after each batch.

        Raises:
            InputError: nothing was found, so that rebuilding or pruning would empty the index.
            ContractError: the index was built with another model; nothing was changed.
            StoreBusyError: another process is writing; nothing was changed.
        """
        started = time.monotonic()
        documents = [item for item in found if not isinstance(item, LoadingError)]
        if not documents and (rebuild or prune is not None):
            raise InputError("no document was found, so nothing is removed: check the paths")
        with self._lock():
            contract = self._contract(rebuild=rebuild)
            report = IndexReport(failed=[f for f in found if isinstance(f, LoadingError)])
            entries = {} if rebuild else self._committer.repaired()
            self._write(documents, entries, report, progress, replace=contract)
            if prune is not None:
                kept = {item.name for item in documents}
                gone = [
                    entry
                    for entry in entries.values()
                    if entry.name not in kept
                    and prune.holds(entry)
                    and not _failed(entry, report.failed)
                ]
                self._committer.remove(gone)
                report.removed = len(gone)
        report.seconds = time.monotonic() - started
        return report

    def estimate(self, found: Sequence[Found | LoadingError]) -> Estimate:
        """What indexing these documents would take; nothing is embedded or written."""
        documents = [item for item in found if not isinstance(item, LoadingError)]
        entries = {entry.name: entry for entry in read_catalog(self._store)}
        total = Estimate(0, 0, len(found) - len(documents), 0, 0)
        for batch in self._batches(documents, entries):
            texts = [chunk.embedded_text for item in batch.loaded for chunk in item.chunks]
            total = Estimate(
                documents=total.documents + len(batch.loaded),
                unchanged=total.unchanged + batch.unchanged,
                failed=total.failed + len(batch.failed),
                chunks=total.chunks + len(texts),
                tokens=total.tokens + sum(self._embedder.count_tokens(texts)),
            )
        return total

    def remove(self, names: Sequence[str]) -> int:
        """Remove documents by name; returns how many.

        Raises:
            UnknownNameError: the index does not hold one of them; nothing was removed.
        """
        with self._lock():
            entries = self._committer.repaired()
            unknown = [name for name in names if name not in entries]
            if unknown:
                raise UnknownNameError(
                    f"{self._index} holds no document {unknown[0]!r}: "
                    "`benefits-chat list` shows the names"
                )
            chosen = [entries[name] for name in dict.fromkeys(names)]
            self._committer.remove(chosen)
            return len(chosen)

    def _contract(self, *, rebuild: bool) -> Contract | None:
        """The contract to create the index under, or None when it is there and fits."""
        recorded = self._store.read_contract()
        present = contract_of(self._embedder)
        if recorded is None or rebuild:
            return present
        check_contract(recorded, present, self._index)
        return None

    def _write(
        self,
        documents: Sequence[Found],
        entries: dict[str, Entry],
        report: IndexReport,
        progress: Callable[[Progress], None],
        *,
        replace: Contract | None,
    ) -> None:
        # Documents are read and cut beside the embedding and writing of those before them, which
        # leave the interpreter to the other thread most of the time.
        with closing(ahead(self._batches(documents, entries))) as batches:
            for batch in batches:
                report.unchanged += batch.unchanged
                report.failed += batch.failed
                if batch.loaded and replace is not None:
                    # Not before there is something to put in its place.
                    self._committer.begin(replace)
                    replace = None
                if batch.loaded:
                    changed = self._committer.commit(batch.loaded, entries, report.meter)
                    report.changed += changed
                    report.added += len(batch.loaded) - changed
                    report.chunks += batch.chunks
                done = report.added + report.changed + report.unchanged + len(report.failed)
                progress(Progress(done, max(done, len(documents)), report.chunks))

    def _batches(
        self, documents: Iterable[Found], entries: Mapping[str, Entry]
    ) -> Iterator[_Batch]:
        batch, size = _Batch(), FIRST_BATCH_CHUNKS
        for found in documents:
            entry = entries.get(found.name)
            fingerprint = _hash(found)
            if entry is not None and entry.hash == fingerprint:
                batch.unchanged += 1
                continue
            try:
                batch.add(self._load(found, fingerprint))
            except LoadingError as error:
                batch.failed.append(error)
            if batch.chunks >= size:
                yield batch
                batch, size = _Batch(), min(2 * size, BATCH_CHUNKS)
        yield batch

    def _load(self, found: Found, fingerprint: str) -> Loaded:
        document = found.load()
        chunks = chunk_document(document, self._embedder.count_tokens, self._embedder.window)
        if not chunks:
            raise LoadingError(document.source, "holds no text")
        return Loaded(document, fingerprint, chunks, found)


def _hash(found: Found) -> str:
    """What the commit mark records: the document as found, and how it was cut."""
    return hashlib.sha256(f"{found.hash} {CHUNKING_VERSION}".encode()).hexdigest()[:32]


def _failed(entry: Entry, failed: Sequence[LoadingError]) -> bool:
    """A file that cannot be read just now keeps what was indexed of it."""
    name = PurePosixPath(entry.source).name
    return any(PurePosixPath(error.path).name == name for error in failed)
