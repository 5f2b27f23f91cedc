"""HTML in which nothing that was measured is active.

Text becomes HTML only through ``element``, which escapes it; the page also forbids scripts and
everything from a network by its content security policy.
"""

import html
from collections.abc import Iterable, Sequence

from chat_app.evaluation.wording import plain

_VOID = {"meta", "line", "rect", "path", "circle", "polyline"}

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2430; --paper: #ffffff; --soft: #eef1f5;
  --line: #c3cad4; --quiet: #55606e; --one: #1f6fb2; --two: #b4501e; --good: #1a7f4b; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --paper: #14181d; --soft: #20262e;
  --line: #46505c; --quiet: #a3adba; --one: #6db3f2; --two: #f0965f; --good: #5ec98f; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 62rem; color: var(--ink);
  background: var(--paper); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
.wide { overflow-x: auto; } .quiet { color: var(--quiet); }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .7rem; border-bottom: 1px solid var(--line); text-align: right;
  overflow-wrap: normal; }
th { background: var(--soft); } th:first-child, td:first-child { text-align: left; }
figure { margin: 1rem 0; } figcaption { font-weight: 600; }
svg { width: 100%; max-width: 40rem; height: auto; display: block; }
svg text { fill: var(--ink); font: 12px system-ui, sans-serif; }
.one { fill: var(--one); } .two { fill: var(--two); } .axis { stroke: var(--line); }
.curve { fill: none; stroke-width: 2; stroke: var(--one); } .point { fill: var(--two); }
.range { stroke: var(--ink); stroke-width: 2; }
details { border-bottom: 1px solid var(--line); padding: .5rem 0; } summary { cursor: pointer; }
dt { color: var(--quiet); } dd { margin: 0 0 .5rem 0; unicode-bidi: isolate;
  white-space: pre-wrap; }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def element(name: str, *children: str, **attributes: str | float) -> Html:
    """An element; children that are no ``Html`` and all attributes are escaped.

    Attributes are written with dashes for underscores, and without one at the end.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(plain(str(value)))}"'
        for key, value in attributes.items()
    )
    if name in _VOID:
        return Html(f"<{name}{written}/>")
    inside = "".join(c if isinstance(c, Html) else html.escape(plain(c)) for c in children)
    return Html(f"<{name}{written}>{inside}</{name}>")


def page(title: str, *parts: str) -> str:
    """A whole page that needs nothing but itself."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        element("style", Html(_STYLE)),
    )
    body = element("body", element("h1", title), *parts)
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Html:
    """A table that scrolls sideways by itself where the screen is narrow."""
    head = element("tr", *(element("th", column, scope="col") for column in columns))
    body = [element("tr", *(element("td", cell) for cell in row)) for row in rows]
    whole = element("table", element("thead", head), element("tbody", *body))
    return element("div", whole, class_="wide", tabindex="0")


def section(title: str, *parts: str) -> Html:
    """A headed part of the page."""
    return element("section", element("h2", title), *parts)


def entry(title: str, fields: Iterable[tuple[str, str]]) -> Html:
    """An item that opens to show its fields; empty ones are left out."""
    shown = [element("dt", name) + element("dd", text) for name, text in fields if text]
    return element("details", element("summary", title), element("dl", *map(Html, shown)))
