"""The guards around one answer: its question, and its sentences before they are shown."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from chat_app.answers import Answer, Event, Finished, Said, Sentence
from chat_app.guards.chain import GuardChain, Passed
from chat_app.guards.hooks import GuardReport
from retrieval.documents import Match
from retrieval.usage import Meter


class Guarding:
    """Runs the guards on one question and its answer, and keeps what they said."""

    def __init__(self, guards: GuardChain, meter: Meter) -> None:
        """Begin with nothing checked.

        Args:
            guards: in order.
            meter: counts what is paid for.
        """
        self._guards = guards
        self._meter = meter
        self._reports: list[Mapping[str, object]] = []

    @property
    def reports(self) -> tuple[Mapping[str, object], ...]:
        """What each guard said so far."""
        return tuple(self._reports)

    def question(self, text: str) -> Passed:
        """Check what the user wrote."""
        return self._noted(self._guards.check_question(text, self._meter))

    def passages(self, question: str, matches: Sequence[Match]) -> Sequence[Match]:
        """What a search found, without what the guards withhold; nothing when one refuses."""
        texts = [match.text for match in matches]
        kept = self._guards.check_passages(texts, question, self._meter)
        self._note(kept.reports)
        return [matches[position] for position in kept.positions]

    def answer(self, question: str, events: Iterator[Event]) -> Iterator[Event]:
        """Check the sentences among the events; each goes on as the guards leave it.

        A guard that wants the whole answer holds all sentences back until it is complete. When a
        sentence is refused, the answer is; sentences shown before are not in it any more.
        """
        shown: list[Sentence] = []
        held: list[Said] = []
        for event in events:
            match event:
                case Said() if self._guards.wants_whole_answer:
                    held.append(event)
                case Said(sentence):
                    [masked], refusal = self._checked(question, [event])
                    if refusal:
                        yield Finished(refused(question, refusal))
                        return
                    shown.append(replace(sentence, text=masked))
                    yield replace(event, sentence=shown[-1])
                case Finished(answer):
                    texts, refusal = self._checked(question, held)
                    if refusal:
                        yield Finished(refused(question, refusal, answer))
                        return
                    for said, text in zip(held, texts, strict=True):
                        shown.append(replace(said.sentence, text=text))
                        yield replace(said, sentence=shown[-1])
                    yield Finished(replace(answer, sentences=tuple(shown)))
                case _:
                    yield event

    def _checked(self, question: str, said: list[Said]) -> tuple[tuple[str, ...], str]:
        """The texts to show, and the guards' words when they refuse."""
        if not said:
            return (), ""
        passages = {c.passage.key: c.passage.text for one in said for c in one.citations}
        texts = tuple(one.sentence.text for one in said)
        passed = self._noted(
            self._guards.check_answer(texts, question, tuple(passages.values()), self._meter)
        )
        return passed.texts or texts, passed.refusal

    def _noted(self, passed: Passed) -> Passed:
        self._note(passed.reports)
        return passed

    def _note(self, reports: Sequence[GuardReport]) -> None:
        self._reports += [report.to_json() for report in reports]


def refused(question: str, message: str, answer: Answer | None = None) -> Answer:
    """The answer when a guard refuses: its words alone."""
    return Answer(
        question=question,
        reason="guardrail",
        message=message,
        plans=answer.plans if answer else (),
        timings_ms=answer.timings_ms if answer else {},
    )
