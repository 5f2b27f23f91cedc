import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_app.cells import (
    Row,
    RowCell,
    chosen_cells,
    column_fit,
    label_fit,
    only_notes,
    read_aloud,
    read_row,
    reads_cells,
)
from chat_app.columns import facets
from retrieval.documents import CELL_SEPARATOR

OFFICE = (
    "If you see a doctor | Specialist visit | Your cost with a Participating Provider: $40 copay | "
    "Your cost with a Non-Participating Provider: 50% coinsurance | "
    "Limitations & Exceptions: Limited to 12 visits. Needs preauthorization."
)
DEDUCTIBLE = (
    "What is the overall deductible? | Answers: $500 person / $1,000 family | "
    "Why this matters: You pay all costs up to the limit."
)
WORDS = st.text(string.ascii_letters + "$%?:.;/-()0123456789 ", max_size=30)
ROWS = st.lists(WORDS.filter(str.strip), min_size=2, max_size=6).map(CELL_SEPARATOR.join)


def said(row: str, question: str) -> str:
    read = read_row(row)
    return read_aloud(read, chosen_cells(read, question))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("In-network", {("network", "in")}),
        ("Network Provider (You will pay the least)", {("network", "in")}),
        ("Your Cost If You Use a Preferred Provider", {("network", "in")}),
        ("Out of Network Cost Share", {("network", "out")}),
        ("Non-Network Provider", {("network", "out")}),
        ("Nonparticipating providers", {("network", "out")}),
        ("Non-Preferred Provider", {("network", "out")}),
        ("In-Network/Out-of-network", {("network", "in"), ("network", "out")}),
        ("Mail order (90-day supply)", {("supply", "mail")}),
        ("Retail", {("supply", "retail")}),
        ("Individual", {("covered", "individual")}),
        ("Family", {("covered", "family")}),
        ("Limitations", set()),
    ],
)
def test_a_header_says_what_its_column_is_for(header: str, expected: set[tuple[str, str]]) -> None:
    assert facets(header) == expected


@pytest.mark.parametrize(
    ("question", "members"),
    [
        ("specialist out of network?", {"out"}),
        ("What if my doctor isn't in your network?", {"out"}),
        ("What do I pay outside the plan's network?", {"out"}),
        ("a doctor who's not on your list", {"out"}),
        ("if I stay in network", {"in"}),
        ("with a participating provider", {"in"}),
        ("in and out of network", {"in", "out"}),
        ("in- or out-of-network", {"in", "out"}),
        ("How much is a preferred brand drug?", set()),
        ("Does my family doctor charge a copay?", set()),
    ],
)
def test_a_question_names_columns_in_the_words_of_members(question: str, members: set[str]) -> None:
    assert {member for _, member in facets(question)} == members


@pytest.mark.parametrize(
    ("question", "cells"),
    [
        ("specialist in network?", "Your cost with a Participating Provider: $40 copay"),
        (
            "specialist out of network?",
            "Your cost with a Non-Participating Provider: 50% coinsurance",
        ),
        (
            "How much is a specialist?",
            (
                "Your cost with a Participating Provider: $40 copay; "
                "Your cost with a Non-Participating Provider: 50% coinsurance"
            ),
        ),
        (
            "How many specialist visits do I get?",
            "Limitations & Exceptions: Limited to 12 visits. Needs preauthorization",
        ),
        (
            "Do I need preauthorization for a specialist?",
            "Limitations & Exceptions: Limited to 12 visits. Needs preauthorization",
        ),
    ],
)
def test_the_cells_that_are_asked_for_come_with_labels_and_headers(
    question: str, cells: str
) -> None:
    assert said(OFFICE, question) == f"If you see a doctor, Specialist visit: {cells}"


def test_a_row_named_after_a_limit_gives_its_answer_and_not_why_it_matters() -> None:
    answer = "What is the overall deductible? Answers: $500 person / $1,000 family"
    assert said(DEDUCTIBLE, "What is the family deductible?") == answer
    assert said(DEDUCTIBLE, "Is there a limit on the deductible?") == answer
    assert "You pay all costs" in said(DEDUCTIBLE, "Why does the deductible matter?")


def test_columns_are_told_by_the_words_of_their_headers() -> None:
    row = "Specialist visit | Standard plan: 20% | Enhanced plan: 10%"
    assert said(row, "specialist with the enhanced plan") == "Specialist visit: Enhanced plan: 10%"


def test_a_row_of_pairs_has_no_label() -> None:
    row = "Deductible - Individual: $500 | Deductible - Family: $1,000"
    assert read_row(row).labels == ()
    assert said(row, "What is the family deductible?") == "Deductible - Family: $1,000"
    assert label_fit(read_row(row), "individual deductible") == 1


def test_a_tier_is_a_label_although_it_has_a_number_and_a_colon() -> None:
    row = read_row("Drugs | Tier 1: Generic drugs | In-network: $10 | Out-of-network: Not covered")
    assert row.labels == ("Drugs", "Tier 1: Generic drugs")


def test_the_network_asked_for_may_stand_in_the_cell() -> None:
    question = "deductible with non-network doctors"
    cells = (("$0 for a Network Provider", -1, 0), ("$900 for a Non-Network Provider", 1, -1))
    for text, fit, unasked in cells:
        row = read_row(f"What is the deductible? | Answers: {text}")
        assert column_fit(row, row.cells, question) == fit
        # Who names no network means care inside it.
        assert column_fit(row, row.cells, "deductible?") == unasked


def test_a_name_fits_by_its_telling_words() -> None:
    brand = read_row("Drugs | Preferred brand drugs | In-network: $40")
    other = read_row("Drugs | Non-preferred brand drugs | In-network: $80")
    for question, best in (("preferred brand drugs", brand), ("non-preferred brand drugs", other)):
        assert label_fit(best, question) == 1
        assert max((brand, other), key=lambda row: label_fit(row, question)) is best
    scan = read_row("Tests | Imaging (CT/PET scans, MRIs) | In-network: $40")
    assert 0 < label_fit(scan, "How much is an MRI?") < 1
    assert label_fit(read_row("Copays | $300"), "What is the copay?") == 0


def test_notes_alone_are_told_from_values() -> None:
    row = read_row("Tier 1, Tier 2 | Limitations: Up to a 30-day supply")
    assert only_notes(row.cells, "tier 2 price")
    assert not only_notes(row.cells, "Are there limits on tier 2?")


@given(ROWS)
def test_a_row_is_read_without_loss(text: str) -> None:
    row = read_row(text)
    parts = [*row.labels, *(cell.text for cell in row.cells)]
    assert parts == [" ".join(part.split()) for part in text.split(CELL_SEPARATOR.strip())]
    assert all(cell.text.startswith(cell.header) for cell in row.cells)


@given(ROWS, WORDS)
def test_cells_are_chosen_from_the_row_in_its_order(text: str, question: str) -> None:
    row = read_row(text)
    chosen = chosen_cells(row, question)
    assert bool(chosen) == bool(row.cells)
    places = [next(i for i, cell in enumerate(row.cells) if cell is one) for one in chosen]
    assert places == sorted(set(places))
    assert 0 <= label_fit(row, question) <= 1
    assert column_fit(row, chosen, question) in {-1, 0, 1}


TOKENS = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=3).map(tuple)


@given(TOKENS, st.lists(st.tuples(TOKENS, st.booleans()), min_size=1, max_size=5))
def test_some_of_the_cells_behind_the_label_are_a_reading(
    label: tuple[str, ...], cells: list[tuple[tuple[str, ...], bool]]
) -> None:
    kept = [cell for cell, is_kept in cells if is_kept]
    tokens = (*label, *(token for cell in kept for token in cell))
    assert reads_cells(tokens, label, [cell for cell, _ in cells]) == bool(kept)


@pytest.mark.parametrize(
    "tokens", [("x",), ("x", "in"), ("x", "in", "40", "50"), ("y", "in", "40"), ("in", "40")]
)
def test_half_a_cell_or_another_label_is_no_reading(tokens: tuple[str, ...]) -> None:
    assert not reads_cells(tokens, ("x",), [("in", "40"), ("out", "50")])


def test_a_value_is_the_cell_without_its_header() -> None:
    assert RowCell("In-network", "In-network: $40").value == "$40"
    assert RowCell("", "$40").value == "$40"
    assert (
        read_aloud(Row(("Total",), (RowCell("", "$40."),)), [RowCell("", "$40.")]) == "Total: $40"
    )
