"""A sentence that cites nothing, or the wrong passage -> the passage that it rests on. Pure."""

from collections.abc import Sequence

from chat_app.verification import verify
from retrieval.documents import Match
from retrieval.keywords import terms

MIN_SUPPORT = 0.92
"""Least support of the words of a sentence that no passage holds to the letter.

A sentence that may choose its passage finds one more easily than one that is held to the passage
it cites: of 1,185 false sentences, each tried against its own passage and the seven likest of the
same plan, 26 % find one that verifies. Where the passage that bears the words out best must be the
one that verifies, .9 % do; with this least support on top .4 %, and 78 % of the true sentences in
other words and all that are quoted are found (``python -m benchmarks.attribution``).
"""
MIN_TERMS = 4
"""Words that tell something, from which a sentence says by itself what it is about: "No charge."
stands in many passages."""


def attributed(sentence: str, passages: Sequence[Match]) -> Match | None:
    """The passage that clearly says what the sentence says; None when none does.

    It holds the sentence to the letter, or it verifies and bears the words out strongly, and more
    so than every passage that does not verify: that one speaks of the same and denies it.

    Args:
        sentence: as it would be shown.
        passages: all that the sentence may have been written from, best first.
    """
    if len(set(terms(sentence))) < MIN_TERMS:
        return None
    best: Match | None = None
    supported = denied = 0.0
    for passage in passages:
        verdict = verify(sentence, [passage])
        if verdict.quoted:
            return passage
        if not verdict.supported:
            denied = max(denied, verdict.words)
        elif verdict.words > supported:
            best, supported = passage, verdict.words
    return best if supported >= MIN_SUPPORT and supported > denied else None
