"""Drafts -> verified, cited sentences -> the finished answer."""

from collections.abc import Sequence
from typing import NamedTuple

from chat_app.alignment import Closeness, ReadTokens
from chat_app.answers import (
    Answer,
    Citation,
    Finished,
    Plan,
    Reason,
    Said,
    Searched,
    Sentence,
    policy_label,
)
from chat_app.attribution import attributed
from chat_app.citations import quoted_span, valid_numbers
from chat_app.cost_answers import Sum
from chat_app.drafts import Draft, says_something
from chat_app.evidence import tokens
from chat_app.guards.prompt_attacks_cues import gives_orders
from chat_app.plan_names import plan_names
from chat_app.plans import Meant
from chat_app.prompting import Failed
from chat_app.verification import says_of_anything, verify
from chat_app.writing import Task
from retrieval.documents import Match

NEAREST = 3
"""Passages shown when the documents do not answer."""
MIN_NEAR = 0.3
"""Least cosine similarity of a passage that is shown as near."""


class _Place(NamedTuple):
    """What is said, in words alone, and where: the same is not said or counted twice there."""

    words: tuple[str, ...]
    plan: Plan | None
    topic: str

    @classmethod
    def of(cls, text: str, task: Task, plan: Plan | None) -> "_Place":
        return cls(tokens(text), plan, task.question if task.is_cell else "")


class Composition:
    """An answer in the making: admits what verifies, and numbers citations."""

    def __init__(
        self,
        question: str,
        meant: Meant,
        policies: Sequence[str],
        read: ReadTokens | None = None,
    ) -> None:
        """Begin with nothing said.

        Args:
            question: as it was understood.
            meant: the plans it is answered for.
            policies: all policies of the index, whose names a sentence may say.
            read: tokens in context; with it, a sentence that is no quote must be close in meaning
                to what it cites.
        """
        self._closeness = Closeness(read, question) if read else None
        self._question = question
        self._meant = meant
        self._names = plan_names(tuple(policies))
        self._timings: dict[str, float] = {}
        self._nearest: dict[str, Match] = {}
        self._numbers: dict[tuple[str, int, int], Citation] = {}
        self._sentences: list[Sentence] = []
        self._said: set[_Place] = set()
        self._failed: dict[_Place, Failed] = {}
        self._notes: list[str] = []

    @property
    def is_empty(self) -> bool:
        """Was nothing admitted yet?"""
        return not self._sentences

    @property
    def failed(self) -> tuple[Failed, ...]:
        """The sentences that may not be shown, in order; none that was shown after all."""
        return tuple(self._failed.values())

    def searched(self, search: Searched) -> None:
        """Note what a search found."""
        self.took("search", search.milliseconds)
        self._nearest.update({match.key: match for match in search.matches})

    def took(self, step: str, milliseconds: float) -> None:
        """Add to the time that a step of this answer took."""
        self._timings[step] = self._timings.get(step, 0.0) + milliseconds

    def note(self, text: str) -> None:
        """Tell the user something about the answer, once."""
        self._notes.append(text)

    def admit(self, draft: Draft, task: Task, plan: Plan | None) -> Said | None:
        """The draft as a sentence that may be shown, or None when it does not verify.

        A sentence that names no passage, or one that does not bear it out, is held against all
        passages of the task, by stricter rules. One of a common document that speaks of other
        plans alone is no part of the answer for this plan; it is left out without being counted,
        and so is what was said before.
        """
        cited = _cited(draft.numbers, task.passages)
        if cited and self._speaks_of_others(draft.text, cited, plan):
            return None
        # A cell of a comparison is no sentence: for "$40" alone, closeness says nothing.
        closeness = None if task.is_cell else self._closeness
        reasons = self._reasons(draft.text, cited, plan, task.question, closeness)
        if reasons:
            # What a model was told by a passage to say stands in that passage.
            plain = [passage for passage in task.passages if not gives_orders(passage.text)]
            passage = attributed(draft.text, plain)
            cited = [passage] if passage else []
            if not passage or self._reasons(draft.text, cited, plan, task.question, closeness):
                self._fail(draft.text, reasons, _Place.of(draft.text, task, plan))
                return None
            if self._speaks_of_others(draft.text, cited, plan):
                return None
        return self._say(draft.text, cited, _Place.of(draft.text, task, plan))

    def _fail(self, text: str, reasons: tuple[str, ...], place: "_Place") -> None:
        if says_something(text) and place not in self._said:
            self._failed.setdefault(place, Failed(text, reasons))

    def _say(self, text: str, cited: Sequence[Match], place: "_Place") -> Said | None:
        self._failed.pop(place, None)
        plan, topic = place.plan, place.topic
        if not topic and all(passage.policy is None for passage in cited):
            plan = None
        said = place._replace(plan=plan)
        if said in self._said:
            return None
        self._said.add(said)
        known = len(self._numbers)
        citations = tuple(self._cite(text, passage) for passage in cited)
        sentence = Sentence(text, tuple(c.number for c in citations), plan, topic)
        self._sentences.append(sentence)
        return Said(sentence, tuple(c for c in citations if c.number > known))

    def say_sum(self, found: Sum, plan: Plan | None) -> list[Said]:
        """A sum, and behind it the sentences that it rests on; nothing where one does not verify.

        The sum is computed from what these sentences and the question say, and cites them all.
        """
        begin, known = len(self._sentences), len(self._numbers)
        basis = [self.admit(each.draft, each.task, plan) for each in found.basis]
        said = [one.sentence for one in basis if one]
        if len(said) < len(basis):
            return []
        numbers = tuple(dict.fromkeys(n for sentence in said for n in sentence.citations))
        whole = Sentence(found.computed.text, numbers, said[0].plan, computed=True)
        self._sentences.insert(begin, whole)
        new = tuple(each for each in self._numbers.values() if each.number > known)
        return [Said(whole, new), *(Said(sentence, ()) for sentence in said)]

    def finished(
        self, reason: Reason = "", choices: tuple[Plan, ...] = (), *, in_table: bool = False
    ) -> Finished:
        """The answer with all that was said.

        Args:
            reason: why nothing was.
            choices: plans to choose from.
            in_table: the sentences are the cells of a comparison.
        """
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
                comparison=in_table,
                removed=len(self._failed),
                nearest=self._near() if reason == "not_in_documents" else (),
                notes=tuple(dict.fromkeys(self._notes)),
                timings_ms={"search": 0.0, **self._timings},
            )
        )

    def _reasons(
        self,
        text: str,
        cited: Sequence[Match],
        plan: Plan | None,
        question: str,
        closeness: Closeness | None,
    ) -> tuple[str, ...]:
        """Why these passages do not bear the sentence out; empty when they do.

        "It is free." must hold of what the question is about.
        """
        if not cited:
            return ("it names no passage that there is, and none says it clearly",)
        foreign = sorted(self._named(text) - self._spoken_of(plan, cited))
        named = tuple(f"the passage does not speak of {policy_label(p)}" for p in foreign)
        verdict = verify(text, cited, closeness)
        if not verdict.quoted and says_of_anything(text):
            verdict = verify(f"{question.rstrip(' ?')}: {text}", cited, closeness)
        return verdict.reasons + named

    def _speaks_of_others(self, text: str, cited: Sequence[Match], plan: Plan | None) -> bool:
        """Does a common document say this of other plans alone?"""
        if plan is None or any(passage.policy for passage in cited):
            return False
        named = self._named(text)
        return bool(named) and plan.policy not in named

    def _named(self, text: str) -> set[str]:
        return {mention.policy for mention in self._names.mentions(text)}

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


def _cited(numbers: Sequence[int], passages: Sequence[Match]) -> list[Match]:
    """The passages of these numbers; none when one of them names none."""
    return [passages[n - 1] for n in numbers] if valid_numbers(numbers, passages) else []
