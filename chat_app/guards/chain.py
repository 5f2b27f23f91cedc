"""Guards in order: each sees what the one before let through."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from chat_app.errors import GuardError
from chat_app.guards.hooks import (
    Allowed,
    Guard,
    GuardReport,
    Hook,
    Masked,
    Refused,
    Verdict,
    Withheld,
)
from chat_app.guards.supervising import supervised
from prompts.library import prompt
from retrieval.usage import Meter

CHECK_SECONDS = 30.0
"""Longest wait for one check: a service is tried a few times, a guard here takes milliseconds."""


@dataclass(frozen=True, slots=True)
class Passed:
    """What came through a chain.

    Attributes:
        texts: to go on with, masked where a guard asked for it; when one refuses, as it got them.
        refusal: what the user is told when a guard refused; empty when none did.
        reports: what each guard said.
    """

    texts: tuple[str, ...]
    refusal: str = ""
    reports: tuple[GuardReport, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """The passages that came through a chain.

    Attributes:
        positions: of the passages to go on with, in their order.
        refusal: what the user is told when a guard refused; empty when none did.
        reports: what each guard said.
    """

    positions: tuple[int, ...]
    refusal: str = ""
    reports: tuple[GuardReport, ...] = ()


class GuardChain:
    """Runs guards until one refuses."""

    def __init__(
        self,
        guards: Sequence[Guard] = (),
        *,
        go_on_after_failure: bool = False,
        seconds: float = CHECK_SECONDS,
    ) -> None:
        """Hold the guards.

        Args:
            guards: in the order in which they run.
            go_on_after_failure: what a guard that cannot decide, fails, hangs or answers nonsense
                means; by default it refuses.
            seconds: longest wait for one check of one guard.
        """
        self.guards = tuple(guards)
        self._go_on = go_on_after_failure
        self._seconds = seconds

    @property
    def wants_whole_answer(self) -> bool:
        """Must the answer be held back until it is complete?"""
        return any(guard.whole_answer for guard in self.guards)

    def check_question(self, question: str, meter: Meter) -> Passed:
        """Run what the user wrote through all guards."""
        return self._run("question", (question,), lambda g, t: g.check_question(t[0], meter))

    def check_passages(self, passages: Sequence[str], question: str, meter: Meter) -> Kept:
        """Run what a search found through all guards, each on what the ones before left."""
        positions = list(range(len(passages)))
        reports: list[GuardReport] = []
        for guard in self.guards if passages else ():
            texts = [passages[position] for position in positions]
            started = time.monotonic()
            check = partial(guard.check_passages, texts, question, meter)
            verdict = self._judged(guard, "passages", check)
            if isinstance(verdict, Masked):
                verdict = self._failed(f"{guard.name} masked passages, which are never changed")
            reports.append(GuardReport(guard.name, "passages", verdict, _since(started)))
            if isinstance(verdict, Refused):
                return Kept((), verdict.message, tuple(reports))
            if isinstance(verdict, Withheld):
                positions = [p for at, p in enumerate(positions) if at not in verdict.positions]
        return Kept(tuple(positions), reports=tuple(reports))

    def check_answer(
        self, sentences: Sequence[str], question: str, passages: Sequence[str], meter: Meter
    ) -> Passed:
        """Run verified sentences through all guards."""
        return self._run(
            "answer",
            tuple(sentences),
            lambda guard, texts: guard.check_answer(texts, question, passages, meter),
        )

    def _run(
        self,
        hook: Hook,
        texts: tuple[str, ...],
        check: Callable[[Guard, tuple[str, ...]], Verdict],
    ) -> Passed:
        reports: list[GuardReport] = []
        for guard in self.guards:
            started = time.monotonic()
            verdict = self._decided(guard, hook, texts, check)
            reports.append(GuardReport(guard.name, hook, verdict, _since(started)))
            if isinstance(verdict, Refused):
                return Passed(texts, verdict.message, tuple(reports))
            if isinstance(verdict, Masked):
                texts = verdict.texts
        return Passed(texts, reports=tuple(reports))

    def _decided(
        self,
        guard: Guard,
        hook: Hook,
        texts: tuple[str, ...],
        check: Callable[[Guard, tuple[str, ...]], Verdict],
    ) -> Verdict:
        verdict = self._judged(guard, hook, lambda: check(guard, texts))
        if isinstance(verdict, Withheld):
            return self._failed(f"{guard.name} withheld passages where none were given")
        if isinstance(verdict, Masked) and len(verdict.texts) != len(texts):
            return self._failed(f"{guard.name} gave {len(verdict.texts)} texts for {len(texts)}")
        return verdict

    def _judged(self, guard: Guard, hook: Hook, check: Callable[[], Verdict]) -> Verdict:
        if _is_left_out(guard, hook):
            return Allowed()
        try:
            return supervised(guard.name, check, self._seconds)
        except GuardError as error:
            return self._failed(str(error))

    def _failed(self, why: str) -> Verdict:
        return Allowed() if self._go_on else Refused(prompt("guard_failed", why=why))


def _is_left_out(guard: Guard, hook: Hook) -> bool:
    """Is the hook the one that allows everything? It needs no thread that is waited for."""
    method = f"check_{hook}"
    of_guard = getattr(getattr(guard, method, None), "__func__", None)
    return of_guard is not None and of_guard is getattr(Guard, method)


def _since(started: float) -> float:
    """Milliseconds since a moment of ``time.monotonic``."""
    return (time.monotonic() - started) * 1000
