"""Manuscripts as PDF: ruled tables whose header repeats on each page, page numbers, an outline."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor, white
from reportlab.lib.pagesizes import letter
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import inch
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    ListFlowable,
    PageTemplate,
    Spacer,
)
from reportlab.platypus import Paragraph as Text
from reportlab.platypus import Table as Grid

from samples.build.markup import Heading, Items, Line, Manuscript, Node, Paragraph, Table, plain

MARGIN = 0.95 * inch
WIDTH = letter[0] - 2 * MARGIN
HEIGHT = letter[1] - 2 * MARGIN
RULE = HexColor("#9AA5B1")
SHADE = HexColor("#F3F5F7")
PADDING = 5
HEADINGS = {1: (23, 28, 0), 2: (15, 19, 16), 3: (11.5, 15, 9)}
"""Size, line height and space above, in points, by level."""


def write_pdf(manuscript: Manuscript, path: Path) -> None:
    """Write the manuscript; the same manuscript gives the same bytes."""
    styles = _styles(manuscript.accent)
    flowables = [flowable for node in manuscript.nodes for flowable in _flowables(node, styles)]
    _Booklet(manuscript, path).build(flowables)


class _Booklet(BaseDocTemplate):  # type: ignore[misc]  # reportlab comes without types
    """Pages with a footer, and an outline of the headings."""

    def __init__(self, manuscript: Manuscript, path: Path) -> None:
        super().__init__(
            str(path),
            pagesize=letter,
            title=manuscript.title,
            lang="en-US",
            invariant=1,  # no time of making and no random identifier
            pageCompression=0,  # zlib's output differs between its versions
        )
        self._footer = manuscript.footer
        self._headings = 0
        frame = Frame(MARGIN, MARGIN, WIDTH, HEIGHT, 0, 0, 0, 0)
        self.addPageTemplates(PageTemplate(frames=[frame], onPage=self._draw_footer))

    def afterFlowable(self, flowable: Flowable) -> None:  # noqa: N802  # reportlab calls it
        """Enter each heading in the outline."""
        level = getattr(flowable, "heading_level", None)
        if level is not None:
            self._headings += 1
            key = f"heading-{self._headings}"
            self.canv.bookmarkPage(key)
            self.canv.addOutlineEntry(flowable.getPlainText(), key, level - 1, closed=level > 1)

    def _draw_footer(self, canvas: Canvas, _: BaseDocTemplate) -> None:
        canvas.saveState()
        canvas.setStrokeColor(RULE)
        canvas.setLineWidth(0.5)
        canvas.line(MARGIN, 0.72 * inch, letter[0] - MARGIN, 0.72 * inch)
        canvas.setFont("Helvetica", 8)
        canvas.setFillColor(HexColor("#555555"))
        canvas.drawString(MARGIN, 0.55 * inch, self._footer)
        canvas.drawRightString(letter[0] - MARGIN, 0.55 * inch, f"Page {canvas.getPageNumber()}")
        canvas.restoreState()


@dataclass(frozen=True, slots=True)
class _Styles:
    headings: dict[int, ParagraphStyle]
    body: ParagraphStyle
    boxed: ParagraphStyle
    cell: ParagraphStyle
    header: ParagraphStyle
    accent: HexColor


def _styles(accent: str) -> _Styles:
    color = HexColor(f"#{accent}")
    body = ParagraphStyle("body", fontName="Helvetica", fontSize=9.5, leading=13.5, spaceAfter=6)
    cell = ParagraphStyle("cell", body, fontSize=8.7, leading=11, spaceAfter=0)
    box = {"borderColor": color, "borderWidth": 0.8, "borderPadding": 7, "backColor": SHADE}
    box |= {"leftIndent": 8, "rightIndent": 8, "spaceBefore": 10, "spaceAfter": 14}
    return _Styles(
        headings={
            level: ParagraphStyle(
                f"heading{level}",
                fontName="Helvetica-Bold",
                fontSize=size,
                leading=leading,
                spaceBefore=above,
                spaceAfter=5,
                textColor=color,
            )
            for level, (size, leading, above) in HEADINGS.items()
        },
        body=body,
        boxed=ParagraphStyle("boxed", body, **box),
        cell=cell,
        header=ParagraphStyle("header", cell, fontName="Helvetica-Bold", textColor=white),
        accent=color,
    )


def _flowables(node: Node, styles: _Styles) -> Iterator[Flowable]:
    match node:
        case Heading(level, text):
            yield CondPageBreak(1.3 * inch)  # a heading never stands alone at the foot of a page
            heading = Text(escape(text), styles.headings[level])
            heading.heading_level = level
            yield heading
        case Paragraph(line, boxed):
            yield Text(_marked(line), styles.boxed if boxed else styles.body)
        case Items(lines, numbered):
            kind = "1" if numbered else "bullet"
            items = [Text(_marked(line), styles.body) for line in lines]
            yield ListFlowable(
                items, bulletType=kind, start=None if numbered else "•", leftIndent=15
            )
            yield Spacer(1, 4)
        case Table():
            yield _grid(node, styles)
            yield Spacer(1, 10)


def _grid(table: Table, styles: _Styles) -> Flowable:
    header = [Text(_marked(cell), styles.header) for cell in table.header]
    rows = [[Text(_marked(cell), styles.cell) for cell in row] for row in table.rows]
    look = [
        ("GRID", (0, 0), (-1, -1), 0.5, RULE),
        ("BACKGROUND", (0, 0), (-1, 0), styles.accent),
        ("ROWBACKGROUNDS", (0, 1), (-1, -1), [white, SHADE]),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), PADDING),
        ("RIGHTPADDING", (0, 0), (-1, -1), PADDING),
        ("TOPPADDING", (0, 0), (-1, -1), 3),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
    ]
    widths = _column_widths([table.header, *table.rows])
    return Grid([header, *rows], colWidths=widths, repeatRows=1, style=look, spaceBefore=4)


def _column_widths(rows: Sequence[Sequence[Line]]) -> list[float]:
    """Room for the longest word of each column, and the rest by how much its cells hold."""
    columns = [[plain(cell) for cell in column] for column in zip(*rows, strict=True)]
    least = [max(_width(word) for text in column for word in text.split()) for column in columns]
    least = [width + 2 * PADDING + 2 for width in least]
    held = [sum(_width(text) for text in column) ** 0.5 for column in columns]
    spare = WIDTH - sum(least)
    return [width + spare * share / sum(held) for width, share in zip(least, held, strict=True)]


def _width(text: str) -> float:
    return float(stringWidth(text, "Helvetica-Bold", 8.7))


def _marked(line: Line) -> str:
    text = ""
    for run in line:
        words = escape(run.text)
        words = f"<b>{words}</b>" if run.bold else words
        text += f"<i>{words}</i>" if run.italic else words
    return text
