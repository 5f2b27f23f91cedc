"""Make the sample plan documents from their figures and words.

    python samples/build/build.py            write them into samples/
    python samples/build/build.py --to DIR   write them elsewhere

Figures stand in ``figures/*.yaml``, one file a plan with a part for each year; words in
``words/*.yaml``, Markdown with the figures' names in place of the figures. The suffix of a
document decides its format. The same sources give the same bytes, so that a changed figure shows
as a change of exactly its documents. Everything here is Python or YAML because these are what
indexing passes over: ``benefits-chat index samples`` reads the documents alone.
"""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

from samples.build.pdf_output import write_pdf
from samples.build.sources import HERE, Source, sources
from samples.build.web_output import write_web
from samples.build.word_output import write_word

Write = Callable[[Source, Path], None]


def write_markdown(source: Source, path: Path) -> None:
    """Write the Markdown itself, its title as front matter."""
    text = f"---\ntitle: {source.title}\n---\n\n{source.markdown()}"
    path.write_text(text, encoding="utf-8", newline="\n")


WRITERS: Mapping[str, Write] = {
    ".docx": lambda source, path: write_word(source.manuscript(), path),
    ".html": lambda source, path: write_web(source.manuscript(), path),
    ".md": write_markdown,
    ".pdf": lambda source, path: write_pdf(source.manuscript(), path),
}


def build(folder: Path) -> list[Path]:
    """Write every document under the folder; returns their paths in the order of the sources."""
    written = []
    for source in sources():
        path = folder / source.output
        path.parent.mkdir(parents=True, exist_ok=True)
        WRITERS[path.suffix](source, path)
        written.append(path)
    return written


def main() -> None:
    """Build from the command line."""
    parser = argparse.ArgumentParser(description="Make the sample plan documents.")
    parser.add_argument("--to", type=Path, default=HERE.parent, metavar="DIR")
    for path in build(parser.parse_args().to):
        print(path)  # noqa: T201  # what a command line is for


if __name__ == "__main__":
    main()
