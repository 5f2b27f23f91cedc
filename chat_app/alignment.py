"""How near in meaning each phrase of a sentence is to the nearest phrase of its passages. Pure.

A language model says the same in other words; its tokens, read in context, still lie near those of
the passage. What nothing in the passages is near to is the model's own.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from chat_app.evidence import Evidence
from retrieval.keywords import STOP_WORDS

PHRASE = 3
"""Tokens of a phrase: one and its two neighbours. On the claims of AttributionBench AUROC .804,
against .792 for 1, .798 for 5, .803 for 3 and 9, .804 for 1, 3, 5 and 9 together."""
WINDOW = 5
"""Sentences that a sentence may sum up."""
QUARTER = 0.25
"""The least borne-out quarter of a sentence counts as much as its mean."""
FREE_TOKENS, CHANCE = 254, 0.08
"""What closeness loses for each e-fold of tokens beyond one passage of the index, which is never
longer than this: the more is cited, the nearer its nearest phrase is by chance. It brings the
AUROC of AttributionBench, a fifth of whose claims cite more, from .78 to .81; .06 to .12 do the
same within .005."""


class Tokens(NamedTuple):
    """The tokens of a sentence.

    Attributes:
        words: as they stand in the sentence, lower case; a rare word is several.
        vectors: float32 (tokens, dimension), of one length.
    """

    words: tuple[str, ...]
    vectors: NDArray[np.float32]


class ReadTokens(Protocol):
    """Reads sentences that follow one another, each in the company of its neighbours."""

    def __call__(self, sentences: Sequence[str], /) -> Sequence[Tokens]:
        """The tokens of each sentence."""


@dataclass(frozen=True, slots=True)
class Closeness:
    """Judges how close sentences are to what they rest on.

    Attributes:
        read: tokens in context.
        question: that the sentences answer, which says what their pronouns mean; may be empty.
    """

    read: ReadTokens
    question: str = ""

    def __call__(self, sentence: str, evidence: Sequence[Evidence]) -> float:
        """Closeness of a sentence to its passages: 1 for the same words, about .4 for chance.

        The sentence is read alone and behind the question, and the mean of both counts. A phrase
        may be found in any passage, in each within the WINDOW that meets the sentence best; the
        head of a passage belongs to each of its windows.
        """
        readings = [self.read([sentence])[0]]
        if self.question.strip():
            readings.append(self.read([self.question, sentence])[1])
        passages = [
            (self.read([held.head])[0] if held.head else None, self._units(held))
            for held in evidence
            if held.units
        ]
        length = sum(len(unit.words) for _, units in passages for unit in units)
        if not length or not readings[0].words:
            return 0.0
        found = float(np.mean([_reading(said, passages) for said in readings]))
        return found - CHANCE * max(0.0, math.log(length / FREE_TOKENS))

    def _units(self, held: Evidence) -> list[Tokens]:
        read = self.read([unit.text for unit in held.units])
        return [unit for unit in read if unit.words]


def _reading(said: Tokens, passages: Sequence[tuple[Tokens | None, Sequence[Tokens]]]) -> float:
    weights = _weights(said.words)
    own = phrases(said.vectors)
    best = [_of_passage(own, weights, head, units) for head, units in passages if units]
    nearest = np.max(best, axis=0)
    order = np.argsort(nearest)
    at = int(np.searchsorted(np.cumsum(weights[order]), QUARTER))
    return float(nearest @ weights + nearest[order[min(at, len(order) - 1)]]) / 2


def _of_passage(
    own: NDArray[np.float32],
    weights: NDArray[np.float32],
    head: Tokens | None,
    units: Sequence[Tokens],
) -> NDArray[np.float32]:
    """Nearest cosine of each phrase in the window that meets the sentence best."""
    text = np.concatenate([unit.vectors for unit in units])
    starts = np.cumsum([0, *(len(unit.words) for unit in units[:-1])])
    by_unit = np.maximum.reduceat(own @ phrases(text).T, starts, axis=1)
    size = min(WINDOW, len(units))
    windows = np.lib.stride_tricks.sliding_window_view(by_unit, size, axis=1).max(axis=2)
    if head is not None and head.words:
        windows = np.maximum(windows, (own @ phrases(head.vectors).T).max(axis=1)[:, None])
    found: NDArray[np.float32] = windows[:, int(np.argmax(weights @ windows))]
    return found


def phrases(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean of each token and its neighbours, PHRASE in all, of norm 1."""
    count, half = len(vectors), PHRASE // 2
    padded = np.pad(vectors, ((half, half), (0, 0)))
    sums = np.add.reduce([padded[at : at + count] for at in range(PHRASE)])
    norms = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.asarray(sums / np.maximum(norms, 1e-6), dtype=np.float32)


def _weights(words: Sequence[str]) -> NDArray[np.float32]:
    """Of each token, in sum 1: stop words and punctuation count only where nothing else stands."""
    weights = np.array(
        [any(map(str.isalnum, word)) and word not in STOP_WORDS for word in words],
        dtype=np.float32,
    )
    if not weights.any():
        weights[:] = 1
    return np.asarray(weights / weights.sum(), dtype=np.float32)
