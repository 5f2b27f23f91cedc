"""One question on its way: what is searched for it, in which plans, and what is written from that.

Rules say which of the ways a question takes; with a model that plans, it chooses the searches.
"""

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from chat_app.answers import Event, Finished, Plan, Question, Searched, Stepped
from chat_app.attempts import Attempts
from chat_app.comparison_topics import comparison_topics
from chat_app.composing import Composition, is_near
from chat_app.cost_answers import CostFinder
from chat_app.costs.asked import CostQuestion, read_cost_question
from chat_app.errors import GenerationError
from chat_app.guarding import Guarding
from chat_app.planning.planner import Limits, can_plan, planned
from chat_app.planning.tools import Cell, Compare, Cost, Search, Step
from chat_app.plans import Meant, PlanBook, plan_filter
from chat_app.prompting import shown
from chat_app.question_splitting import questions_in
from chat_app.writing import MAX_SENTENCES, PART_SENTENCES, Task, Writer
from prompts.library import prompt
from retrieval.documents import Match
from retrieval.filters import to_json
from retrieval.glossary import Glossary
from retrieval.searching import Query, Searcher
from retrieval.usage import Meter

PASSAGES = 8
"""Passages given to the generator for one plan."""
MAX_PLANS = 6
"""Plans answered for at once; with more of them the user is asked which one is meant."""
FEW_PLANS = 2
"""Plans up to which each is answered for as fully as one alone."""
READ_BY_PLANNER = 4
"""Passages of a search that a planning model reads."""
MOST_GATHERED = 12
"""Passages of all searches for one plan that the answer is written from."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question: what it says, whom it means, and what has come of it.

    Attributes:
        text: as it was understood.
        question: as it was typed, with what was chosen beside it.
        book: the plans there are.
        meant: those it is asked for.
    """

    text: str
    question: Question
    book: PlanBook
    meant: Meant
    composition: Composition
    attempts: Attempts
    guarding: Guarding
    meter: Meter


@dataclass(frozen=True, slots=True)
class Parts:
    """What every question is answered with.

    Attributes:
        searcher: finds passages.
        writer: writes drafts from them.
        glossary: what documents write for the words of a question.
        planning: how long a model may plan; None where rules do.
    """

    searcher: Searcher
    writer: Writer
    glossary: Glossary
    planning: Limits | None = None


class Answering:
    """Answers one question."""

    def __init__(self, parts: Parts, asked: Asked) -> None:
        """Hold the question and what answers it."""
        self._parts = parts
        self._asked = asked
        self._composition = asked.composition
        self._costs = CostFinder(
            self._looked, lambda task: parts.writer.quoted(task, asked.meter), parts.glossary
        )

    def events(self) -> Iterator[Event]:
        """Searches, sentences and the finished answer.

        Raises:
            RetrievalError, GenerationError: a part failed; nothing unverified was shown.
        """
        meant = self._asked.meant
        if meant.missing_type:
            yield from self._without_type()
        elif meant.missing_year:
            yield from self._without_plan()
        elif self._knows_plans and self._plans_itself:
            yield from self._planned()
        else:
            yield from self._by_rules()

    def _by_rules(self) -> Iterator[Event]:
        asked, meant = self._asked, self._asked.meant
        if meant.parts:
            yield from self._tell_parts(meant.parts)
        elif self._knows_plans and (cost := read_cost_question(asked.text, asked.book.names)):
            yield from self._tell_sums(cost)
        elif meant.comparison:
            yield from self._compare()
        elif self._knows_plans and len(texts := self._questions) > 1:
            yield from self._tell_parts([(text, self._plans) for text in texts])
        else:
            yield from self._tell()

    @property
    def _questions(self) -> tuple[str, ...]:
        """Those that are asked: a single follow-up asks one, whatever it is understood with."""
        asked, names = self._asked, self._asked.book.names
        typed = asked.question.text
        if asked.text != typed and len(questions_in(typed, names)) == 1:
            return (asked.text,)
        return questions_in(asked.text, names)

    @property
    def _knows_plans(self) -> bool:
        """Is it clear for which plans it is asked? Always, where no document is of any."""
        return self._asked.meant.known or not self._asked.meant.plans

    @property
    def _plans(self) -> Sequence[Plan | None]:
        return self._asked.meant.plans[:MAX_PLANS] or (None,)

    @property
    def _plans_itself(self) -> bool:
        model = self._parts.writer.model
        return self._parts.planning is not None and model is not None and can_plan(model)

    def _tell_parts(self, parts: Sequence[tuple[str, Sequence[Plan | None]]]) -> Iterator[Event]:
        """Answer each part of a question for the plans and years that it names."""
        for part, plans in parts:
            said = False
            for plan in plans[:MAX_PLANS]:
                matches = yield from self._looked(part, plan)
                for event in self._asked.attempts.write(Task(part, matches), plan):
                    said = True
                    yield event
            if not said:
                self._composition.note(prompt("part_not_answered", part=part))
        yield self._composition.finished()

    def _tell_sums(self, cost: CostQuestion) -> Iterator[Event]:
        """Say what it costs in each plan; where the plan's figures are not plain, what they say."""
        for plan in self._plans:
            if not (yield from self._tell_sum(cost, plan)):
                plain = cost.plainly_asked
                matches = yield from self._looked(plain, plan)
                text = plain if self._parts.writer.model is None else self._asked.text
                yield from self._asked.attempts.write(Task(text, matches), plan)
        yield self._composition.finished()

    def _tell_sum(self, cost: CostQuestion, plan: Plan | None) -> Generator[Event, None, str]:
        """Say what it costs in one plan; returns the sentence, empty where it cannot be said."""
        started = time.monotonic()
        found = yield from self._costs.found(cost, plan)
        said = self._composition.say_sum(found, plan) if found else []
        if not found or not said:
            return ""
        milliseconds = (time.monotonic() - started) * 1000
        named = {"plan": plan.label} if plan else {}
        yield Stepped("compute_cost", named | cost.to_json(), found.computed.text, milliseconds)
        yield from said
        self._composition.note(prompt("computed"))
        return found.computed.text

    def _without_type(self) -> Iterator[Event]:
        """No plan is of the type asked for: another's figures would be wrong."""
        answer = self._composition.finished("unknown_plan", _all_plans(self._asked.book)).answer
        yield Finished(replace(answer, missing_type=self._asked.meant.missing_type))

    def _tell(self) -> Iterator[Event]:
        """Answer for each plan by itself; from common documents once."""
        asked = self._asked
        found: dict[Plan | None, Sequence[Match]] = {}
        for plan in self._plans:
            found[plan] = yield from self._looked(asked.text, plan, asked.question.plan_year)
        if not asked.meant.known:
            if not any(is_near(match) for matches in found.values() for match in matches):
                yield self._composition.finished(reason="not_in_documents")
                return
            if _common_to_all(found):
                found = {None: [m for m in next(iter(found.values())) if m.policy is None]}
            elif asked.question.ask_which_plan or len(asked.meant.plans) > MAX_PLANS:
                yield self._composition.finished(reason="which_plan", choices=asked.meant.plans)
                return
        sentences = MAX_SENTENCES if len(found) <= FEW_PLANS else PART_SENTENCES
        for plan, matches in found.items():
            task = Task(asked.text, matches, sentences=sentences)
            yield from asked.attempts.write(task, plan)
        yield self._composition.finished()

    def _without_plan(self) -> Iterator[Event]:
        """No plan has the year asked for: documents common to all may answer all the same."""
        asked = self._asked
        if not asked.meant.known:
            matches = yield from self._looked(asked.text, None)
            yield from asked.attempts.write(Task(asked.text, matches), None)
        if self._composition.is_empty:
            yield self._composition.finished("unknown_plan", _all_plans(asked.book))
        else:
            yield self._composition.finished()

    def _compare(self) -> Iterator[Event]:
        """Fill a table: each topic is searched in each plan by itself."""
        asked = self._asked
        for topic in comparison_topics(asked.text, asked.book.names):
            for plan in self._plans:
                matches = yield from self._looked(topic, plan)
                yield from asked.attempts.write(Task(topic, matches, is_cell=True), plan)
        yield self._composition.finished(in_table=True)

    def _planned(self) -> Iterator[Event]:
        """Let the model choose the searches, then write from all that they found, plan by plan."""
        asked, parts = self._asked, self._parts
        gathered: dict[Plan | None, list[Sequence[Match]]] = {}

        def carry_out(step: Step) -> Generator[Event, None, str]:
            return self._carried_out(step, gathered)

        model, limits = parts.writer.model, parts.planning
        assert model is not None and limits is not None  # noqa: S101, PT018 - _plans_itself
        try:
            yield from planned(model, asked.text, asked.meant.plans, carry_out, asked.meter, limits)
        except GenerationError as error:
            self._composition.note(prompt("not_planned", why=str(error)))
        if not gathered and self._composition.is_empty:
            yield from self._by_rules()
            return
        for plan, searches in gathered.items():
            yield from asked.attempts.write(Task(asked.text, _interleaved(searches)), plan)
        yield self._composition.finished()

    def _carried_out(
        self, step: Step, gathered: dict[Plan | None, list[Sequence[Match]]]
    ) -> Generator[Event, None, str]:
        """Carry out a step of the model; returns what it reads of it."""
        if isinstance(step, Cost):
            told = yield from self._tell_sum(step.asked, step.plan)
            return told or "The documents do not plainly say the figures; search for them."
        plans = step.plans if isinstance(step, Compare) else (step.plan,)
        read = []
        for plan in plans:
            matches = yield from self._looked(_query(step), plan)
            gathered.setdefault(plan, []).append(matches)
            if isinstance(step, Cell):
                drafts = self._parts.writer.quoted(Task(step.question, matches), self._asked.meter)
                read.append("\n".join(draft.text for draft in drafts))
            else:
                read.append(shown(matches[:READ_BY_PLANNER]))
        return "\n".join(filter(None, read)) or "Nothing was found."

    def _looked(
        self, text: str, plan: Plan | None, year: int | None = None
    ) -> Generator[Event, None, Sequence[Match]]:
        """Search one plan, or the documents common to all; returns what was found."""
        asked = self._asked
        where = plan_filter(plan, plan.year if plan and year is None else year)
        started = time.monotonic()
        found = self._parts.searcher.search(Query(text, where, PASSAGES), asked.meter)
        matches = tuple(asked.guarding.passages(text, found))
        milliseconds = (time.monotonic() - started) * 1000
        other = text if text != asked.text else ""
        searched = Searched(plan, to_json(where), matches, milliseconds, other)
        self._composition.searched(searched)
        yield searched
        return matches


def _query(step: Search | Compare | Cell) -> str:
    match step:
        case Search(query):
            return query
        case Compare(topic):
            return topic
        case Cell(question):
            return question


def _interleaved(searches: Sequence[Sequence[Match]]) -> list[Match]:
    """What several searches found, the best of each first, each passage once."""
    ranked = [match for rank in zip_longest(*searches) for match in rank if match]
    return list({match.key: match for match in reversed(ranked)}.values())[::-1][:MOST_GATHERED]


def _all_plans(book: PlanBook) -> tuple[Plan, ...]:
    return tuple(Plan(policy, year) for policy in book.policies for year in book.years_of(policy))


def _common_to_all(found: dict[Plan | None, Sequence[Match]]) -> bool:
    """Does the best passage of every plan come from a document common to all?"""
    return all(matches and matches[0].policy is None for matches in found.values())
