import pytest

from chat_app.verification import Value, values, verify
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
    ],
)
def test_the_same_value_in_two_forms_is_one_value(left: str, right: str) -> None:
    assert values(left) == values(right) != []


@pytest.mark.parametrize(
    ("left", "right"),
    [("$20", "20%"), ("$20", "20"), ("$1,500", "$15,000"), ("$1.50", "$150"), ("30", "30%")],
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
