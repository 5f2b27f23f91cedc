"""Keeps the words of an index in step with its vectors, and searches them.

The words are derived: what a document's commit mark says is what counts. Whatever changed the index
- another process, a copy, a killed run - the next search reads the words of the documents that are
new or have another hash, and forgets those that are gone.
"""

from collections.abc import Iterable, Iterator, Sequence
from threading import Lock

from retrieval.catalog import Catalog, Entry
from retrieval.documents import Record, chunk_key
from retrieval.errors import StoreBusyError, StoreError
from retrieval.filters import Filter
from retrieval.interfaces import DocumentRecords, KeywordIndex, VectorStore
from retrieval.keywords import NOTHING, Held, bm25
from retrieval.recent import Recent

BATCH = 1_000
"""Chunks that are read from the vector store, and whose words are written, at once."""
KEPT = 10_000
"""Chunks whose words stay in memory, about 1 KB each."""
PATIENCE = 2.0
"""Seconds that a question waits for another one's reading of the words."""


class Lexical:
    """Search by words. Safe for threads."""

    def __init__(self, index: KeywordIndex, store: VectorStore, catalog: Catalog) -> None:
        """Hold the parts.

        Args:
            index: keeps the words.
            store: keeps what they are the words of.
            catalog: the documents of the store.
        """
        self._index = index
        self._store = store
        self._catalog = catalog
        self._turn = Lock()
        self._version: str | None = None
        self._known: Recent[str, Held] = Recent(KEPT)
        self._given_up: str | None = None

    def refresh(self) -> None:
        """Read the words of what has changed; cheap when nothing has.

        Raises:
            StoreBusyError: another thread or process is reading them.
            StoreError: the words cannot be written, or the vector store cannot be read.
        """
        if not self._turn.acquire(timeout=PATIENCE):
            raise StoreBusyError("the words of the index are being read: ask again in a while")
        try:
            # Before the documents: what changes while they are read is read the next time.
            version = self._store.version()
            if version == self._version:
                return
            if version != self._index.version():
                self._read_changes()
                self._index.set_version(version)
            self._version, self._known = version, Recent(KEPT)
        finally:
            self._turn.release()

    def is_ready(self) -> bool:
        """Can the words be searched?

        Not while a large index is read for the first time, and not where their file cannot be
        written or read: that is tried again once the index has changed.
        """
        if self._given_up is not None and self._store.version() == self._given_up:
            return False
        try:
            self.refresh()
        except StoreBusyError:
            return False
        except StoreError:
            self._given_up = self._store.version()
            return False
        return True

    def find(self, wanted: Sequence[str], limit: int, where: Filter | None = None) -> list[str]:
        """Keys of the chunks that hold the question's terms best, best first.

        Some may be of chunks that the filter does not admit.
        """
        return self._index.search(wanted, limit, where)

    def scores(self, wanted: Sequence[str], keys: Sequence[str]) -> list[float]:
        """BM25 of each chunk among these, 0 and more; 0 for one that is not known."""
        held = self._known.completed(keys, self._index.held)
        return bm25(wanted, [held.get(key, NOTHING) for key in keys])

    def _read_changes(self) -> None:
        held = self._index.documents()
        entries = {entry.name: entry for entry in self._catalog.entries()}
        gone = [name for name in held if name not in entries]
        if gone:
            self._index.remove(gone)
        new = (entry for entry in entries.values() if held.get(entry.name) != entry.hash)
        for batch in _batches(new):
            self._index.put(self._read(batch))

    def _read(self, batch: Sequence[Entry]) -> list[DocumentRecords]:
        keys = [chunk_key(entry.name, n) for entry in batch for n in range(entry.chunk_count)]
        records: dict[str, list[Record]] = {entry.name: [] for entry in batch}
        for start in range(0, len(keys), BATCH):
            for record in self._store.get(keys[start : start + BATCH]):
                records[str(record.metadata["document"])].append(record)
        return [DocumentRecords(entry.name, entry.hash, records[entry.name]) for entry in batch]


def _batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Documents of some BATCH chunks together, or a single larger one."""
    batch: list[Entry] = []
    for entry in entries:
        batch.append(entry)
        if sum(held.chunk_count for held in batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
