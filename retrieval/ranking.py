"""Order what a search found: fuse scores, leave out near-duplicates. Pure functions."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from retrieval.documents import Match

NEAR_DUPLICATE = 0.9
"""Share of three-word sequences in common from which two passages say the same."""

SENTENCE_SHARE = 0.5
"""What the nearest sentence of a chunk counts beside the whole of it.

Against 0, the right page or answer ranks higher (MRR): .760 to .792 for a handbook, .709 to .720
for consumers, .902 to .906 for patients, and in both halves of the first two. Chosen among 0 and
.4 to .7 on one half of those, it ranks their other halves higher by .01 on average.
"""

_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"\d[\d.,]*")


def fuse(meanings: Sequence[float], keywords: Sequence[float], weight: float) -> list[float]:
    """Mix what passages score by meaning and by keywords.

    Both are scaled to 0..1 over these passages; the mix is ``(1 - weight) * meaning + weight *
    keyword``.

    Args:
        meanings: one a passage.
        keywords: one a passage.
        weight: of the keywords, 0 to 1.
    """
    return [
        (1 - weight) * meaning + weight * keyword
        for meaning, keyword in zip(_scaled(meanings), _scaled(keywords), strict=True)
    ]


def nearness(similarities: Sequence[float], sentences: Sequence[float | None]) -> list[float]:
    """How near chunks are by meaning: a mix of the whole and of the sentence that is nearest.

    Args:
        similarities: of chunks to the question.
        sentences: of the nearest sentence of each; None where it is not known, and the whole
            counts alone.

    Returns:
        Both scaled to 0..1 over these chunks, and mixed; the similarities where no sentence is
        known.
    """
    if all(sentence is None for sentence in sentences):
        return list(similarities)
    wholes = _scaled(similarities)
    known = iter(_scaled([sentence for sentence in sentences if sentence is not None]))
    return [
        whole if sentence is None else (1 - SENTENCE_SHARE) * whole + SENTENCE_SHARE * next(known)
        for whole, sentence in zip(wholes, sentences, strict=True)
    ]


def distinct(matches: Iterable[Match], limit: int) -> list[Match]:
    """The first matches, of those that say the same for the same plan and year only the first.

    Passages whose numbers differ never say the same, however alike their words.
    """
    kept: list[Match] = []
    seen: dict[object, list[Match]] = {}
    for match in matches:
        about = (match.policy, match.plan_year, tuple(_NUMBER.findall(match.text)))
        alike = seen.setdefault(about, [])
        if not any(_say_the_same(match, other) for other in alike):
            kept.append(match)
            alike.append(match)
            if len(kept) == limit:
                break
    return kept


def _say_the_same(one: Match, other: Match) -> bool:
    return _overlap(_shingles(one.text), _shingles(other.text)) >= NEAR_DUPLICATE


def _scaled(scores: Sequence[float]) -> list[float]:
    low, high = min(scores, default=0.0), max(scores, default=0.0)
    return [(score - low) / (high - low) if high > low else 0.0 for score in scores]


@lru_cache(maxsize=256)
def _shingles(text: str) -> frozenset[tuple[str, ...]]:
    words = _WORD.findall(text.lower())
    if len(words) < 3:
        return frozenset([tuple(words)])
    return frozenset(zip(words, words[1:], words[2:], strict=False))


def _overlap(left: frozenset[tuple[str, ...]], right: frozenset[tuple[str, ...]]) -> float:
    return len(left & right) / max(1, len(left | right))
