from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat_app.evidence import Evidence
from chat_app.generation.quotes import row_as_prose
from chat_app.values import Value, values
from chat_app.verification import MIN_CLOSENESS, MIN_WORDS, says_of_anything, verify
from retrieval.documents import Match
from retrieval.sentences import is_row, sentences
from tests.fakes.documents import match

PASSAGE = match(
    "Preventive care: annual physical, immunizations, screenings are covered at 100% in-network. "
    "After the $1,500 deductible you pay 20% for 3 visits until January 31, 2026.",
    section="Preventive care",
    title="PPO Plus summary",
    policy="PPO_PLUS",
    plan_year=2026,
)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("$1,500", "1500 dollars"),
        ("$1,500.00", "$1500"),
        ("$2 million", "$2,000,000"),
        ("20%", "20 percent"),
        ("January 1, 2026", "1/1/2026"),
        ("January 1, 2026", "2026-01-01"),
        ("Sept. 5", "September 5th"),
        ("three", "3"),
        ("Sixty", "60"),
        ("(800) 555-0110", "1-800-555-0110"),
        ("1-800-HMO-2219", "800-466-2219"),
        ("https://www.plan.example.com/forms.", "plan.example.com/forms"),
        ("Help@Plan.example.com", "help@plan.example.com"),
    ],
)
def test_the_same_value_in_two_forms_is_one_value(left: str, right: str) -> None:
    assert values(left) == values(right) != []


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("$20", "20%"),
        ("$20", "20"),
        ("$1,500", "$15,000"),
        ("$1.50", "$150"),
        ("30", "30%"),
        ("800-555-0110", "800-555-0111"),
        ("www.plan.example.com", "www.plans.example.com"),
    ],
)
def test_different_kinds_and_amounts_are_different_values(left: str, right: str) -> None:
    assert values(left) != values(right)


def test_may_with_a_number_is_a_date_only_when_it_is_written_as_a_month() -> None:
    assert values("you may 10 times") == [Value("count", "10")]
    assert values("by May 10") == [Value("date", "-05-10")]


@pytest.mark.parametrize(
    "sentence",
    [
        "The annual physical is covered at 100% in-network.",
        "After the 1500 dollars deductible you pay 20 percent.",
        "You pay for three visits until January 31.",
        "PPO Plus 2026: screenings are covered.",
    ],
)
def test_what_the_passage_says_is_supported(sentence: str) -> None:
    assert verify(sentence, [PASSAGE]).supported


@pytest.mark.parametrize(
    ("sentence", "missing"),
    [
        ("After the $1,000 deductible you pay 20%.", Value("money", "1000")),
        ("You pay 30% after the deductible.", Value("percent", "30")),
        ("You pay for four visits.", Value("count", "4")),
        ("The deductible of $1,500 holds until January 31, 2027.", Value("date", "2027-01-31")),
    ],
)
def test_a_value_that_the_passage_does_not_hold_is_named(sentence: str, missing: Value) -> None:
    verdict = verify(sentence, [PASSAGE])
    assert verdict.missing == (missing,)
    assert not verdict.supported


def test_words_that_the_passage_does_not_hold_are_not_supported() -> None:
    assert not verify("Acupuncture and massage therapy are reimbursed.", [PASSAGE]).supported


def test_a_sentence_is_compared_with_exactly_the_passages_it_cites() -> None:
    other = match("Specialist visits have a $40 copay.")
    assert not verify("Specialist visits have a $40 copay.", [PASSAGE]).supported
    assert verify("Specialist visits have a $40 copay.", [PASSAGE, other]).supported
    assert not verify("Specialist visits have a $40 copay.", []).supported


VISITS = match(
    "You pay $20 for a primary care visit and $40 for a specialist visit in-network. "
    "Out-of-network visits cost $90. A referral is not required. Hearing aids are covered, "
    "up to $1,500.\n\n"
    "The plan does not cover:\n\n- Cosmetic surgery\n\n- Weight loss drugs",
    section="Visits",
    policy="PPO_PLUS",
    plan_year=2026,
)
ROWS = match(
    "Specialist visit | In-network: $40 copay | Out-of-network: Not covered\n\n"
    "Primary care visit | In-network: $20 copay | Out-of-network: $60 copay\n\n"
    "Deductible | Individual: $500 | Family: $1,000\n\n"
    "Emergency room | In 2025: $150 | In 2026: $175\n\n"
    "Checkup | In-network: No charge | Out-of-network: 40%\n\n"
    "Questions | Phone: 800-555-0110 | Claims: 800-555-0199",
)


@pytest.mark.parametrize(
    ("sentence", "passage"),
    [
        ("A visit to a specialist in the network costs $40.00.", VISITS),
        ("For primary care visits you pay 20 dollars.", VISITS),
        ("You don't need a referral.", VISITS),
        ("No referral is required.", VISITS),
        ("Cosmetic surgery is not covered.", VISITS),
        ("With PPO Plus in 2026, a specialist visit is $40.", VISITS),
        ("A specialist visit is not covered outside the network.", ROWS),
        ("The family deductible is $1,000.", ROWS),
        ("An emergency room visit is $175 in 2026.", ROWS),
        ("In-network checkups are free.", ROWS),
        ("There is no copay for a checkup in the network.", ROWS),
        ("For questions, phone (800) 555-0110.", ROWS),
    ],
)
def test_the_same_said_in_other_words_is_supported(sentence: str, passage: Match) -> None:
    assert verify(sentence, [passage]).reasons == ()


@pytest.mark.parametrize(
    ("sentence", "passage", "check"),
    [
        ("You pay $40 for a primary care visit.", VISITS, "binding"),
        ("Out-of-network visits cost $40.", VISITS, "binding"),
        ("A referral is required.", VISITS, "negation"),
        ("Hearing aids are not covered, up to $1,500.", VISITS, "negation"),
        ("Cosmetic surgery is covered.", VISITS, "negation"),
        ("With HMO Select, a specialist visit is $40.", VISITS, "name"),
        ("With PPO Plus in 2025, a specialist visit is $40.", VISITS, "value"),
        ("A specialist visit has a $40 copay out-of-network.", ROWS, "binding"),
        ("Specialist visits are covered out-of-network.", ROWS, "negation"),
        ("The family deductible is $500.", ROWS, "binding"),
        ("The emergency room is $150 in 2026.", ROWS, "binding"),
        ("Out-of-network checkups are free.", ROWS, "negation"),
        ("For claims call 800-555-0110.", ROWS, "binding"),
        ("For claims call 800-555-0198.", ROWS, "value"),
        ("For questions see www.plan.example.com.", ROWS, "value"),
    ],
)
def test_what_the_passage_says_otherwise_is_not_supported(
    sentence: str, passage: Match, check: str
) -> None:
    verdict = verify(sentence, [passage])
    assert not verdict.supported
    assert verdict.scores[check] == 0
    assert verdict.reasons


def test_a_reason_says_what_the_passage_says_instead() -> None:
    assert verify("You pay $40 for a primary care visit.", [VISITS]).reasons[0] == (
        "the passage says $20 of this, not $40"
    )


@pytest.mark.parametrize("row", ROWS.text.split("\n\n"))
def test_a_row_read_as_prose_is_a_quote(row: str) -> None:
    assert verify(row_as_prose(row), [ROWS]).quoted


def test_half_a_sentence_is_no_quote() -> None:
    passage = match("We do not agree that the plan covers acupuncture in the first year.")
    assert not verify("The plan covers acupuncture in the first year.", [passage]).supported


@pytest.mark.parametrize(("near", "shown"), [(MIN_CLOSENESS, True), (MIN_CLOSENESS - 0.01, False)])
def test_a_sentence_far_from_its_passages_is_not_shown(near: float, shown: bool) -> None:
    verdict = verify("A visit costs $90 out of network.", [VISITS], lambda *_: near)
    assert verdict.supported is shown
    assert verdict.scores["closeness"] == near
    assert ("something else" in " ".join(verdict.reasons)) is not shown


def test_closeness_makes_up_for_nothing_that_is_missing() -> None:
    assert not verify("A visit costs $91 out of network.", [VISITS], lambda *_: 1.0).supported


def test_nobody_asks_how_close_a_quote_is() -> None:
    def fail(sentence: str, evidence: Sequence[Evidence]) -> float:
        raise AssertionError(sentence, evidence)

    assert verify("Out-of-network visits cost $90.", [VISITS], fail).quoted


LINES = st.lists(
    st.one_of(
        st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=60),
        st.sampled_from(
            ["You pay $20, not $40.", "- No copay", "Visit | In-network: $5 | Out: Not covered"]
        ),
    ),
    min_size=1,
    max_size=5,
)


@settings(deadline=None)
@given(LINES)
def test_every_sentence_of_a_passage_verifies_against_it(lines: list[str]) -> None:
    passage = match("\n\n".join(lines))
    for start, end in sentences(passage.text):
        said = passage.text[start:end]
        if any(character.isalpha() for character in said):
            verdict = verify(row_as_prose(said) if is_row(said) else said, [passage])
            assert verdict.supported, verdict


@settings(deadline=None)
@given(LINES, st.sampled_from(["You pay $20.", "The copay is $5 in 2026.", "Nothing is covered."]))
def test_further_passages_never_make_a_value_missing_or_a_quote_fail(
    lines: list[str], said: str
) -> None:
    more = match("\n\n".join(lines))
    assert set(verify(said, [VISITS, more]).missing) <= set(verify(said, [VISITS]).missing)
    assert verify(said, [more, match(said)]).supported


@settings(deadline=None)
@given(st.integers(1, 9_999_999), st.sampled_from(["${:,}", "${}.00", "{} dollars", "$ {:,}"]))
def test_how_an_amount_is_written_never_matters(amount: int, form: str) -> None:
    passage = match(f"The deductible for the whole family is ${amount:,} a year.")
    said = f"The whole family deductible is {form.format(amount)} a year."
    assert verify(said, [passage]).supported
    assert not verify(
        said, [match(passage.text.replace(f"${amount:,}", f"${amount + 1:,}"))]
    ).supported


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_judged(said: str) -> None:
    verdict = verify(said, [VISITS, ROWS])
    assert 0 <= verdict.words <= 1
    assert verdict.supported == (not verdict.reasons)


@pytest.mark.parametrize(
    ("sentence", "of_anything"),
    [
        ("All of it is free.", True),
        ("Yes, it is covered.", True),
        ("You pay nothing.", True),
        ("You pay $40.", True),
        ("It is not covered.", True),
        ("The copay is $40.", False),
        ("Acupuncture is covered.", False),
        ("No referral is needed.", False),
        ("or: ....", False),
    ],
)
def test_a_sentence_may_say_something_of_anything(sentence: str, of_anything: bool) -> None:
    assert says_of_anything(sentence) is of_anything


def test_words_alone_decide_from_a_least_support() -> None:
    verdict = verify("Acupuncture and massage therapy are reimbursed.", [VISITS])
    assert verdict.words < MIN_WORDS
    assert "bears out its words" in verdict.reasons[0]
