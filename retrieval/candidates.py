"""Question and vector -> the passages to choose among, with what vectors and words say of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from retrieval.documents import Vector
from retrieval.filters import Filter, matches
from retrieval.interfaces import Hit, HybridStore, VectorStore
from retrieval.keywords import keyword_scores
from retrieval.lexical import Lexical

NEAREST = 50
"""Passages nearest by vector, and as many best by words, that are chosen among. With 100 of each
no labelled question fared better."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it is searched.

    Attributes:
        text: with what the glossary adds.
        vector: of the text, norm 1.
        where: what may be found at all.
        limit: passages that are wanted; some more are chosen among.
    """

    text: str
    vector: Vector
    where: Filter | None
    limit: int


class Finder(Protocol):
    """Finds the passages to choose among."""

    def find(self, asked: Asked) -> tuple[list[Hit], list[float]]:
        """Passages, each once, and the BM25 of each, 0 and more."""


class ByVector:
    """The nearest passages; words may change their order."""

    def __init__(self, store: VectorStore) -> None:
        """Hold the store."""
        self._store = store

    def find(self, asked: Asked) -> tuple[list[Hit], list[float]]:
        """Passages, each once, and the BM25 of each among themselves."""
        hits = _ours(self._store.query(asked.vector, _count(asked), asked.where))
        return hits, _scores_among(asked, hits)


class ByStore:
    """What a store that searches by vectors and words finds itself."""

    def __init__(self, store: HybridStore) -> None:
        """Hold the store."""
        self._store = store

    def find(self, asked: Asked) -> tuple[list[Hit], list[float]]:
        """Passages, each once, and the BM25 of each among themselves."""
        count = 2 * _count(asked)  # by vector and by words together
        hits = _ours(self._store.query_hybrid(asked.vector, asked.text, count, asked.where))
        return hits, _scores_among(asked, hits)


class ByVectorAndWords:
    """The passages nearest by vector and those best by words, as the word index beside has them.

    Where that cannot be written or read, the nearest passages alone.
    """

    def __init__(self, store: VectorStore, lexical: Lexical) -> None:
        """Hold the store and the words of what it holds."""
        self._store = store
        self._lexical = lexical
        self._without = ByVector(store)

    def find(self, asked: Asked) -> tuple[list[Hit], list[float]]:
        """Passages, each once, and the BM25 of each among themselves."""
        if not self._lexical.is_ready():
            return self._without.find(asked)
        hits = _ours(self._store.query(asked.vector, _count(asked), asked.where))
        known = {hit.key for hit in hits}
        by_words = self._lexical.find(asked.text, _count(asked), asked.where)
        hits += self._read([key for key in by_words if key not in known], asked)
        return hits, self._lexical.scores(asked.text, [hit.key for hit in hits])

    def _read(self, keys: Sequence[str], asked: Asked) -> list[Hit]:
        """The passages of these keys that the filter admits; the words know of policy and year."""
        return [
            hit
            for hit in (self._store.compare(keys, asked.vector) if keys else [])
            if asked.where is None or matches(asked.where, hit.metadata)
        ]


def _ours(hits: Sequence[Hit]) -> list[Hit]:
    """The hits without those of records that another program wrote into the same collection."""
    return [hit for hit in hits if "document_hash" in hit.metadata]


def _count(asked: Asked) -> int:
    return max(NEAREST, asked.limit * 2)


def _scores_among(asked: Asked, hits: Sequence[Hit]) -> list[float]:
    texts = [f"{h.metadata['title']} {h.metadata['section']} {h.text}" for h in hits]
    return keyword_scores(asked.text, texts)
