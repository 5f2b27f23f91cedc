import datetime as dt
from pathlib import Path
from typing import Any

import openpyxl
import pptx
import pytest
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from openpyxl.styles import Font
from pptx.util import Inches

from retrieval.loading.number_formats import shown
from tests.retrieval.loading.making import (
    blocks,
    check_spans,
    load,
    page_of,
    presented,
    refused,
    section_of,
    tabled,
    worded,
)


def test_a_word_document_keeps_headings_lists_and_paragraphs(tmp_path: Path) -> None:
    def write(document: Any) -> None:
        document.core_properties.title = "The plan for people"
        document.add_heading("The plan", 0)
        document.add_heading("Costs", 1)
        paragraph = document.add_paragraph("You pay ")
        paragraph.add_run("$20").bold = True
        paragraph.add_run("1").font.superscript = True
        old = paragraph.add_run(" or $30")
        old.font.strike = True
        document.add_paragraph("first", style="List Bullet")
        document.add_paragraph("second", style="List Number")
        bold = document.add_paragraph()
        bold.add_run("Good to know").bold = True
        document.add_paragraph("A note.")

    document = load(worded(tmp_path / "a.docx", write))
    assert document.title == "The plan for people"
    assert blocks(document) == [
        "The plan",
        "Costs",
        "You pay $20¹",
        "- first",
        "1. second",
        "Good to know",
        "A note.",
    ]
    assert section_of(document, "A note") == ("The plan", "Costs", "Good to know")
    assert document.pages == ()
    check_spans(document)


def test_merged_cells_of_a_word_table_are_filled(tmp_path: Path) -> None:
    def write(document: Any) -> None:
        table = document.add_table(4, 4)
        rows = [
            ("Event", "Service", "In-network", "Out-of-network"),
            ("If you have a test", "X-ray", "$10", "50%"),
            ("", "MRI", "$100", "50%"),
            ("Notes for every service", "", "", ""),
        ]
        for row, texts in zip(table.rows, rows, strict=True):
            for cell, text in zip(row.cells, texts, strict=True):
                cell.text = text
        table.cell(1, 0).merge(table.cell(2, 0))
        table.cell(1, 3).merge(table.cell(2, 3))
        table.cell(1, 3).text = "50%"
        table.cell(3, 0).merge(table.cell(3, 3))
        mark = OxmlElement("w:tblHeader")
        mark.set(qn("w:val"), "true")
        table.rows[0]._tr.get_or_add_trPr().append(mark)

    assert blocks(load(worded(tmp_path / "a.docx", write))) == [
        "If you have a test | X-ray | In-network: $10 | Out-of-network: 50%",
        "If you have a test | MRI | In-network: $100 | Out-of-network: 50%",
        "Notes for every service",
    ]


def test_a_word_table_without_marks_has_its_header_by_its_looks(tmp_path: Path) -> None:
    def write(document: Any) -> None:
        table = document.add_table(3, 2)
        for row, texts in zip(
            table.rows, [("Service", "You pay"), ("Visit", "$20"), ("Drug", "$5")], strict=True
        ):
            for cell, text in zip(row.cells, texts, strict=True):
                cell.text = text

    assert load(worded(tmp_path / "a.docx", write)).text == (
        "Visit | You pay: $20\n\nDrug | You pay: $5"
    )


def test_a_table_of_contents_is_left_out(tmp_path: Path) -> None:
    def write(document: Any) -> None:
        document.styles.add_style("toc 1", WD_STYLE_TYPE.PARAGRAPH)
        document.add_paragraph("Contents", style="TOC Heading")
        document.add_paragraph("Costs\t3", style="toc 1")
        document.add_heading("Costs", 1)
        document.add_paragraph("You pay $20.")

    assert blocks(load(worded(tmp_path / "a.docx", write))) == ["Costs", "You pay $20."]


def test_each_sheet_is_a_section_and_each_row_is_understood_alone(tmp_path: Path) -> None:
    path = tabled(
        tmp_path / "rates.xlsx",
        {
            "2026 rates": [
                ["Rates for 2026"],
                ["Plan", "Employee", "Family"],
                ["PPO", 84, 264.5],
                ["HMO", 60, None],
            ],
            "Notes": [["Ask us."]],
        },
    )
    document = load(path)
    assert blocks(document) == [
        "2026 rates",
        "Rates for 2026",
        "PPO | Employee: 84 | Family: 264.5",
        "HMO | Employee: 60",
        "Notes",
        "Ask us.",
    ]
    assert section_of(document, "HMO") == ("2026 rates",)
    check_spans(document)


def test_merged_hidden_and_grouped_cells_of_a_sheet(tmp_path: Path) -> None:
    path = tmp_path / "rates.xlsx"
    workbook = openpyxl.Workbook()
    sheet = workbook.worksheets[0]
    for row in (
        ["Event", "Service", "Secret", "You pay", None],
        ["Tests", "X-ray", "s1", "$10", "$20"],
        [None, "MRI", "s2", "$100", "$200"],
        ["never", "shown", "s3", "$1", "$2"],
        [],
        ["Drugs", "Tier 1", "s4", "$5", "$6"],
    ):
        sheet.append(row)
    sheet.merge_cells("D1:E1")
    sheet.merge_cells("A2:A3")
    sheet.column_dimensions["C"].hidden = True
    sheet.row_dimensions[4].hidden = True
    workbook.create_sheet("Hidden").sheet_state = "hidden"
    workbook.save(path)
    assert blocks(load(path))[1:] == [
        "Tests | X-ray | You pay: $10 | You pay: $20",
        "Tests | MRI | You pay: $100 | You pay: $200",
        "Drugs | Service: Tier 1 | You pay: $5 | You pay: $6",
    ]


def test_a_second_table_with_a_bold_header_has_its_own(tmp_path: Path) -> None:
    path = tmp_path / "rates.xlsx"
    workbook = openpyxl.Workbook()
    sheet = workbook.worksheets[0]
    for row in (["Plan", "Price"], ["PPO", 1], [], ["Drug", "Copay"], ["Tier 1", 5]):
        sheet.append(row)
    for cell in sheet[4]:
        cell.font = Font(bold=True)
    workbook.save(path)
    assert blocks(load(path))[1:] == ["PPO | Price: 1", "Tier 1 | Copay: 5"]


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (0.2, "0%", "20%"),
        (0.125, "0.0%", "12.5%"),
        (1500, '"$"#,##0', "$1,500"),
        (1500.5, "$#,##0.00", "$1,500.50"),
        (-3, "_($* #,##0.00_);_($* \\(#,##0.00\\)", "$(3.00)"),
        (20, "[$€-407] #,##0.00", "€ 20.00"),
        (2.5, "0.##", "2.5"),
        (7, "000", "007"),
        (12, '"Tier "0', "Tier 12"),
        (1500, '#,##0 "a year"', "1,500 a year"),
        (0.1 + 0.2, "General", "0.3"),
        (40, "General", "40"),
        (40.0, "General", "40"),
        (0.5, "# ?/?", "0.5"),
        (True, "General", "Yes"),
        (dt.datetime.fromisoformat("2026-01-01"), "m/d/yyyy", "2026-01-01"),
        (dt.datetime.fromisoformat("2026-01-01T08:30"), "h:mm", "2026-01-01 08:30"),
        (dt.time(8, 30), "h:mm", "08:30:00"),
        ("text", "General", "text"),
        (None, "General", ""),
    ],
)
def test_numbers_are_shown_as_their_reader_sees_them(
    value: object, number_format: str, text: str
) -> None:
    assert shown(value, number_format) == text


def test_formulas_that_were_never_calculated_are_reported(tmp_path: Path) -> None:
    path = tabled(tmp_path / "rates.xlsx", {"Rates": [["Plan", "Price"], ["PPO", "=1+1"]]})
    assert refused(path).startswith("holds formulas that were never calculated")


def test_a_sheet_that_reaches_too_far_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "far.xlsx"
    workbook = openpyxl.Workbook()
    workbook.worksheets[0]["XFD1048576"] = "far"
    workbook.save(path)
    assert "delete the empty rows and columns" in refused(path)


def test_slides_are_pages_with_their_titles_as_sections(tmp_path: Path) -> None:
    path = presented(
        tmp_path / "a.pptx",
        [("Enrollment", ["Choose a plan", "by November 15"]), ("Costs", ["You pay $20"])],
    )
    presentation = pptx.Presentation(str(path))
    slide = presentation.slides[1]
    slide.notes_slide.notes_text_frame.text = "Say that dental is extra."
    table = slide.shapes.add_table(2, 3, Inches(1), Inches(4), Inches(6), Inches(1)).table
    for row, texts in zip(
        table.rows, [("", "Self", "Family"), ("PPO", "$84", "$264")], strict=True
    ):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    presentation.save(str(path))
    document = load(path)
    assert document.title == "Enrollment"
    assert blocks(document) == [
        "Enrollment",
        "- Choose a plan",
        "- by November 15",
        "Costs",
        "You pay $20",
        "PPO | Self: $84 | Family: $264",
        "Say that dental is extra.",
    ]
    assert [page_of(document, text) for text in ("Choose", "Family", "dental")] == [1, 2, 2]
    assert section_of(document, "dental") == ("Costs",)
    check_spans(document)


def test_hidden_slides_are_left_out_and_page_numbers_stay(tmp_path: Path) -> None:
    path = presented(tmp_path / "a.pptx", [("One", ["a"]), ("Two", ["b"]), ("Three", ["c"])])
    presentation = pptx.Presentation(str(path))
    presentation.slides[1].element.set("show", "0")
    presentation.save(str(path))
    document = load(path)
    assert [page.number for page in document.pages] == [1, 3]
    assert "Two" not in document.text


def test_grouped_shapes_are_read(tmp_path: Path) -> None:
    path = presented(tmp_path / "a.pptx", [("One", ["a"])])
    presentation = pptx.Presentation(str(path))
    group = presentation.slides[0].shapes.add_group_shape()
    box = group.shapes.add_textbox(Inches(1), Inches(5), Inches(2), Inches(1))
    box.text_frame.text = "In a group"
    presentation.save(str(path))
    assert "In a group" in blocks(load(path))
