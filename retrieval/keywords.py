"""Lexical scores of passages for a question, to fuse with vector scores."""

import math
import re
from collections import Counter
from collections.abc import Collection, Sequence
from functools import lru_cache

K1 = 1.2
"""Saturation of a term's frequency; with B as in Robertson and Zaragoza, "The Probabilistic
Relevance Framework: BM25 and Beyond", 2009."""
B = 0.75
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


def keyword_scores(question: str, passages: Sequence[str]) -> list[float]:
    """BM25 of each passage for the question, over these passages alone.

    Returns:
        A score a passage, 0 and more, higher is closer; 0 where no word is shared.
    """
    documents = [Counter(terms(passage)) for passage in passages]
    lengths = [sum(document.values()) for document in documents]
    mean = sum(lengths) / len(lengths) if any(lengths) else 1.0
    scores = [0.0] * len(documents)
    for term, weight in term_weights(terms(question), documents).items():
        for i, document in enumerate(documents):
            frequency = document[term]
            norm = K1 * (1 - B + B * lengths[i] / mean)
            scores[i] += weight * frequency * (K1 + 1) / (frequency + norm)
    return scores


def term_weights(wanted: Sequence[str], texts: Sequence[Collection[str]]) -> dict[str, float]:
    """How much each term tells, by how few of the texts hold it (inverse document frequency).

    Args:
        wanted: terms to weigh.
        texts: the terms of each text.
    """
    counts = {term: sum(term in text for text in texts) for term in wanted}
    return {
        term: math.log(1 + (len(texts) - count + 0.5) / (count + 0.5))
        for term, count in counts.items()
    }
