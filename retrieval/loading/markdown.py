"""Markdown, by way of HTML, so that both give the same blocks."""

import dataclasses
import re
from pathlib import Path

from retrieval.loading.blocks import Content
from retrieval.loading.decoding import decode
from retrieval.loading.front_matter import split_front_matter
from retrieval.loading.html_pages import html_content

# Tags and outputs of Liquid and Jinja, and attributes such as {#costs}, are site generators'
# code, not words of the page.
_TEMPLATE_CODE = re.compile(
    r"\{%.{0,2000}?%\}|\{\{[^\n]*?\}\}|[ \t]*\{[:#.][^{}\n]*\}[ \t]*$", re.DOTALL | re.MULTILINE
)


def read_markdown(path: Path) -> Content:
    """The blocks of a Markdown file, without its front matter and markup."""
    from markdown_it import MarkdownIt

    _, body = split_front_matter(decode(path.read_bytes()))
    renderer = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    content = html_content(f"<body>{renderer.render(_TEMPLATE_CODE.sub('', body))}</body>")
    return dataclasses.replace(content, language="")
