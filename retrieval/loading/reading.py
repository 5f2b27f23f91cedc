"""One file or row into a Document: the seam where every foreign error becomes a LoadingError."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from retrieval.documents import Document, Page
from retrieval.loading.blocks import Content
from retrieval.loading.content import check_content
from retrieval.loading.delimited import read_delimited
from retrieval.loading.docx import read_docx
from retrieval.loading.html_pages import read_html
from retrieval.loading.identity import Identity, checked_language
from retrieval.loading.markdown import read_markdown
from retrieval.loading.pdf import read_pdf
from retrieval.loading.refusal import Unusable, fault
from retrieval.loading.rows import Place, line_at, parse_row
from retrieval.loading.slides import read_pptx
from retrieval.loading.spreadsheets import read_xlsx
from retrieval.loading.text import plain_content, read_text
from retrieval.loading.titles import title_from_name

_READERS: dict[str, Callable[[Path], Content]] = {
    "PDF": read_pdf,
    "Word": read_docx,
    "Excel": read_xlsx,
    "PowerPoint": read_pptx,
    "HTML": read_html,
    "Markdown": read_markdown,
    "text": read_text,
    "CSV": read_delimited,
}
DEFAULT_LANGUAGE = "en"


@dataclass(frozen=True, slots=True)
class Label:
    """What a document is called, known before it is read."""

    name: str
    source: str
    identity: Identity


def load_file(path: Path, file_format: str, label: Label) -> Document:
    """Parse a file.

    Raises:
        LoadingError: it cannot become a document, for whatever reason.
    """
    try:
        check_content(path, file_format)
        content = _READERS[file_format](path)
    except Unusable as error:
        raise fault(path, error) from error
    except OSError as error:
        raise fault(path, f"cannot be read: {error.strerror or error}") from error
    except RecursionError as error:
        raise fault(path, "is nested too deeply: save it anew") from error
    except Exception as error:
        reason = f"cannot be read as {file_format}: {type(error).__name__}; open and save it again"
        raise fault(path, reason) from error
    if not content.text.strip():
        raise fault(path, "holds no text: there is nothing to index")
    return _document(content, label, content.title or title_from_name(path.name))


def load_row(path: Path, place: Place, label: Label) -> Document:
    """Read one row of a JSONL file again.

    Raises:
        LoadingError: it is there no longer.
    """
    name = f"{path} line {place.line}"
    try:
        row = parse_row(line_at(path, place))
    except Unusable as error:
        raise fault(name, f"has changed since it was found and {error}") from error
    except OSError as error:
        raise fault(name, f"cannot be read: {error.strerror or error}") from error
    content = plain_content(row.text)
    if row.page:
        pages = (Page(row.page, 0, len(row.text)),)
        content = Content(content.text, pages=pages, blocks=content.blocks)
    return _document(content, label, row.id)


def _document(content: Content, label: Label, fallback_title: str) -> Document:
    identity = label.identity
    return Document(
        name=label.name,
        source=label.source,
        title=identity.title or fallback_title,
        text=content.text,
        policy=identity.policy,
        plan_year=identity.plan_year,
        pages=content.pages,
        sections=content.sections,
        blocks=content.blocks,
        metadata=identity.metadata,
        language=identity.language or _usable_language(content.language),
    )


def _usable_language(tag: str) -> str:
    try:
        return checked_language(tag) or DEFAULT_LANGUAGE
    except Unusable:
        return DEFAULT_LANGUAGE
