"""The guard hooks and their verdicts, which are values.

A guard derives from ``Guard`` and overrides the hooks it is for. A verdict allows, masks, withholds
passages or refuses; a guard that cannot decide raises ``GuardError``, and a setting says what that
means.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from retrieval.usage import Meter

Hook: TypeAlias = Literal["question", "passages", "answer"]


@dataclass(frozen=True, slots=True)
class Allowed:
    """Nothing is wrong.

    Attributes:
        scores: what the guard measured, by name, for whoever looks at the steps.
    """

    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Masked:
    """Some of it may not go on; these texts go on in its place, one for each that was given."""

    texts: tuple[str, ...]
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Withheld:
    """Some passages are left out: neither a generator nor a user gets to see them.

    Attributes:
        positions: of the passages, from 0.
    """

    positions: frozenset[int]
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refused:
    """None of it goes on.

    Attributes:
        message: what the user is told.
    """

    message: str
    scores: Mapping[str, float] = field(default_factory=dict)


Verdict: TypeAlias = Allowed | Masked | Withheld | Refused


class Guard:
    """Allows everything. Guards override what they are for.

    Attributes:
        name: of the guard, for the step view.
        whole_answer: the answer is held back until it is complete and checked as one; otherwise
            each sentence is checked by itself as it comes.
    """

    name: str = "guard"
    whole_answer: bool = False

    def check_question(self, question: str, meter: Meter) -> Verdict:
        """Judge what the user wrote, before anything is done with it.

        Raises:
            GuardError: the guard cannot decide.
        """
        return Allowed()

    def check_passages(
        self,
        passages: Sequence[str],
        question: str,
        meter: Meter,
    ) -> Verdict:
        """Judge what a search found, before a generator reads it; passages are never masked.

        Args:
            passages: texts, best first.
            question: as it was understood.
            meter: counts what is paid for.

        Raises:
            GuardError: the guard cannot decide.
        """
        return Allowed()

    def check_answer(
        self,
        sentences: Sequence[str],
        question: str,
        passages: Sequence[str],
        meter: Meter,
    ) -> Verdict:
        """Judge verified sentences, before they are shown.

        Args:
            sentences: of the answer, in order.
            question: as it was understood.
            passages: texts of the passages that the sentences cite.
            meter: counts what is paid for.

        Raises:
            GuardError: the guard cannot decide.
        """
        return Allowed()


@dataclass(frozen=True, slots=True)
class GuardReport:
    """What one guard said at one hook."""

    guard: str
    hook: Hook
    verdict: Verdict
    milliseconds: float

    def to_json(self) -> dict[str, object]:
        """The report as the command line prints it."""
        words = {Allowed: "allowed", Masked: "masked", Withheld: "withheld", Refused: "refused"}
        value: dict[str, object] = {
            "guard": self.guard,
            "hook": self.hook,
            "verdict": words[type(self.verdict)],
            "milliseconds": round(self.milliseconds, 1),
        }
        if isinstance(self.verdict, Refused):
            value["message"] = self.verdict.message
        if isinstance(self.verdict, Withheld):
            value["passages"] = len(self.verdict.positions)
        if self.verdict.scores:
            value["scores"] = dict(self.verdict.scores)
        return value
