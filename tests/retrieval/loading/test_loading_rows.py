import json
from pathlib import Path

import pytest

from retrieval.errors import LoadingError
from retrieval.loading import FoundDocument, find
from tests.retrieval.loading.making import blocks, found


def rows(path: Path, *lines: object) -> Path:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    path.write_text(text + "\n", encoding="utf-8")
    return path


def test_each_row_is_a_document(tmp_path: Path) -> None:
    path = rows(
        tmp_path / "rows.jsonl",
        {"id": "q-1", "text": "First.\n\n- an item", "title": "One", "domain": "dental"},
        {"id": 2, "text": "Second.", "policy": "PPO", "plan_year": 2026, "source": "plan.pdf"},
    )
    first, second = found(path)
    assert (first.name, first.source, first.policy, first.plan_year) == (
        "q-1",
        "rows.jsonl",
        None,
        None,
    )
    document = first.load()
    assert (document.title, document.text) == ("One", "First.\n\n- an item")
    assert dict(document.metadata) == {"domain": "dental"}
    assert blocks(document, "item") == ["- an item"]
    assert (second.name, second.source) == ("PPO-2026-2", "plan.pdf")
    assert second.load().title == "2"


def test_the_text_of_a_row_is_kept_to_the_letter(tmp_path: Path) -> None:
    text = "  two  spaces,\ta tab and ﬁne print \u200b "
    (item,) = found(rows(tmp_path / "rows.jsonl", {"id": "a", "text": text}))
    assert item.load().text == text


def test_a_row_may_be_one_page_of_its_source(tmp_path: Path) -> None:
    row = {"id": "plan.pdf#page=7", "text": "Text.", "source": "plan.pdf", "page": 7}
    (item,) = found(rows(tmp_path / "rows.jsonl", row))
    (page,) = item.load().pages
    assert (page.number, page.start, page.end) == (7, 0, 5)
    assert item.name == "plan.pdf_page_7"


def test_a_row_says_more_than_the_sidecar_and_less_than_an_option(tmp_path: Path) -> None:
    path = rows(tmp_path / "rows.jsonl", {"id": "a", "text": "A.", "policy": "ROW"})
    (tmp_path / "rows.jsonl.meta.yaml").write_text("policy: BESIDE\nplan_year: 2026\n")
    (item,) = found(path)
    assert (item.policy, item.plan_year) == ("ROW", 2026)
    (item,) = found(path, policy="OPTION")
    assert item.policy == "OPTION"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "is not JSON"),
        ("[1]", "is no JSON object"),
        ({"text": "A."}, 'needs an "id"'),
        ({"id": " ", "text": "A."}, 'needs an "id"'),
        ({"id": True, "text": "A."}, 'needs an "id"'),
        ({"id": "a\nb", "text": "A."}, 'needs an "id"'),
        ({"id": "a"}, 'needs a "text"'),
        ({"id": "a", "text": " \n"}, 'needs a "text"'),
        ({"id": "a", "text": 3}, 'needs a "text"'),
        ({"id": "a", "text": "a\x00b"}, "no text"),
        ('{"id": "a", "text": "\\ud800"}', "no text"),
        ({"id": "a", "text": "A.", "tags": ["x"]}, "field 'tags' is a list"),
        ({"id": "a", "text": "A.", "more": {"x": 1}}, "field 'more' is a dict"),
        ({"id": "a", "text": "A.", "chunk_index": 1}, "field 'chunk_index' is reserved"),
        ({"id": "a", "text": "A.", "document": "x"}, "field 'document' is reserved"),
        ({"id": "a", "text": "A.", "": 1}, "field name ''"),
        ({"id": "a", "text": "A.", "$where": 1}, "field name '$where'"),
        ({"id": "a", "text": "A.", "big": 2**60}, "finite number below 2^53"),
        ('{"id": "a", "text": "A.", "rate": NaN}', "finite number"),
        ({"id": "a", "text": "A.", "plan_year": "next"}, "plan_year 'next'"),
        ({"id": "a", "text": "A.", "policy": 1.5}, "policy 1.5"),
        ({"id": "a", "text": "A.", "source": 5}, '"source"'),
        ({"id": "a", "text": "A.", "page": 0}, '"page"'),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_a_malformed_row_is_reported_with_its_line_and_the_others_go_on(
    tmp_path: Path, line: object, reason: str
) -> None:
    good = {"id": "good", "text": "Good."}
    path = rows(tmp_path / "rows.jsonl", {"id": "first", "text": "A."}, "", line, good)
    first, fault, last = find([path])
    assert isinstance(first, FoundDocument)
    assert isinstance(fault, LoadingError)
    assert fault.path == f"{path} line 3"
    assert reason in fault.reason
    assert isinstance(last, FoundDocument)
    assert last.load().text == "Good."


def test_a_line_that_is_not_utf8_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"id": "a", "text": "caf\xe9"}\n')
    (fault,) = find([path])
    assert str(fault) == f"{path} line 1: is not UTF-8: save the file as UTF-8"


def test_an_id_that_comes_again_is_reported(tmp_path: Path) -> None:
    path = rows(tmp_path / "rows.jsonl", {"id": "a", "text": "A."}, {"id": "a", "text": "B."})
    _, fault = find([path])
    assert str(fault) == f"{path} line 2: is named a like an earlier row: rename one of them"


def test_a_byte_order_mark_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"id": "a", "text": "A."}\r\n')
    assert [item.name for item in found(path)] == ["a"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"\n\n", "holds no rows"),
        ('{"id": "a"}'.encode("utf-16"), "UTF-16"),
        (b"\x00\x01\x02\n", "binary data"),
        (b"%PDF-1.4\n%%EOF", "is no JSONL file but a PDF"),
    ],
)
def test_a_file_that_holds_no_rows_is_reported_once(
    tmp_path: Path, data: bytes, reason: str
) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(data)
    (fault,) = find([path])
    assert isinstance(fault, LoadingError)
    assert reason in fault.reason


def test_a_row_that_changed_since_it_was_found_is_a_loading_error(tmp_path: Path) -> None:
    path = rows(tmp_path / "rows.jsonl", {"id": "a", "text": "A."})
    (item,) = found(path)
    rows(path, "no longer a row")
    with pytest.raises(LoadingError, match="line 1: has changed since it was found"):
        item.load()


def test_the_hash_of_a_row_is_its_own(tmp_path: Path) -> None:
    path = rows(tmp_path / "rows.jsonl", {"id": "a", "text": "A."}, {"id": "b", "text": "B."})
    a, b = found(path)
    rows(path, {"id": "a", "text": "A."}, {"id": "b", "text": "Changed."})
    again, changed = found(path)
    assert again.hash == a.hash
    assert changed.hash != b.hash
