"""A sentence says that there is what the passage says there is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_app.denials import denials
from chat_app.evidence import read_passages
from chat_app.verification import verify
from tests.fakes.documents import match

CHECKUP = (
    "Preventive care: the annual physical is covered at 100% in-network with no copay. "
    "A specialist visit has a $40 copay and needs no referral or prior authorization. "
    "The deductible does not apply to a telehealth visit."
)


@pytest.mark.parametrize(
    ("sentence", "noun"),
    [
        ("The annual physical is covered at 100% in-network with a copay.", "copay"),
        ("The annual physical is covered at 100% in-network, a copay.", "copay"),
        ("The annual physical has a copayment in-network.", "copay"),
        ("A specialist visit needs a referral.", "referral"),
        ("A specialist visit needs prior authorization.", "authorization"),
        ("A telehealth visit comes after the deductible.", "deductible"),
    ],
)
def test_a_dropped_denial_is_found(sentence: str, noun: str) -> None:
    passage = match(CHECKUP)
    units = read_passages([passage])[0].units
    assert list(denials(sentence, units)) == [f"the passage says there is no {noun}"]
    assert not verify(sentence, [passage]).supported


@pytest.mark.parametrize(
    "sentence",
    [
        "The annual physical is covered at 100% in-network.",
        "The annual physical has no copay in-network.",
        "The annual physical is covered at 100% in-network without a copay.",
        "A specialist visit has a $40 copay.",
        "A specialist visit needs no referral, nor a prior authorization.",
        "A telehealth visit is free of the deductible.",
        "Hearing aids have a copay.",
    ],
)
def test_what_the_passage_says_or_says_nothing_of_is_no_dropped_denial(sentence: str) -> None:
    assert not list(denials(sentence, read_passages([match(CHECKUP)])[0].units))


@given(st.text(max_size=120), st.text(max_size=200))
def test_no_text_breaks_it_and_a_quote_is_never_found_wanting(sentence: str, text: str) -> None:
    list(denials(sentence, read_passages([match(f"{text} No copay applies.")])[0].units))
    assert verify("No copay applies.", [match("No copay applies.")]).supported
