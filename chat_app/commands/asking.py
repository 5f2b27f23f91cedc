"""Commands that take questions: search and ask."""

import dataclasses
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from chat_app.answers import Finished, Question
from chat_app.commands.common import JSON, POLICIES, YEAR, open_here, print_json
from chat_app.errors import GenerationError
from chat_app.questions import QuestionRow, read_questions
from retrieval.errors import InputError, QuestionError

QUESTIONS = click.option(
    "--questions",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSONL rows: id, question, policies?, plan_year?",
)


@click.command()
@click.argument("question", required=False)
@POLICIES
@YEAR
@click.option("--limit", type=click.IntRange(1, 1000), default=8, help="Most matches.")
@click.option("--filter", "filter_json", help="A metadata filter as JSON.")
@QUESTIONS
@JSON
def search(  # noqa: PLR0913 - one parameter an option
    *,
    question: str | None,
    policies: tuple[str, ...],
    year: int | None,
    limit: int,
    filter_json: str | None,
    questions: Path | None,
    as_json: bool,
) -> None:
    """Show the best matches, without answering."""
    from chat_app.plans import search_scope
    from retrieval.filters import parse
    from retrieval.searching import Query

    where = None if filter_json is None else parse(filter_json)
    rows = _rows(question, policies, year, questions)
    application = open_here()
    searcher = application.retrieval.searcher()
    book = application.plan_book()

    def found(asked: Question) -> dict[str, object]:
        scope = search_scope(book, asked)
        started = time.monotonic()
        matches = searcher.search(Query(asked.text, scope.filter(where), limit))
        return {
            "question": asked.text,
            "policies": list(scope.policies),
            "plan_year": scope.years[0] if len(scope.years) == 1 else None,
            "matches": [match.to_json() for match in matches],
            "timings_ms": {"search": round((time.monotonic() - started) * 1000, 1)},
        }

    _print_each(rows, found, _matches_text, as_json=as_json)


@click.command()
@click.argument("question", required=False)
@POLICIES
@YEAR
@QUESTIONS
@JSON
def ask(
    *,
    question: str | None,
    policies: tuple[str, ...],
    year: int | None,
    questions: Path | None,
    as_json: bool,
) -> None:
    """Answer a question from the documents, every sentence cited."""
    from chat_app.rendering import answer_json

    rows = _rows(question, policies, year, questions)
    assistant = open_here().assistant()

    def answered(asked: Question) -> dict[str, object]:
        *_, last = assistant.answer(asked)
        if not isinstance(last, Finished):
            raise GenerationError("the answer was not finished: ask again")
        return answer_json(last.answer)

    _print_each(rows, answered, _answer_text, as_json=as_json)


def _rows(
    question: str | None, policies: tuple[str, ...], year: int | None, file: Path | None
) -> Iterable[QuestionRow]:
    """The one question, or those of the file."""
    if (question is None) == (file is None):
        raise click.UsageError("give a QUESTION, or --questions FILE")
    if file is None:
        return [QuestionRow(None, Question(question or "", policies, year))]
    return (_narrowed(row, policies, year) for row in read_questions(file))


def _narrowed(row: QuestionRow, policies: tuple[str, ...], year: int | None) -> QuestionRow:
    """A row that names no plan or year takes those of the command line."""
    if row.question is None:
        return row
    asked = dataclasses.replace(
        row.question,
        policies=row.question.policies or policies,
        plan_year=row.question.plan_year or year,
    )
    return dataclasses.replace(row, question=asked)


def _print_each(
    rows: Iterable[QuestionRow],
    work: Callable[[Question], dict[str, object]],
    text: Callable[[dict[str, Any]], str],
    *,
    as_json: bool,
) -> None:
    """Print a result a row; a row that fails is named, the rest goes on, the exit status is 1."""
    failed = False
    for row in rows:
        result: dict[str, object] = {} if row.id is None else {"id": row.id}
        try:
            if row.question is None:
                raise QuestionError(row.error)
            result |= work(row.question)
        except (InputError, GenerationError) as error:
            failed = True
            click.echo(f"benefits-chat: {error}", err=True)
            result |= {"error": str(error)}
            if not as_json or row.id is None:
                continue
        if as_json:
            print_json(result)
        else:
            click.echo(text(result))
    if failed:
        sys.exit(1)


def _matches_text(result: dict[str, Any]) -> str:
    lines = [
        f"{match['score']:.3f}  {match['key']}"
        + (f"  page {match['page']}" if match["page"] else "")
        + f"\n       {' '.join(match['text'].split())[:200]}"
        for match in result["matches"]
    ]
    return "\n".join(lines) or "Nothing was found."


def _answer_text(result: dict[str, Any]) -> str:
    lines = [result["answer"]]
    for citation in result["citations"]:
        plan = " ".join(str(part) for part in (citation["policy"], citation["plan_year"]) if part)
        page = f"page {citation['page']}" if citation["page"] else ""
        where = ", ".join(part for part in (citation["source"], page, citation["section"]) if part)
        lines.append(f"[{citation['number']}] {plan + ': ' if plan else ''}{where}")
    if result["nearest"]:
        lines.append("The nearest passages:")
    lines += [f"- {m['source']}: {' '.join(m['text'].split())[:160]}" for m in result["nearest"]]
    return "\n".join(lines)
