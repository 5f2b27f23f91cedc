"""An answer's sentences: as the model writes them, once more where too little holds, or quotes."""

import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import suppress

from chat_app.answers import Plan, Said
from chat_app.composing import Composition
from chat_app.drafts import Draft
from chat_app.errors import GenerationError
from chat_app.prompting import NO_ANSWER, Failed
from chat_app.stopping import stop_requested
from chat_app.values import values
from chat_app.verification import shared_words
from chat_app.writing import Task, Writer
from prompts.library import prompt
from retrieval.keywords import terms
from retrieval.usage import Meter

SAME_WORDS = 0.75
"""Share of words in common from which a second attempt repeats a sentence with the same values."""


class Attempts:
    """Writes the answer to one question, with one second attempt of the model in all of it."""

    def __init__(self, writer: Writer, composition: Composition, meter: Meter) -> None:
        """Begin with nothing written; the time for a second attempt runs from now.

        Args:
            writer: writes drafts.
            composition: admits those that verify.
            meter: counts what each attempt takes.
        """
        self._writer = writer
        self._composition = composition
        self._meter = meter
        self._until = time.monotonic() + writer.repair_seconds
        self._is_repaired = False

    def write(self, task: Task, plan: Plan | None) -> Iterator[Said]:
        """What the model writes and verifies; when nothing of it does, quotes in its place.

        A model that says that the passages do not answer is believed, when it says nothing else.

        Raises:
            GenerationError: the model failed and quotes are not to stand in for it, or it failed
                behind a sentence that was said.
        """
        if not task.passages:
            return
        why = yield from self._written(task, plan)
        if why and not stop_requested():
            self._composition.note(why)
            yield from self._admitted(self._writer.quoted(task, self._meter), task, plan)

    def _written(self, task: Task, plan: Plan | None) -> Generator[Said, None, str]:
        """What the model writes; returns why quotes are to stand in for it, "" to leave it."""
        before = set(self._composition.failed)
        reply = _Reply()
        try:
            drafts = reply.read(self._writer.drafts(task, self._meter))
            yield from reply.noted(self._admitted(drafts, task, plan))
        except GenerationError as error:
            if reply.said or not self._writer.quotes_after_failure:
                raise
            return prompt("generator_failed", why=str(error))
        if self._writer.model is None or reply.declined:
            return ""
        failed = [one for one in self._composition.failed if one not in before]
        if (not reply.said or len(failed) > len(reply.said)) and self._may_repair():
            yield from self._repaired(task, plan, failed, reply)
        return "" if reply.said else prompt("quoted_instead")

    def _may_repair(self) -> bool:
        in_time = time.monotonic() < self._until
        return in_time and not self._is_repaired and not stop_requested()

    def _repaired(
        self, task: Task, plan: Plan | None, failed: Sequence[Failed], reply: "_Reply"
    ) -> Iterator[Said]:
        """What the second attempt adds. That it is declined, or fails, leaves the first one's."""
        self._is_repaired = True
        started = time.monotonic()
        drafts = reply.read(self._writer.repaired(task, failed, self._meter))
        with suppress(GenerationError):
            yield from reply.noted(self._admitted(reply.further(drafts), task, plan))
        milliseconds = (time.monotonic() - started) * 1000
        self._composition.took("second_attempt", milliseconds)

    def _admitted(self, drafts: Iterable[Draft], task: Task, plan: Plan | None) -> Iterator[Said]:
        for draft in drafts:
            if NO_ANSWER not in draft.text and (said := self._composition.admit(draft, task, plan)):
                yield said


class _Reply:
    """What a model wrote for one task: whether it declined, and what of it was said."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self._drafts = self._declines = 0

    @property
    def declined(self) -> bool:
        """Did it say that the passages do not answer, and nothing else?"""
        return 0 < self._declines == self._drafts

    def read(self, drafts: Iterable[Draft]) -> Iterator[Draft]:
        for draft in drafts:
            self._drafts += 1
            self._declines += NO_ANSWER in draft.text
            yield draft

    def noted(self, events: Iterable[Said]) -> Iterator[Said]:
        for event in events:
            self.said.append(event.sentence.text)
            yield event

    def further(self, drafts: Iterable[Draft]) -> Iterator[Draft]:
        """The drafts that do not repeat what was said."""
        said = tuple(self.said)
        return (draft for draft in drafts if not any(_repeats(draft.text, one) for one in said))


def _repeats(text: str, said: str) -> bool:
    same = set(values(text)) == set(values(said))
    return same and shared_words(terms(text), terms(said)) >= SAME_WORDS
