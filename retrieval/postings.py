"""The words of some passages in memory, by term."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from retrieval.keywords import NOTHING, Held, held, length_norms, rarity, saturated, scored

_NONE = np.zeros(0, np.int64)
_HALF, _ROW, _NO_TERM = np.uint64(32), np.uint64(2**32 - 1), np.uint64(2**64 - 1)


class Postings:
    """Finds passages by their terms; it is not changed once it is made.

    With 200 passages a search takes 0.05 ms, with 8,500 0.15 ms.
    """

    def __init__(self, words: Mapping[str, Held]) -> None:
        """Sort the terms of passages; 0.8 ms for 200, 35 for 8,500.

        Args:
            words: of each passage, under its key.
        """
        self.keys = list(words)
        self._at = {key: row for row, key in enumerate(self.keys)}
        self.lengths = np.fromiter(map(len, words.values()), np.int64, len(words))
        self.norms = length_norms(self.lengths)
        every = np.concatenate([NOTHING, *words.values()]).astype(np.uint64)
        rows = np.repeat(np.arange(len(words), dtype=np.uint64), self.lengths)
        # Term and row in one number, which sorts in a tenth of the time that two columns take. A
        # term that a passage holds several times stands once, with how often.
        pairs, self._counts = np.unique(every << _HALF | rows, return_counts=True)
        self._rows = (pairs & _ROW).astype(np.int64)
        terms = pairs >> _HALF
        starts = np.flatnonzero(np.diff(terms, prepend=_NO_TERM))
        self._terms = terms[starts]
        self._bounds = np.append(starts, len(pairs))

    def __len__(self) -> int:
        return len(self.keys)

    def search(self, wanted: Sequence[str], limit: int) -> "Searched":
        """How often which passage holds each of the terms.

        Args:
            wanted: terms of a question; one that is said twice counts once.
            limit: most keys that are found.
        """
        distinct = held(list(dict.fromkeys(wanted)))
        places = np.searchsorted(self._terms, distinct).tolist()
        parts = [
            slice(self._bounds[place], self._bounds[place + 1])
            for place, term in zip(places, distinct.tolist(), strict=True)
            if place < len(self._terms) and self._terms[place] == term
        ]
        rows = np.concatenate([_NONE, *(self._rows[part] for part in parts)])
        counts = np.concatenate([_NONE, *(self._counts[part] for part in parts)])
        holding = np.array([part.stop - part.start for part in parts], np.int64)
        return Searched(self, rows, counts, holding, limit)

    def rows(self, keys: Sequence[str]) -> list[int]:
        """The row of each key; -1 for one that is not known."""
        return [self._at.get(key, -1) for key in keys]


class Searched:
    """The terms of a question, as passages hold them."""

    def __init__(
        self,
        postings: Postings,
        rows: NDArray[np.int64],
        counts: NDArray[np.int64],
        holding: NDArray[np.int64],
        limit: int,
    ) -> None:
        """Take what was found.

        Args:
            postings: what was searched.
            rows: of the passages that hold the first term, then of those that hold the second ...
            counts: how often each does.
            holding: how many passages hold each term that is held at all.
            limit: most keys that are found.
        """
        self._postings = postings
        self._rows = rows
        self._counts = counts
        self._holding = holding
        self._limit = limit

    def best(self) -> list[str]:
        """Keys of the passages that hold the terms best, best first."""
        keys, norms = self._postings.keys, self._postings.norms
        told = np.repeat(rarity(self._holding, len(keys)), self._holding)
        said = told * saturated(self._counts, norms[self._rows])
        scores = np.bincount(self._rows, said, minlength=len(keys))
        rows = np.flatnonzero(scores)
        if self._limit < len(rows):
            least = np.partition(scores[rows], -self._limit)[-self._limit]
            rows = rows[scores[rows] >= least]
        below = (-scores[rows]).tolist()
        ranked = sorted(zip(below, (keys[row] for row in rows.tolist()), strict=True))
        return [key for _, key in ranked[: self._limit]]

    def scores(self, keys: Sequence[str]) -> list[float]:
        """BM25 of each passage among these, 0 and more; 0 for one that is not known."""
        wanted = np.array(self._postings.rows(keys), np.int64)
        # The last one stands for keys that are not known, whose row is -1.
        places = np.full(len(self._postings) + 1, -1)
        places[wanted] = np.arange(len(keys))
        at = places[self._rows]
        among = at >= 0
        terms = np.repeat(np.arange(len(self._holding)), self._holding)
        counts = np.zeros((len(keys), len(self._holding)), np.int64)
        counts[at[among], terms[among]] = self._counts[among]
        lengths = np.append(self._postings.lengths, 0)[wanted]
        scores: list[float] = scored(counts, lengths).tolist()
        return scores
