"""Question -> the passages to choose among, with what vectors and words say of each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

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
        terms: of the text, as ``keywords.terms`` cuts them.
        where: what may be found at all.
        limit: passages that are wanted; some more are chosen among.
    """

    text: str
    terms: Sequence[str]
    where: Filter | None
    limit: int


Finding: TypeAlias = Callable[[Vector], tuple[list[Hit], list[float]]]
"""What has begun to search, and ends it once it is given the question's vector, of norm 1: the
passages, each once, and the BM25 of each among themselves, 0 and more."""


class Finder(Protocol):
    """Finds the passages to choose among."""

    def begin(self, asked: Asked) -> Finding:
        """Begin with what needs no vector; it goes on while the question is embedded."""


class ByVector:
    """The nearest passages; words may change their order."""

    def __init__(self, store: VectorStore) -> None:
        """Hold the store."""
        self._store = store

    def begin(self, asked: Asked) -> Finding:
        """Wait for the vector."""

        def finding(vector: Vector) -> tuple[list[Hit], list[float]]:
            hits = _ours(self._store.query(vector, _count(asked), asked.where))
            return hits, _scores_among(asked, hits)

        return finding


class ByStore:
    """What a store that searches by vectors and words finds itself."""

    def __init__(self, store: HybridStore) -> None:
        """Hold the store."""
        self._store = store

    def begin(self, asked: Asked) -> Finding:
        """Wait for the vector."""

        def finding(vector: Vector) -> tuple[list[Hit], list[float]]:
            count = 2 * _count(asked)  # by vector and by words together
            hits = _ours(self._store.query_hybrid(vector, asked.text, count, asked.where))
            return hits, _scores_among(asked, hits)

        return finding


class ByVectorAndWords:
    """The passages nearest by vector and those best by words, as the word index beside has them.

    Where that cannot be written or read, the nearest passages alone.
    """

    def __init__(self, store: VectorStore, lexical: Lexical) -> None:
        """Hold the store and the words of what it holds."""
        self._store = store
        self._lexical = lexical

    def begin(self, asked: Asked) -> Finding:
        """Search the words."""
        words = self._lexical.search(asked.terms, asked.where, _count(asked))

        def finding(vector: Vector) -> tuple[list[Hit], list[float]]:
            hits = _ours(self._store.query(vector, _count(asked), asked.where))
            if words is None:
                return hits, _scores_among(asked, hits)
            known = {hit.key for hit in hits}
            new = [key for key in words.best() if key not in known]
            hits += self._read(new, vector, asked.where)
            return hits, words.scores([hit.key for hit in hits])

        return finding

    def _read(self, keys: Sequence[str], vector: Vector, where: Filter | None) -> list[Hit]:
        """The passages of these keys that the filter admits; the words know of policy and year."""
        return [
            hit
            for hit in (self._store.compare(keys, vector) if keys else [])
            if where is None or matches(where, hit.metadata)
        ]


def _ours(hits: Sequence[Hit]) -> list[Hit]:
    """The hits without those of records that another program wrote into the same collection."""
    return [hit for hit in hits if "document_hash" in hit.metadata]


def _count(asked: Asked) -> int:
    return max(NEAREST, asked.limit * 2)


def _scores_among(asked: Asked, hits: Sequence[Hit]) -> list[float]:
    texts = [f"{h.metadata['title']} {h.metadata['section']} {h.text}" for h in hits]
    return keyword_scores(asked.terms, texts)
