"""What a file really is, whatever its name says."""

import zipfile
from pathlib import Path

from retrieval.loading.refusal import Unusable

MAX_FILE_BYTES = 200_000_000
"""Largest file that is read whole; JSONL is read line by line and has no limit."""
_HEAD = 4096
_TAIL = 16_384
_PDF_WITHIN = 1024
"""A PDF's mark may stand anywhere in the first bytes (PDF 1.7, implementation note 13)."""
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_MARKS = (
    (b"{\\rtf", "an RTF document: save it as .docx or PDF"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"\x1f\x8b", "a gzip archive: unpack it"),
    (b"7z\xbc\xaf", "a 7z archive: unpack it"),
    (b"Rar!", "a RAR archive: unpack it"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"%!PS", "a PostScript file: make it a PDF"),
)
_OFFICE_PARTS = {"word/": "Word", "xl/": "Excel", "ppt/": "PowerPoint"}
_NEWER_NAMES = {
    "PDF": "a PDF: rename it to .pdf",
    "Word": "a Word document: rename it to .docx",
    "Excel": "an Excel workbook: rename it to .xlsx",
    "PowerPoint": "a PowerPoint presentation: rename it to .pptx",
    "HTML": "an HTML page: rename it to .html",
}
_TEXT_FORMATS = {"text", "Markdown", "CSV", "JSONL", "HTML"}


def check_content(path: Path, expected: str) -> None:
    """Refuse a file whose content is not what its extension says.

    Args:
        path: the file.
        expected: a format of ``formats.READABLE``.

    Raises:
        Unusable: it is empty, too large, cut off, or something else; the reason says what.
    """
    size = path.stat().st_size
    if size == 0:
        raise Unusable("is empty")
    if size > MAX_FILE_BYTES and expected != "JSONL":
        raise Unusable(
            f"is {size // 1_000_000} MB large, more than {MAX_FILE_BYTES // 1_000_000} MB: split it"
        )
    with path.open("rb") as file:
        head = file.read(_HEAD)
        file.seek(max(0, size - _TAIL))
        tail = file.read(_TAIL)
    found = _format_of(path, head)
    unmarked_text = found == "" and expected in _TEXT_FORMATS
    begins_with_tags = found == "HTML" and expected == "Markdown"
    if found != expected and not unmarked_text and not begins_with_tags:
        raise Unusable(_disagreement(found, expected))
    if expected == "PDF" and b"%%EOF" not in tail:
        raise Unusable("is cut off before its end: copy it anew")


def _disagreement(found: str, expected: str) -> str:
    if found == "":
        return f"is no {expected} file, whatever its name says: save it as {expected} again"
    return f"is no {expected} file but {_NEWER_NAMES.get(found, found)}"


def _format_of(path: Path, head: bytes) -> str:
    """A format of ``formats.READABLE``, or in words what it is, or empty when it has no mark."""
    if b"%PDF-" in head[:_PDF_WITHIN]:
        return "PDF"
    if head.startswith(b"PK\x03\x04"):
        return _format_of_archive(path)
    if head.startswith(_OLE):
        return _format_of_compound(path)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n\x00").lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "HTML"
    if start.startswith(b"mime-version:") and b"multipart/related" in head.lower():
        return "a web archive (MHTML): save the page as HTML"
    return ""


def _format_of_archive(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:
        raise Unusable("is damaged or cut off: open and save it again, or copy it anew") from None
    for prefix, name in _OFFICE_PARTS.items():
        if any(part.startswith(prefix) for part in names):
            return name
    if "mimetype" in names:
        return "an OpenDocument or EPUB file: save it as .docx, .xlsx, .pptx or PDF"
    return "a ZIP archive: unpack it"


def _format_of_compound(path: Path) -> str:
    if _ENCRYPTED_PACKAGE in path.read_bytes():
        raise Unusable("is protected by a password: save it without one")
    return "an Office file of before 2007: save it as .docx, .xlsx, .pptx or PDF"
