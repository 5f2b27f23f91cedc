"""What a service costs: questions read, figures read, sums done."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_app.costs.asked import CostQuestion, read_cost_question
from chat_app.costs.computed import Figures, compute, needs_deductible
from chat_app.costs.shares import Share, is_share_of, read_limit, read_share
from chat_app.plans import PlanBook
from chat_app.values import Value, values
from retrieval.glossary import Glossary, load_glossary

NAMES = PlanBook([("PPO_PLUS", 2025), ("HMO_SELECT", 2025), ("HDHP_SAVER", 2026)]).names
D = Decimal


def asked(question: str) -> CostQuestion:
    read = read_cost_question(question, NAMES)
    assert read is not None
    return read


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (
            "I have met my deductible. What would outpatient surgery cost me on the PPO Plus?",
            CostQuestion("outpatient surgery", met=True),
        ),
        (
            "What does a surgery that costs $10,000 cost me after I met my deductible?",
            CostQuestion("a surgery", billed=D(10000), met=True),
        ),
        (
            (
                "If my hospital stay is billed at $20,000 and I've already met the deductible, "
                "what do I pay on the HDHP Saver in 2026?"
            ),
            CostQuestion("hospital stay", billed=D(20000), met=True),
        ),
        (
            "I have not met my deductible yet. How much would a $3,000 MRI cost me?",
            CostQuestion("MRI", billed=D(3000), met=False),
        ),
        (
            "My deductible isn't met. What will I pay for an ER visit that costs 1800 dollars?",
            CostQuestion("an ER visit", billed=D(1800), met=False),
        ),
        (
            "What would I pay for an $8,000 surgery if I have paid $500 toward my deductible?",
            CostQuestion("surgery", billed=D(8000), met=False, paid=D(500)),
        ),
        (
            (
                "If I still have $400 left on my deductible, what would I pay for a CT scan "
                "billed at $1,500?"
            ),
            CostQuestion("a CT scan", billed=D(1500), met=False, left=D(400)),
        ),
        (
            (
                "We've paid $1,000 toward our family deductible; what does a $9,000 hospital "
                "stay cost us?"
            ),
            CostQuestion("hospital stay", billed=D(9000), met=False, paid=D(1000), is_family=True),
        ),
        (
            "I already hit my deductible, how much is an MRI out of network?",
            CostQuestion("an MRI", met=True, network="out"),
        ),
        (
            "How much would four specialist visits cost on the HMO Select?",
            CostQuestion("specialist visits", times=4),
        ),
        (
            "how much would knee replacement run me, total bill $35,000, deductible already met",
            CostQuestion("knee replacement", billed=D(35000), met=True),
        ),
        (
            "What would acupuncture for $200 cost me on the HMO Select with my deductible met?",
            CostQuestion("acupuncture", billed=D(200), met=True),
        ),
        (
            "What would a $500 prescription cost me before I meet the deductible?",
            CostQuestion("prescription", billed=D(500), met=False),
        ),
    ],
)
def test_a_question_for_a_sum_is_read(question: str, expected: CostQuestion) -> None:
    assert asked(question) == expected


@pytest.mark.parametrize(
    "question",
    [
        "What is my deductible?",
        "Is my annual checkup free?",
        "What does an urgent care visit cost?",
        "Do I pay a $40 copay for specialists?",
        "Is the deductible of $500 per person?",
        "What's the price of a 90-day supply of generics by mail?",
        "How did the PPO Plus deductible change from 2025 to 2026?",
        "What does the plan pay after the deductible?",
        "What will I pay for two urgent care visits and an X-ray?",
        "Compare what a $3,000 MRI and a $900 CT scan cost me",
        "",
    ],
)
def test_any_other_question_is_none(question: str) -> None:
    assert read_cost_question(question, NAMES) is None


@given(st.text(max_size=200))
def test_no_text_breaks_the_reading(text: str) -> None:
    read_cost_question(text, NAMES)
    read_cost_question(f"what do I pay for {text} at $500 with my deductible met", NAMES)
    for network in ("in", "out"):
        read_share(text, network)
        read_limit(text, network, is_family=True)


@pytest.mark.parametrize(
    ("text", "network", "expected"),
    [
        (
            "Outpatient surgery: In-network: you pay: 15% after the deductible",
            "in",
            Share(D(15), after_deductible=True),
        ),
        (
            "Outpatient surgery: In-network: 20% after deductible; Out-of-network: 50%",
            "out",
            Share(D(50)),
        ),
        (
            (
                "Surgery is covered at 85% in-network and 60% out-of-network, in both cases "
                "after the deductible."
            ),
            "in",
            Share(D(15), after_deductible=True),
        ),
        (
            (
                "Surgery is covered at 85% in-network and 60% out-of-network, in both cases "
                "after the deductible."
            ),
            "out",
            Share(D(40), after_deductible=True),
        ),
        (
            (
                "Scans are subject to the deductible, after which the member pays 20% in-network "
                "and 50% out-of-network."
            ),
            "in",
            Share(D(20), after_deductible=True),
        ),
        (
            (
                "MRI scans: In-network: you pay: $125 copay per scan, no deductible; "
                "Out-of-network: you pay: 40% after the deductible"
            ),
            "in",
            Share(copay=D(125), unit="scan", after_deductible=False),
        ),
        (
            "Physical therapy: You pay in the network: $20 per visit, 60 visits per year",
            "in",
            Share(copay=D(20), unit="visit", most=60),
        ),
        ("MRI: Network provider: 20% coinsurance", "in", Share(D(20))),
        ("Preventive care: In-network: No charge", "in", Share(D(0))),
        ("Plan pays 80% of the allowed amount for surgery.", "in", Share(D(20))),
        ("MRI: Out-of-network: Not covered", "out", Share(is_covered=False)),
        ("A visit to your PCP costs $15, and a specialist visit costs $40.", "in", None),
        ("Emergency room visit: Until 2025: $200 copay; From 2026: $250 copay", "in", None),
        ("Hospital stay: In-network: $300 per day for the first 3 days", "in", None),
        ("Surgery: $250 copay plus 20% coinsurance", "in", None),
        ("About 20% of our members had surgery last year.", "in", None),
        ("MRI: Out-of-network: 50%", "in", None),
        ("Specialist: see page 12", "in", None),
    ],
)
def test_what_the_member_pays_is_read(text: str, network: str, expected: Share | None) -> None:
    assert read_share(text, "out" if network == "out" else "in") == expected


@pytest.mark.parametrize(
    ("text", "is_family", "expected"),
    [
        ("Deductible, individual / family: In-network: $600 / $1,200", False, 600),
        ("Deductible, individual / family: In-network: $600 / $1,200", True, 1200),
        (
            (
                "In 2026, the in-network maximum is $3,800 for one person and $7,600 for a "
                "family; the out-of-network maximum is $7,600 for one person and $15,200 for a "
                "family."
            ),
            True,
            7600,
        ),
        ("The in-network deductible is $500.", False, 500),
        ("The in-network deductible is $500.", True, None),
        ("There is no deductible in the network.", False, 0),
        ("The deductible is embedded, so no one in a family pays more than $150.", True, None),
        ("Maximum of one member: Plan year 2025: $7,500; Plan year 2026: $8,000", False, None),
        ("Out-of-network deductible: $900", False, None),
        ("The deductible is $500, $1,000 or $1,500.", False, None),
    ],
)
def test_the_limit_of_a_year_is_read(text: str, is_family: bool, expected: int | None) -> None:
    assert read_limit(text, "in", is_family=is_family) == (
        None if expected is None else Decimal(expected)
    )


def test_a_share_of_another_service_is_none() -> None:
    glossary = load_glossary()
    assert is_share_of("Outpatient surgery: 15%", "a surgery", glossary)
    assert is_share_of("Laboratory, X-ray and advanced imaging: 20%", "an MRI", glossary)
    assert is_share_of("MRIs: 20%", "MRI", glossary)
    assert not is_share_of("Eye exam, adult: $20", "sleep study", glossary)
    assert not is_share_of("Annual physical: $0", "physical therapy visits", Glossary({}))
    assert not is_share_of("Speech therapy: $20", "physical therapy visits", Glossary({}))
    assert not is_share_of("Prenatal visits: $0", "giving birth", glossary)
    assert not is_share_of("Outpatient surgery: 15%", "knee replacement", glossary)


@pytest.mark.parametrize(
    ("question", "figures", "pays", "says"),
    [
        (
            CostQuestion("surgery", billed=D(10000), met=True),
            Figures(Share(D(15), after_deductible=True), maximum=D(3800)),
            1500,
            "With the deductible met, you pay 15% of $10,000, which is $1,500.",
        ),
        (
            CostQuestion("surgery", billed=D(60000), met=True),
            Figures(Share(D(15), after_deductible=True), maximum=D(3800)),
            3800,
            "no more than the out-of-pocket maximum of $3,800",
        ),
        (
            CostQuestion("surgery", billed=D(3000), met=False),
            Figures(Share(D(20), after_deductible=True), deductible=D(600)),
            1080,
            (
                "You first pay the deductible of $600, then 20% of the remaining $2,400, which is "
                "$480: $1,080 in all."
            ),
        ),
        (
            CostQuestion("surgery", billed=D(8000), met=False, paid=D(500)),
            Figures(Share(D(20), after_deductible=True), deductible=D(2000)),
            2800,
            (
                "Of the deductible of $2,000 you first pay the $1,500 that is left, then 20% of "
                "the remaining $6,500, which is $1,300: $2,800 in all."
            ),
        ),
        (
            CostQuestion("scan", billed=D(1500), met=False, left=D(400)),
            Figures(Share(D(20), after_deductible=True)),
            620,
            "You first pay $400 toward the deductible",
        ),
        (
            CostQuestion("visit", billed=D(1800), met=False),
            Figures(Share(D(20), after_deductible=True), deductible=D(2000)),
            1800,
            "You pay the whole $1,800, as it falls under the deductible of $2,000.",
        ),
        (
            CostQuestion("surgery", billed=D(1000), met=False),
            Figures(Share(copay=D(175), after_deductible=True), deductible=D(150)),
            325,
            "You first pay the deductible of $150, then the copay of $175: $325 in all.",
        ),
        (
            CostQuestion("MRI", billed=D(3000), met=False),
            Figures(Share(copay=D(125), unit="scan", after_deductible=False)),
            125,
            "You pay a copay of $125 a scan, and no deductible applies.",
        ),
        (
            CostQuestion("visits", times=4),
            Figures(Share(copay=D(40), unit="visit")),
            160,
            "4 times $40 a visit is $160.",
        ),
        (
            CostQuestion("surgery", billed=D(900), met=True),
            Figures(Share(is_covered=False)),
            900,
            "The plan does not cover it, so you pay the whole $900.",
        ),
        (
            CostQuestion("lab test", billed=D(90), met=False),
            Figures(Share(D(0), after_deductible=False)),
            0,
            "You pay nothing of $90.",
        ),
    ],
)
def test_a_sum_comes_with_its_way(
    question: CostQuestion, figures: Figures, pays: int, says: str
) -> None:
    computed = compute(question, figures)
    assert computed is not None
    assert computed.pays == pays
    assert says in computed.text


@pytest.mark.parametrize(
    ("question", "figures"),
    [
        # Whether the deductible applies is not said, and it is not met.
        (CostQuestion("ride", billed=D(2500), met=False), Figures(Share(copay=D(100)))),
        # Nobody knows whether the deductible is met.
        (CostQuestion("ride", billed=D(2500)), Figures(Share(D(20), after_deductible=True))),
        # The deductible is not known.
        (
            CostQuestion("ride", billed=D(2500), met=False),
            Figures(Share(D(20), after_deductible=True)),
        ),
        # More visits than the plan pays for.
        (CostQuestion("visits", times=70), Figures(Share(copay=D(20), unit="visit", most=60))),
        # A copay a day, and nobody knows how many days.
        (CostQuestion("stay", met=True), Figures(Share(copay=D(300), unit="day"))),
        (CostQuestion("visits", times=4), Figures(Share(D(20)))),
    ],
)
def test_what_the_figures_do_not_say_is_not_computed(
    question: CostQuestion, figures: Figures
) -> None:
    assert compute(question, figures) is None


MONEY = st.decimals(0, 200_000, places=2)
SHARES = st.one_of(
    st.builds(
        Share,
        percent=st.decimals(0, 100, places=0),
        after_deductible=st.sampled_from([True, False, None]),
    ),
    st.builds(
        Share,
        copay=st.decimals(0, 2_000, places=0),
        unit=st.sampled_from(["", "visit", "day"]),
        after_deductible=st.sampled_from([True, False, None]),
        most=st.none() | st.integers(1, 60),
    ),
    st.just(Share(is_covered=False)),
)
QUESTIONS = st.builds(
    CostQuestion,
    service=st.just("surgery"),
    billed=st.none() | MONEY,
    times=st.integers(1, 12),
    met=st.sampled_from([True, False, None]),
    paid=st.just(D(0)) | MONEY,
    left=st.none() | MONEY,
)
FIGURES = st.builds(Figures, SHARES, st.none() | MONEY, st.none() | MONEY)


@given(QUESTIONS, FIGURES)
def test_no_sum_exceeds_the_bill_or_the_maximum(asked: CostQuestion, figures: Figures) -> None:
    computed = compute(asked, figures)
    if computed is None or computed.pays is None:
        return
    assert computed.pays >= 0
    if asked.billed is not None and figures.share.copay is None:
        assert computed.pays <= asked.billed * asked.times
    if "maximum" in computed.uses:
        assert computed.pays == figures.maximum


@given(QUESTIONS, FIGURES)
def test_every_figure_it_rests_on_is_told(asked: CostQuestion, figures: Figures) -> None:
    computed = compute(asked, figures)
    if computed is None:
        return
    held = {"deductible": figures.deductible, "maximum": figures.maximum}
    said = set(values(computed.text))
    for name, amount in held.items():
        if amount is not None and amount > 0 and name in computed.text and name in computed.uses:
            assert Value("money", f"{amount.normalize():f}") in said
    if figures.share.percent and re.search(r"\d%", computed.text):
        assert Value("percent", f"{figures.share.percent.normalize():f}") in said


@given(MONEY, MONEY, st.decimals(0, 100, places=0), MONEY)
def test_a_larger_bill_never_costs_less(
    bill: Decimal, more: Decimal, percent: Decimal, deductible: Decimal
) -> None:
    figures = Figures(Share(percent, after_deductible=True), deductible=deductible)
    small = compute(CostQuestion("surgery", billed=bill, met=False), figures)
    large = compute(CostQuestion("surgery", billed=bill + more, met=False), figures)
    assert small
    assert large
    assert small.pays is not None
    assert large.pays is not None
    assert small.pays <= large.pays


def test_the_deductible_is_looked_up_only_where_it_matters() -> None:
    after = Share(D(20), after_deductible=True)
    assert needs_deductible(CostQuestion("x", billed=D(1), met=False), after)
    assert not needs_deductible(CostQuestion("x", billed=D(1), met=True), after)
    assert not needs_deductible(CostQuestion("x", billed=D(1), met=False, left=D(5)), after)
    assert not needs_deductible(
        CostQuestion("x", billed=D(1), met=False), Share(D(20), after_deductible=False)
    )
