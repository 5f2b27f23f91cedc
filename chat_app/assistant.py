"""The whole way from a question to a cited answer."""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING

from chat_app.answers import Event, Plan, Question, Said, Searched
from chat_app.citations import Draft, read_drafts
from chat_app.composing import Composition, is_near
from chat_app.generation.streaming import stream_text
from chat_app.plans import Meant, PlanBook, comparison_topics, place_named, plan_filter
from chat_app.prompting import NO_ANSWER, messages
from retrieval.documents import Match
from retrieval.filters import to_json
from retrieval.searching import Query, Searcher, checked_question

if TYPE_CHECKING:
    from langchain_core.language_models.chat_models import BaseChatModel

PASSAGES = 8
"""Passages given to the generator for one plan."""
MAX_PLANS = 6
"""Plans answered for at once; with more of them the user is asked which one is meant."""
MAX_SENTENCES = 3
"""Most sentences a generator is asked for, for one plan."""
CELL_SENTENCES = 2
"""Most sentences in a cell of a comparison."""


class Assistant:
    """Answers questions from the indexed documents."""

    def __init__(
        self,
        searcher: Searcher,
        model: "BaseChatModel",
        plan_book: Callable[[], PlanBook],
        today: Callable[[], date] = date.today,
    ) -> None:
        """Hold the parts.

        Args:
            searcher: finds passages.
            model: writes drafts from them.
            plan_book: the plans that the index holds now.
            today: what "next year" refers to.
        """
        self._searcher = searcher
        self._model = model
        self._plan_book = plan_book
        self._today = today

    def answer(self, question: Question) -> Iterator[Event]:
        """Answer as events: searches, sentences as they are verified, the finished answer.

        Raises:
            QuestionError: the question is empty or too long.
            UnknownNameError: a chosen policy or year is not in the index.
            RetrievalError, GenerationError: a part failed; nothing unverified was shown.
        """
        started = time.monotonic()
        text = checked_question(question.text)
        meant = self._plan_book().meant(text, self._today(), question.policies, question.plan_year)
        composition = Composition(text, meant, started)
        if meant.missing_year:
            yield from self._without_plan(text, meant, composition)
        elif meant.comparison:
            yield from self._compare(text, meant, composition)
        else:
            yield from self._tell(text, meant, question, composition)

    def _tell(
        self, text: str, meant: Meant, question: Question, composition: Composition
    ) -> Iterator[Event]:
        """Answer for each plan by itself; from common documents once."""
        found: dict[Plan | None, Sequence[Match]] = {}
        for plan in meant.plans[:MAX_PLANS] or (None,):
            searched = self._search(text, plan, question.plan_year)
            found[plan] = searched.matches
            composition.searched(searched)
            yield searched
        if not meant.known:
            if not any(is_near(match) for matches in found.values() for match in matches):
                yield composition.finished(reason="not_in_documents")
                return
            if _common_to_all(found):
                found = {None: [m for m in next(iter(found.values())) if m.policy is None]}
            elif question.ask_which_plan or len(meant.plans) > MAX_PLANS:
                yield composition.finished(reason="which_plan", choices=meant.plans)
                return
        for plan, matches in found.items():
            yield from self._generate(text, plan, matches, composition)
        yield composition.finished()

    def _without_plan(self, text: str, meant: Meant, composition: Composition) -> Iterator[Event]:
        """No plan has the year asked for: documents common to all may answer all the same."""
        if not meant.known:
            searched = self._search(text, None, None)
            composition.searched(searched)
            yield searched
            yield from self._generate(text, None, searched.matches, composition)
        if composition.is_empty:
            yield composition.finished(reason="unknown_plan", choices=self._all_plans())
        else:
            yield composition.finished()

    def _compare(self, text: str, meant: Meant, composition: Composition) -> Iterator[Event]:
        """Fill a table: each topic is searched in each plan by itself."""
        for topic in comparison_topics(text, meant.plans):
            for plan in meant.plans[:MAX_PLANS]:
                searched = self._search(topic, plan, plan.year)
                composition.searched(searched)
                yield searched
                yield from self._generate(topic, plan, searched.matches, composition, topic)
        yield composition.finished()

    def _search(self, text: str, plan: Plan | None, year: int | None) -> Searched:
        where = plan_filter(plan, year)
        started = time.monotonic()
        matches = self._searcher.search(Query(text, where, PASSAGES))
        milliseconds = (time.monotonic() - started) * 1000
        return Searched(plan, to_json(where), tuple(matches), milliseconds)

    def _generate(
        self,
        text: str,
        plan: Plan | None,
        matches: Sequence[Match],
        composition: Composition,
        topic: str = "",
    ) -> Iterator[Said]:
        if not matches:
            return
        limit = CELL_SENTENCES if topic else MAX_SENTENCES
        for draft in read_drafts(stream_text(self._model, messages(text, matches), limit)):
            if draft.text == NO_ANSWER:
                continue
            if plan and self._is_of_another(draft, plan, matches):
                continue
            said = composition.admit(draft, matches, plan, topic)
            if said is not None:
                yield said

    def _is_of_another(self, draft: Draft, plan: Plan, matches: Sequence[Match]) -> bool:
        """Is it a sentence of a common document that speaks of other plans alone?"""
        cited = [matches[n - 1] for n in draft.numbers if n <= len(matches)]
        if any(match.policy for match in cited):
            return False
        policies = self._plan_book().policies
        named = {p for p in policies if place_named(draft.text, p, policies) >= 0}
        return bool(named) and plan.policy not in named

    def _all_plans(self) -> tuple[Plan, ...]:
        book = self._plan_book()
        return tuple(
            Plan(policy, year) for policy in book.policies for year in book.years_of(policy)
        )


def _common_to_all(found: dict[Plan | None, Sequence[Match]]) -> bool:
    """Does the best passage of every plan come from a document common to all?"""
    return all(matches and matches[0].policy is None for matches in found.values())
