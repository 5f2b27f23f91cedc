import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.sentences import sentences


def split(text: str) -> list[str]:
    return [text[span.start : span.end] for span in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "You pay $1,500. After that the plan pays 80%.",
            ["You pay $1,500.", "After that the plan pays 80%."],
        ),
        (
            "Covered services (e.g. X-rays, labs) need no referral. Call us.",
            ["Covered services (e.g. X-rays, labs) need no referral.", "Call us."],
        ),
        (
            "Open 9 a.m. to 5 p.m. Monday to Friday. Closed on holidays.",
            ["Open 9 a.m. to 5 p.m. Monday to Friday.", "Closed on holidays."],
        ),
        ("The max. amount is $5.50. Done.", ["The max. amount is $5.50.", "Done."]),
        (
            "Prior auth. is required. Approx. 30 days.",
            ["Prior auth. is required.", "Approx. 30 days."],
        ),
        ("See Sec. 3.2 for details. Next.", ["See Sec. 3.2 for details.", "Next."]),
    ],
)
def test_abbreviations_and_amounts_do_not_end_a_sentence(text: str, expected: list[str]) -> None:
    assert split(text) == expected


def test_a_blank_line_always_ends_a_sentence() -> None:
    assert split("Deductible\n\nYou pay it first.") == ["Deductible", "You pay it first."]


def test_a_wrapped_line_does_not_end_a_sentence() -> None:
    assert split("You pay the deductible\nbefore the plan pays.") == [
        "You pay the deductible\nbefore the plan pays."
    ]


def test_a_list_item_begins_a_sentence() -> None:
    assert split("Not covered:\n- Cosmetic surgery\n- Hearing aids") == [
        "Not covered:",
        "- Cosmetic surgery",
        "- Hearing aids",
    ]


def test_a_table_row_stays_whole_whatever_its_cells_hold() -> None:
    row = "Specialist visit | In-network: $40. No deductible. | Out-of-network: 50%."
    assert split(f"{row}\nNext row | In-network: $0") == [row, "Next row | In-network: $0"]


def test_a_number_in_front_stays_with_its_sentence() -> None:
    assert split("1. Call us. 2. Write to us.") == ["1. Call us.", "2. Write to us."]


TEXTS = st.text(
    st.sampled_from("ab A.!?\n|-•1 \t é漢🎉\u2028") | st.characters(exclude_categories=["Cs"]),
    max_size=300,
)


@given(TEXTS)
def test_spans_are_in_order_stripped_and_lose_nothing_but_white_space(text: str) -> None:
    spans = sentences(text)
    position = 0
    for start, end in spans:
        assert position <= start < end <= len(text)
        assert text[start:end] == text[start:end].strip()
        assert not text[position:start].strip()
        position = end
    assert not text[position:].strip()
