"""Manuscripts as a web page: headings, paragraphs, lists and tables with marked header cells."""

from collections.abc import Iterator
from html import escape
from pathlib import Path

from samples.build.markup import Heading, Items, Line, Manuscript, Node, Paragraph, Table

STYLE = """\
body { font: 16px/1.5 Georgia, serif; color: #222; max-width: 50rem; margin: 2rem auto }
body { padding: 0 1rem }
h1, h2, h3 { font-family: Arial, sans-serif; line-height: 1.25; color: #ACCENT }
h2 { margin-top: 2.5rem; border-bottom: 1px solid #ccc }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; font: 14px/1.4 Arial, sans-serif }
th, td { border: 1px solid #bbb; padding: .4rem .6rem; text-align: left; vertical-align: top }
thead th { background: #ACCENT; color: #fff }
tbody th { font-weight: normal; background: #f6f4f2 }
nav { columns: 2; font: 14px/1.6 Arial, sans-serif }
nav a { color: #ACCENT }
.notice { border: 1px solid #ACCENT; background: #f6f4f2; padding: .8rem 1rem }
footer { margin-top: 3rem; border-top: 1px solid #ccc; font-size: 13px; color: #555 }
@media print { nav { display: none } thead { display: table-header-group } }
"""


def write_web(manuscript: Manuscript, path: Path) -> None:
    """Write the manuscript as one page that needs nothing beside it."""
    lines = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(manuscript.title)}</title>",
        f"<style>\n{STYLE.replace('ACCENT', manuscript.accent)}</style>",
        "</head>",
        "<body>",
        *_contents(manuscript),
        "<main>",
        *(line for node in manuscript.nodes for line in _lines(node)),
        "</main>",
        f"<footer><p>{escape(manuscript.footer)}</p></footer>",
        "</body>",
        "</html>",
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def _contents(manuscript: Manuscript) -> Iterator[str]:
    yield '<nav aria-label="Contents">'
    yield "<ul>"
    for node in manuscript.nodes:
        if isinstance(node, Heading) and node.level == 2:
            yield f'<li><a href="#{_anchor(node)}">{escape(node.text)}</a></li>'
    yield "</ul>"
    yield "</nav>"


def _lines(node: Node) -> Iterator[str]:
    match node:
        case Heading(level, text):
            yield f'<h{level} id="{_anchor(node)}">{escape(text)}</h{level}>'
        case Paragraph(line, boxed):
            yield f'<p class="notice">{_marked(line)}</p>' if boxed else f"<p>{_marked(line)}</p>"
        case Items(lines, numbered):
            tag = "ol" if numbered else "ul"
            yield f"<{tag}>"
            yield from (f"<li>{_marked(line)}</li>" for line in lines)
            yield f"</{tag}>"
        case Table(header, rows):
            yield "<table>"
            yield f"<thead>{_row(''.join(_head(cell, 'col') for cell in header))}</thead>"
            yield "<tbody>"
            for first, *others in rows:
                cells = "".join(f"<td>{_marked(cell)}</td>" for cell in others)
                yield _row(_head(first, "row") + cells)
            yield "</tbody>"
            yield "</table>"


def _row(cells: str) -> str:
    return f"<tr>{cells}</tr>"


def _head(cell: Line, scope: str) -> str:
    return f'<th scope="{scope}">{_marked(cell)}</th>'


def _anchor(heading: Heading) -> str:
    words = "".join(letter if letter.isalnum() else " " for letter in heading.text.lower())
    return "-".join(words.split())


def _marked(line: Line) -> str:
    text = ""
    for run in line:
        words = escape(run.text, quote=False)
        words = f"<strong>{words}</strong>" if run.bold else words
        text += f"<em>{words}</em>" if run.italic else words
    return text
