"""HTML pages."""

import re
import warnings
from pathlib import Path

from retrieval.loading.blocks import Content, assemble, first_heading
from retrieval.loading.cleaning import one_line
from retrieval.loading.decoding import decode

_META_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w:.-]+)", re.IGNORECASE)
_CHARSET_WITHIN = 4096


def read_html(path: Path) -> Content:
    """The main content of a page, its title and its language."""
    data = path.read_bytes()
    declared = _META_CHARSET.search(data[:_CHARSET_WITHIN])
    return html_content(decode(data, declared[1].decode("ascii") if declared else ""))


def html_content(markup: str) -> Content:
    """The main content of HTML text."""
    from bs4 import BeautifulSoup, MarkupResemblesLocatorWarning, Tag, XMLParsedAsHTMLWarning

    from retrieval.loading.html_blocks import blocks_of
    from retrieval.loading.html_main import main_content

    with warnings.catch_warnings():
        # XHTML is read as HTML, and a page may hold nothing but an address: both are meant.
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        warnings.simplefilter("ignore", MarkupResemblesLocatorWarning)
        soup = BeautifulSoup(markup, "lxml")
    title = one_line(soup.title.get_text()) if soup.title else ""
    root = soup.find("html")
    language = str(root.get("lang", "")) if isinstance(root, Tag) else ""
    pieces = blocks_of(main_content(soup))
    return assemble(pieces, title or first_heading(pieces), language)
