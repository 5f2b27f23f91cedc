"""How far the words of a sentence are borne out by its passages, 0 to 1. Pure functions.

A logistic model over a few plain features; ``python -m benchmarks.grounding fit`` fits its
coefficients and prints them.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chat_app.evidence import Evidence
from chat_app.lexing import lexed, telling

Embed = Callable[[Sequence[str]], NDArray[np.float32]]
"""Texts to unit vectors, float32 (n, dimension)."""

WINDOW = 3
"""Sentences that a sentence may sum up."""
EMBEDDED = 4
"""Windows that are embedded: those that share most words."""


class Features(NamedTuple):
    """What support is judged by; each 0 to 1.

    Attributes:
        window: share of the sentence's words, rare ones weighing more, in the best window of
            WINDOW sentences.
        whole: the same in all passages together.
        phrases: share of its pairs of neighbouring words that stand side by side there.
        similarity: cosine to the best window, 0 and more; None without an embedder.
    """

    window: float
    whole: float
    phrases: float
    similarity: float | None = None


def features(sentence: str, evidence: Sequence[Evidence], embed: Embed | None = None) -> Features:
    """The features of a sentence against its passages."""
    words = telling(lexed(sentence))
    if not words or not evidence:
        return Features(0.0, 0.0, 0.0, None if embed is None else 0.0)
    units = [unit for held in evidence for unit in held.units]
    head = {term for held in evidence for term in telling(lexed(held.head))}
    sets = [set(unit.terms) for unit in units]
    counts = Counter(term for held in sets for term in held)
    weights = {w: math.log(1 + (len(sets) + 1) / (counts[w] + 0.5)) for w in words}
    total = sum(weights[w] for w in words)

    def share(held: set[str]) -> float:
        return sum(weights[w] for w in words if w in held or w in head) / total

    windows = [set[str]().union(*sets[i : i + WINDOW]) for i in range(max(1, len(sets) - 2))]
    shares = [share(window) for window in windows]
    pairs = set(pairwise(words))
    known = {pair for unit in units for pair in pairwise(unit.terms)}
    known |= {pair for held in evidence for pair in pairwise(telling(lexed(held.head)))}
    return Features(
        window=max(shares, default=0.0),
        whole=share(set(counts)),
        phrases=len(pairs & known) / len(pairs) if pairs else 1.0,
        similarity=_similarity(sentence, [u.text for u in units], sets, share, embed),
    )


def _similarity(
    sentence: str,
    texts: Sequence[str],
    sets: Sequence[set[str]],
    share: Callable[[set[str]], float],
    embed: Embed | None,
) -> float | None:
    if embed is None or not texts:
        return None if embed is None else 0.0
    best = sorted(range(len(texts)), key=lambda i: -share(sets[i]))[:EMBEDDED]
    joined = [" ".join(texts[max(0, i - 1) : i + 2]) for i in best[:2]]
    vectors = embed([sentence, *(texts[i] for i in best), *joined])
    return max(0.0, float((vectors[1:] @ vectors[0]).max()))


class Model(NamedTuple):
    """Coefficients of the features, in their order, and the constant."""

    coefficients: tuple[float, ...]
    constant: float


WORDS = Model((2.49, 2.10, 3.44), -4.83)
WORDS_AND_MEANING = Model((2.41, 1.94, 3.16, 1.67), -5.70)


def support(found: Features) -> float:
    """Probability that passages with these features say what the sentence says."""
    model = WORDS if found.similarity is None else WORDS_AND_MEANING
    said = [value for value in found if value is not None]
    score = model.constant + sum(
        c * value for c, value in zip(model.coefficients, said, strict=True)
    )
    return 1 / (1 + math.exp(-score))
