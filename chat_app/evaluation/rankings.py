"""Measures of one ranking with binary relevance. Pure functions."""

import math
from collections.abc import Sequence


def first_rank(gains: Sequence[int]) -> int | None:
    """The rank of the first relevant place, from 1; None when there is none."""
    return next((rank for rank, gain in enumerate(gains, 1) if gain), None)


def hit(gains: Sequence[int], depth: int) -> float:
    """1 when a relevant place is among the first, else 0."""
    return float(any(gains[:depth]))


def reciprocal_rank(gains: Sequence[int], depth: int) -> float:
    """One by the rank of the first relevant place, 0 when it lies deeper; 0 to 1."""
    rank = first_rank(gains[:depth])
    return 1 / rank if rank else 0.0


def ndcg(gains: Sequence[int], relevant: int, depth: int) -> float:
    """Normalised discounted cumulative gain, 0 to 1.

    Discounts are 1 / log2(rank + 1), as in Järvelin and Kekäläinen, "Cumulated gain-based
    evaluation of IR techniques", 2002.

    Args:
        gains: 0 or 1 in the order of the ranking.
        relevant: how many places there are to find, at least 1.
        depth: how far the ranking is read.
    """
    ideal = _discounted([1] * min(relevant, depth))
    return _discounted(gains[:depth]) / ideal


def _discounted(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, 1))
