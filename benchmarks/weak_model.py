"""What is left of a weak model's answers: ``python -m benchmarks.weak_model``.

A double that behaves as a weak small model (``tests/fakes/weak_model.py``: half of its sentences
are uncited, wrongly cited or false, half of its replies in another form than the rules ask for)
answers the answerable sample questions, over several seeds. Printed are the share of questions
that get a verified answer, and what became of the sentences. Each sentence that is shown is
verified once more against the quotes' passages, and looked up among those that the double made
false.
"""

import json
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from chat_app.answers import Answer, Finished, Question
from chat_app.assistant import Assistant
from chat_app.evaluation.intervals import share
from chat_app.generation.quotes import QuotesChatModel
from chat_app.settings import Settings
from chat_app.verification import verify
from chat_app.wiring import Application
from chat_app.writing import Writer
from prompts.library import prompt
from retrieval.loading import find
from retrieval.settings import load_settings
from retrieval.wiring import open_retrieval
from tests.fakes.weak_model import WeakModel

ROOT = Path(__file__).parent.parent
QUESTIONS = ROOT / "tests/samples/questions.jsonl"


@dataclass(slots=True)
class Tally:
    """What came of the questions, summed."""

    questions: Counter[str] = field(default_factory=Counter)
    sentences: Counter[str] = field(default_factory=Counter)
    kinds: Counter[tuple[str, bool]] = field(default_factory=Counter)
    bad: list[str] = field(default_factory=list)

    def add(self, answer: Answer, model: WeakModel, wanted: list[str]) -> None:
        """Count one answer of a model that was asked nothing else."""
        shown = [_plain(sentence.text) for sentence in answer.sentences]
        quoted = prompt("quoted_instead") in answer.notes
        everything = " ".join(sentence.text for sentence in answer.sentences).lower()
        self.questions.update(
            {
                "asked": 1,
                "verified answer": bool(shown),
                "by the model alone": bool(shown) and not quoted,
                "second attempt": "second" in model.attempts,
                "quotes": quoted,
                "shows what was asked for": all(one.lower() in everything for one in wanted),
            }
        )
        self.sentences.update({"shown": len(shown), "removed": answer.removed})
        for written in set(model.written):
            said = _plain(written.text)
            self.kinds[written.kind, not quoted and said in shown] += 1
            if written.is_false and said in shown:
                self.bad.append(f"made false ({written.kind}): {written.text}")
        self.bad += _unverified(answer)


def _unverified(answer: Answer) -> Iterator[str]:
    passages = {citation.number: citation.passage for citation in answer.citations}
    for sentence in answer.sentences:
        if not verify(sentence.text, [passages[number] for number in sentence.citations]).supported:
            yield f"not verified: {sentence.text}"


def _plain(text: str) -> str:
    return re.sub(r"\W+", " ", text).lower().strip()


@click.command()
@click.option("--seeds", default=5, help="How often all questions are asked.")
@click.option("--show", is_flag=True, help="Show the questions that get no answer.")
def main(seeds: int, *, show: bool) -> None:
    """Ask the sample questions of a weak model and print what is left of its answers."""
    rows = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    tally = Tally()
    with tempfile.TemporaryDirectory() as data:
        application = _indexed(Path(data))
        for seed in range(seeds):
            for row in (row for row in rows if row["answerable"]):
                model = WeakModel(seed=seed)
                answer = _asked(application, model, row)
                tally.add(answer, model, row["expected"]["contains"])
                if show and answer.refused:
                    click.echo(f"no answer, seed {seed}: {row['question']} {model.attempts}")
    _print(tally)


def _indexed(data: Path) -> Application:
    own = {"data_dir": data, "store": "memory", "world": "local"}
    settings = load_settings(Settings).model_copy(update=own)
    application = Application(settings, open_retrieval(settings))
    application.retrieval.indexer().index(list(find([ROOT / "samples"])))
    return application


def _asked(application: Application, model: WeakModel, row: Mapping[str, Any]) -> Answer:
    retrieval = application.retrieval
    quotes = QuotesChatModel(embed=retrieval.embedder.embed, glossary=retrieval.glossary)
    assistant = Assistant(retrieval.searcher(), Writer(quotes, model), application.plan_book)
    question = Question(row["question"], tuple(row.get("policies", ())), row.get("plan_year"))
    *_, last = assistant.answer(question)
    if not isinstance(last, Finished):
        raise TypeError(last)
    return last.answer


def _print(tally: Tally) -> None:
    asked = tally.questions["asked"]
    for name, count in tally.questions.items():
        estimate = share(count, asked)
        click.echo(f"{name:26} {count:5} of {asked}  {estimate.value:6.1%}")
    click.echo(
        f"sentences: {sum(tally.kinds.values())} written, {tally.sentences['shown']} shown "
        f"(quotes too), {tally.sentences['removed']} removed"
    )
    for kind in sorted({kind for kind, _ in tally.kinds}):
        survived, lost = tally.kinds[kind, True], tally.kinds[kind, False]
        click.echo(f"  {kind:24} {survived:5} of {survived + lost:5} shown")
    click.echo(f"shown although false or not verified: {len(tally.bad)}")
    for bad in tally.bad:
        click.echo(f"  {bad}")


if __name__ == "__main__":
    main()
