"""The elements of a page into pieces, in the order in which they are read."""

import re
from collections.abc import Callable, Iterator
from typing import Literal

from bs4.element import PageElement, Tag

from retrieval.loading.blocks import Piece
from retrieval.loading.cleaning import one_line, without_rules
from retrieval.loading.table_rows import table_pieces
from retrieval.loading.tables import MAX_SPAN, Cell, spread

TITLE_CLASS = "document-title"
"""Of an ``h1`` that stands above all others, as Word's title does."""
_HEADINGS = {f"h{number}": number + 1 for number in range(1, 7)}
_TOGGLES = {"button", "summary"}
"""Titles of panels; ``html_main`` leaves no other buttons."""
_BLOCKS = {
    *("address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details"),
    *("div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "header", "hr"),
    *("legend", "li", "main", "nav", "ol", "p", "pre", "section", "ul", *_HEADINGS, *_TOGGLES),
}
_BOLD = {"b", "strong"}
_LINE_BREAK = "\u2028"
_PARAGRAPH_BREAK = re.compile(rf"{_LINE_BREAK}\s*{_LINE_BREAK}")
_CELL_BREAK = re.compile(_LINE_BREAK)
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_LABEL_CLASS = re.compile(r"label|header|heading", re.IGNORECASE)
_SKIP_LINK = re.compile(
    r"skip to (?:the )?(?:main |page )?(?:content|navigation)\W*$", re.IGNORECASE
)
_MAX_BOLD_HEADING = 80
_INNERMOST = 7
"""Level of headings that are only bold, and of the titles of panels."""
_LAYOUT_CELL = 400
"""Characters: a cell this long in a table without any header is a column of a page."""


def blocks_of(root: Tag) -> list[Piece]:
    """All text under an element as headings, paragraphs, list items and table rows."""
    flow = _Flow()
    flow.read(root)
    return flow.pieces


class _Flow:
    """Reads elements one after the other; open text becomes a piece where a block ends."""

    def __init__(self, *, in_cell: bool = False) -> None:
        self.pieces: list[Piece] = []
        self.all_bold = True
        self._in_cell = in_cell
        self._words: list[str] = []
        self._bold_depth = 0
        self._plain = False
        self._level = 0
        self._marker = ""
        self._term = ""
        self._counters: list[int | None] = []
        self._panels: list[Tag | None] = []
        self._openers: dict[str, Callable[[Tag], None]] = {
            "br": lambda _: self._words.append(_LINE_BREAK),
            "li": self._open_item,
            "ol": lambda tag: self._counters.append(_number(tag, "start", 1)),
            "ul": lambda _: self._counters.append(None),
            "sup": _raise_digits,
            **dict.fromkeys(_BOLD, self._open_bold),
            **dict.fromkeys(_HEADINGS, self._open_heading),
            **dict.fromkeys(_TOGGLES, self._open_panel),
        }
        self._closers: dict[str, Callable[[], None]] = {
            "li": self._close_item,
            "ol": self._close_list,
            "ul": self._close_list,
            "dd": self._say_term,
            "dl": self._say_term,
            **dict.fromkeys(_BOLD, self._close_bold),
            **dict.fromkeys([*_HEADINGS, *_TOGGLES], self._close_heading),
        }

    def read(self, root: Tag) -> None:
        """Walk without recursion: saved pages nest deeper than Python's stack."""
        stack: list[tuple[PageElement, bool]] = [(root, True)]
        while stack:
            node, entering = stack.pop()
            if not isinstance(node, Tag):
                self._add(str(node))
            elif not entering:
                self._leave(node)
            elif node.name == "table":
                self._table(node)
            else:
                self._enter(node)
                stack.append((node, False))
                stack.extend((child, True) for child in reversed(node.contents))
        self._flush()

    def _add(self, text: str) -> None:
        self._words.append(text)
        if not self._bold_depth and text.strip():
            self._plain, self.all_bold = True, False

    def _enter(self, tag: Tag) -> None:
        if tag.name in _BLOCKS:
            self._flush()
        if opener := self._openers.get(tag.name):
            opener(tag)

    def _leave(self, tag: Tag) -> None:
        if tag.name == "dt":
            self._term = " / ".join(filter(None, [self._term, self._take()]))
            return
        if tag.name in _BLOCKS:
            self._flush()
        if closer := self._closers.get(tag.name):
            closer()
        if self._panels and tag is self._panels[-1]:
            self._panels.pop()
            self.pieces.append(Piece("heading", "", _INNERMOST))

    def _open_heading(self, tag: Tag) -> None:
        is_title = TITLE_CLASS in tag.get_attribute_list("class")
        self._level = 1 if is_title else _HEADINGS[tag.name]

    def _open_panel(self, title: Tag) -> None:
        """The title of a panel of an accordion heads what stands beside it."""
        self._level = _INNERMOST
        self._panels.append(title.parent)

    def _close_heading(self) -> None:
        self._level = 0

    def _open_bold(self, _: Tag) -> None:
        self._bold_depth += 1

    def _close_bold(self) -> None:
        self._bold_depth -= 1

    def _open_item(self, item: Tag) -> None:
        self._say_term()
        self._marker = self._next_marker(item)

    def _close_item(self) -> None:
        self._marker = ""

    def _close_list(self) -> None:
        self._counters.pop()

    def _next_marker(self, item: Tag) -> str:
        if not self._counters or self._counters[-1] is None:
            return "- "
        number = _number(item, "value", self._counters[-1])
        self._counters[-1] = number + 1
        return f"{number}. "

    def _say_term(self) -> None:
        if self._term:
            self.pieces.append(Piece("paragraph", self._term))
            self._term = ""

    def _take(self) -> str:
        text = one_line("".join(self._words))
        self._words, self._plain = [], False
        return text

    def _flush(self) -> None:
        raw, is_bold = "".join(self._words), not self._plain
        self._words, self._plain = [], False
        breaks = _CELL_BREAK if self._in_cell else _PARAGRAPH_BREAK
        for part in [raw] if self._level else breaks.split(raw):
            text = without_rules(one_line(part))
            if text and not _SKIP_LINK.match(text):
                self.pieces.append(self._piece(text, is_bold))

    def _piece(self, text: str, is_bold: bool) -> Piece:
        if self._level:
            return Piece("heading", text, self._level)
        kind: Literal["item", "paragraph"] = "item" if self._marker else "paragraph"
        prefix, self._marker = self._marker, ""
        if self._term:
            prefix += self._term + (" " if self._term[-1] in ".:?!" else ": ")
            self._term = ""
        elif kind == "paragraph" and is_bold and not self._in_cell and _reads_as_heading(text):
            return Piece("heading", text, _INNERMOST)
        return Piece(kind, prefix + text)

    def _table(self, table: Tag) -> None:
        self._flush()
        self._say_term()
        if _is_layout(table):
            for cell in table.find_all(["caption", "td", "th"]):
                if cell.find_parent("table") is table:
                    self.read(cell)
            return
        caption = table.find("caption")
        if isinstance(caption, Tag):
            self.read(caption)
        head = table.find("thead")
        rows = _rows(table)
        head_rows = len(head.find_all("tr")) if isinstance(head, Tag) else 0
        cells = [[_cell(cell) for cell in row] for row in rows]
        with_text = sum(any(cell.lines for cell in row) for row in cells[:head_rows])
        self.pieces.extend(table_pieces(spread(cells), with_text or None))


def _raise_digits(sup: Tag) -> None:
    """A footnote's number must not become a digit of the amount before it."""
    for text in list(sup.strings):
        text.replace_with(str(text).translate(_SUPERSCRIPTS))


def _reads_as_heading(text: str) -> bool:
    return (
        len(text) <= _MAX_BOLD_HEADING
        and text[-1] not in ".,:;!"
        and any(character.isalpha() for character in text)
    )


def _rows(table: Tag) -> Iterator[list[Tag]]:
    for row in table.find_all("tr"):
        if row.find_parent("table") is table:
            yield list(row.find_all(["td", "th"], recursive=False))


def _cell(tag: Tag) -> Cell:
    flow = _Flow(in_cell=True)
    flow.read(tag)
    names = " ".join(tag.get_attribute_list("class"))
    return Cell(
        lines=tuple(piece.text for piece in flow.pieces),
        bold=flow.all_bold,
        header=tag.name == "th" or tag.has_attr("scope") or bool(_LABEL_CLASS.search(names)),
        rows=min(_number(tag, "rowspan", 1) or MAX_SPAN, MAX_SPAN),
        columns=min(max(1, _number(tag, "colspan", 1)), MAX_SPAN),
    )


def _is_layout(table: Tag) -> bool:
    cells = table.find_all("td")
    if table.get("role") in {"presentation", "none"} or table.find("table"):
        return True
    if any(cell.find([*_HEADINGS]) for cell in cells):
        return True
    if table.find("th"):
        return False
    return any(len(one_line(cell.get_text(" "))) > _LAYOUT_CELL for cell in cells)


def _number(tag: Tag, attribute: str, default: int) -> int:
    value = str(tag.get(attribute, "")).strip()
    return int(value) if value.isascii() and value.isdigit() and len(value) < 7 else default
