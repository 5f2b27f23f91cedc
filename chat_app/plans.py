"""Which plans and years a question means. Pure functions."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from chat_app.answers import PLAN_TYPES, Plan
from retrieval.documents import ANY_YEAR, COMMON_POLICY
from retrieval.errors import UnknownNameError
from retrieval.filters import All, Filter, OneOf

_WORD = re.compile(r"[^\W_]+")
_YEAR = re.compile(r"\b20\d\d\b")
_RELATIVE_YEARS = (
    (re.compile(r"\b(?:next|coming|upcoming|following)\s+(?:plan\s+)?year", re.IGNORECASE), 1),
    (re.compile(r"\b(?:this|current)\s+(?:plan\s+)?year", re.IGNORECASE), 0),
    (re.compile(r"\b(?:last|previous|prior)\s+(?:plan\s+)?year", re.IGNORECASE), -1),
)
_COMPARE = re.compile(
    r"\b(?:compar\w+|versus|vs|differen\w+|differs?|better|cheaper|cheapest|lower|lowest|higher|highest)\b",
    re.IGNORECASE,
)
_ALL_PLANS = re.compile(
    r"\b(?:which|each|all|both|every|between|across|compare|among)\s+(?:of\s+)?(?:the\s+|these\s+|my\s+|our\s+)?"
    r"(?:\w+\s+)?plans?\b",
    re.IGNORECASE,
)
_PLAN_NOUN = re.compile(
    r"\s*(?:plans?|options?|polic(?:y|ies)|benefits?|coverage)\b", re.IGNORECASE
)


_NOISE_WORDS = """a all an are better between both by cheaper cheapest compare comparing comparison
differ difference differences different do does each for from give has have higher highest how i in
is least less lower lowest many me more most much my of on plan plans please show tell the their
there to under versus vs what what's which with year years"""
_NOISE = frozenset(["", *_NOISE_WORDS.split()])
_AND = re.compile(r"\band\b|&|[,;?]|\bor\b", re.IGNORECASE)
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")


@dataclass(frozen=True, slots=True)
class Meant:
    """The plans to answer for.

    Attributes:
        plans: each with its year; empty when the index has no plans, only common documents.
        known: the plans follow from the question or from what was chosen; otherwise they are all
            the plans there are.
        comparison: they are to be set side by side.
        missing_year: a year that was asked for and that the plans' documents do not hold.
    """

    plans: tuple[Plan, ...]
    known: bool
    comparison: bool = False
    missing_year: int | None = None


class PlanBook:
    """The plans that an index holds."""

    def __init__(self, plans: Iterable[tuple[str | None, int | None]]) -> None:
        """Take policy and year of each document; None stands for common and any year."""
        self._years: dict[str, set[int]] = {}
        for policy, year in plans:
            if policy:
                self._years.setdefault(policy, set()).update({year} if year else ())

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
        named = self._named(question)
        compares = _COMPARE.search(question) is not None
        policies = named or picked
        if compares and len(named) == 1:
            policies = tuple(dict.fromkeys((*picked, *named)))
        known = bool(policies) or len(self.policies) == 1
        every_plan = not policies and _ALL_PLANS.search(question) is not None
        years = self._years_meant(question, today, chosen_year, margin=10 if policies else 3)
        plans, missing = self._dated(policies or tuple(self.policies), years, today)
        return Meant(
            plans=plans,
            known=known or every_plan,
            comparison=len(plans) > 1
            and (len(named) > 1 or compares or every_plan)
            and (known or every_plan),
            missing_year=missing,
        )

    def _named(self, question: str) -> tuple[str, ...]:
        """The policies that the question names, in its order."""
        places = {p: place_named(question, p, self.policies) for p in self.policies}
        named = [policy for policy, place in places.items() if place >= 0]
        return tuple(sorted(named, key=lambda policy: (places[policy], policy)))

    def _years_meant(
        self, question: str, today: date, chosen: int | None, margin: int
    ) -> list[int]:
        """The years said, as far as they lie near the plan years, else the one chosen."""
        if chosen is not None:
            self.year(chosen)
        said = [int(year) for year in _YEAR.findall(question)]
        said += [today.year + step for words, step in _RELATIVE_YEARS if words.search(question)]
        near = [
            y for y in said if self.years and self.years[-1] - margin <= y <= self.years[0] + margin
        ]
        return list(dict.fromkeys(near)) or ([chosen] if chosen is not None else [])

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


def search_filter(
    book: PlanBook, policies: Sequence[str], year: int | None, where: Filter | None = None
) -> Filter | None:
    """Admit the documents of these policies and this year, and those common to all.

    Args:
        book: what the index holds.
        policies: none admits every policy.
        year: None admits every year.
        where: a further filter.

    Raises:
        UnknownNameError: a policy or the year is not in the index.
    """
    parts: list[Filter] = [where] if where else []
    if policies:
        parts.append(OneOf("policy", (*map(book.policy, policies), COMMON_POLICY)))
    if year is not None:
        parts.append(OneOf("plan_year", (book.year(year), ANY_YEAR)))
    return All(tuple(parts)) if parts else None


def comparison_topics(question: str, plans: Sequence[Plan]) -> tuple[str, ...]:
    """What the plans are compared in: the question without plan names and words of comparison.

    "Compare the deductible and the copay of PPO Plus and HMO Select" has two topics.
    """
    names = sorted(
        {alias for plan in plans for alias in _spellings(plan.policy)}, key=len, reverse=True
    )
    rest = re.sub(rf"\b(?:{'|'.join(map(re.escape, names))})\b", " ", question, flags=re.IGNORECASE)
    for noise in (_YEAR, _ALL_PLANS):
        rest = noise.sub(" ", rest)
    topics = [_bare(topic) for topic in _AND.split(rest)]
    return tuple(dict.fromkeys(topic for topic in topics if topic)) or (question,)


def place_named(question: str, policy: str, policies: Sequence[str]) -> int:
    """Where the question names this policy, in full or by a part that tells it from the others.

    "PPO Plus", "ppo_plus" and, where it tells enough, "the PPO" or "the Plus plan" name PPO_PLUS.
    The beginning of a name alone does not: it is often the insurer's.

    Returns:
        Offset in the question, -1 when it is not named.
    """
    words = _WORD.findall(policy.lower())
    found = list(_WORD.finditer(question))
    said = [match.group().lower() for match in found]
    for length in range(len(words), 0, -1):
        for alias in _aliases(words, length):
            if length < len(words) and _also_in_another(alias, policy, policies):
                continue
            for at in range(len(said) - length + 1):
                if said[at : at + length] == list(alias) and (
                    length > 1 or _is_name(question, found[at], at)
                ):
                    return found[at].start()
    return -1


def _bare(topic: str) -> str:
    """The topic without words of comparison and punctuation at its ends."""
    words = topic.split()
    while words and _EDGES.sub("", words[0]).lower() in _NOISE:
        words.pop(0)
    while words and _EDGES.sub("", words[-1]).lower() in _NOISE:
        words.pop()
    return _EDGES.sub("", " ".join(words))


def _spellings(policy: str) -> set[str]:
    """How the name is written in a question, longest form and single telling words."""
    words = _WORD.findall(policy)
    joined = {separator.join(words) for separator in (" ", "_", "-", "")}
    tails = {" ".join(words[at:]) for at in range(1, len(words))}
    return joined | tails | {word for word in words if word.upper() in PLAN_TYPES}


def _aliases(words: Sequence[str], length: int) -> list[tuple[str, ...]]:
    """The end of the name; for one word also a plan type wherever it stands, or the first word."""
    aliases = [tuple(words[-length:])]
    if length == 1:
        aliases += [(word,) for word in words if word.upper() in PLAN_TYPES]
        aliases += [(words[0],)]
    return aliases


def _also_in_another(alias: Sequence[str], policy: str, policies: Sequence[str]) -> bool:
    """Is the alias part of another policy's name too, without being a plan type?

    "the PPO" with two PPO plans means either; "Plus" with two Plus plans says nothing.
    """
    if len(alias) == 1 and alias[0].upper() in PLAN_TYPES:
        return False
    return any(
        other != policy and set(alias) <= set(_WORD.findall(other.lower())) for other in policies
    )


def _is_name(question: str, word: re.Match[str], position: int) -> bool:
    """Is a single word used as a name: a plan type, "X plan", or capitalised in mid-sentence?"""
    text = word.group()
    if text.upper() in PLAN_TYPES or _PLAN_NOUN.match(question, word.end()):
        return True
    return position > 0 and text[0].isupper()


def _current(years: Sequence[int], today: date) -> int | None:
    """The plan year in force: this year's, else the latest before, else the earliest."""
    past = [year for year in years if year <= today.year]
    return max(past) if past else min(years, default=None)
