import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_app.citations import Draft, quoted_span, read_drafts, valid_numbers
from tests.fakes.documents import match


@pytest.mark.parametrize(
    ("text", "drafts"),
    [
        ("You pay $20. [1]", [("You pay $20.", (1,))]),
        ("You pay $20 [1][2].", [("You pay $20.", (1, 2))]),
        ("You pay $20 [1, 2]. Then more. [3]", [("You pay $20.", (1, 2)), ("Then more.", (3,))]),
        ("A. [1] B has no source.", [("A.", (1,)), ("B has no source.", ())]),
        ("One [1]\nTwo [1] [1]\n", [("One", (1,)), ("Two", (1,))]),
        ("No source at all.", [("No source at all.", ())]),
        ("", []),
        ("[1]", []),
    ],
)
def test_a_text_is_cut_into_sentences_with_their_markers(
    text: str, drafts: list[tuple[str, tuple[int, ...]]]
) -> None:
    assert list(read_drafts([text])) == [Draft(*draft) for draft in drafts]


@given(st.text(st.sampled_from("ab. [12],\n!"), max_size=60), st.data())
def test_the_way_a_stream_is_cut_changes_nothing(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert list(read_drafts(pieces)) == list(read_drafts([text]))


def test_a_sentence_is_released_as_soon_as_its_line_is_complete() -> None:
    consumed = []

    def stream() -> object:
        for piece in ("One [1]", "\n", "Two [2]\n"):
            consumed.append(piece)
            yield piece

    drafts = read_drafts(stream())  # type: ignore[arg-type]
    assert next(drafts) == Draft("One", (1,))
    assert consumed == ["One [1]", "\n"]


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
