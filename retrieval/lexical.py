"""Keeps the words of an index in step with its vectors, and searches them.

The words are derived: what a document's commit mark says is what counts. Whatever changed the index
- another process, a copy, a killed run - the next search reads the words of the documents that are
new or have another hash, and forgets those that are gone.
"""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from threading import Lock
from typing import Protocol

from retrieval.catalog import Catalog, Entry
from retrieval.documents import Record, chunk_key
from retrieval.errors import StoreBusyError, StoreError
from retrieval.filters import Filter
from retrieval.interfaces import DocumentRecords, KeywordIndex, VectorStore
from retrieval.keywords import NOTHING, Held, bm25
from retrieval.postings import Postings
from retrieval.recent import Recent

BATCH = 1_000
"""Chunks that are read from the vector store, and whose words are written, at once."""
KEPT = 40_000
"""Chunks whose words stay in memory, about 0.5 KB each."""
IN_MEMORY = 20_000
"""Chunks that a filter may admit for their words to be searched in memory: of 8,500 in 0.15 ms, in
the file in 6. To read them takes 0.005 ms a chunk, once after each change of the index."""
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
        self._plans: dict[Hashable, Postings | None] = {}
        self._beside = ThreadPoolExecutor(thread_name_prefix="words")
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
            self._version, self._known, self._plans = version, Recent(KEPT), {}
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

    def search(
        self, wanted: Sequence[str], where: Filter | None, limit: int
    ) -> "WordSearch | None":
        """Begin to search the words; None while they cannot be searched.

        Args:
            wanted: terms of a question.
            where: narrows the search where it speaks of policy and plan year.
            limit: most keys that are found.
        """
        if not self.is_ready():
            return None
        ready = self._plans.get(self._index.scope(where))
        if ready is not None:
            return ready.search(wanted, limit)  # takes less than to have a thread do it
        return _Begun(self._beside.submit(self._searched, wanted, where, limit))

    def _searched(self, wanted: Sequence[str], where: Filter | None, limit: int) -> "WordSearch":
        known = self._known  # of one version, whatever another thread reads meanwhile
        postings = self._postings(where)
        if postings is not None:
            return postings.search(wanted, limit)
        return _InFile(self._index.search(wanted, limit, where), self._index, known, wanted)

    def _postings(self, where: Filter | None) -> Postings | None:
        """The words of what the filter admits, where they are few."""
        plans = self._plans
        scope = self._index.scope(where)
        with suppress(KeyError):
            return plans[scope]
        words = self._index.within(where, IN_MEMORY)
        postings = None if words is None else Postings(words)
        if sum(len(each) for each in list(plans.values()) if each) + len(words or ()) > KEPT:
            plans.clear()
        plans[scope] = postings
        return postings

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


class WordSearch(Protocol):
    """The words of a question, searched."""

    def best(self) -> list[str]:
        """Keys of the chunks that hold them best, best first.

        Some may be of chunks that the filter does not admit.
        """

    def scores(self, keys: Sequence[str]) -> list[float]:
        """BM25 of each chunk among these, 0 and more; 0 for one that is not known."""


class _Begun:
    """Searched in another thread, while the question is embedded.

    To read the words of a plan takes as long as that, and so does a search in the file among
    100,000 chunks.
    """

    def __init__(self, begun: Future[WordSearch]) -> None:
        self._begun = begun

    def best(self) -> list[str]:
        return self._begun.result().best()

    def scores(self, keys: Sequence[str]) -> list[float]:
        return self._begun.result().scores(keys)


class _InFile:
    """What was found in the file, and the words of what is to be scored."""

    def __init__(
        self,
        found: list[str],
        index: KeywordIndex,
        known: Recent[str, Held],
        wanted: Sequence[str],
    ) -> None:
        self._found = found
        self._index = index
        self._known = known
        self._wanted = wanted

    def best(self) -> list[str]:
        return self._found

    def scores(self, keys: Sequence[str]) -> list[float]:
        words = self._known.completed(keys, self._index.held)
        return bm25(self._wanted, [words.get(key, NOTHING) for key in keys])


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
