"""In what plans are compared."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_app.answers import Plan
from chat_app.comparison_topics import comparison_topics
from chat_app.plans import PlanBook

TODAY = date(2026, 6, 1)
PPO, HMO, HDHP = Plan("PPO_PLUS", 2026), Plan("HMO_SELECT", 2026), Plan("HDHP_SAVER", 2026)
PLANS = (PPO, HMO, HDHP)
BOOK = PlanBook([(p.policy, year) for p in PLANS for year in (2025, 2026)] + [(None, None)])
WORDS = ("cost pay less more than with for of to", "the a PPO HMO Plus Select saver and or if I be")


@pytest.mark.parametrize(
    ("question", "plans", "topics"),
    [
        ("Compare the deductible of PPO Plus and HMO Select", (PPO, HMO), ("deductible",)),
        ("HMO Select vs. PPO Plus: emergency room", (HMO, PPO), ("emergency room",)),
        (
            "Compare the deductible, copay for a specialist and out-of-pocket maximum: HMO or PPO",
            (HMO, PPO),
            ("deductible", "copay for a specialist", "out-of-pocket maximum"),
        ),
        ("Which plan has the lowest deductible?", (HDHP, HMO, PPO), ("deductible",)),
        (
            "compare 2025 and 2026 premiums of the HDHP",
            (Plan("HDHP_SAVER", 2025), HDHP),
            ("premiums",),
        ),
    ],
)
def test_plans_set_side_by_side_are_compared_in_what_was_asked(
    question: str, plans: tuple[Plan, ...], topics: tuple[str, ...]
) -> None:
    meant = BOOK.meant(question, TODAY)
    assert meant.comparison
    assert meant.plans == plans
    assert comparison_topics(question, BOOK.names) == topics


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        (
            "Would a specialist visit be less with HMO Select than with PPO Plus?",
            "a specialist visit",
        ),
        ("Is a specialist visit cheaper with HMO Select or PPO Plus?", "a specialist visit"),
        ("Does the HMO cost less than the PPO for an MRI?", "an MRI"),
        ("Do I pay more for urgent care with the PPO than with the HDHP?", "urgent care"),
        ("Will I pay less for an ER visit on the HMO compared to the PPO?", "an ER visit"),
        ("Are brand drugs more expensive on the HDHP than on the PPO?", "brand drugs"),
        ("How much more would I pay for surgery with the HDHP than with the PPO?", "surgery"),
        ("Would I save money on insulin with the HMO instead of the PPO?", "insulin"),
        ("What would an X-ray cost me with the HMO and with the PPO?", "an X-ray"),
        ("Is a hospital stay going to cost me more under the PPO than the HMO?", "a hospital stay"),
        ("Which of the PPO and the HMO charges less for telehealth?", "telehealth"),
        ("How does the cost of an MRI compare between the HMO and the PPO?", "an MRI"),
        ("Will I owe less for the emergency room with the HMO than the PPO?", "the emergency room"),
        ("What do the PPO and the HMO each pay for an ambulance?", "an ambulance"),
    ],
)
def test_what_costs_are_compared_of_is_asked_for_its_cost(question: str, topic: str) -> None:
    assert comparison_topics(question, BOOK.names) == (f"cost of {topic}",)


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("Does it cost less to fill a prescription with the HMO?", "cost to fill a prescription"),
        ("Is it cheaper to have a baby with the PPO or the HDHP?", "cost to have a baby"),
        ("Which is the cheapest plan for a family?", "cost for a family"),
        ("With the HMO, do I pay less at the pharmacy than with the PPO?", "cost at the pharmacy"),
        ("Is there a bigger deductible on the PPO or on the HDHP?", "deductible"),
        ("Is the HMO's deductible smaller than the PPO's?", "deductible"),
        ("How much did the PPO deductible go up from 2025 to 2026?", "deductible"),
        ("Do the HMO and the PPO have the same out-of-pocket maximum?", "out-of-pocket maximum"),
        ("Is the PPO better than the HMO for physical therapy?", "physical therapy"),
        ("Which plan gives me the most physical therapy visits?", "physical therapy visits"),
        ("Should I pick the HMO or the PPO if I need an MRI?", "MRI"),
        ("Which plan would be the best if I go to the chiropractor a lot?", "chiropractor"),
        ("Do the PPO and HMO both cover acupuncture?", "cover acupuncture"),
        ("Can I see a doctor abroad on the PPO and the HMO?", "can I see a doctor abroad"),
        ("Do I get more than 20 visits on the PPO and the HMO?", "20 visits"),
    ],
)
def test_what_else_is_compared_is_said_without_how_it_compares(question: str, topic: str) -> None:
    assert comparison_topics(question, BOOK.names) == (topic,)


@pytest.mark.parametrize(
    ("question", "topics"),
    [
        (
            "Hi! I use a tier 2 drug. Which plan makes it cheapest for me?",
            ["cost of a tier 2 drug"],
        ),
        ("Inhalers: HMO Select or PPO Plus, which is cheaper?", ["cost of inhalers"]),
        ("My wife has other cover. Is the surcharge the same on the PPO and HMO?", ["surcharge"]),
        ("My knee hurts. would i be better off w the ppo or the hmo?", ["knee hurts"]),
        (
            "HDHP Saver vs PPO Plus: family deductible? and coinsurance?",
            ["family deductible", "coinsurance"],
        ),
        ("Why would a scan cost more on the saver plan than on the PPO?", ["cost of a scan"]),
        (
            "Can you tell me the mail order price on PPO Plus versus HMO Select?",
            ["mail order price"],
        ),
        ("specialist copay 2025 v 2026 ppo plus", ["specialist copay"]),
        ("insulin - cheaper on ppo or hmo or saver?", ["cost of insulin"]),
        (
            "How much goes into the HSA in 2026 compared with 2025 if I'm on HDHP Saver?",
            ["goes into the HSA"],
        ),
        (
            "Once I'm at the limit, what do scripts cost on the PPO and the HMO?",
            ["cost of scripts once I'm at the limit"],
        ),
        (
            "If I have a baby in May, would I pay less under the PPO or the HMO?",
            ["cost of a baby in May"],
        ),
        ("For someone healthy, how do the PPO and HMO compare on premium?", ["premium"]),
        (
            "PPO Plus or HDHP Saver, which one covers a scope at no charge?",
            ["covers a scope at no charge"],
        ),
        ("Is the fee the same on all three plans?", ["fee"]),
    ],
)
def test_what_is_told_beside_the_question_is_no_topic(question: str, topics: list[str]) -> None:
    assert comparison_topics(question, BOOK.names) == tuple(topics)


@pytest.mark.parametrize("question", ["PPO or HMO?", "What's better, the PPO or the HMO?"])
def test_plans_compared_in_nothing_are_compared_in_the_question(question: str) -> None:
    assert comparison_topics(question, BOOK.names) == (question,)


@given(st.lists(st.sampled_from(" ".join(WORDS).split()), min_size=1, max_size=30).map(" ".join))
def test_no_topic_is_empty_or_holds_the_mark_of_a_plan(question: str) -> None:
    for topic in comparison_topics(question, BOOK.names):
        assert topic.strip()
        assert "\ufffc" not in topic
