"""Milliseconds from a question to the first verified sentence, in an index of many plans.

``python -m benchmarks.first_sentence [--copies N]`` indexes the sample plans N times, each time
under other names, and asks the sample questions that name a plan in one process, each of another
copy, with all guards on. 18 copies are 10,000 chunks.
"""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np

from benchmarks.copies import ROOT, copy_plans, name_of_copy
from chat_app.answers import Finished, Question
from chat_app.settings import Settings
from chat_app.wiring import Application
from retrieval.loading import find
from retrieval.settings import load_settings
from retrieval.wiring import open_retrieval

QUESTIONS = ROOT / "tests/samples/questions.jsonl"
PARTS = ("search", "first_sentence", "total")


def questions(copies: int) -> Iterator[Question]:
    """The answerable sample questions of a plan, each of another copy of it."""
    rows = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    named = [row for row in rows if row["answerable"] and row.get("policies")]
    for number, row in enumerate(named):
        policies = tuple(name_of_copy(policy, number % copies) for policy in row["policies"])
        yield Question(row["question"], policies, row.get("plan_year"))


@click.command(help=__doc__)
@click.option("--copies", default=18, show_default=True, type=click.IntRange(1, 99))
def main(*, copies: int) -> None:
    """Index, ask, and print the times."""
    with tempfile.TemporaryDirectory() as folder:
        plans = copy_plans(copies, Path(folder, "plans"))
        settings = load_settings(Settings).model_copy(
            update={"data_dir": Path(folder, "data"), "generator": "quotes"}
        )
        application = Application(settings, open_retrieval(settings))
        report = application.retrieval.indexer().index(list(find([Path(folder, "plans")])))
        click.echo(f"{report.chunks:,} chunks of {plans} plans in {report.seconds:.0f} s")
        application.warm_up()
        assistant = application.assistant()
        times: dict[str, list[float]] = {part: [] for part in PARTS}
        for question in questions(copies):
            *_, last = assistant.answer(question)
            if not isinstance(last, Finished):
                raise TypeError(last)
            for part in PARTS:
                times[part].append(last.answer.timings_ms.get(part, 0.0))
        click.echo(f"{'ms':16}{'questions':>10}{'median':>9}{'95 %':>9}")
        for part, values in times.items():
            median, tail = np.percentile(values, [50, 95])
            click.echo(f"{part:16}{len(values):10}{median:9.1f}{tail:9.1f}")
        application.retrieval.store.close()


if __name__ == "__main__":
    main()
