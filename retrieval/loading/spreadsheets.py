"""Excel workbooks: each sheet a section, each row a line with its label and column headers."""

import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from retrieval.loading.archives import check_archive
from retrieval.loading.blocks import Content, Piece, assemble
from retrieval.loading.cleaning import one_line
from retrieval.loading.number_formats import shown
from retrieval.loading.refusal import Unusable
from retrieval.loading.table_rows import joined, table_pieces
from retrieval.loading.tables import Cell, has_amount, spread
from retrieval.loading.titles import stated_title

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell as SheetCell
    from openpyxl.worksheet.worksheet import Worksheet

MAX_PLACES = 5_000_000
"""Places of a sheet's rectangle, empty ones included: about 3 s to walk."""
MAX_CELLS = 1_000_000
"""Cells with a value in one workbook; openpyxl holds each as an object of about 100 bytes."""
_CELL_WITH_FORMULA = re.compile(
    rb"<c [^>]*>\s*<f\b[^>]*?(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v></v>|</c>)"
)
_CELL_END = b"</c>"


def read_xlsx(path: Path) -> Content:
    """The visible sheets of a workbook, values as shown, formulas by their stored results."""
    from openpyxl import load_workbook

    check_archive(path)
    _check_sheets(path)
    with warnings.catch_warnings():
        # openpyxl warns of charts, validations and headers that it will not write back.
        warnings.filterwarnings("ignore", module="openpyxl")
        workbook = load_workbook(path, data_only=True)
    sheets = [sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible"]
    pieces: list[Piece] = []
    for sheet in sheets:
        pieces.append(Piece("heading", one_line(sheet.title), 1))
        pieces.extend(_sheet_pieces(sheet))
    if all(piece.kind == "heading" for piece in pieces):
        pieces = []
    return assemble(pieces, stated_title(workbook.properties.title))


def _check_sheets(path: Path) -> None:
    cells = 0
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if not (name.startswith("xl/worksheets/") and name.endswith(".xml")):
                continue
            xml = archive.read(name)
            cells += xml.count(_CELL_END)
            if cells > MAX_CELLS:
                raise Unusable(f"has more than {MAX_CELLS:,} cells: split it, or save it as CSV")
            if _CELL_WITH_FORMULA.search(xml):
                raise Unusable(
                    "holds formulas that were never calculated: open it in a spreadsheet "
                    "program and save it, so that it holds their results"
                )


def _sheet_pieces(sheet: "Worksheet") -> Iterator[Piece]:
    """Tables are parted by empty rows; single cells above a table are its captions."""
    header: list[Cell] | None = None
    for region in _regions(_rows(sheet)):
        captions = _leading_single_cells(region)
        for row in region[:captions]:
            yield Piece("paragraph", joined([line for cell in row for line in cell.lines]))
        rows = region[captions:]
        if not rows:
            continue
        if _is_header(rows, known=header is not None):
            header = rows[0]
        elif header is not None:
            rows = [header, *rows]
        yield from table_pieces(spread(rows), 1 if rows[0] is header else None)


def _leading_single_cells(region: Sequence[list[Cell]]) -> int:
    widths = [sum(bool(cell.lines) for cell in row) for row in region]
    return next((number for number, width in enumerate(widths) if width > 1), len(widths))


def _is_header(rows: Sequence[list[Cell]], *, known: bool) -> bool:
    """Words above a table; below an empty row, where a header is known, only bold ones."""
    cells = [cell for cell in rows[0] if cell.lines]
    if len(rows) < 2 or any(has_amount(cell.text) for cell in cells):
        return False
    return not known or all(cell.bold for cell in cells)


def _regions(rows: Iterable[list[Cell]]) -> Iterator[list[list[Cell]]]:
    region: list[list[Cell]] = []
    for row in rows:
        if any(cell.lines for cell in row):
            region.append(row)
        elif region:
            yield region
            region = []
    if region:
        yield region


def _rows(sheet: "Worksheet") -> Iterator[list[Cell]]:
    """The cells of each row in order; hidden ones are empty, merged ones stand once."""
    from openpyxl.cell.cell import MergedCell

    if sheet.max_row * sheet.max_column > MAX_PLACES:
        raise Unusable(
            f"sheet {sheet.title!r} reaches to row {sheet.max_row}, column {sheet.max_column}: "
            "delete the empty rows and columns beyond its table"
        )
    spans = {(area.min_row, area.min_col): area.size for area in sheet.merged_cells.ranges}
    hidden = _hidden_columns(sheet)
    for row in sheet.iter_rows():
        row_hidden = sheet.row_dimensions[row[0].row or 0].hidden
        yield [
            _cell(cell, spans.get((cell.row, cell.column)), row_hidden or cell.column in hidden)
            for cell in row
            if not isinstance(cell, MergedCell)
        ]


def _cell(cell: "SheetCell", span: dict[str, int] | None, hidden: bool) -> Cell:
    lines: list[str] = []
    if cell.value is not None and not hidden:
        text = shown(cell.value, cell.number_format)
        lines = [line for line in map(one_line, text.splitlines()) if line]
    return Cell(
        lines=tuple(lines),
        bold=bool(cell.font.b),
        rows=span["rows"] if span else 1,
        columns=span["columns"] if span else 1,
    )


def _hidden_columns(sheet: "Worksheet") -> set[int]:
    hidden: set[int] = set()
    for dimension in sheet.column_dimensions.values():
        if dimension.hidden:
            hidden.update(range(dimension.min or 0, (dimension.max or 0) + 1))
    return hidden
