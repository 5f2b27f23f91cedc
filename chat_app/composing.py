"""Drafts -> verified, cited sentences -> the finished answer."""

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
from chat_app.citations import quoted_span, valid_numbers
from chat_app.drafts import Draft
from chat_app.plan_names import place_named
from chat_app.plans import Meant
from chat_app.verification import verify
from chat_app.writing import Task
from retrieval.documents import Match

NEAREST = 3
"""Passages shown when the documents do not answer."""
MIN_NEAR = 0.3
"""Least cosine similarity of a passage that is shown as near."""


class Composition:
    """An answer in the making: admits what verifies, and numbers citations."""

    def __init__(self, question: str, meant: Meant, policies: Sequence[str]) -> None:
        """Begin with nothing said.

        Args:
            question: as it was understood.
            meant: the plans it is answered for.
            policies: all policies of the index, whose names a sentence may say.
        """
        self._question = question
        self._meant = meant
        self._policies = policies
        self._search_ms = 0.0
        self._nearest: dict[str, Match] = {}
        self._numbers: dict[tuple[str, int, int], Citation] = {}
        self._sentences: list[Sentence] = []
        self._removed = 0
        self._notes: list[str] = []

    @property
    def is_empty(self) -> bool:
        """Was nothing admitted yet?"""
        return not self._sentences

    def searched(self, search: Searched) -> None:
        """Note what a search found."""
        self._search_ms += search.milliseconds
        self._nearest.update({match.key: match for match in search.matches})

    def note(self, text: str) -> None:
        """Tell the user something about the answer, once."""
        self._notes.append(text)

    def admit(self, draft: Draft, task: Task, plan: Plan | None) -> Said | None:
        """The draft as a sentence that may be shown, or None when it does not verify.

        A sentence of a common document that speaks of other plans alone is no part of the answer
        for this plan; it is left out without being counted.
        """
        if not valid_numbers(draft.numbers, task.passages):
            self._removed += 1
            return None
        cited = [task.passages[number - 1] for number in draft.numbers]
        named = self._named(draft.text)
        common = all(passage.policy is None for passage in cited)
        if plan and common and named and plan.policy not in named:
            return None
        if not verify(draft.text, cited).supported or named - self._spoken_of(plan, cited):
            self._removed += 1
            return None
        topic = task.question if task.is_cell else ""
        known = len(self._numbers)
        citations = tuple(self._cite(draft.text, passage) for passage in cited)
        if common and not topic:
            plan = None
        sentence = Sentence(draft.text, tuple(c.number for c in citations), plan, topic)
        if sentence in self._sentences:
            return None
        self._sentences.append(sentence)
        return Said(sentence, tuple(c for c in citations if c.number > known))

    def finished(self, reason: Reason = "", choices: tuple[Plan, ...] = ()) -> Finished:
        """The answer with all that was said."""
        if not self._sentences and not reason:
            reason = "not_in_documents"
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
                notes=tuple(dict.fromkeys(self._notes)),
                timings_ms={"search": self._search_ms},
            )
        )

    def _named(self, text: str) -> set[str]:
        return {p for p in self._policies if place_named(text, p, self._policies) >= 0}

    def _spoken_of(self, plan: Plan | None, cited: Sequence[Match]) -> set[str]:
        """The plans that a sentence which cites these passages may name."""
        spoken_of = {match.policy for match in cited} | {plan.policy if plan else None}
        for match in cited:
            spoken_of |= self._named(f"{match.title}\n{match.section}\n{match.text}")
        return {policy for policy in spoken_of if policy}

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
