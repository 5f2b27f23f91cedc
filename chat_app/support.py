"""How far the words of a sentence are borne out by its passages, 0 to 1. Pure functions.

A logistic model over a few plain features; ``python -m benchmarks.grounding fit`` fits its
coefficients and prints them.
"""

import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from chat_app.evidence import Evidence
from chat_app.lexing import lexed, telling

WINDOW = 3
"""Sentences that a sentence may sum up."""


class Features(NamedTuple):
    """What support is judged by; each 0 to 1.

    Attributes:
        window: share of the sentence's words, rare ones weighing more, in the best window of
            WINDOW sentences.
        whole: the same in all passages together.
        phrases: share of its pairs of neighbouring words that stand side by side there.
    """

    window: float
    whole: float
    phrases: float


def features(sentence: str, evidence: Sequence[Evidence]) -> Features:
    """The features of a sentence against its passages."""
    words = telling(lexed(sentence))
    if not words or not evidence:
        return Features(0.0, 0.0, 0.0)
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
    )


class Model(NamedTuple):
    """Coefficients of the features, in their order, and the constant."""

    coefficients: tuple[float, ...]
    constant: float


WORDS = Model((2.49, 2.10, 3.44), -4.83)


def support(found: Features) -> float:
    """Probability that passages with these features say what the sentence says."""
    score = WORDS.constant + sum(
        c * value for c, value in zip(WORDS.coefficients, found, strict=True)
    )
    return 1 / (1 + math.exp(-score))
