from pathlib import Path

import pytest

from tests.retrieval.loading.making import blocks, check_spans, load, refused, section_of


def page(tmp_path: Path, body: str, head: str = "") -> Path:
    path = tmp_path / "page.html"
    path.write_text(f"<!doctype html><html><head>{head}</head><body>{body}</body></html>")
    return path


def markdown(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "page.md"
    path.write_text(text, encoding="utf-8")
    return path


def test_headings_paragraphs_and_lists_are_blocks(tmp_path: Path) -> None:
    document = load(
        page(
            tmp_path,
            "<h1>Plan</h1><p>First <b>part</b>\n of it.<h2>Costs</h2><ul><li>one<li>two"
            "<ol start=3><li>three<li>four</ol></ul><p>End.",
            "<title>A plan</title>",
        )
    )
    assert document.title == "A plan"
    assert blocks(document) == [
        "Plan",
        "First part of it.",
        "Costs",
        "- one",
        "- two",
        "3. three",
        "4. four",
        "End.",
    ]
    assert blocks(document, "item") == ["- one", "- two", "3. three", "4. four"]
    assert section_of(document, "four") == ("Plan", "Costs")
    check_spans(document)


def test_what_is_not_content_is_left_out(tmp_path: Path) -> None:
    document = load(
        page(
            tmp_path,
            "<a href='#main'>Skip to main content</a><nav>Home</nav><header>Brand</header>"
            "<div class='cookie-banner'>We use cookies.</div><div role=dialog>Sign in</div>"
            "<div class='modal hide'>Contact us</div><script>x()</script><style>p{}</style>"
            "<p hidden>no</p><p style='display: none'>no</p><p aria-hidden=true>no</p>"
            "<main><p>The plan pays 80% of the cost.</p><button>Print</button>"
            "<p><del>old</del> <s>older</s> new</p></main><footer>Imprint</footer>",
        )
    )
    assert blocks(document) == ["The plan pays 80% of the cost.", "new"]


def test_a_collapsed_panel_is_content_under_its_title(tmp_path: Path) -> None:
    document = load(
        page(
            tmp_path,
            "<h2>Rates</h2><ul><li><button aria-controls=a>Under 30</button>"
            "<div id=a style='display:none'><p>$20 a month</p></div></li>"
            "<li><button aria-controls=b>Over 30</button><div id=b hidden><p>$30 a month</p></div>"
            "</li></ul><p>Rates change yearly.</p>"
            "<details><summary>Why?</summary><p>Costs rise.</p></details><p>Done.</p>",
        )
    )
    assert section_of(document, "$20") == ("Rates", "Under 30")
    assert section_of(document, "$30") == ("Rates", "Over 30")
    assert section_of(document, "Rates change") == ("Rates",)
    assert section_of(document, "Costs rise") == ("Rates", "Why?")
    assert section_of(document, "Done") == ("Rates",)


def test_rows_carry_their_label_and_column_headers(tmp_path: Path) -> None:
    document = load(
        page(
            tmp_path,
            "<table><tr><th>Service<th>In-network<th>Out-of-network"
            "<tr><td>Specialist visit<td>$40 copay<td>50% coinsurance"
            "<tr><td>Hospital stay<td>$250<td></table>",
        )
    )
    assert blocks(document, "row") == [
        "Specialist visit | In-network: $40 copay | Out-of-network: 50% coinsurance",
        "Hospital stay | In-network: $250",
    ]


def test_merged_cells_are_filled_and_headers_of_several_rows_joined(tmp_path: Path) -> None:
    document = load(
        page(
            tmp_path,
            "<table><thead><tr><th rowspan=2>Event<th rowspan=2>Service<th colspan=2>You pay:"
            "<tr><th>Individual<th>Family</thead>"
            "<tr><td rowspan=2>If you have a test<td>X-ray<td colspan=2>No charge"
            "<tr><td>MRI<td>$100<td>$200"
            "<tr><td colspan=4>Drugs<tr><td>Pharmacy<td>Tier 1<td>$5<td>$5 | a month</table>",
        )
    )
    assert blocks(document, "row") == [
        "If you have a test | X-ray | You pay: Individual: No charge | You pay: Family: No charge",
        "If you have a test | MRI | You pay: Individual: $100 | You pay: Family: $200",
        "Drugs | Pharmacy | Tier 1 | You pay: Individual: $5 | You pay: Family: $5 / a month",
    ]


def test_a_table_without_header_is_its_cells(tmp_path: Path) -> None:
    table = "<table><tr><td>Deductible<td>$500<tr><td>Copay<td>$20</table>"
    assert blocks(load(page(tmp_path, table))) == ["Deductible | $500", "Copay | $20"]


def test_labels_and_values_in_turn_are_pairs(tmp_path: Path) -> None:
    table = "<table><tr><th>Level<td>Gold<th>Type<td>HMO<tr><th>Price<td>$9<th>Area<td>NY</table>"
    assert blocks(load(page(tmp_path, table))) == [
        "Level: Gold | Type: HMO",
        "Price: $9 | Area: NY",
    ]


def test_a_table_that_lays_out_a_page_is_read_as_text(tmp_path: Path) -> None:
    table = "<table><tr><td><h2>Left</h2><p>One.<td><p>Two.</table><table role=none><tr><td>Three."
    document = load(page(tmp_path, table))
    assert blocks(document) == ["Left", "One.", "Two.", "Three."]
    assert not blocks(document, "row")


def test_definitions_carry_their_term(tmp_path: Path) -> None:
    terms = "<dl><dt>Copay<dd>A fixed amount.<dt>Why?<dd>Because.<dt>Alone</dl>"
    assert blocks(load(page(tmp_path, terms))) == [
        "Copay: A fixed amount.",
        "Why? Because.",
        "Alone",
    ]


def test_a_footnote_does_not_become_a_digit_of_the_amount(tmp_path: Path) -> None:
    document = load(page(tmp_path, "<p>You pay $20<sup>1</sup> for each visit.</p>"))
    assert document.text == "You pay $20¹ for each visit."


def test_lines_of_a_cell_do_not_run_into_each_other(tmp_path: Path) -> None:
    table = "<table><tr><th>Drug<th>You pay<tr><td>Tier 1<td>Retail: $10<br>Mail: $20</table>"
    assert load(page(tmp_path, table)).text == "Tier 1 | You pay: Retail: $10; Mail: $20"


def test_invisible_characters_and_ligatures_are_gone(tmp_path: Path) -> None:
    document = load(
        page(tmp_path, "<p>The ﬁrst oﬃce vis&shy;it\u200b in\u2011network\x0b is&nbsp;free.")
    )
    assert document.text == "The first office visit in-network is free."


def test_the_language_of_a_page_is_its_own(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text("<html lang='es-MX'><p>Hola.")
    assert load(path).language == "es-MX"
    path.write_text("<html lang='not a tag'><p>Hello.")
    assert load(path).language == "en"


@pytest.mark.parametrize("encoding", ["iso-8859-1", "windows-1251", "utf-8", "shift_jis"])
def test_the_declared_encoding_counts(tmp_path: Path, encoding: str) -> None:
    words = {"windows-1251": "Осмотр", "shift_jis": "健康診断"}.get(encoding, "Café")
    path = tmp_path / "page.html"
    markup = f"<html><head><meta charset='{encoding}'></head><body><p>{words}</p></body></html>"
    path.write_bytes(markup.encode(encoding))
    assert load(path).text == words


def test_a_page_nested_deeper_than_the_stack_is_read(tmp_path: Path) -> None:
    document = load(page(tmp_path, "<div>" * 5000 + "<p>Deep.</p>" + "</div>" * 5000))
    assert document.text == "Deep."


def test_a_hostile_span_does_not_grow_the_table(tmp_path: Path) -> None:
    table = "<table><tr><td colspan=999999 rowspan=999999>a<td>b<tr><td>c</table>"
    assert "a" in load(page(tmp_path, table)).text


def test_markdown_gives_the_blocks_of_its_page(tmp_path: Path) -> None:
    document = load(
        markdown(
            tmp_path,
            "---\ntitle: The plan\nlang: en-GB\nlayout: page\n---\n\n# Plan {#top}\n\n"
            "Some *emphasis*, a [link](https://example.com) and ![a picture](x.png).\n\n"
            "- one\n- **two**\n\n| Service | You pay |\n|---|---:|\n| Visit | $20 |\n\n"
            "{% include 'nav.html' %}<div class='note'>\n\n**Good to know**\n\nA note.\n\n</div>\n",
        )
    )
    assert (document.title, document.language) == ("The plan", "en-GB")
    assert blocks(document) == [
        "Plan",
        "Some emphasis, a link and .",
        "- one",
        "- two",
        "Visit | You pay: $20",
        "Good to know",
        "A note.",
    ]
    assert section_of(document, "A note") == ("Plan", "Good to know")
    check_spans(document)


def test_a_rule_at_the_top_is_no_front_matter(tmp_path: Path) -> None:
    document = load(markdown(tmp_path, "---\n\nFirst.\n\n---\n\nSecond.\n"))
    assert blocks(document) == ["First.", "Second."]


def test_malformed_front_matter_is_reported_with_its_line(tmp_path: Path) -> None:
    reason = refused(markdown(tmp_path, "---\ntitle: a\npolicy: [\n---\nText.\n"))
    assert reason.startswith("has malformed front matter in line")


def test_front_matter_that_cannot_be_used_is_reported(tmp_path: Path) -> None:
    reason = refused(markdown(tmp_path, "---\nplan_year: soon\n---\nText.\n"))
    assert reason == "front matter: plan_year 'soon' is not usable: a year from 2000 to 2099"


def test_a_page_without_words_is_reported(tmp_path: Path) -> None:
    assert refused(page(tmp_path, "<script>x()</script>")) == (
        "holds no text: there is nothing to index"
    )


@pytest.mark.parametrize(
    "text",
    [
        '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body><p>Text.</p></body></html>',
        "http://www.example.com/plan",
        "plan.html",
    ],
)
def test_no_warning_comes_from_odd_pages(tmp_path: Path, text: str) -> None:
    path = tmp_path / "page.xhtml"
    path.write_text(text)
    assert load(path).text in text


def test_headings_in_header_cells_do_not_make_a_table_layout(tmp_path: Path) -> None:
    table = "<table><tr><th><h3>Service</h3><th><h3>You pay</h3><tr><td>Visit<td>$20</table>"
    assert load(page(tmp_path, table)).text == "Visit | You pay: $20"
