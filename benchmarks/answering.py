"""How well are the sample questions answered: ``python benchmarks/answering.py``.

Each answerable question of ``tests/samples/questions.jsonl`` names strings, mostly amounts, that a
right answer shows; the others should be declined. The index of the settings is used: index the
samples first.
"""

import json
import statistics
from pathlib import Path

import click

from chat_app.answers import Answer, Finished, Question
from chat_app.rendering import answer_text
from chat_app.wiring import open_application

QUESTIONS = Path(__file__).parent.parent / "tests/samples/questions.jsonl"


def main() -> None:
    """Ask all questions and print what came out."""
    assistant = open_application().assistant()
    right = first = declined = answerable = 0
    milliseconds = []
    rows = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        question = Question(row["question"], tuple(row.get("policies", ())), row.get("plan_year"))
        *_, last = assistant.answer(question)
        if not isinstance(last, Finished):
            raise TypeError(last)
        answer = last.answer
        milliseconds.append(answer.timings_ms["total"])
        if not row["answerable"]:
            declined += answer.refused
            continue
        answerable += 1
        wanted = row["expected"]["contains"]
        right += shows(answer_text(answer), wanted)
        first += shows(first_sentence(answer), wanted)
    off_topic = len(rows) - answerable
    click.echo(f"shows what was asked for: {right} of {answerable}, {first} in the first sentence")
    click.echo(f"declined of those without an answer: {declined} of {off_topic}")
    click.echo(f"milliseconds a question, median: {statistics.median(milliseconds):.0f}")


def shows(text: str, wanted: list[str]) -> bool:
    """Does the text hold all of the strings, in any case?"""
    return all(string.lower() in text.lower() for string in wanted)


def first_sentence(answer: Answer) -> str:
    """The first sentence of an answer, empty when it was declined."""
    return answer.sentences[0].text if answer.sentences else ""


if __name__ == "__main__":
    main()
