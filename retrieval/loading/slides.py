"""PowerPoint presentations: each slide a page and a section, with its tables and notes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

from retrieval.loading.archives import check_archive
from retrieval.loading.blocks import Content, Piece, assemble, first_heading
from retrieval.loading.cleaning import one_line
from retrieval.loading.table_rows import table_pieces
from retrieval.loading.tables import Cell, spread
from retrieval.loading.titles import stated_title

Shape: TypeAlias = Any
"""An object of python-pptx, which ships no types."""


def read_pptx(path: Path) -> Content:
    """The shown slides in order, each one's shapes from top to bottom and left to right."""
    from pptx import Presentation

    check_archive(path)
    presentation = Presentation(str(path))
    pieces = [
        piece
        for number, slide in enumerate(presentation.slides, start=1)
        if slide.element.get("show") != "0"
        for piece in _slide_pieces(slide, number)
    ]
    title = stated_title(presentation.core_properties.title)
    return assemble(pieces, title or first_heading(pieces))


def _slide_pieces(slide: Shape, page: int) -> Iterator[Piece]:
    title = slide.shapes.title
    if title is not None:
        yield Piece("heading", one_line(title.text_frame.text), 1, page)
    for shape in _in_reading_order(slide.shapes):
        if title is None or shape.shape_id != title.shape_id:
            yield from _shape_pieces(shape, page)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        yield from _paragraphs(slide.notes_slide.notes_text_frame, page, is_list=False)


def _in_reading_order(shapes: Shape) -> list[Shape]:
    """Shapes without a place of their own stand in the layout's, which follows the title."""
    return sorted(shapes, key=lambda shape: (shape.top or 0, shape.left or 0))


def _shape_pieces(shape: Shape, page: int) -> Iterator[Piece]:
    from pptx.enum.shapes import PP_PLACEHOLDER

    if hasattr(shape, "shapes"):
        for inner in _in_reading_order(shape.shapes):
            yield from _shape_pieces(inner, page)
    elif getattr(shape, "has_table", False):
        yield from _table(shape.table, page)
    elif shape.has_text_frame:
        kind = shape.placeholder_format.type if shape.is_placeholder else None
        if kind not in {PP_PLACEHOLDER.SLIDE_NUMBER, PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.DATE}:
            is_body = kind in {PP_PLACEHOLDER.BODY, PP_PLACEHOLDER.OBJECT}
            yield from _paragraphs(shape.text_frame, page, is_list=is_body)


def _paragraphs(frame: Shape, page: int, *, is_list: bool) -> Iterator[Piece]:
    texts = [text for paragraph in frame.paragraphs if (text := one_line(paragraph.text))]
    for text in texts:
        if is_list and len(texts) > 1:
            yield Piece("item", f"- {text}", page=page)
        else:
            yield Piece("paragraph", text, page=page)


def _table(table: Shape, page: int) -> Iterator[Piece]:
    rows = [[_cell(cell) for cell in row.cells if not cell.is_spanned] for row in table.rows]
    yield from table_pieces(spread(rows), 1 if table.first_row else None, page)


def _cell(cell: Shape) -> Cell:
    lines = (one_line(paragraph.text) for paragraph in cell.text_frame.paragraphs)
    return Cell(
        lines=tuple(line for line in lines if line),
        rows=cell.span_height if cell.is_merge_origin else 1,
        columns=cell.span_width if cell.is_merge_origin else 1,
    )
