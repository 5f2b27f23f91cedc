"""A message that asks several things is split; one that asks one thing is left as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_app.plans import PlanBook
from chat_app.question_splitting import MAX_QUESTIONS, questions_in

NAMES = PlanBook([("PPO_PLUS", 2025), ("HMO_SELECT", 2025)]).names


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            (
                "What are the deductible, the out-of-pocket maximum and the coinsurance for a "
                "hospital stay?"
            ),
            (
                "What is the deductible?",
                "What is the out-of-pocket maximum?",
                "What is the coinsurance for a hospital stay?",
            ),
        ),
        (
            "What are the deductible, the out-of-pocket limit and the copay for an MRI?",
            (
                "What is the deductible?",
                "What is the out-of-pocket limit?",
                "What is the copay for an MRI?",
            ),
        ),
        (
            "What's the copay and coinsurance for an MRI?",
            ("What is the copay for an MRI?", "What is the coinsurance for an MRI?"),
        ),
        (
            "What is the deductible? And do I need a referral to see a dermatologist?",
            ("What is the deductible?", "Do I need a referral to see a dermatologist?"),
        ),
        (
            "What does an ER visit cost and does the deductible apply first?",
            ("What does an ER visit cost?", "Does the deductible apply first for an ER visit?"),
        ),
    ],
)
def test_each_question_stands_by_itself(message: str, expected: tuple[str, ...]) -> None:
    assert questions_in(message, NAMES) == expected


@pytest.mark.parametrize(
    "message",
    [
        "What is my deductible?",
        "I have met my deductible. What would outpatient surgery cost me?",
        "What is balance billing and how does the plan protect me from it?",
        "Does the plan cover room and board?",
        "Do I need a referral or prior authorization for an MRI?",
        "Compare the deductible and the copay of PPO Plus and HMO Select",
        "Who is eligible and when?",
        "What is a deductible? Thanks.",
        "",
    ],
)
def test_one_question_is_left_as_it_is(message: str) -> None:
    assert questions_in(message, NAMES) == (message,)


@given(
    st.text(max_size=200)
    | st.lists(
        st.sampled_from(
            [
                "what is the deductible",
                "and",
                "?",
                "how much is the copay",
                ",",
                "my",
                "does it apply",
            ]
        ),
        max_size=12,
    ).map(" ".join)
)
def test_no_message_breaks_the_reading(message: str) -> None:
    asked = questions_in(message, NAMES)
    assert 1 <= len(asked) <= MAX_QUESTIONS
    assert asked == (message,) or all(question.strip() for question in asked)
