"""The figures and words that the sample documents are made from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import yaml
from jinja2 import Environment, StrictUndefined

from samples.build.markup import Manuscript, parse

Figures: TypeAlias = Mapping[str, Any]

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Source:
    """One document to be made.

    Attributes:
        output: path of the document inside the samples, such as ``PPO_PLUS/2025/plan-details.pdf``.
        title: with the year, where there is one.
        accent: colour of headings, six hexadecimal digits.
        text: Markdown with the names of figures in place of the figures (Jinja).
        figures: all that the text may name.
    """

    output: str
    title: str
    accent: str
    text: str
    figures: Figures

    def markdown(self) -> str:
        """The text with its figures.

        Raises:
            jinja2.UndefinedError: the text names a figure that is not there.
        """
        # The words are ours and become Markdown: escaping for HTML is the web page's own work.
        environment = Environment(  # noqa: S701
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        return environment.from_string(self.text).render(self.figures, title=self.title)

    def manuscript(self) -> Manuscript:
        """The document, ready to take a format."""
        footer = f"{self.title} · {self.figures['insurer']}, a fictional insurer"
        return Manuscript(self.title, footer, self.accent, parse(self.markdown()))


def read_figures(name: str) -> dict[str, Any]:
    """One file of figures, such as ``ppo_plus``, as it stands."""
    return _read(HERE / "figures" / f"{name}.yaml")


def sources() -> Iterator[Source]:
    """Every document of every plan and year."""
    for path in sorted((HERE / "figures").glob("*.yaml")):
        plan = _read(path)
        for year in plan.get("years", (None,)):
            for name in plan["documents"]:
                yield _source(plan, year, _read(HERE / "words" / f"{name}.yaml"))


def figures_of(plan: Figures, year: int | None) -> dict[str, Any]:
    """What the words for this plan and year may name.

    ``previous`` holds the figures of the year before, or None in the first year.
    """
    if year is None:
        return dict(plan["both"])
    years: Mapping[int, Figures] = plan["years"]
    before = years.get(year - 1)
    return {
        **plan["both"],
        **years[year],
        "previous": None if before is None else {**plan["both"], **before},
        "year": year,
        "insurer": plan["insurer"],
    }


def _source(plan: Figures, year: int | None, words: Figures) -> Source:
    return Source(
        output=words["output"] if year is None else f"{plan['policy']}/{year}/{words['output']}",
        title=words["title"] if year is None else f"{words['title']} {year}",
        accent=words["accent"],
        text=words["text"],
        figures=figures_of(plan, year),
    )


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content
