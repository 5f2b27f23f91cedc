"""Guards around an answer: what they see, what their verdicts do."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from chat_app.answers import Answer, Citation, Event, Finished, Said, Searched, Sentence
from chat_app.errors import GuardError
from chat_app.guarding import Guarding
from chat_app.guards.chain import GuardChain
from chat_app.guards.hooks import Allowed, Guard, Masked, Refused, Verdict, Withheld
from retrieval.usage import Meter
from tests.fakes.documents import match

PASSAGE = match("Call 555-0100. The copay is $20.")
SAID = tuple(
    Said(Sentence(text, (number,)), (Citation(number, PASSAGE, 0, len(PASSAGE.text)),))
    for number, text in enumerate(("Call 555-0100.", "The copay is $20."), 1)
)
FINISHED = Finished(
    Answer(
        question="How?",
        sentences=tuple(said.sentence for said in SAID),
        citations=tuple(c for said in SAID for c in said.citations),
    )
)
EVENTS: tuple[Event, ...] = (Searched(None, {}, (PASSAGE,), 1.0), *SAID, FINISHED)


class Listening(Guard):
    """Notes what it is given, and says what it is told to say."""

    name = "listening"

    def __init__(self, verdict: Verdict | None = None, *, whole: bool = False) -> None:
        self.heard: list[tuple[str, ...]] = []
        self.passages: list[tuple[str, ...]] = []
        self.verdict = verdict or Allowed()
        self.whole_answer = whole

    def check_question(self, question: str, meter: Meter) -> Verdict:
        self.heard.append((question,))
        return self.verdict

    def check_answer(
        self, sentences: Sequence[str], question: str, passages: Sequence[str], meter: Meter
    ) -> Verdict:
        self.heard.append(tuple(sentences))
        self.passages.append(tuple(passages))
        if isinstance(self.verdict, Masked):
            return Masked(tuple(text.replace("555-0100", "{PHONE}") for text in sentences))
        return self.verdict


class Failing(Listening):
    def check_question(self, question: str, meter: Meter) -> Verdict:
        raise GuardError("the service is down: try again")

    def check_answer(
        self, sentences: Sequence[str], question: str, passages: Sequence[str], meter: Meter
    ) -> Verdict:
        raise GuardError("the service is down: try again")


def guarded(*guards: Guard, go_on: bool = False) -> list[Event]:
    guarding = Guarding(GuardChain(guards, go_on_after_failure=go_on, seconds=0.5), Meter())
    return list(guarding.answer("How?", iter(EVENTS)))


def last(events: Sequence[Event]) -> Answer:
    assert isinstance(events[-1], Finished)
    return events[-1].answer


def test_without_guards_all_goes_on_as_it_is() -> None:
    assert guarded() == list(EVENTS)


@pytest.mark.parametrize("whole", [True, False])
def test_what_is_allowed_goes_on_as_it_is(whole: bool) -> None:
    assert guarded(Listening(whole=whole)) == list(EVENTS)


def test_a_guard_sees_each_sentence_before_it_is_shown_and_what_it_cites() -> None:
    guard = Listening()
    guarding = Guarding(GuardChain([guard]), Meter())
    events = guarding.answer("How?", iter(EVENTS))
    next(events)
    assert guard.heard == []
    next(events)
    assert guard.heard == [("Call 555-0100.",)]
    assert guard.passages == [(PASSAGE.text,)]


def test_a_guard_of_the_whole_answer_holds_all_sentences_back() -> None:
    guard = Listening(whole=True)
    taken = []

    def events() -> Iterator[Event]:
        for event in EVENTS:
            taken.append(event)
            yield event

    out = Guarding(GuardChain([guard]), Meter()).answer("How?", events())
    assert isinstance(next(out), Searched)
    assert isinstance(next(out), Said)
    assert len(taken) == len(EVENTS)
    assert guard.heard == [("Call 555-0100.", "The copay is $20.")]


@pytest.mark.parametrize("whole", [True, False])
def test_masked_text_is_shown_and_kept_in_place_of_the_original(whole: bool) -> None:
    events = guarded(Listening(Masked(()), whole=whole))
    said = [event.sentence.text for event in events if isinstance(event, Said)]
    assert said == ["Call {PHONE}.", "The copay is $20."]
    assert [s.text for s in last(events).sentences] == said


@pytest.mark.parametrize("whole", [True, False])
def test_a_refused_answer_holds_the_guards_words_alone(whole: bool) -> None:
    events = guarded(Listening(Refused("I cannot speak of that."), whole=whole))
    assert not any(isinstance(event, Said) for event in events)
    answer = last(events)
    assert (answer.reason, answer.message) == ("guardrail", "I cannot speak of that.")
    assert (answer.sentences, answer.citations, answer.nearest) == ((), (), ())


@pytest.mark.parametrize("whole", [True, False])
def test_a_guard_that_cannot_decide_refuses_unless_it_is_told_to_go_on(whole: bool) -> None:
    answer = last(guarded(Failing(whole=whole)))
    assert answer.reason == "guardrail"
    assert "the service is down: try again" in answer.message
    assert guarded(Failing(whole=whole), go_on=True) == list(EVENTS)


def test_masks_that_do_not_fit_the_sentences_refuse() -> None:
    class Careless(Listening):
        def check_answer(
            self, sentences: Sequence[str], question: str, passages: Sequence[str], meter: Meter
        ) -> Verdict:
            return Masked(("one", "two", "three"))

    assert last(guarded(Careless())).reason == "guardrail"


def test_each_guard_sees_what_the_one_before_let_through() -> None:
    second = Listening()
    guarded(Listening(Masked(()), whole=True), second)
    assert second.heard == [("Call {PHONE}.", "The copay is $20.")]


def test_a_refusal_ends_the_chain_and_every_verdict_is_reported() -> None:
    never = Listening()
    guarding = Guarding(
        GuardChain([Listening(Allowed({"risk": 0.1})), Listening(Refused("No.")), never]), Meter()
    )
    assert guarding.question("Why?").refusal == "No."
    assert never.heard == []
    assert [(r["hook"], r["verdict"], r.get("scores")) for r in guarding.reports] == [
        ("question", "allowed", {"risk": 0.1}),
        ("question", "refused", None),
    ]


class Withholding(Listening):
    """Withholds passages that hold a word."""

    def __init__(self, word: str) -> None:
        super().__init__()
        self.word = word

    def check_passages(self, passages: Sequence[str], question: str, meter: Meter) -> Verdict:
        self.passages.append(tuple(passages))
        found = frozenset(at for at, text in enumerate(passages) if self.word in text)
        return Withheld(found) if found else Allowed()


def test_withheld_passages_go_no_further_and_the_next_guard_does_not_see_them() -> None:
    first, second = Withholding("free"), Withholding("copay")
    guarding = Guarding(GuardChain([first, second]), Meter())
    matches = [match("All is free."), match("A copay."), match("The plan."), match("Not free.")]
    assert [m.text for m in guarding.passages("How?", matches)] == ["The plan."]
    assert second.passages == [("A copay.", "The plan.")]
    assert [(r["verdict"], r["passages"]) for r in guarding.reports] == [
        ("withheld", 2),
        ("withheld", 1),
    ]


def test_a_guard_that_cannot_decide_about_passages_lets_none_through() -> None:
    class Broken(Guard):
        def check_passages(self, passages: Sequence[str], question: str, meter: Meter) -> Verdict:
            raise GuardError("down")

    matches = [match("The plan.")]
    assert Guarding(GuardChain([Broken()]), Meter()).passages("How?", matches) == []
    going_on = GuardChain([Broken()], go_on_after_failure=True)
    assert Guarding(going_on, Meter()).passages("How?", matches) == matches


class Raising(Listening):
    def check_answer(self, *_: Any) -> Verdict:
        raise ZeroDivisionError


class Hanging(Listening):
    def check_answer(self, *_: Any) -> Verdict:
        time.sleep(5)
        return Allowed()


class Leaving(Listening):
    def check_answer(self, *_: Any) -> Verdict:
        raise SystemExit


class Talking(Listening):
    def check_answer(self, *_: Any) -> Any:
        return "fine by me"


class Confused(Listening):
    def check_answer(self, *_: Any) -> Verdict:
        return Withheld(frozenset({0}))


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (Raising, "the guard listening failed (ZeroDivisionError)"),
        (Leaving, "the guard listening failed (SystemExit)"),
        (Hanging, "the guard listening did not answer within 0.5 s"),
        (Talking, "the guard listening gave str for a verdict"),
        (Confused, "listening withheld passages where none were given"),
    ],
)
@pytest.mark.parametrize("whole", [True, False])
def test_a_guard_that_breaks_refuses_with_a_clear_sentence(
    kind: type[Listening], said: str, whole: bool
) -> None:
    answer = last(guarded(kind(whole=whole)))
    assert (answer.reason, answer.sentences) == ("guardrail", ())
    assert said in answer.message
    assert guarded(kind(whole=whole), go_on=True) == list(EVENTS)
