import time
from collections.abc import Iterator
from itertools import islice

import pytest
from hypothesis import given, settings
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


A, B = "The copay is $20.", "The deductible is $500."


@pytest.mark.parametrize(
    ("text", "drafts"),
    [
        ("The copay is $20 (1). The deductible is $500 (2, 3).", [(A, (1,)), (B, (2, 3))]),
        (f"{A} (1) {B} (2)", [(A, (1,)), (B, (2,))]),
        (f"The copay is $20 [Passage 1]. {B} [passages 2, 3]", [(A, (1,)), (B, (2, 3))]),
        (f"{A} [source: 1; 2] {B} (see passage 3)", [(A, (1, 2)), (B, (3,))]),
        (f"{A} 【1†source】 {B}【2】", [(A, (1,)), (B, (2,))]),
        (f"{A}¹ {B}²", [(A, (1,)), (B, (2,))]),
        ("The copay is $20<sup>[1]</sup>.", [(A, (1,))]),
        (f"{A} [1-3]", [(A, (1, 2, 3))]),
        (f"{A} [^2]", [(A, (2,))]),
        (f"{A} Source: 1\n{B}\nSources: [2], 3\n", [(A, (1,)), (B, (2, 3))]),
        (f"{A}\n[1]\n\n{B}\n\n(Passage 2)", [(A, (1,)), (B, (2,))]),
        (f"[1] {A}\n[2]: {B}\n", [(A, (1,)), (B, (2,))]),
        (f"[1] {A} [2] {B}", [(A, (1,)), (B, (2,))]),
        (f"1. [2] {A}\n- **[3]** {B}", [(A, (2,)), (B, (3,))]),
        (f"[1] The copay is $20 [3].\n{B}", [(A, (3,)), (B, ())]),
        (
            f"According to passage 1, the copay is $20. Passage 2 says that {B}",
            [(A, (1,)), (B, (2,))],
        ),
        ("The copay is $20, as stated in passage 2.", [(A, (2,))]),
        (f"Passage 2: {A}", [(A, (2,))]),
        (f"- {A} [1]\n- {B} [2]\n", [(A, (1,)), (B, (2,))]),
        (f"```\n{A} [1]\n```\nAnswer: {B} [2]", [(A, (1,)), (B, (2,))]),
        (
            "Visit to you: $20 [1] Surgery for you: $100 [2]\n",
            [("Visit to you: $20", (1,)), ("Surgery for you: $100", (2,))],
        ),
        (f'{{"answer": "{A} {B}", "sources": [1, 2]}}', [(A, (1, 2)), (B, (1, 2))]),
        (
            f'```json\n[{{"text": "{A}", "source": 1}},\n{{"text": "{B} [2]", "source": 3}}]\n```',
            [(A, (1,)), (B, (2,))],
        ),
        (f'{{"citations": [{{"passage": 2, "quote": "{A}"}}]}}', [(A, (2,))]),
        (f'["{A} [1]", "{B}"]', [(A, (1,)), (B, ())]),
    ],
)
def test_markers_in_other_forms_are_understood(
    text: str, drafts: list[tuple[str, tuple[int, ...]]]
) -> None:
    assert list(read_drafts([text])) == [Draft(*draft) for draft in drafts]
    assert list(read_drafts(iter(text))) == [Draft(*draft) for draft in drafts]


@pytest.mark.parametrize(
    "text",
    [
        "See section 213(d)(1).",
        "It needs one (1) visit in a year.",
        "In 2026 it is $20, and in 2025 $10.",
        "Plans (2025) differ from these [2024].",
        "The document 5500 is filed each year.",
        "{broken json is no answer.",
        '{"a": [[[[ is broken, too.',
    ],
)
def test_what_is_no_marker_stays(text: str) -> None:
    assert [draft.text for draft in read_drafts([text])] == [text]
    assert [draft.numbers for draft in read_drafts([text])] == [()]


def test_a_quoted_line_is_one_draft_whatever_it_holds() -> None:
    line = "Visit: In-network: $40. Deductible waived; **Out**: 50% [3]\n"
    [draft] = read_drafts([line], whole_lines=True)
    assert draft == Draft("Visit: In-network: $40. Deductible waived; **Out**: 50%", (3,))


LETTERS = 'ab. [12],\n!Y$(){}"¹<:-'
MARKERS = ("Passage 1", "Source: 2", "[1]", "(2)", "【1】", "According to ", "<sup>1</sup>", "and")
OTHERS = ("```", "- ", "The copay is $20", '{"a": "The copay is it"}', "NOT_IN", "   ")
PIECES = st.sampled_from([*LETTERS, *MARKERS, *OTHERS])
TEXTS = st.lists(PIECES, max_size=40).map("".join)


@given(TEXTS, st.booleans(), st.data())
@settings(max_examples=500)
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


@given(TEXTS)
@settings(max_examples=500)
def test_nothing_is_said_that_was_not_written(text: str) -> None:
    written = iter(text.lower().replace("\\", ""))
    said = "".join(draft.text for draft in read_drafts([text])).lower()
    assert all(letter in written for letter in said if not letter.isspace())


SAID = st.lists(st.sampled_from(["Care is free", "A visit is $20", "You pay 30%"]), max_size=5)
FORMS = ["{} [{}].", "{} ({}).", "{}. [Passage {}]", "{}. 【{}】", "[{1}] {0}.", "{}.\n[{}]"]
FORMS += ["- {}. Source: {}", "Passage {1}: {0}.", "- **{}.** (see source {})", "{}.<sup>{}</sup>"]


@given(SAID, st.data())
def test_no_sentence_is_lost_in_any_form(said: list[str], data: st.DataObject) -> None:
    forms = [data.draw(st.sampled_from(FORMS)) for _ in said]
    lines = [
        form.format(text, n) for n, (form, text) in enumerate(zip(forms, said, strict=True), 1)
    ]
    drafts = list(read_drafts(["\n".join(lines)]))
    assert [(d.text.rstrip("."), d.numbers) for d in drafts] == [
        (text, (n,)) for n, text in enumerate(said, 1)
    ]


@given(st.integers(0, 6), st.data())
@settings(max_examples=12, deadline=None)
def test_the_way_a_long_stream_is_cut_changes_nothing(seed: int, data: st.DataObject) -> None:
    starts = ["", "{", '["', "[1] ", "\n", "word\n", "`"]
    text = (
        starts[seed]
        + data.draw(st.sampled_from(["word ", "It is so [1]. ", '"a" [2', "x\n"])) * 900
    )
    text += data.draw(TEXTS)
    size = data.draw(st.integers(1, 5_000))
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    assert list(read_drafts(pieces)) == list(read_drafts([text]))


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


@pytest.mark.parametrize(
    "piece", [" ", "\n", "[1]", "[1] ", "(", "1,", "{", '["', "Source: 1, ", "¹"]
)
def test_a_model_that_is_stuck_is_read_in_no_time(piece: str) -> None:
    started = time.monotonic()
    for _ in islice(read_drafts(piece for _ in range(2_000)), 16):
        pass
    assert time.monotonic() - started < 10


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
