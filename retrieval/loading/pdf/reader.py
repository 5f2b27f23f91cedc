"""Opening a PDF and reading its pages; the only place that holds pdfium's handles."""

import re
import threading
from itertools import takewhile
from pathlib import Path

from retrieval.loading.blocks import Content, Piece, assemble, first_heading
from retrieval.loading.pdf.bullets import drawn_bullets
from retrieval.loading.pdf.cells import ruled_tables
from retrieval.loading.pdf.document import pieces_of
from retrieval.loading.pdf.flow import fragments_of
from retrieval.loading.pdf.geometry import Frame, Pdfium
from retrieval.loading.pdf.pages import Page
from retrieval.loading.pdf.rules import rules_of
from retrieval.loading.pdf.words import words_of
from retrieval.loading.refusal import Unusable
from retrieval.loading.titles import stated_title

_PDFIUM = threading.Lock()
"""pdfium may be called by one thread at a time (its own documentation, public/fpdfview.h)."""
_OCR = "run OCR (for example ocrmypdf) first"
_MOST_SCANNED = 0.5
_LEAST_READABLE = 0.7
_LONGEST_LIST = 5
_TITLE_PAGES = 3
_MOSTLY = 0.7
_LONGEST_TITLE = 100


def read_pdf(path: Path) -> Content:
    """The text of a PDF with its pages, headings and tables.

    Raises:
        Unusable: it is encrypted, damaged, or a scan without text.
    """
    with _PDFIUM:
        document = _opened(path)
        try:
            pages = [_page(document, number) for number in range(len(document))]
            scanned = [
                page.number
                for page in pages
                if not page.words and _has_image(document, page.number - 1)
            ]
            title = stated_title(document.get_metadata_value("Title"))
        finally:
            document.close()
    _check_readable(pages, scanned)
    pieces = pieces_of(pages)
    return assemble(pieces, _title(pieces, title))


def _title(pieces: list[Piece], stated: str) -> str:
    """The stated title where the first pages bear it out; templates leave theirs in many files."""
    first_pages = [piece for piece in pieces if piece.page <= _TITLE_PAGES]
    there = set(re.findall(r"\w+", " ".join(piece.text for piece in first_pages).casefold()))
    words = re.findall(r"\w+", stated.casefold())
    if words and sum(word in there for word in words) >= _MOSTLY * len(words):
        return stated
    return _cover_title(first_pages) or first_heading(first_pages) or stated


def _cover_title(pieces: list[Piece]) -> str:
    """The headings with which a document begins: all on a cover, else those of one level."""
    opening = list(takewhile(lambda piece: piece.kind == "heading", pieces))
    page = [piece for piece in pieces if piece.page == pieces[0].page]
    if len(opening) < len(page):
        opening = list(takewhile(lambda piece: piece.level == opening[0].level, opening))
    title = ""
    for heading in opening[: len(page)]:
        longer = f"{title.rstrip(':')}: {heading.text}" if title else heading.text
        if len(longer) > _LONGEST_TITLE:
            break
        title = longer
    return title


def _opened(path: Path) -> Pdfium:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        if error.err_code == pypdfium2.raw.FPDF_ERR_PASSWORD:
            raise Unusable("is protected by a password: save it without one") from error
        raise Unusable("is damaged: open and save it again, or copy it anew") from error
    if len(document) == 0:
        document.close()
        raise Unusable("has no pages: open and save it again, or copy it anew")
    return document


def _page(document: Pdfium, index: int) -> Page:
    page = document[index]
    try:
        left, bottom, right, top = page.get_cropbox()
        frame = Frame(left, bottom, right, top, page.get_rotation() // 90)
        textpage = page.get_textpage()
        try:
            words, frame = words_of(textpage, frame)
        finally:
            textpage.close()
        rules = rules_of(page, frame)
        lines = fragments_of(words)
        if bullets := drawn_bullets(rules.dots, lines):
            lines = fragments_of([*words, *bullets])
        return Page(index + 1, frame.height, words, rules, ruled_tables(rules), lines)
    finally:
        page.close()


def _has_image(document: Pdfium, index: int) -> bool:
    from pypdfium2 import raw

    page = document[index]
    try:
        return any(page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE]))
    finally:
        page.close()


def _check_readable(pages: list[Page], scanned: list[int]) -> None:
    if not any(page.words for page in pages):
        if scanned:
            raise Unusable(f"is a scan without a text layer: {_OCR}")
        raise Unusable("holds no text: there is nothing to index")
    if len(scanned) > _MOST_SCANNED * len(pages):
        shown = ", ".join(map(str, scanned[:_LONGEST_LIST]))
        more = " and more" if len(scanned) > _LONGEST_LIST else ""
        raise Unusable(f"is mostly a scan, without text on pages {shown}{more}: {_OCR}")
    letters = "".join(word.text for page in pages for word in page.words)
    readable = sum(letter != "\ufffd" for letter in letters)
    if readable < _LEAST_READABLE * len(letters):
        raise Unusable(f"has fonts whose letters cannot be told: {_OCR}, with --force-ocr")
