import json
import unicodedata
from pathlib import Path

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from retrieval.documents import Document
from retrieval.errors import LoadingError
from retrieval.loading import FoundDocument, find
from retrieval.loading.blocks import Piece, assemble
from retrieval.loading.cleaning import one_line
from retrieval.loading.pdf.continuing import extended, long_table
from retrieval.loading.pdf.grids import PageTable
from retrieval.loading.table_rows import body_lines, table_pieces
from retrieval.loading.tables import Cell, spread
from tests.retrieval.loading.making import blocks, body, check_spans, flowed, heading, load

FILES = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
FEW_FILES = settings(FILES, max_examples=15)
TEXT = st.text(max_size=200)
WORDS = st.lists(
    st.text("abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=9), min_size=1, max_size=60
).map(" ".join)
TAGS = ["p", "div", "h1", "h3", "ul", "ol", "li", "table", "tr", "td", "th", "dl", "dt", "dd"]
TAGS += ["b", "sup", "br", "details", "summary", "button aria-controls=x", "main", "nav", "pre"]
MARKUP = st.lists(
    st.one_of(
        TEXT,
        st.sampled_from([f"<{tag}>" for tag in TAGS]),
        st.sampled_from([f"</{tag.split()[0]}>" for tag in TAGS]),
        st.sampled_from(
            ["<td rowspan=3 colspan=2>", "<li value=7>", "<p hidden>", "<!--", "&amp;"]
        ),
    ),
    max_size=40,
).map("".join)
MARKDOWN = st.lists(
    st.one_of(
        TEXT,
        st.sampled_from(
            ["# ", "## ", "- ", "1. ", "> ", "| a | b |\n|---|---|\n| c | d |", "---\n"]
        ),
        st.sampled_from(["\n", "\n\n", "**", "`", "[a](b)", "![x](y)", "    ", "<div>", "{% x %}"]),
    ),
    max_size=40,
).map("".join)


def loaded(path: Path, text: str) -> Document | None:
    """The document of a text, or None where it holds nothing to index."""
    path.write_text(text, encoding="utf-8", errors="replace", newline="")
    (item,) = find([path])
    try:
        return item.load() if isinstance(item, FoundDocument) else None
    except LoadingError:
        return None


@FILES
@given(markup=MARKUP)
def test_spans_of_any_page_are_sound(tmp_path: Path, markup: str) -> None:
    document = loaded(tmp_path / "a.html", f"<!doctype html><body>{markup}")
    if document:
        check_spans(document)


@FILES
@given(text=MARKDOWN)
def test_spans_of_any_markdown_are_sound(tmp_path: Path, text: str) -> None:
    assume(not text.startswith("---"))
    document = loaded(tmp_path / "a.md", text)
    if document:
        check_spans(document)


@FILES
@given(
    text=st.text(
        st.characters(exclude_categories=["Cc", "Cs"], include_characters="\n\t -"), max_size=400
    )
)
def test_any_plain_text_is_kept_and_its_blocks_cover_it(tmp_path: Path, text: str) -> None:
    document = loaded(tmp_path / "a.txt", text)
    if document is None:
        assert not text.strip("\ufeff").strip()
        return
    assert document.text == text.removeprefix("\ufeff")
    check_spans(document, structured=False)
    assert "".join("".join(blocks(document)).split()) == "".join(document.text.split())


@FILES
@given(text=TEXT, row_id=st.integers())
def test_any_row_is_kept_to_the_letter(tmp_path: Path, text: str, row_id: int) -> None:
    assume(text.strip() and "\x00" not in text and "\r" not in text and text[0] != "\ufeff")
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"id": row_id, "text": text}) + "\n")
    document = load(path)
    assert document.text == text
    check_spans(document, structured=False)


@FEW_FILES
@given(paragraphs=st.lists(WORDS, min_size=1, max_size=40))
def test_every_word_of_a_pdf_is_read_in_order(tmp_path: Path, paragraphs: list[str]) -> None:
    parts = [part for text in paragraphs for part in body(text)]
    document = load(flowed(tmp_path / "a.pdf", heading("A Title"), *parts))
    check_spans(document)
    assert document.text.split() == ["A", "Title", *" ".join(paragraphs).split()]


@given(
    pieces=st.lists(
        st.builds(
            Piece,
            kind=st.sampled_from(["heading", "paragraph", "item", "row"]),
            text=st.sampled_from(["", "a", "two words"]),
            level=st.integers(1, 4),
            page=st.integers(0, 5),
        ),
        max_size=30,
    )
)
def test_pieces_in_any_order_give_sound_spans(pieces: list[Piece]) -> None:
    content = assemble(pieces)
    paged = [piece for piece in pieces if piece.text]
    assume(not paged or (paged[0].page > 0) == bool(content.pages))
    document = Document(
        "n", "s", "t", content.text, None, None, content.pages, content.sections, content.blocks
    )
    check_spans(document)


@given(text=st.text())
def test_a_clean_line_stays_as_it_is(text: str) -> None:
    line = one_line(text)
    assert one_line(line) == line
    assert "\n" not in line
    assert line == line.strip()
    assert "  " not in line
    assert not any(unicodedata.category(character) in {"Cc", "Cs", "Co"} for character in line)


CELLS = st.builds(
    Cell,
    lines=st.lists(st.sampled_from(["a", "$20", "two words", "x" * 300, "b | c"]), max_size=3).map(
        tuple
    ),
    header=st.booleans(),
    rows=st.integers(1, 3),
    columns=st.integers(1, 3),
)


@given(rows=st.lists(st.lists(CELLS, max_size=5), max_size=6), header=st.none() | st.integers(0, 3))
def test_no_word_of_a_table_is_lost(rows: list[list[Cell]], header: int | None) -> None:
    grid = spread(rows)
    assert len({len(row) for row in grid}) <= 1
    pieces = list(table_pieces(grid, header))
    assert all(piece.text and "\n" not in piece.text for piece in pieces)
    said = " ".join(piece.text for piece in pieces)
    headers = grid[: header or 0]
    body_cells = [cell for row in grid[len(headers) :] for cell in row]
    if header is not None and grid and len(grid) > header:
        for cell in body_cells:
            for line in cell.lines:
                assert line.replace(" | ", " / ") in said or line in said


TABLE_WORDS = st.lists(
    st.sampled_from(["Label", "label", "Ends here.", "goes on", "$20 copay", "A longer text " * 9]),
    max_size=3,
)
TABLE_ROWS = st.lists(
    st.lists(
        st.builds(Cell, lines=TABLE_WORDS.map(tuple), bold=st.booleans()), min_size=3, max_size=3
    ),
    min_size=1,
    max_size=4,
)
HEADER = [Cell((name,), header=True) for name in ("Event", "Service", "You pay")]


@given(above=TABLE_ROWS, below=TABLE_ROWS, repeats=st.booleans(), data=st.data())
def test_no_word_is_lost_where_a_table_goes_on(
    above: list[list[Cell]], below: list[list[Cell]], repeats: bool, data: st.DataObject
) -> None:
    marked = [
        [
            Cell((*cell.lines, f"({page}{row}{column})") if cell.lines else (), bold=cell.bold)
            for column, cell in enumerate(cells)
        ]
        for page, rows in enumerate((above, below), start=1)
        for row, cells in enumerate(rows)
    ]
    first, second = marked[: len(above)], marked[len(above) :]
    if data.draw(st.booleans()) and len(first) > 1:
        first[1][0] = first[0][0]
    edges = (0.0, 100.0, 200.0)
    before = long_table(PageTable([HEADER, *first], edges), 1)
    longer = extended(before, PageTable([*([HEADER] if repeats else []), *second], edges), 2)
    if longer is None:
        return
    said = " ".join(line for _, line in body_lines(longer.table))
    written = [cell.lines[-1] for cells in marked for cell in cells if cell.lines]
    assert [mark for mark in written if mark not in said] == []
    assert len(longer.pages) == len(longer.table.body)
    assert list(longer.pages) == sorted(longer.pages)
