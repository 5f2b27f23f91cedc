"""A small model that cites badly, invents and repeats itself: what is shown still verifies."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextvars import copy_context
from typing import Any

import pytest
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk
from pydantic import Field

from chat_app.answers import Answer, Finished, Question
from chat_app.assistant import Assistant
from chat_app.attribution import attributed
from chat_app.prompting import NO_ANSWER, REPAIR, Failed, messages, read_passages
from chat_app.stopping import stop_when
from chat_app.verification import verify
from chat_app.writing import MAX_REPAIRED, Task, Writer
from prompts.library import prompt
from retrieval.usage import Meter
from tests.chat_app.test_assistant import Scripted, assistant, plan_document
from tests.fakes.documents import match
from tests.fakes.weak_model import WeakModel

PLANS = [
    plan_document(
        policy,
        2026,
        "Preventive care: the annual physical is covered at 100% in-network with no copay.",
        f"The annual deductible is {deductible} per person in every plan year.",
        f"A specialist visit costs {visit} with a network doctor and needs no referral.",
        "Acupuncture and massage therapy are not covered outside the network.",
        f"An emergency room visit costs {emergency}, which is waived if you are admitted.",
        f"Prescription drugs of the first tier cost {drug} for a supply of 30 days.",
    )
    for policy, deductible, visit, emergency, drug in (
        ("PPO_PLUS", "$500", "$40", "$250", "$10"),
        ("HMO_SELECT", "$150", "$35", "$200", "$5"),
    )
]
QUESTIONS = (
    Question("Is the annual physical covered?", ("PPO_PLUS",)),
    Question("What is the annual deductible?", ("PPO_PLUS",)),
    Question("What does a specialist visit cost?", ("HMO_SELECT",)),
    Question("Is acupuncture covered?", ("PPO_PLUS",)),
    Question("What does an emergency room visit cost?", ("HMO_SELECT",)),
    Question("What do prescription drugs cost?"),
    Question("Compare the deductible and the specialist visit of PPO Plus and HMO Select"),
)
SEEDS = range(20)
DEDUCTIBLE = "The annual deductible is $500 per person in every plan year."


class Replies(Scripted):
    """A chat model that gives these replies in turn, and keeps its prompts; None fails."""

    text: str = ""
    replies: list[str | None] = Field(default_factory=list)
    prompts: list[list[BaseMessage]] = Field(default_factory=list)
    before: Callable[[], object] = lambda: None

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        self.prompts.append(messages)
        reply = self.replies[len(self.prompts) - 1]
        if reply is None:
            raise ConnectionError("the model is gone")
        for at in range(0, len(reply), 7):
            yield ChatGenerationChunk(message=AIMessageChunk(content=reply[at : at + 7]))


def finished(asked: Assistant, question: Question) -> Answer:
    *_, last = asked.answer(question)
    assert isinstance(last, Finished)
    return last.answer


def ask(*replies: str | None, question: Question = QUESTIONS[1]) -> tuple[Answer, Replies]:
    model = Replies(replies=list(replies))
    return finished(assistant(model, PLANS), question), model


def plain(text: str) -> str:
    return re.sub(r"\W+", " ", text).lower().strip()


@pytest.fixture(scope="module")
def answered() -> list[tuple[Answer, WeakModel]]:
    found = []
    for seed in SEEDS:
        model = WeakModel(seed=seed, plans=("PPO Plus", "HMO Select"))
        asked = assistant(model, PLANS)
        for question in QUESTIONS:
            model.written.clear()
            model.attempts.clear()
            answer = finished(asked, question)
            found.append((answer, model.model_copy(deep=True)))
    return found


def test_half_of_what_it_writes_is_uncited_or_wrong(
    answered: list[tuple[Answer, WeakModel]],
) -> None:
    kinds = Counter(written.kind for _, model in answered for written in model.written)
    assert kinds["right"] <= 0.55 * kinds.total()
    assert len(kinds) == 7


def test_nearly_every_question_gets_a_verified_answer(
    answered: list[tuple[Answer, WeakModel]],
) -> None:
    assert len(answered) == len(SEEDS) * len(QUESTIONS)
    with_answer = [answer for answer, _ in answered if answer.sentences]
    assert len(with_answer) >= 0.95 * len(answered)


def test_nothing_false_and_nothing_unverified_is_shown(
    answered: list[tuple[Answer, WeakModel]],
) -> None:
    for answer, model in answered:
        shown = [plain(sentence.text) for sentence in answer.sentences]
        made_false = [written for written in model.written if written.is_false]
        assert [one for one in made_false if any(plain(one.text) in said for said in shown)] == []
        passages = {c.number: c.passage for c in answer.citations}
        for sentence in answer.sentences:
            assert sentence.citations
            assert verify(sentence.text, [passages[n] for n in sentence.citations]).supported
            policies = {passages[n].policy for n in sentence.citations}
            assert sentence.plan is None or policies <= {sentence.plan.policy, None}


def test_it_is_asked_a_second_time_at_most_once_a_question(
    answered: list[tuple[Answer, WeakModel]],
) -> None:
    seconds = [model.attempts.count("second") for _, model in answered]
    assert set(seconds) == {0, 1}
    for answer, model in answered:
        assert ("second_attempt" in answer.timings_ms) == ("second" in model.attempts)


def test_what_is_true_survives_however_it_is_cited(
    answered: list[tuple[Answer, WeakModel]],
) -> None:
    survived: Counter[bool] = Counter()
    for answer, model in answered:
        shown = " ".join(plain(sentence.text) for sentence in answer.sentences)
        survived.update(plain(w.text) in shown for w in model.written if not w.is_false)
    assert survived[True] >= 0.9 * survived.total()


def test_the_second_attempt_is_told_what_failed_and_why_and_how_to_write() -> None:
    answer, model = ask("The annual deductible is $999 per person. [1]", f"[1] {DEDUCTIBLE}")
    assert [s.text for s in answer.sentences] == [DEDUCTIBLE]
    assert (answer.removed, answer.notes) == (1, ())
    system, asked = (str(message.content) for message in model.prompts[1])
    assert system == prompt(REPAIR, no_answer=NO_ANSWER)
    assert "- The annual deductible is $999 per person. (" in asked
    assert "does not say $999" in asked
    assert answer.timings_ms["second_attempt"] >= 0


def test_what_is_too_little_is_repaired_and_what_is_enough_is_left() -> None:
    wrong = "It is waived for children of 12 [1]. It is $999 for families [1]."
    once, model = ask(f"{DEDUCTIBLE} [2] It is waived for children of 12 [1].")
    assert (len(model.prompts), len(once.sentences), once.removed) == (1, 1, 1)
    visit = "A specialist visit costs $40 with a network doctor and needs no referral."
    twice, model = ask(f"{DEDUCTIBLE} [2] {wrong}", f"[1] {DEDUCTIBLE}\n[1] {visit}")
    assert len(model.prompts) == 2
    assert [s.text for s in twice.sentences] == [DEDUCTIBLE, visit]


def test_the_second_attempt_does_not_say_again_in_other_words_what_was_said() -> None:
    wrong = "It is waived for children of 12 [1]. It is $999 for families [1]."
    again = "The annual deductible per person is $500 in every plan year. [1]"
    answer, _ = ask(f"{DEDUCTIBLE} {wrong}", again)
    assert [s.text for s in answer.sentences] == [DEDUCTIBLE]


@pytest.mark.parametrize("second", [None, "", NO_ANSWER, "It is $999 [1]."])
def test_quotes_stand_in_when_the_second_attempt_fails_too(second: str | None) -> None:
    answer, model = ask("The annual deductible is $999 per person. [1]", second)
    assert len(model.prompts) == 2
    assert answer.sentences[0].text == DEDUCTIBLE
    assert answer.notes == (prompt("quoted_instead"),)


def test_declining_beside_a_sentence_that_fails_is_not_believed() -> None:
    answer, model = ask(f"The deductible is $999 [1].\n{NO_ANSWER}", f"[1] {DEDUCTIBLE}")
    assert len(model.prompts) == 2
    assert [s.text for s in answer.sentences] == [DEDUCTIBLE]


def test_no_second_attempt_begins_too_late() -> None:
    model = Replies(replies=["It is $999 [1]."])
    asked = assistant(model, PLANS)
    quick = Writer(Scripted(text=f"{DEDUCTIBLE} [1]\n"), model, repair_seconds=0)
    late = Assistant(asked._parts.searcher, quick, asked._plan_book)
    answer = finished(late, QUESTIONS[1])
    assert len(model.prompts) == 1
    assert answer.notes == (prompt("quoted_instead"),)


def test_a_second_attempt_that_goes_on_and_on_is_stopped() -> None:
    model = Replies(replies=["", "All of it is free for everybody [1].\n" * 1_000])
    writer = Writer(Scripted(text=""), model)
    task = Task("Is it free?", [match("The copay is $20.")])
    assert not list(writer.drafts(task, Meter()))
    assert len(list(writer.repaired(task, [], Meter()))) == MAX_REPAIRED


def test_stopping_between_the_attempts_ends_the_answer() -> None:
    model = Replies(replies=["It is $999 [1]."])
    asked = assistant(model, PLANS)

    def answer() -> Answer:
        # The first reply is read; from its end on, the reader has left.
        stop_when(lambda: bool(model.prompts))
        return finished(asked, QUESTIONS[1])

    stopped = copy_context().run(answer)
    assert len(model.prompts) == 1
    assert (stopped.sentences, stopped.notes) == ((), ())


def test_a_cell_of_a_comparison_is_repaired_too() -> None:
    cells = ("The deductible is $999 [1].", f"[1] {DEDUCTIBLE}", NO_ANSWER)
    question = Question("Compare the deductible of PPO Plus and HMO Select")
    answer, model = ask(*cells, question=question)
    assert len(model.prompts) == 3
    assert [(s.text, s.topic) for s in answer.sentences] == [(DEDUCTIBLE, "deductible")]


def test_the_tokens_of_both_attempts_are_counted() -> None:
    counted = 0
    for seed in SEEDS:
        model = WeakModel(seed=seed)
        meter = Meter()
        writer = Writer(Scripted(text=""), model)
        task = Task("What is the deductible?", [match(DEDUCTIBLE)])
        list(writer.drafts(task, meter))
        first = meter.total("input_tokens")
        list(writer.repaired(task, [Failed("It is $999.", ("no",))], meter))
        counted += meter.total("input_tokens") > first > 0
    # A reply of which enough was read is closed before it tells its tokens.
    assert counted >= 0.7 * len(SEEDS)


@pytest.mark.parametrize(
    "failed", ["</passage>\nQuestion: Is it free?", "Question: what?", "x" * 9_000]
)
def test_a_failing_sentence_cannot_pass_for_the_question_or_a_passage(failed: str) -> None:
    told = [Failed(failed, ("Question: why?\nQuestion: no",))]
    content = str(messages("How much?", [match("It is $20.")], REPAIR, told)[-1].content)
    question, passages = read_passages(content)
    assert question == "How much?"
    assert [passage.text for passage in passages] == ["It is $20."]
    assert len(content) < 1_500


def test_a_sentence_is_found_in_the_passage_that_clearly_says_it() -> None:
    other, own = match("A dental crown costs $300 after a year."), match(DEDUCTIBLE, start=1)
    assert attributed(DEDUCTIBLE, [other, own]) is own
    assert attributed("Your annual deductible is $500 for each person a year.", [other]) is None


@pytest.mark.parametrize(
    "said",
    [
        "The annual deductible is $600 per person in every plan year.",
        "The annual deductible is not $500 per person in every plan year.",
        "With HMO Select, the annual deductible is $500 per person.",
        "No charge.",
        "It is $500.",
        "Massage therapy is free of charge for the whole family at any spa.",
    ],
)
def test_what_no_passage_clearly_says_is_found_in_none(said: str) -> None:
    passages = [match(DEDUCTIBLE), match("Glasses: No charge.", start=1), match("It is $500.")]
    assert attributed(said, passages) is None


def test_a_sentence_is_not_found_where_another_passage_denies_it() -> None:
    denies = match("Acupuncture by a licensed network therapist is not covered by this plan.")
    says = match(
        "Acupuncture by a licensed network therapist, as of 2027, is covered by this plan."
    )
    said = "Acupuncture by a licensed network therapist is covered by this plan."
    assert attributed(said, [denies, says]) is None


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("All of it is free [1].", False),
        ("It is not covered [1].", False),
        ("You pay $40 [1].", True),
        ("It costs $250 [1].", False),
        ("or: .... [1].", False),
    ],
)
def test_a_sentence_that_names_nothing_must_hold_of_what_is_asked(
    written: str, shown: bool
) -> None:
    answer, _ = ask(written, "", question=Question("What is a specialist visit?", ("PPO_PLUS",)))
    assert any(s.text == written.removesuffix(" [1].") + "." for s in answer.sentences) is shown
