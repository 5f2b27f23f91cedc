"""The values of a conversation: Question, Citation, Sentence, Answer, and streaming events."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from retrieval.documents import Match

Reason: TypeAlias = Literal["", "not_in_documents", "which_plan", "unknown_plan", "guardrail"]
"""Why there is no answer; empty where there is one."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A policy in one plan year; the year is None where its documents name none."""

    policy: str
    year: int | None = None

    @property
    def label(self) -> str:
        """For people: ``PPO Plus 2026``."""
        name = policy_label(self.policy)
        return f"{name} {self.year}" if self.year else name


@dataclass(frozen=True, slots=True)
class Turn:
    """What was asked before, and what was answered.

    Attributes:
        question: as it was understood, so that it stands by itself.
        answer: as text.
        plans: the plans in play: those that were named or chosen.
        offered: plans that the answer listed or offered to choose from, in their order.
    """

    question: str
    answer: str
    plans: tuple[Plan, ...] = ()
    offered: tuple[Plan, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """What a user asks.

    Attributes:
        text: as typed.
        policies: plans chosen beside the question; empty when none was.
        plan_year: year chosen beside the question.
        turns: the conversation before it, from the first on.
        ask_which_plan: ask back when no plan is known and the answer differs by plan, instead
            of answering for each plan.
    """

    text: str
    policies: tuple[str, ...] = ()
    plan_year: int | None = None
    turns: tuple[Turn, ...] = ()
    ask_which_plan: bool = False


@dataclass(frozen=True, slots=True)
class Citation:
    """A quoted sentence: ``quote`` is the document's text from ``start`` to ``end``.

    Attributes:
        number: from 1, unique in an answer.
        passage: the chunk that holds the quote.
        start: offset of the quote in the document's text.
        page: page on which the quote starts, None in a document without pages.
    """

    number: int
    passage: Match
    start: int
    end: int

    @property
    def quote(self) -> str:
        """The words of the document."""
        offset = self.passage.start
        return self.passage.text[self.start - offset : self.end - offset]

    @property
    def page(self) -> int | None:
        """The page on which the quote starts."""
        return self.passage.page_at(self.start)

    @property
    def section(self) -> str:
        """Headings above the quote, as far as its passage knows them."""
        return self.passage.section_at(self.start)

    def to_json(self) -> dict[str, object]:
        """The citation as the command line prints it."""
        return {
            "number": self.number,
            "key": self.passage.key,
            "document": self.passage.document,
            "source": self.passage.source,
            "title": self.passage.title,
            "page": self.page,
            "section": self.section,
            "policy": self.passage.policy,
            "plan_year": self.passage.plan_year,
            "quote": self.quote,
            "start": self.start,
            "end": self.end,
        }


@dataclass(frozen=True, slots=True)
class Sentence:
    """A verified sentence of an answer.

    Attributes:
        citations: numbers of the citations it rests on, at least one.
        plan: the plan it speaks of; None when it rests on documents common to all plans.
        topic: the row of the comparison table that it fills; empty outside comparisons.
        computed: it says a sum that was computed from the figures of its citations and of the
            question, and stands in no document.
    """

    text: str
    citations: tuple[int, ...]
    plan: Plan | None = None
    topic: str = ""
    computed: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished answer, or the reason why there is none.

    Attributes:
        plans: plans that were searched.
        choices: plans to choose from when the reason is ``which_plan``.
        missing_year: a year that was asked for and that no document holds.
        missing_type: a type of plan that was asked for and that no plan is of.
        comparison: the sentences are cells of a table, by topic and plan.
        removed: sentences of the generator that did not pass verification.
        notes: sentences for the user about the answer, such as that quotes stand in for a model.
        message: what a guard says when it refuses.
        guardrails: what each guard said, as it is printed.
        nearest: the nearest passages, when the documents do not answer.
        steps: tools that were used on the way.
        usage: tokens and US dollars; the dollars are None where a price is not known.
        timings_ms: milliseconds a step.
    """

    question: str
    sentences: tuple[Sentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    reason: Reason = ""
    plans: tuple[Plan, ...] = ()
    choices: tuple[Plan, ...] = ()
    missing_year: int | None = None
    missing_type: str = ""
    comparison: bool = False
    removed: int = 0
    notes: tuple[str, ...] = ()
    message: str = ""
    guardrails: tuple[Mapping[str, object], ...] = ()
    nearest: tuple[Match, ...] = ()
    steps: tuple["Stepped", ...] = ()
    usage: Mapping[str, float | None] = field(default_factory=dict)
    timings_ms: Mapping[str, float] = field(default_factory=dict)

    @property
    def refused(self) -> bool:
        """Is there no answer?"""
        return bool(self.reason)


@dataclass(frozen=True, slots=True)
class Searched:
    """A search was made.

    Attributes:
        plan: for which it was made.
        where: its filter.
        matches: what it found.
        milliseconds: it took.
        text: what was searched for, where it is not the question itself.
    """

    plan: Plan | None
    where: Mapping[str, object]
    matches: tuple[Match, ...]
    milliseconds: float
    text: str = ""


@dataclass(frozen=True, slots=True)
class Stepped:
    """A tool was used on the way to the answer.

    Attributes:
        tool: its name, such as ``compute_cost``.
        arguments: it was given.
        outcome: what it brought, in words.
        milliseconds: it took.
    """

    tool: str
    arguments: Mapping[str, object]
    outcome: str
    milliseconds: float

    def to_json(self) -> dict[str, object]:
        """The step as the command line prints it."""
        return {
            "tool": self.tool,
            "arguments": dict(self.arguments),
            "outcome": self.outcome,
            "milliseconds": round(self.milliseconds, 1),
        }


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence is verified and may be shown, with the citations that it is first to use."""

    sentence: Sentence
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Finished:
    """The answer is complete."""

    answer: Answer


Event: TypeAlias = Searched | Stepped | Said | Finished


PLAN_TYPES = frozenset({"PPO", "HMO", "EPO", "POS", "HDHP", "CDHP", "PFFS"})
"""Types of health plans in the United States: capitals in a label, a name in a question."""
_ACCOUNTS = frozenset({"HSA", "HRA", "FSA"})


def policy_label(policy: str) -> str:
    """A policy's name for people: ``PPO_PLUS`` is "PPO Plus"."""
    words = policy.replace("_", " ").replace("-", " ").split()
    return " ".join(
        word if word in PLAN_TYPES | _ACCOUNTS or not word.isupper() else word.capitalize()
        for word in words
    )
