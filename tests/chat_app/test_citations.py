import pytest

from chat_app.citations import quoted_span, valid_numbers
from tests.fakes.documents import match


def test_a_quote_to_the_letter_is_found_at_its_offsets() -> None:
    passage = match("First thing. You pay $40. Last.", start=100, end=131)
    span = quoted_span("You pay $40.", passage)
    assert span == (113, 125)


def test_the_sentence_with_the_same_values_supports_a_paraphrase() -> None:
    passage = match(
        "The copay is $20 for primary care. The copay is $40 for a specialist.", start=7
    )
    start, end = quoted_span("A specialist costs 40 dollars.", passage)
    assert passage.text[start - 7 : end - 7] == "The copay is $40 for a specialist."


def test_a_row_read_as_prose_is_found_as_the_row() -> None:
    row = "Specialist visit | In-network: $40 | Out-of-network: 50%"
    passage = match(f"Primary visit | In-network: $20\n\n{row}")
    start, end = quoted_span("Specialist visit: In-network: $40; Out-of-network: 50%", passage)
    assert passage.text[start:end] == row


def test_the_bullet_is_not_part_of_the_quote() -> None:
    passage = match("Not covered:\n\n- Cosmetic surgery\n\n- Hearing aids")
    start, end = quoted_span("Surgery that is cosmetic", passage)
    assert passage.text[start:end] == "Cosmetic surgery"


@pytest.mark.parametrize(
    ("numbers", "valid"), [((), False), ((1,), True), ((1, 2), True), ((0,), False), ((3,), False)]
)
def test_only_numbers_of_passages_are_citations(numbers: tuple[int, ...], valid: bool) -> None:
    assert valid_numbers(numbers, [match("a"), match("b")]) is valid
