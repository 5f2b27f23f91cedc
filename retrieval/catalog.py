"""What an index holds: its documents, plans and years, read from the commit marks."""

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import TypeAlias

from retrieval.documents import Scalar
from retrieval.filters import Equals
from retrieval.interfaces import VectorStore

COMMIT_MARK = Equals("chunk_index", 0)
"""The first chunk of a document is written last: where it is, the document is complete."""

Plans: TypeAlias = frozenset[tuple[str, int | None, str]]
"""Policy, plan year (None for any) and title of the documents that belong to a plan."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One indexed document."""

    name: str
    source: str
    title: str
    policy: str | None
    plan_year: int | None
    chunk_count: int
    hash: str

    def to_json(self) -> dict[str, object]:
        """The entry as the command line prints it."""
        return {
            "document": self.name,
            "source": self.source,
            "title": self.title,
            "policy": self.policy,
            "plan_year": self.plan_year,
            "chunks": self.chunk_count,
        }


class Catalog:
    """The entries of an index, read anew when the index has changed. Safe for threads."""

    def __init__(self, store: VectorStore) -> None:
        """Hold the store; nothing is read yet."""
        self._store = store
        self._turn = Lock()
        self._version: str | None = None
        self._entries: list[Entry] = []
        self._plans: Plans = frozenset()

    def entries(self) -> list[Entry]:
        """All complete documents of the index, by name."""
        with self._turn:
            self._refresh()
            return list(self._entries)

    def plans(self) -> Plans:
        """Policy, year and title of the documents, each once.

        As long as the index does not change, it is the same object, whatever its size.
        """
        with self._turn:
            self._refresh()
            return self._plans

    def _refresh(self) -> None:
        # Before the entries: what changes while they are read is read the next time.
        version = self._store.version()
        if version != self._version:
            self._entries, self._version = read_catalog(self._store), version
            self._plans = frozenset(
                (entry.policy, entry.plan_year, entry.title)
                for entry in self._entries
                if entry.policy
            )


def read_catalog(store: VectorStore) -> list[Entry]:
    """All complete documents of the index, by name."""
    marks = (fields for _, fields in store.scan(COMMIT_MARK))
    # What another program wrote into the same collection has no hash, whatever else it has.
    entries = (_entry(fields) for fields in marks if "document_hash" in fields)
    return sorted(entries, key=lambda entry: entry.name)


def _entry(fields: Mapping[str, Scalar]) -> Entry:
    return Entry(
        name=str(fields["document"]),
        source=str(fields["source"]),
        title=str(fields["title"]),
        policy=str(fields["policy"]) or None,
        plan_year=int(fields["plan_year"]) or None,
        chunk_count=int(fields["chunk_count"]),
        hash=str(fields["document_hash"]),
    )
