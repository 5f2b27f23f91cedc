"""Manuscripts as Word documents with real heading, list and table styles.

The parts of the archive are the same each time; their compressed form is zlib's affair.
"""

import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import docx
from docx.document import Document
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Inches, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.table import _Cell as Cell
from docx.text.paragraph import Paragraph as Place

from samples.build.markup import Heading, Items, Line, Manuscript, Node, Paragraph, Table

MADE = datetime(2024, 10, 1, tzinfo=UTC)
"""Written as the time of making, so that it does not depend on the clock."""
EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The first date that a ZIP archive can hold, for each file in it."""
HEADING_SIZES = {1: 22, 2: 15, 3: 12}
FONT = "Calibri"


def write_word(manuscript: Manuscript, path: Path) -> None:
    """Write the manuscript; the same manuscript gives the same parts."""
    document = docx.Document()
    _set_up(document, manuscript)
    for node in manuscript.nodes:
        _add(document, node, manuscript.accent)
    written = io.BytesIO()
    document.save(written)
    path.write_bytes(_without_times(written.getvalue()))


def _set_up(document: Document, manuscript: Manuscript) -> None:
    properties = document.core_properties
    properties.title, properties.author, properties.language = manuscript.title, "", "en-US"
    properties.comments = ""
    properties.created = properties.modified = MADE
    for side in ("left_margin", "right_margin", "top_margin", "bottom_margin"):
        setattr(document.sections[0], side, Inches(1))
    _set_font(document.styles["Normal"], 10.5)
    document.styles["Normal"].paragraph_format.space_after = Pt(6)
    for level, size in HEADING_SIZES.items():
        style = document.styles["Title" if level == 1 else f"Heading {level - 1}"]
        _set_font(style, size)
        style.font.color.rgb = RGBColor.from_string(manuscript.accent)
    footer = document.sections[0].footer.paragraphs[0]
    footer.add_run(f"{manuscript.footer} · Page ").font.size = Pt(8)
    _add_page_number(footer)


def _set_font(style: ParagraphStyle, size: float) -> None:
    style.font.name, style.font.size = FONT, Pt(size)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{theme}"), None)  # a theme font would win over the named one


def _add(document: Document, node: Node, accent: str) -> None:
    match node:
        case Heading(level, text):
            document.add_heading(text, level - 1)
        case Paragraph(line, boxed):
            _fill(document.add_paragraph(style="Intense Quote" if boxed else None), line)
        case Items(lines, numbered):
            if numbered:
                raise ValueError("a second numbered list in Word would go on from the first")
            for line in lines:
                _fill(document.add_paragraph(style="List Bullet"), line)
        case Table():
            _add_table(document, node, accent)


def _add_table(document: Document, table: Table, accent: str) -> None:
    grid = document.add_table(rows=0, cols=len(table.header), style="Table Grid")
    for number, cells in enumerate((table.header, *table.rows)):
        row = grid.add_row()
        properties = row._tr.get_or_add_trPr()  # noqa: SLF001  # not in the public API
        properties.append(OxmlElement("w:cantSplit"))
        if number == 0:
            properties.append(OxmlElement("w:tblHeader"))
        for place, line in zip(row.cells, cells, strict=True):
            paragraph = place.paragraphs[0]
            paragraph.paragraph_format.space_after = Pt(2)
            _fill(paragraph, line, size=9)
            if number == 0:
                _shade(place, accent)
                for run in paragraph.runs:
                    run.font.bold, run.font.color.rgb = True, RGBColor(0xFF, 0xFF, 0xFF)
    document.add_paragraph()


def _fill(paragraph: Place, line: Line, size: float | None = None) -> None:
    for part in line:
        run = paragraph.add_run(part.text)
        run.bold, run.italic = part.bold or None, part.italic or None
        if size:
            run.font.size = Pt(size)


def _shade(cell: Cell, color: str) -> None:
    shade = OxmlElement("w:shd")
    for name, value in (("val", "clear"), ("color", "auto"), ("fill", color)):
        shade.set(qn(f"w:{name}"), value)
    cell._tc.get_or_add_tcPr().append(shade)  # noqa: SLF001  # not in the public API


def _add_page_number(paragraph: Place) -> None:
    run = paragraph.add_run()
    run.font.size = Pt(8)
    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        part = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            part.set(qn("w:fldCharType"), kind)
        part.text = text or None
        run._r.append(part)  # noqa: SLF001  # fields are not in the public API


def _without_times(archive: bytes) -> bytes:
    """The same archive with every file dated alike."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(written, "w") as new:
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, EARLIEST)
            new.writestr(entry, old.read(name), zipfile.ZIP_DEFLATED)
    return written.getvalue()
