"""The whole way from a question to a cited answer."""

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from chat_app.answers import Event, Finished, Plan, Question, Said, Searched
from chat_app.composing import Composition, is_near
from chat_app.drafts import Draft
from chat_app.errors import GenerationError
from chat_app.follow_ups import follow_up, only_circumstances
from chat_app.guarding import Guarding, refused
from chat_app.guards.chain import GuardChain
from chat_app.plan_topics import comparison_topics
from chat_app.plans import Meant, PlanBook, plan_filter
from chat_app.prompting import NO_ANSWER
from chat_app.writing import Task, Writer
from prompts.library import prompt
from retrieval.documents import Match
from retrieval.filters import to_json
from retrieval.pricing import usage_json
from retrieval.searching import MAX_QUESTION, Query, Searcher, checked_question, readable
from retrieval.usage import Meter

PASSAGES = 8
"""Passages given to the generator for one plan."""
MAX_PLANS = 6
"""Plans answered for at once; with more of them the user is asked which one is meant."""

JUDGES_WHAT_IS_ASKED = frozenset({"scope"})
"""Guards that judge a follow-up as it is understood: "Is there a limit?" is off-topic by itself.
What speaks of a crisis or attacks is refused as it was typed."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """One question on its way: what it says, whom it means, and what has come of it."""

    text: str
    question: Question
    book: PlanBook
    meant: Meant
    composition: Composition
    guarding: Guarding
    meter: Meter


class Assistant:
    """Answers questions from the indexed documents."""

    def __init__(
        self,
        searcher: Searcher,
        writer: Writer,
        plan_book: Callable[[], PlanBook],
        guards: GuardChain | None = None,
        today: Callable[[], date] = date.today,
    ) -> None:
        """Hold the parts.

        Args:
            searcher: finds passages.
            writer: writes drafts from them.
            plan_book: the plans that the index holds now.
            guards: judge the question, and the sentences before they are shown.
            today: what "next year" refers to.
        """
        self._searcher = searcher
        self._writer = writer
        self._plan_book = plan_book
        self._guards = guards or GuardChain()
        self._today = today

    def answer(self, question: Question) -> Iterator[Event]:
        """Answer as events: searches, sentences as they are verified, the finished answer.

        Raises:
            QuestionError: the question is empty or too long.
            UnknownNameError: a chosen policy or year is not in the index.
            RetrievalError, GenerationError: a part failed; nothing unverified was shown.
        """
        started = time.monotonic()
        meter = Meter()
        guarding = Guarding(self._guards, meter)
        timings: dict[str, float] = {}
        for event in self._guarded(question, guarding, meter):
            elapsed = (time.monotonic() - started) * 1000
            if isinstance(event, Said):
                timings.setdefault("first_sentence", elapsed)
            if not isinstance(event, Finished):
                yield event
                continue
            answer = replace(
                event.answer,
                guardrails=guarding.reports,
                usage=usage_json(meter),
                timings_ms={**event.answer.timings_ms, **timings, "total": elapsed},
            )
            yield Finished(answer)

    def _guarded(self, question: Question, guarding: Guarding, meter: Meter) -> Iterator[Event]:
        typed = readable(question.text)
        if len(typed) <= MAX_QUESTION:
            checked_question(typed)
        # What is too long is refused only then: it may be a cry for help.
        book = self._plan_book()
        said, refusal = _passed(guarding, typed[:MAX_QUESTION], question, book)
        if refusal:
            yield Finished(refused(said, refusal))
            return
        checked_question(typed)
        text, question = self._understood(said, question, book, meter)
        meant = book.meant(text, self._today(), question.policies, question.plan_year)
        composition = Composition(text, meant, book.policies)
        asked = _Asked(text, question, book, meant, composition, guarding, meter)
        yield from guarding.answer(text, self._answered(asked))

    def _understood(
        self, typed: str, question: Question, book: PlanBook, meter: Meter
    ) -> tuple[str, Question]:
        """A follow-up as a question of its own, asked of the plans in play; any other as it is.

        The language model rewrites it where there is one; what it leaves, the rules do.
        """
        text = self._writer.standalone(typed, question.turns, meter)
        if text == typed:
            standing = follow_up(typed, question.turns, book.names)
            if standing is None:
                return typed, question
            text = standing
        in_play = [p for p in question.turns[-1].plans if p.policy in book.policies]
        years = {plan.year for plan in in_play if plan.year in book.years}
        return text, replace(
            question,
            policies=question.policies or tuple(dict.fromkeys(p.policy for p in in_play)),
            plan_year=question.plan_year or (years.pop() if len(years) == 1 else None),
        )

    def _answered(self, asked: _Asked) -> Iterator[Event]:
        if asked.meant.parts:
            yield from self._tell_parts(asked)
        elif asked.meant.missing_type:
            yield from self._without_type(asked)
        elif asked.meant.missing_year:
            yield from self._without_plan(asked)
        elif asked.meant.comparison:
            yield from self._compare(asked)
        else:
            yield from self._tell(asked)

    def _tell_parts(self, asked: _Asked) -> Iterator[Event]:
        """Answer each part of a question for the plan and year that it names."""
        for part, plans in asked.meant.parts:
            said = False
            for plan in plans[:MAX_PLANS]:
                searched = self._search(asked, part, plan, plan.year)
                yield searched
                for event in self._write(asked, Task(part, searched.matches), plan):
                    said = True
                    yield event
            if not said:
                asked.composition.note(prompt("part_not_answered", part=part))
        yield asked.composition.finished()

    def _without_type(self, asked: _Asked) -> Iterator[Event]:
        """No plan is of the type asked for: another's figures would be wrong."""
        answer = asked.composition.finished("unknown_plan", _all_plans(asked.book)).answer
        yield Finished(replace(answer, missing_type=asked.meant.missing_type))

    def _tell(self, asked: _Asked) -> Iterator[Event]:
        """Answer for each plan by itself; from common documents once."""
        found: dict[Plan | None, Sequence[Match]] = {}
        for plan in asked.meant.plans[:MAX_PLANS] or (None,):
            searched = self._search(asked, asked.text, plan, asked.question.plan_year)
            found[plan] = searched.matches
            yield searched
        if not asked.meant.known:
            if not any(is_near(match) for matches in found.values() for match in matches):
                yield asked.composition.finished(reason="not_in_documents")
                return
            if _common_to_all(found):
                found = {None: [m for m in next(iter(found.values())) if m.policy is None]}
            elif asked.question.ask_which_plan or len(asked.meant.plans) > MAX_PLANS:
                yield asked.composition.finished(reason="which_plan", choices=asked.meant.plans)
                return
        for plan, matches in found.items():
            yield from self._write(asked, Task(asked.text, matches), plan)
        yield asked.composition.finished()

    def _without_plan(self, asked: _Asked) -> Iterator[Event]:
        """No plan has the year asked for: documents common to all may answer all the same."""
        if not asked.meant.known:
            searched = self._search(asked, asked.text, None, None)
            yield searched
            yield from self._write(asked, Task(asked.text, searched.matches), None)
        if asked.composition.is_empty:
            yield asked.composition.finished(reason="unknown_plan", choices=_all_plans(asked.book))
        else:
            yield asked.composition.finished()

    def _compare(self, asked: _Asked) -> Iterator[Event]:
        """Fill a table: each topic is searched in each plan by itself."""
        for topic in comparison_topics(asked.text, asked.meant.plans):
            for plan in asked.meant.plans[:MAX_PLANS]:
                searched = self._search(asked, topic, plan, plan.year)
                yield searched
                yield from self._write(asked, Task(topic, searched.matches, is_cell=True), plan)
        yield asked.composition.finished()

    def _search(self, asked: _Asked, text: str, plan: Plan | None, year: int | None) -> Searched:
        where = plan_filter(plan, year)
        started = time.monotonic()
        found = self._searcher.search(Query(text, where, PASSAGES), asked.meter)
        matches = asked.guarding.passages(text, found)
        milliseconds = (time.monotonic() - started) * 1000
        searched = Searched(plan, to_json(where), tuple(matches), milliseconds)
        asked.composition.searched(searched)
        return searched

    def _write(self, asked: _Asked, task: Task, plan: Plan | None) -> Iterator[Said]:
        """What the generator writes and verifies; when nothing of it does, quotes in its place."""
        if not task.passages:
            return
        why = yield from self._drafted(asked, task, plan)
        if why:
            asked.composition.note(why)
            yield from self._admitted(asked, self._writer.quoted(task, asked.meter), task, plan)

    def _drafted(self, asked: _Asked, task: Task, plan: Plan | None) -> Generator[Said, None, str]:
        """What the generator writes; returns why quotes are to stand in for it, "" to leave it."""
        said = False
        drafts = _Listened(self._writer.drafts(task, asked.meter))
        try:
            for event in self._admitted(asked, drafts, task, plan):
                said = True
                yield event
        except GenerationError as error:
            if said or not self._writer.quotes_after_failure:
                raise
            return prompt("generator_failed", why=str(error))
        done = said or drafts.declined or self._writer.model is None
        return "" if done else prompt("quoted_instead")

    def _admitted(
        self, asked: _Asked, drafts: Iterable[Draft], task: Task, plan: Plan | None
    ) -> Iterator[Said]:
        for draft in drafts:
            if draft.text != NO_ANSWER and (event := asked.composition.admit(draft, task, plan)):
                yield event


def _passed(guarding: Guarding, typed: str, question: Question, book: PlanBook) -> tuple[str, str]:
    """What was typed as the guards leave it, and their words when they refuse."""
    passed = guarding.question(typed)
    in_context = passed.refusal and (
        passed.reports[-1].guard in JUDGES_WHAT_IS_ASKED or only_circumstances(typed, book.names)
    )
    if in_context:
        standing = follow_up(passed.texts[0], question.turns, book.names)
        if standing is not None:
            return passed.texts[0], guarding.question(standing).refusal
    return passed.texts[0], passed.refusal


class _Listened:
    """Drafts, and whether one of them said that the passages do not answer."""

    def __init__(self, drafts: Iterator[Draft]) -> None:
        self._drafts = drafts
        self.declined = False

    def __iter__(self) -> Iterator[Draft]:
        for draft in self._drafts:
            self.declined = self.declined or draft.text == NO_ANSWER
            yield draft


def _all_plans(book: PlanBook) -> tuple[Plan, ...]:
    return tuple(Plan(policy, year) for policy in book.policies for year in book.years_of(policy))


def _common_to_all(found: dict[Plan | None, Sequence[Match]]) -> bool:
    """Does the best passage of every plan come from a document common to all?"""
    return all(matches and matches[0].policy is None for matches in found.values())
