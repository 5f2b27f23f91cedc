from datetime import date

import pytest

from chat_app.answers import Plan, Question, policy_label
from chat_app.plans import PlanBook, Scope, plan_filter, search_scope
from retrieval.errors import UnknownNameError
from retrieval.filters import matches

TODAY = date(2026, 6, 1)
PPO, HMO, HDHP = Plan("PPO_PLUS", 2026), Plan("HMO_SELECT", 2026), Plan("HDHP_SAVER", 2026)
BOOK = PlanBook(
    [(p.policy, year) for p in (PPO, HMO, HDHP) for year in (2025, 2026)] + [(None, None)]
)


@pytest.mark.parametrize(
    ("question", "plans"),
    [
        ("What is the PPO deductible?", (PPO,)),
        ("what is the ppo plus deductible", (PPO,)),
        ("does PPO_PLUS cover acupuncture", (PPO,)),
        ("How does HMO Select's referral work?", (HMO,)),
        ("is maternity covered on the saver plan?", (HDHP,)),
        ("specialist visit on the 2025 HMO?", (Plan("HMO_SELECT", 2025),)),
        ("what was the PPO deductible last year", (Plan("PPO_PLUS", 2025),)),
    ],
)
def test_a_plan_named_in_peoples_words_is_the_one_meant(
    question: str, plans: tuple[Plan, ...]
) -> None:
    meant = BOOK.meant(question, TODAY)
    assert (meant.plans, meant.known, meant.comparison) == (plans, True, False)


@pytest.mark.parametrize(
    "question",
    [
        "Is my annual checkup free?",
        "Plus, what does it cost?",
        "how do I select a doctor?",
        "What are the differences between in-network and out-of-network providers?",
    ],
)
def test_no_plan_named_leaves_all_plans_open(question: str) -> None:
    meant = BOOK.meant(question, TODAY)
    assert not meant.known
    assert not meant.comparison
    assert set(meant.plans) == {PPO, HMO, HDHP}


def test_the_chosen_plan_is_meant_unless_the_question_names_another() -> None:
    assert BOOK.meant("Is it free?", TODAY, ["ppo plus"], 2025).plans == (Plan("PPO_PLUS", 2025),)
    assert BOOK.meant("Is it free on the HMO?", TODAY, ["PPO_PLUS"]).plans == (HMO,)


def test_a_comparison_with_one_named_plan_includes_the_chosen_one() -> None:
    meant = BOOK.meant("How does that compare with the HMO?", TODAY, ["PPO_PLUS"])
    assert meant.comparison
    assert meant.plans == (PPO, HMO)


def test_a_year_that_no_document_holds_is_said_to_be_missing() -> None:
    meant = BOOK.meant("What is the PPO deductible next year?", TODAY)
    assert (meant.plans, meant.missing_year) == ((), 2027)


@pytest.mark.parametrize(
    ("today", "year"), [(2026, 2026), (2030, 2026), (2025, 2025), (2020, 2025)]
)
def test_without_a_year_the_plan_year_in_force_is_meant(today: int, year: int) -> None:
    assert BOOK.meant("PPO deductible", date(today, 6, 1)).plans == (Plan("PPO_PLUS", year),)


def test_a_year_in_passing_is_not_a_plan_year() -> None:
    assert BOOK.meant("I was born in 2001, PPO deductible?", TODAY).plans == (PPO,)


def test_the_insurers_name_alone_names_no_plan() -> None:
    book = PlanBook([("ACME_HEALTH_PLUS", None), ("ACME_STANDARD", None)])
    assert not book.meant("What does Acme Health cover?", TODAY).known
    assert book.meant("copay for Acme Health Plus?", TODAY).plans == (Plan("ACME_HEALTH_PLUS"),)
    assert book.meant("under the Acme Standard plan", TODAY).plans == (Plan("ACME_STANDARD"),)
    assert not book.meant("what is the standard of care", TODAY).known


def test_the_beginning_of_a_name_is_enough_where_no_other_begins_so() -> None:
    book = PlanBook([("COBALT_HARBOR_HSA", None), ("PENNYWHISTLE_HMO", None)])
    assert book.meant("what about cobalt harbor?", TODAY).plans == (Plan("COBALT_HARBOR_HSA"),)
    assert book.meant("and on Cobalt?", TODAY).plans == (Plan("COBALT_HARBOR_HSA"),)
    assert book.meant("pennywhistle too", TODAY).plans == (Plan("PENNYWHISTLE_HMO"),)


def test_what_is_said_of_any_benefit_names_no_plan_in_lower_case() -> None:
    book = PlanBook([("MATERNITY_PLUS", None), ("FAMILY_CARE", None), ("GOLD_CHOICE", None)])
    for question in ("is maternity covered?", "care for my family", "a gold crown, my choice"):
        assert not book.meant(question, TODAY).known


def test_a_plan_type_that_two_plans_share_means_both_without_comparing_them() -> None:
    book = PlanBook([("PPO_BASIC", 2026), ("PPO_PLUS", 2026), ("HMO", 2026)])
    meant = book.meant("What is the deductible on the PPO?", TODAY)
    assert set(meant.plans) == {Plan("PPO_BASIC", 2026), PPO}


def test_the_only_plan_is_always_meant() -> None:
    meant = PlanBook([("PPO_PLUS", 2026)]).meant("Is my checkup free?", TODAY)
    assert (meant.plans, meant.known) == ((PPO,), True)


def test_an_index_of_common_documents_has_no_plans() -> None:
    meant = PlanBook([(None, None)]).meant("How do I enroll?", TODAY)
    assert meant.plans == ()


@pytest.mark.parametrize("name", ["PPO_PLUS", "ppo plus", "Ppo-Plus"])
def test_a_policy_is_known_by_any_spelling(name: str) -> None:
    assert BOOK.policy(name) == "PPO_PLUS"


def test_an_unknown_policy_or_year_is_named_with_what_there_is() -> None:
    with pytest.raises(UnknownNameError, match=r"'GOLD'.*HDHP_SAVER, HMO_SELECT, PPO_PLUS"):
        BOOK.policy("GOLD")
    with pytest.raises(UnknownNameError, match=r"2031.*2026, 2025"):
        BOOK.meant("deductible", TODAY, [], 2031)


def test_the_filter_of_a_plan_admits_its_documents_and_the_common_ones_only() -> None:
    where = plan_filter(PPO)
    assert matches(where, {"policy": "PPO_PLUS", "plan_year": 2026})
    assert matches(where, {"policy": "PPO_PLUS", "plan_year": 0})
    assert matches(where, {"policy": "", "plan_year": 0})
    assert not matches(where, {"policy": "PPO_PLUS", "plan_year": 2025})
    assert not matches(where, {"policy": "HMO_SELECT", "plan_year": 2026})
    assert not matches(where, {"policy": "", "plan_year": 2025})


def test_a_search_without_plan_or_year_has_no_filter() -> None:
    scope = search_scope(BOOK, Question("What is the deductible?"), lambda: TODAY)
    assert (scope, scope.filter()) == (Scope(), None)


def test_a_search_is_narrowed_to_the_plans_and_years_that_its_question_names() -> None:
    scope = search_scope(BOOK, Question("Deductible of PPO Plus this year?"), lambda: TODAY)
    assert scope == Scope(("PPO_PLUS",), (2026,))
    where = scope.filter()
    assert where is not None
    assert matches(where, {"policy": "PPO_PLUS", "plan_year": 2026})
    assert matches(where, {"policy": "", "plan_year": 0})
    assert not matches(where, {"policy": "PPO_PLUS", "plan_year": 2025})
    assert not matches(where, {"policy": "HMO_SELECT", "plan_year": 2026})


def test_what_was_chosen_beside_the_question_counts_more_in_a_search() -> None:
    question = Question("Deductible of PPO Plus in 2025?", ("hmo select",), 2026)
    assert search_scope(BOOK, question, lambda: TODAY) == Scope(("HMO_SELECT",), (2026,))
    with pytest.raises(UnknownNameError):
        search_scope(BOOK, Question("Deductible?", ("EPO",)), lambda: TODAY)


def test_a_year_that_no_plan_has_does_not_empty_a_search() -> None:
    assert search_scope(BOOK, Question("Deductible in 2019?"), lambda: TODAY).years == ()


@pytest.mark.parametrize(
    ("policy", "label"),
    [("PPO_PLUS", "PPO Plus"), ("HDHP_HSA_2000", "HDHP HSA 2000"), ("Gold plan", "Gold plan")],
)
def test_a_policy_is_written_for_people(policy: str, label: str) -> None:
    assert policy_label(policy) == label
