"""Real files, built small for the tests of loading, and what must hold for every document."""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pptx
from reportlab.lib import colors
from reportlab.lib.pagesizes import letter
from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Table, TableStyle

from retrieval.documents import BLOCK_SEPARATOR, Document, Page, Section
from retrieval.errors import LoadingError
from retrieval.loading import FoundDocument, find

STYLES = getSampleStyleSheet()
BODY = ParagraphStyle("body", parent=STYLES["BodyText"], fontSize=11, leading=14, spaceAfter=8)


def found(*paths: Path, policy: str | None = None, year: int | None = None) -> list[FoundDocument]:
    """All documents under some paths, of which none may be a fault."""
    items = list(find(list(paths), policy, year))
    assert not [item for item in items if isinstance(item, LoadingError)]
    return [item for item in items if isinstance(item, FoundDocument)]


def load(path: Path) -> Document:
    """The one document of a file."""
    (only,) = found(path)
    return only.load()


def refused(path: Path) -> str:
    """Why the one document of a file cannot be found or loaded."""
    (item,) = find([path])
    if isinstance(item, LoadingError):
        fault = item
    else:
        try:
            document = item.load()
        except LoadingError as error:
            fault = error
        else:
            raise AssertionError(f"{path.name} was loaded: {document.text[:80]!r}")
    assert fault.path == str(path)
    return fault.reason


def blocks(document: Document, kind: str | None = None) -> list[str]:
    """The texts of the blocks, of one kind or of all."""
    return [
        document.text[block.start : block.end]
        for block in document.blocks
        if kind in (None, block.kind)
    ]


def section_of(document: Document, text: str) -> tuple[str, ...]:
    """The path of the section in which a text stands."""
    place = document.text.index(text)
    return next((s.path for s in document.sections if s.start <= place < s.end), ())


def page_of(document: Document, text: str) -> int:
    """The page on which a text begins."""
    place = document.text.index(text)
    return next(page.number for page in document.pages if page.start <= place < page.end)


def check_spans(document: Document, *, structured: bool = True) -> None:
    """Blocks, sections and pages lie in order within the text and do not overlap."""
    text = document.text
    end = 0
    for block in document.blocks:
        assert end <= block.start < block.end <= len(text)
        assert text[block.start : block.end].strip() == text[block.start : block.end]
        end = block.end
    if structured:
        assert text == BLOCK_SEPARATOR.join(blocks(document))
        assert not any("\n" in block for block in blocks(document))
    spans: tuple[Sequence[Section | Page], ...] = (document.sections, document.pages)
    for several in spans:
        for before, after in pairwise(several):
            assert before.start < before.end <= after.start < after.end
        assert not several or several[-1].end <= len(text)
    if document.pages:
        assert document.pages[0].start == 0
        assert document.pages[-1].end == len(text)
        assert all(a.end == b.start for a, b in pairwise(document.pages))


def drawn(path: Path, *pages: Callable[[Canvas], None]) -> Path:
    """A PDF whose pages are drawn by hand; places are from the lower left, in points."""
    canvas = Canvas(str(path), pagesize=letter)
    for draw in pages:
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return path


def flowed(path: Path, *parts: Flowable, title: str = "") -> Path:
    """A PDF of paragraphs and tables, set from page to page."""
    SimpleDocTemplate(str(path), pagesize=letter, title=title or None).build(list(parts))
    return path


def body(*texts: str) -> list[Paragraph]:
    """Paragraphs of body text."""
    return [Paragraph(text, BODY) for text in texts]


def heading(text: str, level: int = 1) -> Paragraph:
    """A heading, set larger."""
    return Paragraph(text, STYLES[f"Heading{level}"])


def ruled(rows: Sequence[Sequence[object]], *styles: tuple[object, ...], repeat: int = 0) -> Table:
    """A table with lines between all cells and its header in bold."""
    table = Table([list(row) for row in rows], repeatRows=repeat)
    table.setStyle(
        TableStyle(
            [
                ("GRID", (0, 0), (-1, -1), 0.5, colors.black),
                ("FONTNAME", (0, 0), (-1, 0), "Helvetica-Bold"),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                *styles,
            ]
        )
    )
    return table


def worded(path: Path, write: Callable[[Any], None]) -> Path:
    """A Word document."""
    document = docx.Document()
    write(document)
    document.save(str(path))
    return path


def tabled(path: Path, sheets: dict[str, Iterable[Sequence[object]]]) -> Path:
    """An Excel workbook."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.worksheets[0])
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    workbook.save(path)
    return path


def presented(path: Path, slides: Sequence[tuple[str, Sequence[str]]]) -> Path:
    """A presentation of titles and bulleted lines."""
    presentation = pptx.Presentation()
    for title, lines in slides:
        slide = presentation.slides.add_slide(presentation.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text = "\n".join(lines)
    presentation.save(str(path))
    return path
