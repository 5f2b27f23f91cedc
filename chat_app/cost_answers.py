"""A question for a sum -> the plan's sentences that say its figures, and the sum."""

import re
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from chat_app.answers import Event, Plan
from chat_app.costs.asked import CostQuestion
from chat_app.costs.computed import Computed, Figures, compute, needs_deductible
from chat_app.costs.shares import Share, is_share_of, read_limit, read_share
from chat_app.drafts import Draft
from chat_app.generation.candidates import Candidate, candidates_of
from chat_app.prompting import Passage
from chat_app.writing import Task
from retrieval.documents import Match
from retrieval.glossary import Glossary

SENTENCES = 6
"""Sentences of a search that are read for a figure."""

Look = Callable[[str, Plan | None], Generator[Event, None, Sequence[Match]]]
"""Searches a plan: its events, and what it found."""
Quote = Callable[[Task], Iterable[Draft]]
"""The sentences that answer a task, best first."""

_FEE = re.compile(r"\bfees?\b", re.IGNORECASE)
_DEDUCTIBLE = re.compile(r"\bdeductible", re.IGNORECASE)
_MAXIMUM = re.compile(r"\bout.of.pocket\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Found:
    """A figure with the sentence that says it.

    Attributes:
        task: with the passages that the draft cites.
    """

    draft: Draft
    task: Task


@dataclass(frozen=True, slots=True)
class Sum:
    """A sum, and the sentences with the figures that it rests on, in their order."""

    computed: Computed
    basis: tuple[Found, ...]


class CostFinder:
    """Finds what a sum needs, a search for each figure."""

    def __init__(self, look: Look, quote: Quote, glossary: Glossary) -> None:
        """Hold the parts.

        Args:
            look: searches.
            quote: picks sentences of what was found.
            glossary: what documents write for the name of a service.
        """
        self._look = look
        self._quote = quote
        self._glossary = glossary

    def found(self, asked: CostQuestion, plan: Plan | None) -> Generator[Event, None, Sum | None]:
        """The sum for one plan; None where its documents do not plainly say the figures."""
        read = yield from self._share(asked, plan)
        if read is None:
            return None
        share, where = read
        figures, basis = Figures(share), {"share": where}
        who = "a family" if asked.is_family else "one person"
        if needs_deductible(asked, share):
            question = f"What is the annual deductible for {who} {asked.where}?"
            limit = yield from self._limit(asked, plan, question, _DEDUCTIBLE)
            if limit is None:
                return None
            figures, basis["deductible"] = replace(figures, deductible=limit[0]), limit[1]
        if share.percent:
            question = f"What is the annual out-of-pocket maximum for {who} {asked.where}?"
            limit = yield from self._limit(asked, plan, question, _MAXIMUM)
            if limit is not None:
                figures, basis["maximum"] = replace(figures, maximum=limit[0]), limit[1]
        computed = compute(asked, figures)
        if computed is None:
            return None
        return Sum(computed, tuple(basis[name] for name in computed.uses))

    def _share(
        self, asked: CostQuestion, plan: Plan | None
    ) -> Generator[Event, None, tuple[Share, Found] | None]:
        question = asked.asked_of_plan
        task = Task(question, (yield from self._look(question, plan)), sentences=SENTENCES)
        for draft in self._quote(task):
            share = read_share(draft.text, asked.network)
            if share is not None and is_share_of(draft.text, asked.service, self._glossary):
                return _with_other_fees(share, Found(draft, task), asked)
        return None

    def _limit(
        self, asked: CostQuestion, plan: Plan | None, question: str, says: re.Pattern[str]
    ) -> Generator[Event, None, tuple[Decimal, Found] | None]:
        task = Task(question, (yield from self._look(question, plan)), sentences=SENTENCES)
        for draft in self._quote(task):
            limit = read_limit(draft.text, asked.network, is_family=asked.is_family)
            if limit is not None and says.search(draft.text):
                return limit, Found(draft, task)
        return None


def _with_other_fees(share: Share, found: Found, asked: CostQuestion) -> tuple[Share, Found] | None:
    """The share, where a facility's and a surgeon's fee are not charged by different ones.

    A Summary of Benefits and Coverage has a row for each fee of a surgery or a hospital stay; one
    of them alone is not what the member pays.
    """
    fees = _fees(found, asked)
    shares = [(read_share(draft.text, asked.network), draft) for draft in fees]
    if any(other is None for other, _ in shares):
        return None
    charged = [(other, draft) for other, draft in shares if other and not _is_free(other)]
    if not charged:
        return share, found
    first, draft = charged[0]
    if any((o.percent, o.copay) != (first.percent, first.copay) for o, _ in charged):
        return None
    return first, replace(found, draft=draft)


def _is_free(share: Share) -> bool:
    return share.is_covered and not share.percent and not share.copay


def _fees(found: Found, asked: CostQuestion) -> list[Draft]:
    """The rows of fees for the same service as a found one, where that is the row of a fee."""
    rows = [c for c in _rows(found.task.passages, asked.asked_of_plan) if c.row and c.row.labels]
    mine = next((c.row for c in rows if c.text == found.draft.text), None)
    if mine is None or not _FEE.search(mine.labels[-1]):
        return []
    return [
        Draft(c.text, (c.passage.number,))
        for c in rows
        if c.row and c.row.labels[0] == mine.labels[0] and _FEE.search(c.row.labels[-1])
    ]


def _rows(passages: Sequence[Match], question: str) -> list[Candidate]:
    return [
        candidate
        for rank, match in enumerate(passages)
        for candidate in candidates_of(_numbered(match, rank + 1), rank, question)
    ]


def _numbered(match: Match, number: int) -> Passage:
    own_start = match.own_start - match.start
    return Passage(
        number,
        match.text,
        match.title,
        match.section,
        match.policy or "",
        match.plan_year,
        own_start,
    )
