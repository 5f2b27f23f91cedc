"""Passages -> drafts: written by a language model, or quoted, which is also what stands in."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, takewhile
from typing import TYPE_CHECKING

from chat_app.answers import Turn
from chat_app.conversation import standalone_question
from chat_app.drafts import Draft, read_drafts
from chat_app.generation.streaming import stream_text
from chat_app.prompting import ANSWER, COMPARISON, REPAIR, Failed, messages, within_budget
from chat_app.tokens import TokenCounter
from retrieval.documents import Match
from retrieval.usage import Meter

if TYPE_CHECKING:
    from langchain_core.language_models.chat_models import BaseChatModel

MAX_DRAFTS = 16
"""Drafts of one reply that are read: the rules ask for four; what goes on and on is stopped."""
MAX_REPAIRED = 4
"""Drafts of a second attempt that are read: its rules ask for two."""
MAX_SENTENCES = 4
"""Most sentences that are quoted in an answer, as many as a language model is asked for.

With 3, the right page of a handbook is quoted for 67 % of questions instead of 71 %.
"""
PART_SENTENCES = 3
"""Most sentences that are quoted for one of several plans or parts of a question."""
CELL_SENTENCES = 2
"""Most sentences that are quoted in a cell of a comparison."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be written.

    Attributes:
        question: as it was understood.
        passages: to answer from.
        is_cell: it is a cell of a comparison.
        sentences: most that are quoted, outside a cell.
    """

    question: str
    passages: Sequence[Match]
    is_cell: bool = False
    sentences: int = PART_SENTENCES


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes drafts, each with the numbers of the task's passages that it cites.

    Attributes:
        quotes: the generator that writes nothing of its own.
        model: a language model, or None where quotes are the answer.
        prompt_tokens: budget of a prompt; passages beyond it are left out, the last first.
        quotes_after_failure: quotes stand in for a model that fails, instead of an error.
        repair_seconds: a second attempt begins only within this time from the question, and is
            read for as long at most.
    """

    quotes: "BaseChatModel"
    model: "BaseChatModel | None" = None
    prompt_tokens: int = 6_000
    quotes_after_failure: bool = False
    repair_seconds: float = 30.0
    _tokens: TokenCounter = field(default_factory=TokenCounter)

    def standalone(self, question: str, turns: Sequence[Turn], meter: Meter) -> str:
        """A follow-up as a question of its own; as it is where no language model is there."""
        if self.model is None:
            return question
        return standalone_question(self.model, question, turns, meter)

    def drafts(self, task: Task, meter: Meter) -> Iterator[Draft]:
        """Drafts of the language model; of quotes where there is none.

        Raises:
            GenerationError: the generator failed; the drafts before it stand.
        """
        if self.model is None:
            yield from self.quoted(task, meter)
            return
        rules = COMPARISON if task.is_cell else ANSWER
        yield from islice(self._written(task, rules, (), meter), MAX_DRAFTS)

    def repaired(self, task: Task, failed: Sequence[Failed], meter: Meter) -> Iterator[Draft]:
        """Drafts of the language model's second attempt, of which less is asked.

        Args:
            task: as at the first.
            failed: what it wrote that may not be shown.
            meter: counts its tokens.

        Raises:
            GenerationError: the generator failed; the drafts before it stand.
        """
        yield from islice(self._written(task, REPAIR, failed, meter), MAX_REPAIRED)

    def _written(
        self, task: Task, rules: str, failed: Sequence[Failed], meter: Meter
    ) -> Iterator[Draft]:
        if self.model is None:
            return
        count, budget = self._tokens.count, self.prompt_tokens
        kept = within_budget(task.question, task.passages, budget, count, rules, failed)
        if not kept:
            return
        pieces = stream_text(self.model, messages(task.question, kept, rules, failed), meter)
        if rules == REPAIR:
            until = time.monotonic() + self.repair_seconds
            pieces = takewhile(lambda _: time.monotonic() < until, pieces)
        for draft in read_drafts(pieces):
            yield draft._replace(numbers=_of_task(draft.numbers, kept, task.passages))

    def quoted(self, task: Task, meter: Meter) -> Iterator[Draft]:
        """Drafts that quote the passages."""
        prompt = messages(task.question, task.passages)
        limit = CELL_SENTENCES if task.is_cell else task.sentences
        options = {"max_sentences": limit, "meter": meter, "matches": task.passages}
        pieces = stream_text(self.quotes, prompt, meter, options)
        yield from read_drafts(pieces, whole_lines=True)


def _of_task(
    numbers: Sequence[int], kept: Sequence[Match], passages: Sequence[Match]
) -> tuple[int, ...]:
    """Numbers of the prompt's passages as numbers of the task's; a number of none stays one."""
    places = [passages.index(match) + 1 for match in kept]
    none = len(passages) + 1
    return tuple(places[n - 1] if 1 <= n <= len(places) else none for n in numbers)
