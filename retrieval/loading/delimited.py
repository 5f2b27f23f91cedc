"""CSV and TSV: the first line names the columns, each further line is a row."""

import csv
import io
from pathlib import Path

from retrieval.loading.blocks import Content, assemble
from retrieval.loading.cleaning import one_line
from retrieval.loading.decoding import decode
from retrieval.loading.refusal import Unusable
from retrieval.loading.table_rows import table_pieces
from retrieval.loading.tables import Cell, has_amount, spread

_DELIMITERS = ",;\t|"
_SNIFFED_LINES = 50
MAX_FIELD = 1_000_000
"""Characters in one cell: more is a quotation mark that nobody closed."""


def read_delimited(path: Path) -> Content:
    """The rows of a table in text, its delimiter found from its first lines."""
    text = decode(path.read_bytes())
    csv.field_size_limit(MAX_FIELD)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text, path)))
    except csv.Error as error:
        raise Unusable(f"is no table that can be read: {error}") from error
    cells = [[Cell(tuple(filter(None, [one_line(field)]))) for field in row] for row in rows]
    grid = spread(cells)
    named = bool(grid) and not any(has_amount(cell.text) for cell in grid[0])
    return assemble(table_pieces(grid, 1 if named and len(grid) > 1 else None))


def _delimiter(text: str, path: Path) -> str:
    """The delimiter that cuts the first lines into equally many fields, most of them."""
    if path.suffix.lower() == ".tsv":
        return "\t"
    lines = text.split("\n", _SNIFFED_LINES)[:_SNIFFED_LINES]

    def fitness(delimiter: str) -> tuple[int, int]:
        widths = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
        usual = max(set(widths), key=lambda width: (widths.count(width), width), default=0)
        return (widths.count(usual) if usual > 1 else 0, usual)

    return max(_DELIMITERS, key=fitness)
