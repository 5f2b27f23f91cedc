"""Full-text search over one metadata key, and the fusion of rankings."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import snowballstemmer

K1 = 1.2
B = 0.75
"""BM25 as Lucene sets it; AWS does not publish its own."""
RRF_RANK_CONSTANT = 60
"""Of reciprocal rank fusion, from the paper that named it; AWS does not publish its own."""

STEMMERS: Mapping[str, str] = {
    "en": "english",
    "fr": "french",
    "es": "spanish",
    "pt": "portuguese",
    "it": "italian",
    "de": "german",
    "nl": "dutch",
}
_SINGLE_CHARACTERS = frozenset({"zh", "ja", "ko"})


def analyse(text: str, language: str | None) -> list[str]:
    """Terms of a text: lower-case words, stemmed where the language is named and has stems."""
    words = re.findall(r"\w+", text.casefold())
    if language in _SINGLE_CHARACTERS:
        return [character for word in words for character in word]
    if language is not None and language in STEMMERS:
        stemmed: list[str] = _stemmer(STEMMERS[language]).stemWords(words)
        return stemmed
    return words


@cache
def _stemmer(name: str) -> Any:
    return snowballstemmer.stemmer(name)


class TextIndex:
    """BM25 over the texts of one metadata key.

    Args:
        texts: key of the vector and its value of that metadata key; only strings are indexed.
        language: analysis language, or None for the standard analyser.
    """

    def __init__(self, texts: Iterable[tuple[str, object]], language: str | None) -> None:
        self._language = language
        self._postings: dict[str, dict[str, int]] = defaultdict(dict)
        self._lengths: dict[str, int] = {}
        for key, text in texts:
            if isinstance(text, str):
                terms = Counter(analyse(text, language))
                self._lengths[key] = terms.total()
                for term, count in terms.items():
                    self._postings[term][key] = count

    def scores(self, query: str) -> dict[str, float]:
        """BM25 score of each key that shares a term with the query; all are above 0."""
        scores: dict[str, float] = defaultdict(float)
        mean = sum(self._lengths.values()) / max(1, len(self._lengths))
        for term in set(analyse(query, self._language)):
            postings = self._postings.get(term, {})
            rarity = math.log(
                1 + (len(self._lengths) - len(postings) + 0.5) / (len(postings) + 0.5)
            )
            for key, count in postings.items():
                length = 1 - B + B * self._lengths[key] / mean
                scores[key] += rarity * count * (K1 + 1) / (count + K1 * length)
        return dict(scores)


def fuse(rankings: Sequence[Sequence[str]]) -> dict[str, float]:
    """Reciprocal rank fusion: for each key, the sum of 1 / (60 + its rank), ranks from 1."""
    fused: dict[str, float] = defaultdict(float)
    for ranking in rankings:
        for rank, key in enumerate(ranking, start=1):
            fused[key] += 1 / (RRF_RANK_CONSTANT + rank)
    return dict(fused)
