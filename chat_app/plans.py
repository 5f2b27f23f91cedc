"""Which plans and years a question means. Pure functions."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from chat_app.answers import Plan, Question
from chat_app.plan_names import PlanNames
from chat_app.plan_topics import ALL_PLANS, CHANGE, COMPARE, parts
from chat_app.plan_years import said_years
from retrieval.documents import ANY_YEAR, COMMON_POLICY
from retrieval.errors import UnknownNameError
from retrieval.filters import All, Filter, OneOf

_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Meant:
    """The plans to answer for.

    Attributes:
        plans: each with its year; empty when the index has no plans, only common documents.
        known: the plans follow from the question or from what was chosen; otherwise they are all
            the plans there are.
        comparison: they are to be set side by side.
        missing_year: a year that was asked for and that the plans' documents do not hold.
        missing_type: a type of plan that was asked for ("EPO") and that no plan is of.
        parts: the parts of a question that asks different things of different plans or years, and
            the plans of each; empty where it asks one thing.
    """

    plans: tuple[Plan, ...]
    known: bool
    comparison: bool = False
    missing_year: int | None = None
    missing_type: str = ""
    parts: tuple[tuple[str, tuple[Plan, ...]], ...] = ()


class PlanBook:
    """The plans that an index holds."""

    def __init__(
        self,
        plans: Iterable[tuple[str | None, int | None]],
        titles: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        """Take the plans.

        Args:
            plans: policy and year of each document; None stands for common and any year.
            titles: of each policy's documents, which may say what type of plan it is.
        """
        self._years: dict[str, set[int]] = {}
        for policy, year in plans:
            if policy:
                self._years.setdefault(policy, set()).update({year} if year else ())
        self.names = PlanNames(self._years, titles)

    @property
    def policies(self) -> list[str]:
        """All policies, by name."""
        return sorted(self._years)

    @property
    def years(self) -> list[int]:
        """All plan years, the latest first."""
        return sorted({year for years in self._years.values() for year in years}, reverse=True)

    def years_of(self, policy: str) -> list[int]:
        """Plan years of one policy, the latest first."""
        return sorted(self._years[policy], reverse=True)

    def policy(self, name: str) -> str:
        """The policy that a name means, whatever its case and separators.

        Raises:
            UnknownNameError: no policy has this name; the message lists those there are.
        """
        wanted = _WORD.findall(name.lower())
        for policy in self.policies:
            if policy == name or (wanted and _WORD.findall(policy.lower()) == wanted):
                return policy
        held = ", ".join(self.policies[:12]) or "none"
        raise UnknownNameError(f"there is no policy {name[:80]!r} in the index; it holds: {held}")

    def year(self, year: int) -> int:
        """The year, when a plan has it or no plan says its year.

        Raises:
            UnknownNameError: no plan has this year; the message lists those there are.
        """
        if self.years and year not in self.years:
            held = ", ".join(map(str, self.years))
            raise UnknownNameError(f"there is no plan year {year} in the index; it holds: {held}")
        return year

    def meant(
        self,
        question: str,
        today: date,
        chosen: Sequence[str] = (),
        chosen_year: int | None = None,
    ) -> Meant:
        """The plans and years that a question means.

        A plan named in the question counts more than one chosen beside it; with words of
        comparison, both count. A year that is not said is the current one where the plan has it,
        else the latest before, else the earliest.

        Args:
            question: in people's words.
            today: what "next year" refers to.
            chosen: policies chosen beside the question.
            chosen_year: plan year chosen beside the question.

        Raises:
            UnknownNameError: a chosen policy or year is not in the index.
        """
        picked = tuple(dict.fromkeys(self.policy(name) for name in chosen))
        whole = self._meant(question, today, picked, chosen_year)
        texts = parts(question, self.names, today)
        if len(texts) == 1 or not whole.known or whole.missing_type:
            return whole
        named = self.named(question)
        whose = named if len(named) == 1 else picked
        meant = [self._meant(text, today, whose, chosen_year) for text in texts]
        plans = dict.fromkeys(plan for part in meant for plan in part.plans)
        each = zip(texts, (part.plans for part in meant), strict=True)
        return Meant(tuple(plans), known=True, parts=tuple(each))

    def _meant(
        self, question: str, today: date, picked: Sequence[str], chosen_year: int | None
    ) -> Meant:
        """The plans and years that a question of one part means."""
        named = self.named(question)
        if not named and (missing_type := self.names.unknown_type(question)):
            return Meant((), known=True, missing_type=missing_type)
        compares = COMPARE.search(question) is not None
        policies = named or picked
        if compares and len(named) == 1:
            policies = tuple(dict.fromkeys((*picked, *named)))
        known = bool(policies) or len(self.policies) == 1
        every_plan = not policies and ALL_PLANS.search(question) is not None
        years = self._years_meant(question, today, chosen_year, margin=10 if policies else 3)
        compares = compares or (len(years) > 1 and CHANGE.search(question) is not None)
        plans, missing = self._dated(policies or tuple(self.policies), years, today)
        return Meant(
            plans=plans,
            known=known or every_plan,
            comparison=len(plans) > 1
            and (len(named) > 1 or compares or every_plan)
            and (known or every_plan),
            missing_year=missing,
        )

    def named(self, question: str) -> tuple[str, ...]:
        """The policies that the question names, in its order."""
        return tuple(dict.fromkeys(m.policy for m in self.names.mentions(question)))

    def years_named(self, question: str, today: date) -> tuple[int, ...]:
        """The plan years of the index that the question speaks of, in its order."""
        said = self._years_said(question, today)
        return tuple(dict.fromkeys(year for year in said if year in self.years))

    def _years_meant(
        self, question: str, today: date, chosen: int | None, margin: int
    ) -> list[int]:
        """The years said, as far as they lie near the plan years, else the one chosen."""
        if chosen is not None:
            self.year(chosen)
        near = [
            year
            for year in self._years_said(question, today)
            if self.years and self.years[-1] - margin <= year <= self.years[0] + margin
        ]
        return list(dict.fromkeys(near)) or ([chosen] if chosen is not None else [])

    def _years_said(self, question: str, today: date) -> list[int]:
        names = self.names.mentions(question)
        return [
            spoken.year
            for spoken in said_years(question, today)
            # The 2000 of "HDHP HSA 2000" is no year.
            if not any(name.start <= spoken.start < name.end for name in names)
        ]

    def _dated(
        self, policies: Sequence[str], years: Sequence[int], today: date
    ) -> tuple[tuple[Plan, ...], int | None]:
        plans: list[Plan] = []
        missing: int | None = None
        for policy in policies:
            held = self.years_of(policy)
            wanted = [year for year in years if year in held]
            if years and held and not wanted:
                missing = years[0]
                continue
            plans.extend(Plan(policy, year) for year in wanted)
            if not wanted:
                plans.append(Plan(policy, _current(held, today)))
        return tuple(plans), missing if not plans else None


def plan_filter(plan: Plan | None, year: int | None = None) -> Filter:
    """Admit the documents of a plan and year, and those common to all.

    Args:
        plan: None admits common documents alone.
        year: the year for common documents, when no plan says it.
    """
    policies = (plan.policy, COMMON_POLICY) if plan else (COMMON_POLICY,)
    year = plan.year if plan else year
    parts: tuple[Filter, ...] = (OneOf("policy", policies),)
    if year is not None:
        parts += (OneOf("plan_year", (year, ANY_YEAR)),)
    return All(parts)


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a question is searched: every policy, every year where none is given."""

    policies: tuple[str, ...] = ()
    years: tuple[int, ...] = ()

    def filter(self, where: Filter | None = None) -> Filter | None:
        """Admit the documents of these policies and years, and those common to all.

        Args:
            where: a further filter.
        """
        parts: list[Filter] = [where] if where else []
        if self.policies:
            parts.append(OneOf("policy", (*self.policies, COMMON_POLICY)))
        if self.years:
            parts.append(OneOf("plan_year", (*self.years, ANY_YEAR)))
        return All(tuple(parts)) if parts else None


def search_scope(
    book: PlanBook, question: Question, today: Callable[[], date] = date.today
) -> Scope:
    """The policies and the year chosen beside a question, else those that it names itself.

    Args:
        book: what the index holds.
        question: its text and what was chosen.
        today: what "next year" refers to.

    Raises:
        UnknownNameError: a policy or the year is not in the index.
    """
    policies = tuple(map(book.policy, question.policies)) or book.named(question.text)
    if question.plan_year is not None:
        return Scope(policies, (book.year(question.plan_year),))
    return Scope(policies, book.years_named(question.text, today()))


def _current(years: Sequence[int], today: date) -> int | None:
    """The plan year in force: this year's, else the latest before, else the earliest."""
    past = [year for year in years if year <= today.year]
    return max(past) if past else min(years, default=None)
