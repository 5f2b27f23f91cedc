"""Order what a search found: fuse scores, leave out near-duplicates. Pure functions."""

import dataclasses
import re
from collections.abc import Sequence

from retrieval.documents import Match

NEAR_DUPLICATE = 0.9
"""Share of three-word sequences in common from which two passages say the same."""

_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"\d[\d.,]*")


def fuse(matches: Sequence[Match], keyword_scores: Sequence[float], weight: float) -> list[Match]:
    """Order matches by a mix of vector and keyword scores.

    Both are scaled to 0..1 over these matches; the mix is ``(1 - weight) * vector + weight *
    keyword``. Ties go by key.

    Args:
        matches: what the vector search found.
        keyword_scores: one a match.
        weight: of the keywords, 0 to 1.
    """
    vectors = _scaled([match.similarity for match in matches])
    keywords = _scaled(keyword_scores)
    fused = [
        dataclasses.replace(match, score=(1 - weight) * vector + weight * keyword)
        for match, vector, keyword in zip(matches, vectors, keywords, strict=True)
    ]
    return sorted(fused, key=lambda match: (-match.score, match.key))


def distinct(matches: Sequence[Match], limit: int) -> list[Match]:
    """The first matches, of those that say the same for the same plan and year only the first.

    Passages whose numbers differ never say the same, however alike their words.
    """
    kept: list[Match] = []
    seen: list[tuple[object, frozenset[tuple[str, ...]]]] = []
    for match in matches:
        if len(kept) == limit:
            break
        about = (match.policy, match.plan_year, _NUMBER.findall(match.text))
        shingles = _shingles(match.text)
        if not any(about == a and _overlap(shingles, s) >= NEAR_DUPLICATE for a, s in seen):
            kept.append(match)
            seen.append((about, shingles))
    return kept


def _scaled(scores: Sequence[float]) -> list[float]:
    low, high = min(scores, default=0.0), max(scores, default=0.0)
    return [(score - low) / (high - low) if high > low else 0.0 for score in scores]


def _shingles(text: str) -> frozenset[tuple[str, ...]]:
    words = _WORD.findall(text.lower())
    if len(words) < 3:
        return frozenset([tuple(words)])
    return frozenset(zip(words, words[1:], words[2:], strict=False))


def _overlap(left: frozenset[tuple[str, ...]], right: frozenset[tuple[str, ...]]) -> float:
    return len(left & right) / max(1, len(left | right))
