"""The whole way from a question to a cited answer."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date

from chat_app.alignment import ReadTokens
from chat_app.answering import Answering, Asked, Parts
from chat_app.answers import Event, Finished, Question, Said, Stepped
from chat_app.attempts import Attempts
from chat_app.composing import Composition
from chat_app.follow_ups import only_circumstances, understood
from chat_app.guarding import Guarding, refused
from chat_app.guards.chain import GuardChain
from chat_app.plan_topics import ALL_PLANS
from chat_app.planning.planner import Limits
from chat_app.plans import PlanBook
from chat_app.writing import Writer
from retrieval.glossary import Glossary
from retrieval.pricing import usage_json
from retrieval.searching import MAX_QUESTION, Searcher, checked_question, readable
from retrieval.usage import Meter

JUDGES_WHAT_IS_ASKED = frozenset({"scope"})
"""Guards that judge a follow-up as it is understood: "Is there a limit?" is off-topic by itself.
What speaks of a crisis or attacks is refused as it was typed."""


class Assistant:
    """Answers questions from the indexed documents."""

    def __init__(  # noqa: PLR0913 - the parts of the product
        self,
        searcher: Searcher,
        writer: Writer,
        plan_book: Callable[[], PlanBook],
        guards: GuardChain | None = None,
        today: Callable[[], date] = date.today,
        *,
        glossary: Glossary | None = None,
        planning: Limits | None = None,
        read: ReadTokens | None = None,
    ) -> None:
        """Hold the parts.

        Args:
            searcher: finds passages.
            writer: writes drafts from them.
            plan_book: the plans that the index holds now.
            guards: judge the question, and the sentences before they are shown.
            today: what "next year" refers to.
            glossary: what documents write for the words of a question.
            planning: how long a model that takes tools may choose the searches; None where rules
                do.
            read: tokens in context, by which the sentences of a language model are judged.
        """
        self._read = read
        self._parts = Parts(searcher, writer, glossary or Glossary({}), planning)
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
        steps: list[Stepped] = []
        for event in self._guarded(question, guarding, meter):
            elapsed = (time.monotonic() - started) * 1000
            if isinstance(event, Said):
                timings.setdefault("first_sentence", elapsed)
            if isinstance(event, Stepped):
                steps.append(event)
            if not isinstance(event, Finished):
                yield event
                continue
            answer = replace(
                event.answer,
                steps=tuple(steps),
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
        composition = Composition(text, meant, book.policies, self._read)
        attempts = Attempts(self._writer, composition, meter)
        asked = Asked(text, question, book, meant, composition, attempts, guarding, meter)
        yield from guarding.answer(text, Answering(self._parts, asked).events())

    def _understood(
        self, typed: str, question: Question, book: PlanBook, meter: Meter
    ) -> tuple[str, Question]:
        """The message as a question of its own, asked of the plans in play.

        The language model rewrites a follow-up where there is one; what it leaves, the rules do.
        A follow-up keeps the year in play too; what stands by itself is of the year that it says.
        """
        if not question.turns:
            return typed, question
        text = self._writer.standalone(typed, question.turns, meter)
        if text == typed:
            text = understood(typed, question.turns, book.names) or typed
        if ALL_PLANS.search(text):
            return text, question if text == typed else replace(question, policies=())
        in_play = [p for p in question.turns[-1].plans if p.policy in book.policies]
        policies = question.policies or tuple(dict.fromkeys(p.policy for p in in_play))
        years = {plan.year for plan in in_play if plan.year in book.years}
        year = years.pop() if len(years) == 1 and text != typed else None
        return text, replace(question, policies=policies, plan_year=question.plan_year or year)


def _passed(guarding: Guarding, typed: str, question: Question, book: PlanBook) -> tuple[str, str]:
    """What was typed as the guards leave it, and their words when they refuse."""
    passed = guarding.question(typed)
    in_context = passed.refusal and (
        passed.reports[-1].guard in JUDGES_WHAT_IS_ASKED or only_circumstances(typed, book.names)
    )
    if in_context:
        standing = understood(passed.texts[0], question.turns, book.names)
        if standing is not None:
            return passed.texts[0], guarding.question(standing).refusal
    return passed.texts[0], passed.refusal
