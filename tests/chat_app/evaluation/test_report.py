"""The pages: whatever stands in questions and documents is shown as text and does nothing."""

from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat_app.evaluation.guard_measuring import GuardResult
from chat_app.evaluation.guard_report import guards_page
from chat_app.evaluation.guard_summary import GuardReport
from chat_app.evaluation.markup import element, table
from chat_app.evaluation.masks import Caught, Mask
from chat_app.evaluation.plots import bars, curve, histogram, ranges
from chat_app.evaluation.questions_report import questions_page, write_report
from chat_app.evaluation.questions_summary import Report, summary_json
from chat_app.evaluation.results import Result
from tests.chat_app.evaluation.labelled import result

HOSTILE = [
    "<script>alert(1)</script>",
    "</dd></details><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "<svg onload=alert(1)><style>*{display:none}</style>",
    "<a href='javascript:alert(1)'>press</a>",
    "&lt;b&gt; [link](http://evil.example) \u202eturned\u202c \x1b[31m \x00",
    "]]><!--",
]
ACTIVE = {
    "script",
    "img",
    "a",
    "iframe",
    "object",
    "form",
    "link",
    "base",
    "input",
    "foreignobject",
}


class Reader(HTMLParser):
    """Reads what is active in a page, and its text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    return reader


def assert_inert(page: str) -> Reader:
    reader = read(page)
    assert not ACTIVE & set(reader.tags)
    assert reader.tags.count("style") <= 1
    assert not [name for name, _ in reader.attributes if name.startswith("on") or name == "style"]
    assert not [n for n, _ in reader.attributes if n in {"href", "src", "action", "xlink:href"}]
    return reader


def hostile_result(text: str) -> Result:
    place: Mapping[str, str | int | None] = {"source": text, "page": 3}
    return Result(
        id=text,
        digest="d",
        question=text,
        policies=(text,),
        kind=text,
        answerable=True,
        measures={"hit@5": 0.0, "true_page_cited": 0.0, "total_ms": 12.0},
        expected=(place,),
        found=(place,),
        cited=(place,),
        answer=text,
        reason="",
        truth=text,
    )


def hostile_case(text: str, *, wrong: bool, personal: bool = False) -> GuardResult:
    return GuardResult(
        id=text,
        digest="d",
        shape="personal_data" if personal else "direct",
        wrong=wrong,
        kind=text,
        source=text,
        flagged={text: not wrong},
        scores={text: {text: 0.5}},
        milliseconds={text: 1.0},
        text=text,
        masked=text,
        caught=(Caught(text, False, True),) if personal else (),
        masks=(Mask(text, ()),) if personal else (),
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_inert_and_shown_in_the_page_of_questions(text: str) -> None:
    results = (hostile_result(text),)
    page = questions_page(Report(text, {text: text}, results, 1, results))
    reader = assert_inert(page)
    seen = " ".join(c if c.isprintable() else "\ufffd" for c in text)
    assert "".join(seen.split()) in "".join(" ".join(reader.text).split()) or "\ufffd" in seen
    assert not {"\x00", "\x1b", "\u202e"} & set(page)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_inert_in_the_page_of_guards(text: str) -> None:
    detected = tuple(hostile_case(text, wrong=wrong) for wrong in (True, False))
    assert_inert(guards_page(GuardReport(text, {text: text}, detected)))
    masked = (hostile_case(text, wrong=True, personal=True),)
    assert_inert(guards_page(GuardReport(text, {text: text}, masked)))


@settings(deadline=None, max_examples=50)
@given(st.text())
def test_no_text_leaves_its_element(text: str) -> None:
    reader = assert_inert(element("p", text, title=text) + table((text,), [(text,)]))
    assert reader.tags == ["p", "div", "table", "thead", "tr", "th", "tbody", "tr", "td"]


def test_the_page_forbids_scripts_and_networks_and_needs_none(tmp_path: Path) -> None:
    path = write_report(Report("f", {}, (result("a", total_ms=3.0),)), tmp_path / "new" / "folder")
    page = path.read_text(encoding="utf-8")
    assert "default-src 'none'" in read(page).attributes[2][1] or "default-src" in page
    assert "http://" not in page
    assert "https://" not in page
    assert 'content="width=device-width' in page
    assert "prefers-color-scheme: dark" in page


def test_failures_are_listed_with_what_was_expected_and_found() -> None:
    failed = hostile_result("What is the copay?")
    good = result("fine", **{"hit@5": 1.0, "true_page_cited": 1.0})
    text = read(questions_page(Report("f", {}, (failed, good)))).text
    assert "Failures: 1" in text
    assert "no relevant place among the first 5; true page not cited" in text
    assert "What is the copay?, page 3" in text


def test_a_comparison_stands_in_page_and_json() -> None:
    before = tuple(result(str(n), **{"hit@1": 0.0, "total_ms": 5.0}) for n in range(12))
    after = tuple(result(str(n), **{"hit@1": 1.0, "total_ms": 5.0}) for n in range(12))
    report = Report("f", {}, after, 0, before)
    text = read(questions_page(report)).text
    assert "better" in text
    assert "12 higher, 0 lower of 12" in text
    compared = summary_json(report)["comparison"]
    assert isinstance(compared, dict)
    assert compared["hit@1"]["p"] == pytest.approx(2 / 2**12)
    assert compared["total_ms"]["difference"]["value"] == 0


def test_plots_hold_one_drawing_a_value() -> None:
    assert len(read(bars("Ranks", ["1", "2", "none"], [3, 0, 1], "rank")).tags) > 3
    assert read(bars("Ranks", ["1", "2", "none"], [3, 0, 1], "rank")).tags.count("path") == 3
    assert read(histogram("Latency", [1.0, 2.0, 300.0], "ms")).tags.count("path") == 24
    assert read(curve("ROC", [(0, 0), (1, 1)], ("x", "y"))).tags.count("polyline") == 1
    assert "svg" in read(ranges("Shares", [])).tags
    assert "svg" in read(histogram("Latency", [0.0], "ms")).tags
