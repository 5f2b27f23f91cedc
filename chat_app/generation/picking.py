"""Question and passages -> the sentences and rows that answer."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from chat_app.generation.candidates import Candidate, candidates_of, one_line
from chat_app.generation.fitting import fits_question, is_beside, is_named, row_fit
from chat_app.prompting import Passage
from chat_app.verification import shared_words
from retrieval.keywords import term_weights, terms
from retrieval.sentences import Span

MIN_CONFIDENCE = 0.42
"""Below it the passages do not answer.

Measured over 230 questions that two sets of plan documents answer and 150 on other subjects: 99 %
of the former reach it, and 6 % of the latter, most of those about other kinds of benefits.
"""
MAX_BEHIND = 0.22
"""A further sentence must score at most this much less than the first."""
SAME_WORDS = 0.75
"""Share of words in common from which a sentence repeats one that is picked."""

MAX_READ = 16
"""Candidates that are compared by meaning: those for which most else speaks. Embedding a sentence
takes a millisecond."""

READ_AT_ONCE = 4
"""Candidates that are embedded together before it is looked whether more have to be."""
MAX_SIMILARITY = 0.75
"""What an unread candidate is taken to reach at most; 99 of 100 are below .71. The first sentence
of 126 sample answers was always the one that reading all gives, after 7 at the median."""

_NAMED = 0.1
"""What it adds to the confidence that the question says all of a row's name."""

_WORDS, _RANK, _KIND, _BESIDE = 0.2, 0.4, 0.12, 0.12


def pick_sentences(
    asked: str,
    question: str,
    passages: Sequence[Passage],
    embed: Callable[[Sequence[str]], NDArray[np.float32]],
    limit: int,
) -> Iterator[tuple[str, int]]:
    """The sentences that answer, best first, each with the number of its passage.

    The first comes as soon as it is known that no other is better. None when the passages do not
    answer.

    Args:
        asked: the question as it was asked: it names the columns of tables.
        question: with the words that documents write for it.
        passages: to quote from, best first.
        embed: texts to unit vectors.
        limit: most sentences.
    """
    candidates = [c for rank, p in enumerate(passages) for c in candidates_of(p, rank, asked)]
    if not candidates:
        return
    beside = _beside_meaning(asked, question, candidates, len(passages))
    order = np.argsort(-beside, kind="stable")[:MAX_READ]
    reading = _Reading(question, [candidates[at] for at in order], beside[order], embed)
    named = any(is_named(question, candidate) for candidate in candidates)
    least = MIN_CONFIDENCE - _NAMED * named - _words_confidence(question, passages)
    while not (reading.likest >= least and reading.is_settled()) and reading.go_on():
        pass
    if reading.likest < least:
        return
    first = reading.best()
    introduced: set[tuple[int, Span]] = set()
    yield from _readable(first, introduced)
    reading.go_on(MAX_READ)
    for candidate in reading.beside(first, limit - 1):
        yield from _readable(candidate, introduced)


class _Reading:
    """Compares candidates with the question by meaning, some at a time."""

    def __init__(
        self,
        question: str,
        candidates: Sequence[Candidate],
        beside: NDArray[np.float64],
        embed: Callable[[Sequence[str]], NDArray[np.float32]],
    ) -> None:
        """Begin with nothing read.

        Args:
            question: what they are compared with.
            candidates: those first for which most speaks beside their meaning.
            beside: how much that is.
            embed: texts to unit vectors.
        """
        self._question = question
        self._candidates = candidates
        self._beside = beside
        self._embed = embed
        self._scores: list[float] = []
        self.likest = -1.0
        """Greatest similarity to the question so far, -1 to 1."""

    def is_settled(self) -> bool:
        """Can no unread candidate be better than the best that is read?"""
        read = len(self._scores)
        if read in (0, len(self._candidates)):
            return read > 0
        return max(self._scores) >= float(self._beside[read]) + MAX_SIMILARITY

    def go_on(self, count: int = READ_AT_ONCE) -> bool:
        """Read the next ones, at most so many; False when all are read."""
        read = len(self._scores)
        texts = [c.in_context for c in self._candidates[read : read + count]]
        if not texts:
            return False
        vectors = self._embed([self._question, *texts])
        similarities = vectors[1:] @ vectors[0]
        self.likest = max(self.likest, float(similarities.max()))
        self._scores += (self._beside[read : read + len(texts)] + similarities).tolist()
        return True

    def best(self) -> Candidate:
        """The candidate with the highest score of those that are read."""
        return self._candidates[int(np.argmax(self._scores))]

    def beside(self, first: Candidate, limit: int) -> list[Candidate]:
        """Further candidates, best first, that say something else for the same plan."""
        scores = dict(zip(map(id, self._candidates), self._scores, strict=True))
        picked = [first]
        for candidate in sorted(self._candidates, key=lambda c: -scores[id(c)]):
            # What holds for all plans beside a fact of one plan is rarely about the question.
            if candidate.passage.plan != first.passage.plan:
                continue
            far = scores[id(candidate)] < scores[id(first)] - MAX_BEHIND
            if len(picked) > limit or far:
                break
            words = terms(candidate.text)
            if all(shared_words(words, terms(other.text)) < SAME_WORDS for other in picked):
                picked.append(candidate)
        return picked[1:]


def _beside_meaning(
    asked: str, question: str, candidates: Sequence[Candidate], passages: int
) -> NDArray[np.float64]:
    """What all but the likeness of meaning says for each candidate."""
    shares = np.mean(
        [
            _word_shares(question, [candidate.text for candidate in candidates]),
            _word_shares(question, [candidate.in_context for candidate in candidates]),
        ],
        axis=0,
    )
    return np.array(
        [
            _WORDS * share
            + _RANK * (1 - candidate.rank / passages)
            + _KIND * fits_question(question, candidate)
            - _BESIDE * is_beside(question, candidate)
            + row_fit(asked, question, candidate)
            for candidate, share in zip(candidates, shares, strict=True)
        ]
    )


def _word_shares(question: str, texts: Sequence[str]) -> list[float]:
    """Share of the question's words that each text holds, rare words weighing more."""
    held = [set(terms(text)) for text in texts]
    weights = term_weights(terms(question), held)
    total = sum(weights.values()) or 1.0
    return [sum(weights[term] for term in weights.keys() & words) / total for words in held]


def _words_confidence(question: str, passages: Sequence[Passage]) -> float:
    """What the words of the passages add to how sure it is that they answer, 0 to 0.1."""
    return 0.1 * max(_word_shares(question, [f"{p.title} {p.section} {p.text}" for p in passages]))


def _readable(candidate: Candidate, introduced: set[tuple[int, Span]]) -> Iterator[tuple[str, int]]:
    """The quote as it is written: a list item behind what introduces its list, said once."""
    number = candidate.passage.number
    if candidate.lead and (number, candidate.lead) not in introduced:
        introduced.add((number, candidate.lead))
        yield one_line(candidate.passage.text[candidate.lead.start : candidate.lead.end]), number
    yield candidate.text, number
