from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_app.drafts import MAX_OPEN, Draft, read_drafts


@pytest.mark.parametrize(
    ("text", "drafts"),
    [
        ("You pay $20. [1]", [("You pay $20.", (1,))]),
        ("You pay $20 [1][2].", [("You pay $20.", (1, 2))]),
        ("You pay $20 [1, 2]. Then more. [3]", [("You pay $20.", (1, 2)), ("Then more.", (3,))]),
        ("You pay it. [1] B has no source.", [("You pay it.", (1,)), ("B has no source.", ())]),
        ("Cover one [1]\nCover two [1] [1]\n", [("Cover one", (1,)), ("Cover two", (1,))]),
        ("No source at all.", [("No source at all.", ())]),
        ("", []),
        ("[1]", []),
    ],
)
def test_a_text_is_cut_into_sentences_with_their_markers(
    text: str, drafts: list[tuple[str, tuple[int, ...]]]
) -> None:
    assert list(read_drafts([text])) == [Draft(*draft) for draft in drafts]


def test_a_marker_within_a_sentence_counts_for_all_of_it() -> None:
    text = "The copay is $20 [1] and the deductible $500 [2]. A visit is free [3]."
    assert list(read_drafts([text])) == [
        Draft("The copay is $20 and the deductible $500.", (1, 2)),
        Draft("A visit is free.", (3,)),
    ]


def test_a_sentence_without_marker_rests_on_what_the_next_one_cites() -> None:
    text = "Preventive care is covered. There is no copay [2]. It is nice to have."
    assert list(read_drafts([text])) == [
        Draft("Preventive care is covered.", (2,)),
        Draft("There is no copay.", (2,)),
        Draft("It is nice to have.", ()),
    ]


def test_yes_belongs_to_the_sentence_behind_it() -> None:
    text = "Yes. Your annual physical is covered [1]."
    assert list(read_drafts([text])) == [Draft("Yes. Your annual physical is covered.", (1,))]


def test_markup_of_a_model_is_taken_off() -> None:
    text = "## Costs\n- **Copay** of `$20` [1].\n2. *Deductible* of $500 [2].\n"
    drafts = list(read_drafts([text]))
    assert drafts[0] == Draft("Costs", ())
    assert drafts[1] == Draft("Copay of $20.", (1,))
    assert drafts[2].numbers == (2,)


def test_a_quoted_line_is_one_draft_whatever_it_holds() -> None:
    line = "Visit: In-network: $40. Deductible waived; **Out**: 50% [3]\n"
    [draft] = read_drafts([line], whole_lines=True)
    assert draft == Draft("Visit: In-network: $40. Deductible waived; **Out**: 50%", (3,))


@given(st.text(st.sampled_from("ab. [12],\n!Y$"), max_size=60), st.booleans(), st.data())
def test_the_way_a_stream_is_cut_changes_nothing(
    text: str, whole_lines: bool, data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    whole = list(read_drafts([text], whole_lines=whole_lines))
    assert list(read_drafts(pieces, whole_lines=whole_lines)) == whole


@given(st.text(st.sampled_from("ab. [12],\n!Y$"), max_size=60))
def test_no_number_appears_that_was_not_written(text: str) -> None:
    for draft in read_drafts([text]):
        assert all(str(number) in text for number in draft.numbers)


@pytest.mark.parametrize(
    ("pieces", "read"),
    [
        (["One thing here [1]", "\n", "Two things [2]\n"], 2),
        (["It costs $20 [1]. ", "Th", "en it ends [2]."], 2),
        (["It costs $20. [1]", " [2]", " Then", " more"], 3),
    ],
)
def test_a_sentence_is_released_as_soon_as_it_is_complete(pieces: list[str], read: int) -> None:
    consumed = []

    def stream() -> Iterator[str]:
        for piece in pieces:
            consumed.append(piece)
            yield piece

    next(read_drafts(stream()))
    assert consumed == pieces[:read]


def test_a_sentence_without_end_is_not_collected_for_ever() -> None:
    consumed = 0

    def endless() -> Iterator[str]:
        nonlocal consumed
        while True:
            consumed += 1
            yield "word " * 20

    draft = next(read_drafts(endless()))
    assert len(draft.text) <= MAX_OPEN
    assert consumed < 100
