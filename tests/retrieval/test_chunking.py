import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.chunking import SPECIAL_TOKENS, chunk_document
from retrieval.documents import Block, Document, Match, Page, Section, chunk_metadata
from tests.fakes.documents import document


def count_words(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def count_characters(texts: Sequence[str]) -> list[int]:
    return [len("".join(text.split())) for text in texts]


def texts(document: Document, window: int = 64, target: int = 10, lead: int = 0) -> list[str]:
    return [chunk.text for chunk in chunk_document(document, count_words, window, target, lead)]


def test_a_chunk_is_closed_once_it_holds_the_target() -> None:
    plan = document("One two three four five six. Seven eight nine ten. Eleven twelve.")
    assert texts(plan) == ["One two three four five six. Seven eight nine ten.", "Eleven twelve."]


def test_a_table_row_is_never_cut_when_it_fits() -> None:
    row = "Specialist visit | In-network: $40 copay | Out-of-network: 50% after deductible"
    assert texts(document("Before the table stand nine words in a row.", row), target=20) == [
        f"Before the table stand nine words in a row.\n\n{row}"
    ]


def test_a_chunk_does_not_cross_a_section() -> None:
    plan = document("First part.", "Second part.")
    sections = (Section(("A",), 0, 13), Section(("A", "B"), 13, 25))
    plan = Document(**{f: getattr(plan, f) for f in plan.__slots__} | {"sections": sections})
    chunks = chunk_document(plan, count_words, 64, lead=0)
    assert [(c.text, c.section) for c in chunks] == [
        ("First part.", ("A",)),
        ("Second part.", ("A", "B")),
    ]


def test_a_chunk_begins_with_the_sentences_before_it() -> None:
    plan = document("One two three four. Five six. Seven eight nine ten. Eleven twelve.")
    assert texts(plan, target=4, lead=2) == [
        "One two three four.",
        "One two three four. Five six. Seven eight nine ten.",
        "Seven eight nine ten. Eleven twelve.",
    ]


def test_a_lead_may_be_of_another_section_and_is_told_from_the_chunks_own_text() -> None:
    text = "First part.\n\nSecond part."
    sections = (Section(("A",), 0, 13), Section(("B",), 13, 25))
    plan = document("First part.", "Second part.", sections=sections)
    first, second = chunk_document(plan, count_words, 64)
    assert (first.text, first.own_start) == ("First part.", 0)
    assert (second.text, second.section, second.own_start) == (text, ("B",), 13)


def test_a_chunk_runs_over_a_page_break_and_knows_where_each_page_begins() -> None:
    text = "One here. Two goes over the break. Three."
    plan = document(text, pages=(Page(4, 0, 20), Page(6, 20, len(text))))
    (chunk,) = chunk_document(plan, count_words, 64)
    assert (chunk.page, chunk.last_page, chunk.page_starts) == (4, 6, ((6, 20),))
    found = Match("d-chunk-0000", chunk.text, chunk_metadata(plan, chunk, "", 1), 0.5, 0.5)
    assert [found.page_at(offset) for offset in (0, 10, 19, 20, 35)] == [4, 4, 4, 6, 6]


def test_a_quote_in_the_lead_is_not_said_to_be_of_the_chunks_section() -> None:
    plan = document(
        "First part.",
        "Second part.",
        sections=(Section(("A",), 0, 13), Section(("B",), 13, 25)),
    )
    chunk = chunk_document(plan, count_words, 64)[1]
    found = Match("d-chunk-0001", chunk.text, chunk_metadata(plan, chunk, "", 2), 0.5, 0.5)
    assert (found.section_at(0), found.section_at(13)) == ("", "B")
    assert found.page_at(13) is None


def test_title_and_section_are_embedded_but_not_quoted() -> None:
    plan = document("You pay $40.", title="PPO Plus", sections=(Section(("Copays",), 0, 12),))
    (chunk,) = chunk_document(plan, count_words, 64)
    assert chunk.text == "You pay $40."
    assert chunk.embedded_text == "PPO Plus\nCopays\nYou pay $40."


def test_the_innermost_headings_are_kept_when_the_path_is_long() -> None:
    path = ("outer " * 10, "middle " * 10, "inner heading")
    plan = document("You pay $40.", title="title " * 10, sections=(Section(path, 0, 12),))
    (chunk,) = chunk_document(plan, count_words, 64)
    assert chunk.context.split("\n")[-1] == "inner heading"
    assert len(chunk.embedded_text.split()) <= 64 - SPECIAL_TOKENS


def test_a_row_larger_than_the_window_is_cut_between_cells() -> None:
    cells = [f"Header {i}: value number {i} here" for i in range(20)]
    pieces = texts(document(" | ".join(["Label", *cells])), window=40, target=40)
    assert len(pieces) > 1
    assert all(piece.split()[0] in ("Label", "Header") for piece in pieces)


@pytest.mark.parametrize("count", [count_words, count_characters])
def test_a_word_larger_than_the_window_is_cut_anywhere(count: object) -> None:
    plan = document("x" * 1000)
    chunks = chunk_document(plan, count, 40)  # type: ignore[arg-type]
    assert "".join(chunk.text for chunk in chunks) == "x" * 1000


def test_a_document_without_text_has_no_chunks() -> None:
    assert chunk_document(document(" \n "), count_words, 64) == []


@st.composite
def documents(draw: st.DrawFn) -> Document:
    alphabet = st.sampled_from("ab. A|-\n\té漢$1,")
    parts = draw(st.lists(st.text(alphabet, max_size=80), max_size=12))
    blocks, sections, text = [], [], ""
    for i, part in enumerate(parts):
        kind = draw(st.sampled_from(["paragraph", "row", "item", "heading"]))
        start = len(text)
        text += part
        blocks.append(Block(kind, start, len(text)))  # type: ignore[arg-type]
        if draw(st.booleans()):
            sections.append(Section((f"S{i}",), start, len(text)))
        text += "\n\n"
    cuts = sorted(draw(st.sets(st.integers(1, max(1, len(text) - 1)), max_size=4)))
    edges = [0, *(c for c in cuts if c < len(text)), len(text)]
    pages = [Page(i, a, b) for i, (a, b) in enumerate(itertools.pairwise(edges), 1)]
    return Document(
        name="d",
        source="d",
        title=draw(st.text(alphabet, max_size=60)),
        text=text,
        blocks=tuple(blocks),
        sections=tuple(sections),
        pages=tuple(pages) if text else (),
    )


@given(documents(), st.integers(16, 64), st.integers(1, 64), st.integers(0, 40))
def test_chunks_are_the_text_at_their_offsets_fit_the_window_and_lose_nothing(
    plan: Document, window: int, target: int, lead: int
) -> None:
    chunks = chunk_document(plan, count_characters, window, target, lead)
    position = 0
    for index, chunk in enumerate(chunks):
        assert chunk.index == index
        assert plan.text[chunk.start : chunk.end] == chunk.text
        assert chunk.start <= chunk.own_start < chunk.end
        assert position <= chunk.own_start
        assert not plan.text[position : chunk.own_start].strip()
        assert count_characters([chunk.embedded_text])[0] <= window - SPECIAL_TOKENS
        assert chunk.embedded_text.endswith(chunk.own_text)
        assert chunk.own_text == plan.text[chunk.own_start : chunk.end]
        assert lead > 0 or chunk.start == chunk.own_start
        position = chunk.end
    assert not plan.text[position:].strip()


@given(documents())
def test_every_offset_of_a_chunk_has_the_page_of_the_document(plan: Document) -> None:
    for chunk in chunk_document(plan, count_characters, 64):
        found = Match("d-chunk-0000", chunk.text, chunk_metadata(plan, chunk, "", 1), 0.5, 0.5)
        for offset in range(chunk.start, chunk.end):
            page = next((p.number for p in plan.pages if p.start <= offset < p.end), None)
            assert found.page_at(offset) == page
