"""Word documents, by way of HTML, so that both give the same blocks."""

import dataclasses
import html
import re
from pathlib import Path

from retrieval.loading.archives import check_archive, part_text
from retrieval.loading.blocks import Content
from retrieval.loading.html_pages import html_content
from retrieval.loading.titles import stated_title

# Tables of contents repeat every heading without what it says; mammoth knows no title style.
_STYLES = """
p[style-name='Title'] => h1.document-title:fresh
p[style-name='TOC Heading'] => !
p[style-name='toc 1'] => !
p[style-name='toc 2'] => !
p[style-name='toc 3'] => !
p[style-name='toc 4'] => !
p[style-name='toc 5'] => !
p[style-name='table of figures'] => !
strike => s
"""
_TITLE = re.compile(r"<dc:title>([^<]*)</dc:title>")


def read_docx(path: Path) -> Content:
    """The body of a Word document: headings, paragraphs, lists, tables and notes."""
    import mammoth

    check_archive(path)
    with path.open("rb") as file:
        markup = mammoth.convert_to_html(file, style_map=_STYLES, convert_image=_no_image).value
    content = html_content(f"<body>{markup}</body>")
    return dataclasses.replace(content, title=_property_title(path) or content.title)


def _no_image(image: object) -> list[object]:
    del image
    return []


def _property_title(path: Path) -> str:
    core = part_text(path, "docProps/core.xml").decode("utf-8", "replace")
    match = _TITLE.search(core)
    return stated_title(html.unescape(match[1])) if match else ""
