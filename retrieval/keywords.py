"""Lexical scores of passages for a question, to fuse with vector scores."""

import re
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import TypeAlias
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

K1 = 0.6
"""Saturation of a term's frequency; with B as in Robertson and Zaragoza, "The Probabilistic
Relevance Framework: BM25 and Beyond", 2009.

Their usual 1.2 and .75 are meant for documents. Among passages of some hundred words, fused with
vectors, the mean reciprocal rank is .01 to .02 higher with these, or equal, on three sets.
"""
B = 0.4
"""Normalisation by a passage's length."""

_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)?")
_STOP_WORDS = """
a about after all also am an and any are as at be been before being but by can could did do does
doing for from get had has have having he her here him his how i if in into is it its just like
may me might much must my no nor not of off on once only or other our out over own please shall
she should so some such than that the their them then there these they this those through to under
until up us very was we were what when where which while who whom why will with would you your
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())


def terms(text: str) -> list[str]:
    """Words of a text that carry meaning, lower case and stemmed, in order."""
    words = (word.lower() for word in _WORD.findall(text))
    return [stem(word) for word in words if word not in STOP_WORDS]


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """The English Snowball stem, so that "screenings" meets "screening"."""
    from snowballstemmer import stemmer

    return str(stemmer("english").stemWord(word))


Held: TypeAlias = NDArray[np.uint32]
"""The terms of a passage, as they are counted fastest: a number each, always the same for equal
terms. Of 20,000 terms one in 200,000 has the number of another."""


def held(words: Sequence[str]) -> Held:
    """The terms of a passage, to be counted."""
    return np.fromiter(map(_number, words), np.uint32, len(words))


@lru_cache(maxsize=65536)
def _number(term: str) -> int:
    return crc32(term.encode())


NOTHING = held([])


def keyword_scores(wanted: Sequence[str], passages: Sequence[str]) -> list[float]:
    """BM25 of each passage for the terms of a question, over these passages alone.

    Returns:
        A score a passage, 0 and more, higher is closer; 0 where no word is shared.
    """
    return bm25(wanted, [held(terms(passage)) for passage in passages])


def bm25(wanted: Sequence[str], passages: Sequence[Held]) -> list[float]:
    """BM25 of each passage, over these passages alone.

    What is rare is judged among the passages that a search is to choose from, not in the whole
    index: that ranks as well, and gives one order whatever the store knows of its other passages.

    Args:
        wanted: terms of the question; one that is said twice counts once.
        passages: what to score.

    Returns:
        A score a passage, 0 and more, higher is closer; 0 where no term is held.
    """
    distinct = held(list(dict.fromkeys(wanted)))
    lengths = np.array([len(passage) for passage in passages], np.int64)
    counts = _counts(distinct, np.concatenate([NOTHING, *passages]), lengths)
    scores: list[float] = scored(counts, lengths).tolist()
    return scores


def scored(counts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.float64]:
    """BM25 of passages, over these alone, (passages,).

    Args:
        counts: how often each passage holds each term of the question, (passages, terms).
        lengths: terms of each passage, (passages,).
    """
    if not counts.size:
        return np.zeros(len(lengths))
    frequencies = saturated(counts, length_norms(lengths)[:, None])
    return np.asarray(frequencies @ rarity(np.count_nonzero(counts, axis=0), len(lengths)))


def length_norms(lengths: NDArray[np.int64]) -> NDArray[np.float64]:
    """What the terms of each passage are held against for its length, above 0."""
    mean = lengths.sum() / max(1, len(lengths))
    return np.asarray(K1 * (1 - B + B * lengths / (mean or 1.0)))


def saturated(counts: NDArray[np.int64], norms: NDArray[np.float64]) -> NDArray[np.float64]:
    """What it says that a term is held so often, 0 to ``K1 + 1``: each time more says less."""
    return counts * (K1 + 1) / (counts + norms)


def _counts(wanted: Held, all_held: Held, lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """How often each passage holds each term, (passages, terms).

    Args:
        wanted: distinct terms.
        all_held: the terms of all passages, one passage after another.
        lengths: terms of each passage.
    """
    places, which = np.nonzero(all_held[:, None] == wanted)
    passages = np.searchsorted(np.cumsum(lengths), places, side="right")
    counts = np.bincount(passages * len(wanted) + which, minlength=len(lengths) * len(wanted))
    return counts.reshape(len(lengths), len(wanted))


def term_weights(wanted: Sequence[str], texts: Sequence[Collection[str]]) -> dict[str, float]:
    """How much each term tells, by how few of the texts hold it (inverse document frequency).

    Args:
        wanted: terms to weigh.
        texts: the terms of each text.
    """
    counts = np.array([sum(term in text for text in texts) for term in wanted])
    return dict(zip(wanted, rarity(counts, len(texts)).tolist(), strict=True))


def rarity(holding: NDArray[np.int64] | int, of: int) -> NDArray[np.float64]:
    """The inverse document frequency of terms that so many passages hold."""
    return np.asarray(np.log(1 + (of - holding + 0.5) / (holding + 0.5)))
