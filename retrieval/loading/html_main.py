"""Which part of a web page is its content: chrome, pop-ups and what nobody sees taken out."""

import re
from collections.abc import Iterable

from bs4 import BeautifulSoup, Comment, Tag

_NEVER_TEXT = [
    *("script", "style", "noscript", "template", "svg", "iframe", "object", "canvas", "audio"),
    *("video", "select", "textarea", "input", "datalist", "rt", "rp", "map", "head"),
    *("del", "s", "strike", "math", "progress", "meter"),
]
_CHROME_ROLES = {
    *("navigation", "banner", "contentinfo", "search", "dialog", "alertdialog", "menu"),
    *("menubar", "tooltip", "button", "toolbar", "complementary"),
}
_CHROME_NAMES = re.compile(
    r"(?:^|[\s_-])(?:cookies?|consent|gdpr|breadcrumbs?|navbar|nav|navigation|skip-?(?:link|nav)s?|"
    r"modal|popup|lightbox|overlay|tooltip|social|share|sharing|btn|pagination)(?:$|[\s_-])|"
    r"(?:Modal|Popup|Cookie|Tooltip)",
)
_HIDDEN_STYLE = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_TOGGLES = {"h1", "h2", "h3", "h4", "h5", "h6", "a", "button", "summary", "dt"}
_PANEL = re.compile(r"accordion|collaps|panel|tab-?(?:pane|content)|toggle|expand", re.IGNORECASE)
_LEAST_MAIN_SHARE = 0.3
_MOST_CHROME_SHARE = 0.5


def main_content(soup: BeautifulSoup) -> Tag:
    """Prune a page in place and return the element that holds its content.

    Left out are navigation, page header and footer, forms' controls, dialogs, cookie banners and
    hidden elements; a collapsed panel stays, because readers open it. An element named like
    chrome that holds most of the page's text is content all the same.
    """
    hidden = [tag for tag in soup.find_all(True) if _is_hidden(tag) and not _is_panel(tag)]
    _remove(hidden)
    _remove(soup.find_all(_NEVER_TEXT))
    _remove(tag for tag in soup.find_all("button") if not _is_toggle(tag))
    for comment in soup.find_all(string=lambda text: isinstance(text, Comment)):
        comment.extract()
    body = soup.body or soup
    total = _text_length(body)
    _remove(tag for tag in body.find_all(True) if _is_chrome(tag, total))
    return _main_element(body)


def _is_toggle(tag: Tag) -> bool:
    """Is this the title of a panel of an accordion?"""
    return tag.name == "summary" or (
        tag.name == "button"
        and (tag.has_attr("aria-controls") or _PANEL.search(_names(tag)) is not None)
        and tag.find_next_sibling() is not None
    )


def _remove(tags: Iterable[Tag]) -> None:
    # Not decompose(): it takes 20 times longer, and nothing needs the memory back at once.
    for tag in list(tags):
        tag.extract()


def _is_hidden(tag: Tag) -> bool:
    return (
        tag.has_attr("hidden")
        or tag.get("aria-hidden") == "true"
        or _HIDDEN_STYLE.search(str(tag.get("style", ""))) is not None
    )


def _is_panel(tag: Tag) -> bool:
    """Is this the body of an accordion or a tab, hidden until its title is clicked?"""
    if tag.name in {"td", "th", "tr", "col", "span", "i"} or _names_chrome(tag):
        return False
    # The mark of a panel is the title before it.
    before = tag.find_previous_sibling()
    titled = isinstance(before, Tag) and before.name in _TOGGLES
    return titled or tag.get("role") == "tabpanel" or _PANEL.search(_names(tag)) is not None


def _is_chrome(tag: Tag, total: int) -> bool:
    if tag.name in {"nav", "footer", "header"}:
        named = tag.name == "nav" or tag.find_parent(["main", "article", "section"]) is None
    else:
        named = tag.get("role") in _CHROME_ROLES or _names_chrome(tag)
    return named and tag.find("h1") is None and _text_length(tag) <= _MOST_CHROME_SHARE * total


def _names_chrome(tag: Tag) -> bool:
    return tag.get("role") in _CHROME_ROLES or _CHROME_NAMES.search(_names(tag)) is not None


def _names(tag: Tag) -> str:
    return " ".join(map(str, [*tag.get_attribute_list("class"), tag.get("id", "")]))


def _main_element(body: Tag) -> Tag:
    """The one ``main`` or ``article``, if it holds a good part of the page."""
    for candidates in (
        body.find_all(["main"]),
        # Not select(): to compile its selectors takes 0.13 s, once for a process.
        body.find_all(True, attrs={"role": "main"}),
        body.find_all("article"),
    ):
        if len(candidates) == 1:
            share = _text_length(candidates[0]) / max(1, _text_length(body))
            return candidates[0] if share >= _LEAST_MAIN_SHARE else body
    return body


def _text_length(tag: Tag) -> int:
    return sum(len(text.strip()) for text in tag.strings)
