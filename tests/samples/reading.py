"""The sample documents read from their files, by other parsers than the project's own loaders."""

import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docx
import pypdfium2
from bs4 import BeautifulSoup

from samples.build.sources import HERE, read_figures

SAMPLES = HERE.parent
HANDBOOK = "enrollment-handbook.md"
MAIN = {
    "PPO_PLUS": "plan-details.pdf",
    "HMO_SELECT": "member-handbook.docx",
    "HDHP_SAVER": "plan-booklet.html",
}
FURTHER = {"PPO_PLUS": "summary-of-benefits.pdf", "HDHP_SAVER": "hsa-guide.pdf"}
YEARS = (2025, 2026)
MAIN_DOCUMENTS = [f"{policy}/{year}/{name}" for policy, name in MAIN.items() for year in YEARS]
FURTHER_DOCUMENTS = [
    f"{policy}/{year}/{name}" for policy, name in FURTHER.items() for year in YEARS
]
DOCUMENTS = [HANDBOOK, *MAIN_DOCUMENTS, *FURTHER_DOCUMENTS]


@functools.cache
def words(source: str) -> str:
    """All of a document's text on one line with straight quotes; of a PDF without its footers."""
    path = SAMPLES / source
    match path.suffix:
        case ".pdf":
            text = "\n".join(_pdf_lines(path))
        case ".docx":
            text = "\n".join(_word_lines(path))
        case ".html":
            text = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser").get_text(" ")
        case _:
            text = path.read_text(encoding="utf-8")
    return " ".join(text.translate({0x201C: '"', 0x201D: '"', 0x2019: "'"}).split())


def _pdf_lines(path: Path) -> Iterator[str]:
    with pypdfium2.PdfDocument(path) as document:
        pages = [page.get_textpage().get_text_bounded() for page in document]
    for page in pages:
        yield from (line for line in page.splitlines() if ", a fictional insurer Page" not in line)


def _word_lines(path: Path) -> Iterator[str]:
    document = docx.Document(str(path))
    yield from (paragraph.text for paragraph in document.paragraphs)
    for table in document.tables:
        yield from (cell.text for row in table.rows for cell in row.cells)


def leaves(figures: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Path and value of every figure."""
    if isinstance(figures, dict):
        for name, value in figures.items():
            yield from leaves(value, f"{path}.{name}" if path else str(name))
    else:
        yield path, str(figures)


def amount(text: str) -> float:
    return float(text.strip("$%").replace(",", ""))


def plan_years() -> Iterator[tuple[dict[str, Any], int]]:
    for policy in MAIN:
        yield from ((read_figures(policy.lower()), year) for year in YEARS)


def states(text: str, figure: str) -> bool:
    """Does the text hold the figure, and not merely as a part of a longer number?"""
    alone = rf"(?<![\d.,$]){re.escape(figure)}(?![\d%]|[.,]\d)"
    return re.search(alone, text, re.IGNORECASE) is not None
