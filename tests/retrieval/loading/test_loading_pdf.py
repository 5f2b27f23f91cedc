from collections.abc import Callable
from pathlib import Path

import pytest
from reportlab.lib import colors, pdfencrypt
from reportlab.lib.pagesizes import letter
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import PageBreak, Spacer

from tests.retrieval.loading.making import (
    blocks,
    body,
    check_spans,
    drawn,
    flowed,
    heading,
    load,
    page_of,
    refused,
    ruled,
    section_of,
)

LONG = (
    "The plan pays for covered services that are medically necessary and are received from a "
    "provider in the network, after the deductible of the calendar year has been met by each member"
    ". "
)
SERVICES = [
    ["Service", "In-network", "Out-of-network"],
    ["Specialist visit", "$40 copay", "50% coinsurance"],
    ["Hospital stay", "$250 copay", "Not covered"],
]


def lines(
    *texts: str, size: float = 11, x: float = 72, top: float = 700
) -> Callable[[Canvas], None]:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", size)
        for number, text in enumerate(texts):
            canvas.drawString(x, top - number * size * 1.2, text)

    return draw


def test_paragraphs_headings_and_items_are_put_together_from_lines(tmp_path: Path) -> None:
    path = flowed(
        tmp_path / "a.pdf",
        heading("Your plan"),
        *body(LONG * 2),
        heading("What you pay", 2),
        *body("• A copay for each visit.", "• " + LONG),
        *body("1. Call us.", "2. Write to us."),
        title="The plan in words",
    )
    document = load(path)
    assert blocks(document) == [
        "Your plan",
        (LONG * 2).strip(),
        "What you pay",
        "- A copay for each visit.",
        "- " + LONG.strip(),
        "1. Call us.",
        "2. Write to us.",
    ]
    assert blocks(document, "heading") == ["Your plan", "What you pay"]
    assert len(blocks(document, "item")) == 4
    assert section_of(document, "Call us") == ("Your plan", "What you pay")
    check_spans(document)


def test_a_stated_title_counts_when_the_first_pages_bear_it_out(tmp_path: Path) -> None:
    parts = [heading("Evidence of Coverage"), *body("For members of the Gold plan.")]
    stated = flowed(tmp_path / "a.pdf", *parts, title="Evidence of Coverage - Gold plan")
    assert load(stated).title == "Evidence of Coverage - Gold plan"
    left_over = flowed(tmp_path / "b.pdf", *parts, title="Template for quarterly reports")
    assert load(left_over).title == "Evidence of Coverage"
    machine_made = flowed(tmp_path / "c.pdf", *body(LONG), title="Microsoft Word - plan.doc")
    assert load(machine_made).title == "c"


def test_the_lines_of_a_cover_are_the_title(tmp_path: Path) -> None:
    cover = [heading("Example Company"), heading("Gold Plan Details", 2), PageBreak()]
    document = load(flowed(tmp_path / "a.pdf", *cover, heading("Costs", 2), *body(LONG)))
    assert document.title == "Example Company: Gold Plan Details"


def test_a_paragraph_goes_on_over_the_page_break_as_one_block(tmp_path: Path) -> None:
    path = drawn(
        tmp_path / "a.pdf",
        lines("The deductible is the amount that you pay before", top=90),
        lines("the plan begins to pay.", "A second paragraph.", size=11, top=700),
    )
    document = load(path)
    first = "The deductible is the amount that you pay before the plan begins to pay."
    assert document.text.startswith(first)
    assert [page.number for page in document.pages] == [1, 2]
    assert document.pages[1].start == document.text.index("the plan begins")
    check_spans(document)


def test_page_numbers_and_running_heads_are_said_once(tmp_path: Path) -> None:
    def page(number: int) -> Callable[[Canvas], None]:
        def draw(canvas: Canvas) -> None:
            lines("Gold plan 2026", top=760)(canvas)
            lines(f"Words that stand on page {'abcde'[number - 1]} alone.", top=500)(canvas)
            lines("Questions? Call 800-555-0100.", top=40)(canvas)
            lines(f"Page {number} of 5", x=500, top=40)(canvas)

        return draw

    document = load(drawn(tmp_path / "a.pdf", *map(page, range(1, 6))))
    assert document.text.count("Gold plan 2026") == 1
    assert document.text.count("Call 800-555-0100") == 1
    assert "Page" not in document.text
    assert [page_of(document, f"page {name}") for name in "abcde"] == [1, 2, 3, 4, 5]
    assert page_of(document, "Questions?") == 1


def test_words_cut_at_the_end_of_a_line_are_made_whole(tmp_path: Path) -> None:
    path = drawn(
        tmp_path / "a.pdf",
        lines(
            "Every out-of-pocket cost and every deductible counts here, and so the deduct-",
            "ible is met sooner; what you pay out-of-",
            "pocket also counts, as do in-",
            "network visits. The in-network price is low.",
        ),
    )
    text = load(path).text
    assert "the deductible is met sooner" in text
    assert "pay out-of-pocket also" in text
    assert "do in-network visits" in text


def test_two_columns_are_read_one_after_the_other(tmp_path: Path) -> None:
    left = [f"Left line {number} of the first column" for number in range(8)]
    right = [f"Right line {number} of the second column" for number in range(8)]

    def draw(canvas: Canvas) -> None:
        lines("A title over both of the columns that is wide", size=20, top=740)(canvas)
        lines(*left, x=72, top=700)(canvas)
        lines(*right, x=330, top=700)(canvas)

    text = load(drawn(tmp_path / "a.pdf", draw)).text
    assert text.index("A title") < text.index(left[0]) < text.index(left[-1])
    assert text.index(left[-1]) < text.index(right[0])


def test_labels_and_amounts_without_rules_are_rows(tmp_path: Path) -> None:
    labels = ["Hospital charges", "Routine care", "Anesthesia"]

    def draw(canvas: Canvas) -> None:
        lines("Sample care costs for one patient:", top=720)(canvas)
        lines(*labels, top=700)(canvas)
        lines("$2,700", "$2,100", "$900", x=330, top=700)(canvas)

    assert blocks(load(drawn(tmp_path / "a.pdf", draw)), "row") == [
        "Hospital charges | $2,700",
        "Routine care | $2,100",
        "Anesthesia | $900",
    ]


def test_rows_of_a_ruled_table_carry_label_and_headers_once(tmp_path: Path) -> None:
    path = flowed(tmp_path / "a.pdf", *body(LONG), ruled(SERVICES), *body("After the table."))
    document = load(path)
    assert blocks(document) == [
        LONG.strip(),
        "Specialist visit | In-network: $40 copay | Out-of-network: 50% coinsurance",
        "Hospital stay | In-network: $250 copay | Out-of-network: Not covered",
        "After the table.",
    ]
    check_spans(document)


def test_merged_cells_of_a_ruled_table_are_filled(tmp_path: Path) -> None:
    table = ruled(
        [
            ["Event", "Service", "What you pay", ""],
            ["", "", "In-network", "Out-of-network"],
            ["If you have a test", "X-ray", "$10", "$20"],
            ["", "MRI", "$100", "$200"],
        ],
        ("SPAN", (0, 0), (0, 1)),
        ("SPAN", (1, 0), (1, 1)),
        ("SPAN", (2, 0), (3, 0)),
        ("SPAN", (0, 2), (0, 3)),
        ("FONTNAME", (0, 1), (-1, 1), "Helvetica-Bold"),
    )
    rows = [row.split(" | ") for row in blocks(load(flowed(tmp_path / "a.pdf", table)))]
    first, second = "What you pay In-network: ", "What you pay Out-of-network: "
    assert rows == [
        ["If you have a test", "X-ray", f"{first}$10", f"{second}$20"],
        ["If you have a test", "MRI", f"{first}$100", f"{second}$200"],
    ]


def test_shaded_rows_without_lines_are_a_table(tmp_path: Path) -> None:
    rows = [SERVICES[0], *([f"Service {n}", f"${n}", f"{n}%"] for n in range(1, 7))]
    table = ruled(
        rows,
        ("GRID", (0, 0), (-1, -1), 0, colors.white),
        ("BACKGROUND", (0, 0), (-1, 0), colors.darkblue),
        ("TEXTCOLOR", (0, 0), (-1, 0), colors.white),
        ("ROWBACKGROUNDS", (0, 1), (-1, -1), [colors.lightgrey, colors.white]),
        ("LINEABOVE", (0, 0), (-1, -1), 0.5, colors.grey),
    )
    assert blocks(load(flowed(tmp_path / "a.pdf", table)), "row")[:2] == [
        "Service 1 | In-network: $1 | Out-of-network: 1%",
        "Service 2 | In-network: $2 | Out-of-network: 2%",
    ]


def test_a_table_goes_on_over_the_page_with_and_without_its_header(tmp_path: Path) -> None:
    rows = [[f"Service {n}", f"${n} copay", "Not covered"] for n in range(1, 80)]
    for repeat in (0, 1):
        table = ruled([SERVICES[0], *rows], repeat=repeat)
        document = load(flowed(tmp_path / f"{repeat}.pdf", table))
        assert blocks(document) == [
            f"Service {n} | In-network: ${n} copay | Out-of-network: Not covered"
            for n in range(1, 80)
        ]
        assert len(document.pages) > 1
        assert page_of(document, "Service 79") == len(document.pages)


def test_a_label_merged_over_a_page_break_is_carried_on(tmp_path: Path) -> None:
    table_1 = ruled(
        [
            ["Event", "Service", "You pay"],
            ["If you have a test", "X-ray", "$10"],
            ["", "CT", "$50"],
        ],
        ("SPAN", (0, 1), (0, 2)),
    )
    table_2 = ruled(
        [["Event", "Service", "You pay"], ["", "MRI", "$100"], ["Drugs", "Tier 1", "$5"]]
    )
    for table in (table_1, table_2):
        table._argW = [150, 150, 100]
    document = load(flowed(tmp_path / "a.pdf", table_1, PageBreak(), table_2))
    assert blocks(document, "row") == [
        "If you have a test | X-ray | You pay: $10",
        "If you have a test | CT | You pay: $50",
        "If you have a test | MRI | You pay: $100",
        "Drugs | Tier 1 | You pay: $5",
    ]
    assert page_of(document, "MRI") == 2


def test_a_heading_that_introduces_a_table_belongs_under_the_one_before(tmp_path: Path) -> None:
    story = []
    for name in ("Ana", "Ben"):
        story += [heading(f"{name} breaks an arm"), *body(LONG), heading(f"What {name} pays:")]
        story.append(ruled([["Part", "Amount"], ["Copays", "$40"], ["Total", "$90"]]))
    document = load(flowed(tmp_path / "a.pdf", *story))
    paths = [section.path for section in document.sections]
    assert paths == [
        ("Ana breaks an arm",),
        ("Ana breaks an arm", "What Ana pays:"),
        ("Ben breaks an arm",),
        ("Ben breaks an arm", "What Ben pays:"),
    ]


def test_tables_with_titles_alike_stand_side_by_side(tmp_path: Path) -> None:
    table = ruled([["Part", "Amount"], ["Copays", "$40"], ["Total", "$90"]])
    story = [heading("Care costs:"), table, heading("You pay:"), table]
    document = load(flowed(tmp_path / "a.pdf", *story))
    assert [section.path for section in document.sections] == [("Care costs:",), ("You pay:",)]


def test_a_box_around_text_is_no_table(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.rect(60, 600, 480, 120)
        lines("This is only a summary.", "Read the plan for the rest of it.", top=690)(canvas)

    document = load(drawn(tmp_path / "a.pdf", draw))
    assert not blocks(document, "row")
    assert "This is only a summary." in document.text


def test_drawn_bullets_begin_items(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        lines("You need all of these papers to enroll:", top=700)(canvas)
        lines("a card", "a form", x=100, top=680)(canvas)
        for number in range(2):
            canvas.circle(86, 684 - number * 13.2, 2.5, fill=1)

    assert blocks(load(drawn(tmp_path / "a.pdf", draw)), "item") == ["- a card", "- a form"]


def test_letters_set_wide_are_words(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        text = canvas.beginText(72, 700)
        text.setFont("Helvetica", 12)
        text.setCharSpace(5)
        text.textLine("SUMMARY OF BENEFITS")
        canvas.drawText(text)

    assert load(drawn(tmp_path / "a.pdf", draw)).text == "SUMMARY OF BENEFITS"


def test_words_without_space_characters_are_parted(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 12)
        x = 72.0
        for word in ["Your", "plan", "pays", "the", "bill"]:
            canvas.drawString(x, 700, word)
            x += canvas.stringWidth(word, "Helvetica", 12) + 2

    assert load(drawn(tmp_path / "a.pdf", draw)).text == "Your plan pays the bill"


def test_text_printed_twice_for_boldness_is_read_once(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        for shift in (0, 0.3):
            lines("Important for all members", x=72 + shift)(canvas)

    assert load(drawn(tmp_path / "a.pdf", draw)).text == "Important for all members"


def test_a_footnote_does_not_become_a_digit_of_the_amount(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        lines("Office visit $20", size=12)(canvas)
        x = 72 + canvas.stringWidth("Office visit $20", "Helvetica", 12)
        lines("1", size=7, x=x, top=704)(canvas)

    assert load(drawn(tmp_path / "a.pdf", draw)).text == "Office visit $20¹"


def test_turned_pages_and_text_are_read_level_and_watermarks_left_out(tmp_path: Path) -> None:
    def turned_page(canvas: Canvas) -> None:
        canvas.setPageRotation(90)
        lines("First line of a turned page.", "Second line.", top=500)(canvas)

    def turned_text(canvas: Canvas) -> None:
        canvas.setPageRotation(0)
        canvas.translate(300, 200)
        canvas.rotate(90)
        lines("Text that runs upwards.", "Its second line.", x=0, top=0)(canvas)

    def marked(canvas: Canvas) -> None:
        lines("Words under a mark.")(canvas)
        canvas.translate(100, 100)
        canvas.rotate(45)
        lines("DRAFT", size=60, x=0, top=0)(canvas)

    text = load(drawn(tmp_path / "a.pdf", turned_page, turned_text, marked)).text
    assert "First line of a turned page. Second line." in text
    assert "Text that runs upwards. Its second line." in text
    assert text.endswith("Words under a mark.")


def test_a_table_of_contents_is_left_out(tmp_path: Path) -> None:
    entries = [f"Chapter {n} on costs {'.' * 60} {n + 3}" for n in range(1, 8)]
    path = drawn(
        tmp_path / "a.pdf",
        lines("Contents", size=20),
        lines(*entries),
        lines("You pay $20 for a visit."),
    )
    assert load(path).text == "You pay $20 for a visit."


def test_pages_without_text_keep_the_numbers_of_the_others(tmp_path: Path) -> None:
    path = drawn(tmp_path / "a.pdf", lines("One."), lambda _: None, lines("Three."))
    assert [(page.number, page.start) for page in load(path).pages] == [(1, 0), (3, 6)]


def picture(tmp_path: Path) -> Callable[[Canvas], None]:
    from PIL import Image

    scan = tmp_path / "scan.png"
    Image.new("RGB", (60, 80), "white").save(scan)
    return lambda canvas: canvas.drawImage(ImageReader(str(scan)), 0, 0, *letter)


def test_a_scan_is_reported_and_never_indexed_as_empty(tmp_path: Path) -> None:
    scan = picture(tmp_path)
    assert refused(drawn(tmp_path / "a.pdf", scan, scan)) == (
        "is a scan without a text layer: run OCR (for example ocrmypdf) first"
    )


def test_a_document_that_is_mostly_a_scan_is_reported_with_its_pages(tmp_path: Path) -> None:
    scan = picture(tmp_path)
    assert refused(drawn(tmp_path / "a.pdf", lines("Cover."), scan, scan)) == (
        "is mostly a scan, without text on pages 2, 3: run OCR (for example ocrmypdf) first"
    )
    partly = drawn(tmp_path / "b.pdf", lines("One."), lines("Two."), scan)
    assert load(partly).text == "One.\n\nTwo."


def test_a_protected_file_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    canvas = Canvas(str(path), encrypt=pdfencrypt.StandardEncryption("secret"))
    canvas.drawString(72, 700, "Hidden.")
    canvas.save()
    assert refused(path) == "is protected by a password: save it without one"


def test_a_file_that_only_its_owner_may_change_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    canvas = Canvas(str(path), encrypt=pdfencrypt.StandardEncryption("", ownerPassword="secret"))
    canvas.drawString(72, 700, "Open to all.")
    canvas.save()
    assert load(path).text == "Open to all."


def test_a_file_without_words_is_reported(tmp_path: Path) -> None:
    assert refused(drawn(tmp_path / "a.pdf", lambda canvas: canvas.line(0, 0, 9, 9))) == (
        "holds no text: there is nothing to index"
    )


@pytest.mark.parametrize("length", [3000])
def test_graph_paper_does_not_take_forever(tmp_path: Path, length: int) -> None:
    def draw(canvas: Canvas) -> None:
        for number in range(length):
            canvas.line(0, number % 790, 600, number % 790)
            canvas.line(number % 600, 0, number % 600, 790)
        lines("On squared paper.")(canvas)

    assert load(drawn(tmp_path / "a.pdf", draw)).text == "On squared paper."


def test_spaced_paragraphs_stay_apart(tmp_path: Path) -> None:
    path = flowed(tmp_path / "a.pdf", *body("First."), Spacer(1, 30), *body("Second."))
    assert blocks(load(path)) == ["First.", "Second."]
