"""Drafts -> verified, cited sentences -> the finished answer."""

import time
from collections.abc import Sequence

from chat_app.answers import (
    Answer,
    Citation,
    Finished,
    Plan,
    Reason,
    Said,
    Searched,
    Sentence,
)
from chat_app.citations import Draft, quoted_span, valid_numbers
from chat_app.plans import Meant
from chat_app.verification import verify
from retrieval.documents import Match

NEAREST = 3
"""Passages shown when the documents do not answer."""
MIN_NEAR = 0.3
"""Least cosine similarity of a passage that is shown as near."""


class Composition:
    """An answer in the making: admits what verifies, numbers citations, keeps the times."""

    def __init__(self, question: str, meant: Meant, started: float) -> None:
        """Begin with nothing said.

        Args:
            question: as it was understood.
            meant: the plans it is answered for.
            started: ``time.monotonic()`` when the question came.
        """
        self._question = question
        self._meant = meant
        self._started = started
        self._first_sentence: float | None = None
        self._search_ms = 0.0
        self._nearest: dict[str, Match] = {}
        self._numbers: dict[tuple[str, int, int], Citation] = {}
        self._sentences: list[Sentence] = []
        self._removed = 0

    @property
    def is_empty(self) -> bool:
        """Was nothing admitted yet?"""
        return not self._sentences

    def searched(self, search: Searched) -> None:
        """Note what a search found."""
        self._search_ms += search.milliseconds
        self._nearest.update({match.key: match for match in search.matches})

    def admit(
        self, draft: Draft, passages: Sequence[Match], plan: Plan | None, topic: str
    ) -> Said | None:
        """The draft as a sentence that may be shown, or None when it does not verify."""
        if not valid_numbers(draft.numbers, passages):
            self._removed += 1
            return None
        cited = [passages[number - 1] for number in draft.numbers]
        if not verify(draft.text, cited).supported:
            self._removed += 1
            return None
        known = len(self._numbers)
        citations = tuple(self._cite(draft.text, passage) for passage in cited)
        if all(passage.policy is None for passage in cited) and not topic:
            plan = None
        sentence = Sentence(draft.text, tuple(c.number for c in citations), plan, topic)
        if sentence in self._sentences:
            return None
        self._sentences.append(sentence)
        self._first_sentence = self._first_sentence or time.monotonic()
        return Said(sentence, tuple(c for c in citations if c.number > known))

    def finished(self, reason: Reason = "", choices: tuple[Plan, ...] = ()) -> Finished:
        """The answer with all that was said."""
        if not self._sentences and not reason:
            reason = "not_in_documents"
        now = time.monotonic()
        timings = {"search": self._search_ms, "total": (now - self._started) * 1000}
        if self._first_sentence:
            timings["first_sentence"] = (self._first_sentence - self._started) * 1000
        return Finished(
            Answer(
                question=self._question,
                sentences=tuple(self._sentences),
                citations=tuple(self._numbers.values()),
                reason=reason,
                plans=self._meant.plans,
                choices=choices,
                missing_year=self._meant.missing_year,
                comparison=self._meant.comparison,
                removed=self._removed,
                nearest=self._near() if reason == "not_in_documents" else (),
                usage={"input_tokens": 0, "output_tokens": 0, "cost_usd": 0.0},
                timings_ms=timings,
            )
        )

    def _cite(self, text: str, passage: Match) -> Citation:
        span = quoted_span(text, passage)
        place = (passage.key, span.start, span.end)
        if place not in self._numbers:
            number = len(self._numbers) + 1
            self._numbers[place] = Citation(number, passage, span.start, span.end)
        return self._numbers[place]

    def _near(self) -> tuple[Match, ...]:
        near = [match for match in self._nearest.values() if is_near(match)]
        return tuple(sorted(near, key=lambda m: (-m.similarity, m.key))[:NEAREST])


def is_near(match: Match) -> bool:
    """May the passage have to do with the question at all?"""
    return match.similarity >= MIN_NEAR
