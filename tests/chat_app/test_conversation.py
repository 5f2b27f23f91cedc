"""A follow-up becomes a question of its own, and nothing that a model makes up gets into it."""

import pytest

from chat_app.answers import Turn
from chat_app.conversation import MAX_LENGTH, TURNS, standalone_question
from retrieval.usage import Meter
from tests.chat_app.test_assistant import Scripted

TURN = Turn(
    "Is the annual physical covered on PPO Plus?",
    "PPO Plus 2026: the annual physical is covered at 100% in-network [1]",
)
FOLLOW_UP = "and out of network?"


def rewritten(reply: str, *turns: Turn, question: str = FOLLOW_UP) -> str:
    return standalone_question(Scripted(text=reply), question, turns or (TURN,), Meter())


def test_what_the_message_leaves_out_is_taken_from_the_conversation() -> None:
    asked = "Is the annual physical covered out of network on PPO Plus?"
    assert rewritten(asked) == asked
    assert rewritten(f'Question: "{asked}"') != FOLLOW_UP
    assert rewritten(f'"{asked}"\n') == asked


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "The annual physical is covered at 80% out of network.",
        "Is the annual physical covered out of network on PPO Plus in 2031?",
        "Annual physical out of network [1]",
        "Is the annual physical covered?\nIs it covered out of network?",
        "Do bridges need tolls when crossing rivers abroad?",
        "annual physical " * MAX_LENGTH,
    ],
)
def test_what_is_no_question_of_this_conversation_is_not_used(reply: str) -> None:
    assert rewritten(reply) == FOLLOW_UP


def test_the_first_question_needs_no_model() -> None:
    assert standalone_question(Scripted(text="Something else?"), "Is it?", (), Meter()) == "Is it?"


def test_only_the_latest_turns_are_read() -> None:
    old = Turn("What does the ambulance cost?", "The ambulance costs $75 [1]")
    asked = "Is the ambulance covered out of network?"
    assert rewritten(asked, old, *[TURN] * TURNS) == FOLLOW_UP
    assert rewritten(asked, *[TURN] * (TURNS - 1), old) == asked
