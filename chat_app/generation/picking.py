"""Question and passages -> the sentences and rows that answer."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from chat_app.generation.candidates import Candidate, candidates_of, one_line
from chat_app.generation.fitting import fits_question, is_beside, is_named, row_fit
from chat_app.prompting import Passage
from chat_app.verification import shared_words
from retrieval.keywords import term_weights, terms
from retrieval.sentence_vectors import SentenceVectors
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
of 132 sample answers was always the one that reading all gives, after 8 at the median."""

KEPT_AT_ONCE = 2
"""Candidates that are embedded together where the index keeps vectors of sentences."""
MAX_NEARER = 0.15
"""What a candidate's similarity exceeds that of the vector kept of it by at most; 97 of 100 do not.

A kept vector is of the sentence as it reads in its passage, which says less of how well it answers:
by kept vectors alone the first sentence holds the figure that is asked for in 51 of 104 sample
questions, by those of candidates themselves in 58. But they tell which need not be read: the same
first sentence came out in all of 132 answers, after 4 at the median."""

_NAMED = 0.1
"""What it adds to the confidence that the question says all of a row's name."""

_WORDS, _RANK, _KIND, _BESIDE = 0.2, 0.4, 0.12, 0.12


def pick_sentences(
    asked: str,
    question: str,
    passages: Sequence[Passage],
    embed: Callable[[Sequence[str]], NDArray[np.float32]],
    limit: int,
    kept: Mapping[int, SentenceVectors] = MappingProxyType({}),
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
        kept: by number of the passage, the vectors of its sentences that the index keeps.
    """
    candidates = [c for rank, p in enumerate(passages) for c in candidates_of(p, rank, asked)]
    if not candidates:
        return
    beside = _beside_meaning(asked, question, candidates, len(passages))
    most = beside + _most_similar(candidates, kept, lambda: embed([question])[0])
    # By what speaks beside their meaning, which ones; by what they may score, in which order.
    chosen = np.argsort(-beside, kind="stable")[:MAX_READ]
    order = chosen[np.argsort(-most[chosen], kind="stable")]
    reading = _Reading(
        question,
        [candidates[at] for at in order],
        beside[order],
        most[order],
        embed,
    )
    named = any(is_named(question, candidate) for candidate in candidates)
    least = MIN_CONFIDENCE - _NAMED * named - _words_confidence(question, passages)
    at_once = KEPT_AT_ONCE if kept else READ_AT_ONCE
    while not (reading.likest >= least and reading.is_settled()) and reading.go_on(at_once):
        pass
    if reading.likest < least:
        return
    first = reading.best()
    introduced: set[tuple[int, Span]] = set()
    yield from _readable(first, introduced)
    reading.go_on(MAX_READ, least=reading.score_of_best() - MAX_BEHIND)
    for candidate in reading.beside(first, limit - 1):
        yield from _readable(candidate, introduced)


class _Reading:
    """Compares candidates with the question by meaning, some at a time."""

    def __init__(
        self,
        question: str,
        candidates: Sequence[Candidate],
        beside: NDArray[np.float64],
        most: NDArray[np.float64],
        embed: Callable[[Sequence[str]], NDArray[np.float32]],
    ) -> None:
        """Begin with nothing read.

        Args:
            question: what they are compared with.
            candidates: those first that may score most.
            beside: what speaks for each beside its meaning.
            most: what each may score at most.
            embed: texts to unit vectors.
        """
        self._question = question
        self._candidates = candidates
        self._beside = beside
        self._most = most
        self._embed = embed
        self._scores: list[float] = []
        self.likest = -1.0
        """Greatest similarity to the question so far, -1 to 1."""

    def is_settled(self) -> bool:
        """Can no unread candidate be better than the best that is read?"""
        read = len(self._scores)
        if read in (0, len(self._candidates)):
            return read > 0
        return self.score_of_best() >= float(self._most[read])

    def go_on(self, count: int, least: float = -np.inf) -> bool:
        """Read the next ones that may score so much, at most so many; False when none is left."""
        read = len(self._scores)
        reaching = read + int((self._most[read:] >= least).sum())
        texts = [c.in_context for c in self._candidates[read : min(read + count, reaching)]]
        if not texts:
            return False
        vectors = self._embed([self._question, *texts])
        similarities = vectors[1:] @ vectors[0]
        self.likest = max(self.likest, float(similarities.max()))
        self._scores += (self._beside[read : read + len(texts)] + similarities).tolist()
        return True

    def score_of_best(self) -> float:
        """The highest score of those that are read."""
        return max(self._scores)

    def best(self) -> Candidate:
        """The candidate with the highest score of those that are read."""
        return self._candidates[int(np.argmax(self._scores))]

    def beside(self, first: Candidate, limit: int) -> list[Candidate]:
        """Further candidates, best first, that say something else for the same plan."""
        read = self._candidates[: len(self._scores)]
        scores = dict(zip(map(id, read), self._scores, strict=True))
        picked = [first]
        for candidate in sorted(read, key=lambda c: -scores[id(c)]):
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


def _most_similar(
    candidates: Sequence[Candidate],
    kept: Mapping[int, SentenceVectors],
    question: Callable[[], NDArray[np.float32]],
) -> NDArray[np.float64]:
    """How similar each candidate is to the question at most, as far as that is known."""
    most = np.full(len(candidates), MAX_SIMILARITY)
    if not kept:
        return most
    vector = question()
    similarities = {number: each.similarities(vector) for number, each in kept.items()}
    for at, candidate in enumerate(candidates):
        number = candidate.passage.number
        if number in kept and (place := _place(kept[number], candidate.span)) is not None:
            most[at] = min(MAX_SIMILARITY, float(similarities[number][place]) + MAX_NEARER)
    return most


def _place(kept: SentenceVectors, span: Span) -> int | None:
    """Which of the sentences holds the span; None when none does."""
    place = int(np.searchsorted(kept.spans[:, 0], span.start, side="right")) - 1
    return place if place >= 0 and span.end <= kept.spans[place, 1] else None


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
