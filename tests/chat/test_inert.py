"""Text of documents in answers: nothing of it is active as Markdown, and nothing is lost."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from chat_app.rendering import inert

MARKUP = st.text(
    alphabet=st.sampled_from("ab1 .)(-+=*_~`#>|<![]:&;\\$@/\n") | st.characters(categories=["L"])
)


@given(MARKUP)
def test_any_text_renders_as_one_plain_paragraph(text: str) -> None:
    shown = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(inert(text))
    plain = " ".join(text.split())
    expected = f"<p>{html.escape(plain, quote=False)}</p>\n" if plain else ""
    assert html.unescape(shown).replace("\u2060", "") == html.unescape(expected)
    assert set(re.findall(r"<(/?\w+)", shown)) <= {"p", "/p"}


@pytest.mark.parametrize(
    "text",
    [
        "https://evil.example/x",
        "HTTP://evil.example",
        "www.evil.example",
        "write to me@evil.example",
        "ftp://evil.example",
    ],
)
def test_bare_addresses_do_not_become_links(text: str) -> None:
    address = r"https?://|ftp://|www\.|\w@\w"
    assert not re.search(address, inert(text), re.IGNORECASE)


@pytest.mark.parametrize("text", ["note:see", ":evil[it]", "::leaf", ":::danger"])
def test_directives_are_escaped(text: str) -> None:
    assert not re.search(r"(?<!\\):(?=[\w:])", inert(text))


def test_a_zero_width_space_that_would_draw_a_cursor_is_dropped() -> None:
    assert inert("Copay\u200b: $5") == "Copay: $5"
