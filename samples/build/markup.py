"""Markdown into the few kinds of block that every output format knows."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode


@dataclass(frozen=True, slots=True)
class Run:
    """Words in one style."""

    text: str
    bold: bool = False
    italic: bool = False


Line: TypeAlias = tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; ``level`` 1 is the title of the document."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; a ``boxed`` one is a notice set apart from the text."""

    line: Line
    boxed: bool = False


@dataclass(frozen=True, slots=True)
class Items:
    """A list, with numbers or with bullets."""

    lines: tuple[Line, ...]
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table with one header row; all rows have as many cells as the header."""

    header: tuple[Line, ...]
    rows: tuple[tuple[Line, ...], ...]


Node: TypeAlias = Heading | Paragraph | Items | Table


@dataclass(frozen=True, slots=True)
class Manuscript:
    """A document before it takes a format.

    Attributes:
        title: for the file's properties.
        footer: what each page says at its foot.
        accent: colour of headings, six hexadecimal digits.
        nodes: in reading order; the first is the title.
    """

    title: str
    footer: str
    accent: str
    nodes: tuple[Node, ...]


def parse(markdown: str) -> tuple[Node, ...]:
    """Read headings, paragraphs, notices (block quotes), lists and pipe tables.

    Raises:
        ValueError: the text holds another kind of block, which the outputs would drop.
    """
    parser = MarkdownIt("commonmark", {"typographer": True})
    parser.enable(["table", "smartquotes"])
    tree = SyntaxTreeNode(parser.parse(markdown))
    return tuple(_node(block) for block in tree.children)


def plain(line: Line) -> str:
    """The words of a line without their style."""
    return "".join(run.text for run in line)


def _node(block: SyntaxTreeNode) -> Node:
    match block.type:
        case "heading":
            return Heading(int(block.tag[1]), plain(_line(block)))
        case "paragraph":
            return Paragraph(_line(block))
        case "blockquote":
            return Paragraph(_line(block.children[0]), boxed=True)
        case "bullet_list" | "ordered_list":
            lines = tuple(_line(item.children[0]) for item in block.children)
            return Items(lines, numbered=block.type == "ordered_list")
        case "table":
            header, body = block.children
            rows = tuple(_cells(row) for row in body.children)
            return Table(_cells(header.children[0]), rows)
        case other:
            raise ValueError(f"the words hold a {other}, which no output format writes")


def _cells(row: SyntaxTreeNode) -> tuple[Line, ...]:
    return tuple(_line(cell) for cell in row.children)


def _line(block: SyntaxTreeNode) -> Line:
    return tuple(_runs(block.children[0])) if block.children else ()


def _runs(inline: SyntaxTreeNode, bold: bool = False, italic: bool = False) -> Iterator[Run]:
    for child in inline.children:
        match child.type:
            case "text":
                yield Run(child.content, bold, italic)
            case "softbreak":
                yield Run(" ", bold, italic)
            case "strong":
                yield from _runs(child, bold=True, italic=italic)
            case "em":
                yield from _runs(child, bold=bold, italic=True)
            case other:
                raise ValueError(f"the words hold a {other}, which no output format writes")
