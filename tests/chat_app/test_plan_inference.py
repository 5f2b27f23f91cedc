"""Plans and years in people's words, against invented plan books."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_app.answers import Plan, policy_label
from chat_app.plan_names import PlanNames
from chat_app.plan_years import said_years
from chat_app.plans import PlanBook

TODAY = date(2026, 11, 21)
TYPES = ("PPO", "HMO", "EPO", "HDHP")
WORDS = ("PLUS", "SELECT", "SAVER", "BASIC", "GOLD", "SILVER", "STANDARD", "ACME", "NORTH", "ONE")
POLICY = st.lists(st.sampled_from(TYPES + WORDS), min_size=1, max_size=3, unique=True).map("_".join)
POLICIES = st.lists(POLICY, min_size=1, max_size=6, unique_by=lambda p: tuple(sorted(p.split("_"))))
ASKED = (
    "What is the deductible on the {} plan?",
    "Does {} plan cover an MRI?",
    "How much is urgent care with the {} plan in 2026?",
)


@given(POLICIES, st.data())
def test_a_plan_named_in_full_is_the_only_one_meant(
    policies: list[str], data: st.DataObject
) -> None:
    policy = data.draw(st.sampled_from(policies))
    question = data.draw(st.sampled_from(ASKED)).format(policy_label(policy))
    book = PlanBook((p, 2026) for p in policies)
    assert book.meant(question, TODAY).plans == (Plan(policy, 2026),)


@given(POLICIES, st.text(max_size=80), st.data())
def test_no_plan_is_meant_that_the_index_does_not_hold(
    policies: list[str], text: str, data: st.DataObject
) -> None:
    words = data.draw(st.lists(st.sampled_from([*TYPES, *WORDS, "the", "plan"]), max_size=6))
    book = PlanBook((p, 2026) for p in policies)
    meant = book.meant(f"{text} {' '.join(words).lower()}", TODAY)
    assert {plan.policy for plan in meant.plans} <= set(policies)


@given(POLICIES, st.sampled_from(TYPES))
def test_a_type_of_plan_means_no_plan_of_another_type(policies: list[str], said: str) -> None:
    book = PlanBook((p, 2026) for p in policies)
    named = book.named(f"What is the copay on the {said}?")
    assert all(said in policy.split("_") for policy in named)


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("What changes next year?", [2027]),
        ("What was it last year?", [2025]),
        ("the deductible in '26", [2026]),
        ("starting January 1", [2027]),
        ("this coming January", [2027]),
        ("before March 2026", [2026]),
        ("before 2026", [2025]),
        ("effective 1/1/2026", [2026]),
        ("the current plan", [2026]),
        ("the new plan year", [2027]),
        ("from 2025 to 2026", [2025, 2026]),
        ("What if I do nothing during open enrollment?", []),
        ("My daughter was born in 2023", []),
        ("Do I pay $2025?", []),
    ],
)
def test_years_are_read_in_peoples_words(text: str, years: list[int]) -> None:
    assert [said.year for said in said_years(text, TODAY)] == years


def test_the_high_deductible_plan_is_the_one_whose_name_or_title_says_so() -> None:
    asked = "What is the premium on the high deductible plan?"
    by_name = PlanNames(["HDHP_SAVER", "PPO_PLUS"])
    assert [m.policy for m in by_name.mentions(asked)] == ["HDHP_SAVER"]
    by_title = PlanNames(["SAVER", "PPO_PLUS"], {"SAVER": ["Saver High Deductible Health Plan"]})
    assert [m.policy for m in by_title.mentions(asked)] == ["SAVER"]


def test_a_type_that_no_plan_is_of_is_missing() -> None:
    book = PlanBook([("PPO_PLUS", 2026), ("HMO_SELECT", 2026)])
    meant = book.meant("What is the deductible on the EPO?", TODAY, ["PPO_PLUS"])
    assert (meant.plans, meant.missing_type) == ((), "EPO")
    assert not book.meant("What is an EPO?", TODAY).missing_type


def test_a_question_that_spans_plans_is_split() -> None:
    book = PlanBook([("PPO_PLUS", 2026), ("HMO_SELECT", 2026)])
    meant = book.meant("What is the PPO's deductible and the HMO's copay?", TODAY)
    assert meant.parts == (
        ("What is the PPO's deductible?", (Plan("PPO_PLUS", 2026),)),
        ("What is the HMO's copay?", (Plan("HMO_SELECT", 2026),)),
    )
    assert not meant.comparison
    assert book.meant("What is the copay of PPO Plus and HMO Select?", TODAY).parts == ()


def test_years_of_a_change_are_set_side_by_side() -> None:
    book = PlanBook([("PPO_PLUS", 2025), ("PPO_PLUS", 2026)])
    meant = book.meant("How did the PPO deductible change from 2025 to 2026?", TODAY)
    assert meant.comparison
    assert meant.plans == (Plan("PPO_PLUS", 2025), Plan("PPO_PLUS", 2026))


def test_the_year_in_which_a_member_did_something_is_no_plan_year() -> None:
    assert said_years("I quit last year. Do I still pay it?", date(2026, 6, 1)) == []
    assert [said.year for said in said_years("What did it cost last year?", date(2026, 6, 1))] == [
        2025
    ]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("BlueCross, not North", ("BLUECROSS", "NORTH")),
        ("BlueCross covers what?", ("BLUECROSS",)),
        ("North - is there one there?", ("NORTH",)),
        ("North: is it free?", ("NORTH",)),
        # Any word is capitalised where a sentence begins.
        ("North of what amount is it taxed?", ()),
        ("north, south or east?", ()),
        ("Plus, is it free?", ()),
    ],
)
def test_a_name_of_one_word_is_known_at_the_beginning_where_it_is_set_off(
    text: str, named: tuple[str, ...]
) -> None:
    book = PlanBook((policy, 2026) for policy in ("BLUECROSS", "NORTH", "PPO_PLUS"))
    assert book.named(text) == named
