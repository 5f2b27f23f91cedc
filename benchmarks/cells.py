"""How often is the right cell of a table given: ``python -m benchmarks.cells QUESTIONS FOLDER``.

FOLDER holds documents as ``POLICY/YEAR/file``; all are indexed anew in a
temporary folder. Each line of QUESTIONS is a JSON object:

- ``question``, and ``policies`` and ``plan_year`` chosen beside it;
- ``cell``: strings that the right cell holds, and the first sentence of the answer must show;
- ``other_cells``: strings of the cells beside it, which that sentence must not show;
- ``headers``: the sentence must show one of them; empty when the cell has no header.

A cell is right when all that holds and the sentence is cited from a document of the policy.
"""

import json
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np

from chat_app.answers import Answer, Finished, Question
from chat_app.assistant import Assistant
from chat_app.evaluation.intervals import share
from chat_app.settings import Settings
from chat_app.wiring import Application
from retrieval.loading import find
from retrieval.settings import load_settings
from retrieval.wiring import open_retrieval


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about a cell and what came of it; ``wrong`` is empty for the right cell."""

    row: dict[str, Any]
    sentence: str
    wrong: str
    milliseconds: float


@click.command()
@click.argument("questions", type=click.Path(path_type=Path))
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--show", is_flag=True, help="Show what was not right, with what was said.")
def main(questions: Path, folder: Path, *, show: bool) -> None:
    """Index FOLDER, ask QUESTIONS, and print the share of right cells."""
    missing = [str(path) for path in (questions, folder) if not path.exists()]
    if missing:
        click.echo(f"skipped: {' and '.join(missing)} not there")
        return
    rows = [json.loads(line) for line in questions.read_text(encoding="utf-8").splitlines() if line]
    if not rows:
        click.echo(f"skipped: {questions} holds no question")
        return
    with tempfile.TemporaryDirectory() as data:
        application = _indexed(folder, Path(data))
        asked = list(_ask(rows, application.assistant()))
    right = share(sum(not one.wrong for one in asked), len(asked))
    for one in asked:
        if show and one.wrong:
            policies = ", ".join(one.row.get("policies", ()))
            click.echo(f"{policies}: {one.row['question']}\n  {one.wrong}: {one.sentence}")
    click.echo(
        f"right cell: {right.value:.1%} of {right.n} (95 %: {right.low:.1%} to {right.high:.1%})"
    )
    milliseconds = [one.milliseconds for one in asked]
    click.echo(f"milliseconds a question, median: {np.median(milliseconds):.0f}")


def _indexed(folder: Path, data: Path) -> Application:
    given = load_settings(Settings)
    settings = given.model_copy(update={"data_dir": data, "store": "memory", "world": "local"})
    application = Application(settings, open_retrieval(settings))
    started = time.monotonic()
    report = application.retrieval.indexer().index(list(find([folder])))
    for error in report.failed:
        click.echo(f"not indexed: {error}", err=True)
    seconds = time.monotonic() - started
    click.echo(f"{report.added} documents, {report.chunks} chunks indexed in {seconds:.1f} s")
    return application


def _ask(rows: list[dict[str, Any]], assistant: Assistant) -> Iterator[Asked]:
    for row in rows:
        question = Question(row["question"], tuple(row.get("policies", ())), row.get("plan_year"))
        *_, last = assistant.answer(question)
        if not isinstance(last, Finished):
            raise TypeError(last)
        said = " / ".join(sentence.text for sentence in last.answer.sentences[:1])
        wrong = what_is_wrong(row, last.answer)
        yield Asked(row, said, wrong, last.answer.timings_ms["total"])


def what_is_wrong(row: dict[str, Any], answer: Answer) -> str:
    """Why the first sentence is not the cell that was asked for; empty when it is."""
    if not answer.sentences:
        return f"declined ({answer.removed} sentences left out)"
    first = answer.sentences[0]
    said = _plain(first.text)
    if lacking := [cell for cell in row["cell"] if _plain(cell) not in said]:
        return f"lacks {', '.join(lacking)}"
    if mixed := [cell for cell in row.get("other_cells", ()) if _plain(cell) in said]:
        return f"mixes in {', '.join(mixed)}"
    headers = row.get("headers", ())
    if headers and not any(_plain(header) in said for header in headers):
        return f"says none of the headers {', '.join(headers)}"
    cited = [c.passage.policy for c in answer.citations if c.number in first.citations]
    policies = row.get("policies", ())
    if policies and not all(policy in policies for policy in cited):
        return f"cited from {', '.join(str(policy) for policy in cited)}"
    return ""


def _plain(text: str) -> str:
    return " ".join(text.lower().split())


if __name__ == "__main__":
    main()
