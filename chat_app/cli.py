"""The command line: ``benefits-chat index | list | remove | search | ask | chat | doctor``."""

import dataclasses
import json
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chat_app.answers import Finished, Question
from chat_app.errors import ChatError, GenerationError
from chat_app.questions import QuestionRow, read_questions
from retrieval.errors import InputError, QuestionError, RetrievalError

if TYPE_CHECKING:
    from chat_app.wiring import Application

JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
POLICIES = click.option("--policy", "policies", multiple=True, help="Plan; may be repeated.")
YEAR = click.option("--year", type=click.IntRange(2000, 2099), help="Plan year.")
QUESTIONS = click.option(
    "--questions",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSONL rows: id, question, policies?, plan_year?",
)


class _Commands(click.Group):
    """Turns the errors of the product into one line and exit status 1, never a stack trace."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - the signature of click
        try:
            return super().invoke(ctx)
        except (RetrievalError, ChatError) as error:
            click.echo(f"benefits-chat: {error}", err=True)
        except BrokenPipeError:
            sys.stderr.close()
        except OSError as error:
            name = f"{error.filename}: " if error.filename else ""
            click.echo(f"benefits-chat: {name}{error.strerror or error}", err=True)
        raise SystemExit(1)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="benefits-chat")
def main() -> None:
    """Verified, cited answers from benefit plan documents."""


@main.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--policy", help="The plan all these documents belong to.")
@YEAR
@click.option("--rebuild", is_flag=True, help="Empty the index first.")
@click.option("--prune", is_flag=True, help="Remove documents that are not under PATHS.")
@JSON
def index(
    *,
    paths: tuple[Path, ...],
    policy: str | None,
    year: int | None,
    rebuild: bool,
    prune: bool,
    as_json: bool,
) -> None:
    """Bring files, folders or JSONL rows into the index; only what changed is done again."""
    from chat_app.progress import indexing_progress
    from retrieval.indexing import Scope
    from retrieval.loading import find

    found = list(find(paths, policy, year))
    indexer = _application().retrieval.indexer()
    with indexing_progress(shown=not as_json) as progress:
        report = indexer.index(
            found,
            rebuild=rebuild,
            prune=Scope(policy, year) if prune else None,
            progress=progress,
        )
    for error in report.failed:
        click.echo(f"not indexed: {error}", err=True)
    if as_json:
        _print_json(report.to_json())
    else:
        click.echo(
            f"{report.added} added, {report.changed} changed, {report.unchanged} unchanged, "
            f"{report.removed} removed, {len(report.failed)} not indexed; "
            f"{report.chunks} chunks in {report.seconds:.1f} s"
        )
    done = report.added + report.changed + report.unchanged
    if report.failed and not done:
        sys.exit(1)


@main.command("list")
@JSON
def list_documents(*, as_json: bool) -> None:
    """Show documents by policy and year, with chunk counts."""
    entries = sorted(
        _application().retrieval.catalog(),
        key=lambda e: (e.policy or "", e.plan_year or 0, e.name),
    )
    for entry in entries:
        if as_json:
            _print_json(entry.to_json())
        else:
            plan = f"{entry.policy or 'all plans'} {entry.plan_year or ''}".strip()
            click.echo(f"{plan:24} {entry.chunk_count:6} chunks  {entry.name}")
    if not entries and not as_json:
        click.echo("The index holds no documents: run `benefits-chat index PATH`.", err=True)


@main.command()
@click.argument("documents", nargs=-1, required=True)
@JSON
def remove(*, documents: tuple[str, ...], as_json: bool) -> None:
    """Remove documents, by the names that `list` shows, with all their chunks."""
    removed = _application().retrieval.indexer().remove(documents)
    if as_json:
        _print_json({"removed": removed})
    else:
        click.echo(f"{removed} removed")


@main.command()
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
    from chat_app.plans import search_filter
    from retrieval.filters import parse
    from retrieval.searching import Query

    where = None if filter_json is None else parse(filter_json)
    rows = _rows(question, policies, year, questions)
    application = _application()
    searcher = application.retrieval.searcher()
    book = application.plan_book()

    def found(asked: Question) -> dict[str, object]:
        admitted = search_filter(book, asked.policies, asked.plan_year, where)
        started = time.monotonic()
        matches = searcher.search(Query(asked.text, admitted, limit))
        return {
            "question": asked.text,
            "policies": list(asked.policies),
            "plan_year": asked.plan_year,
            "matches": [match.to_json() for match in matches],
            "timings_ms": {"search": round((time.monotonic() - started) * 1000, 1)},
        }

    _print_each(rows, found, _matches_text, as_json=as_json)


@main.command()
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
    assistant = _application().assistant()

    def answered(asked: Question) -> dict[str, object]:
        *_, last = assistant.answer(asked)
        if not isinstance(last, Finished):
            raise GenerationError("the answer was not finished: ask again")
        return answer_json(last.answer)

    _print_each(rows, answered, _answer_text, as_json=as_json)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
def chat(*, host: str, port: int) -> None:
    """Serve the chat in the browser."""
    from chat_app.serving import serve

    # Not kept: the server puts its own application together, and a model is 130 MB.
    _application().assistant()
    serve(host, port)


@main.command()
@JSON
def doctor(*, as_json: bool) -> None:
    """Say what is configured, what works and what to do."""
    from chat_app.doctor import examine

    findings = []
    for finding in examine(_notify):
        findings.append(finding)
        if as_json:
            _print_json(finding.to_json())
        else:
            click.echo(f"{'ok  ' if finding.works else 'FAIL'} {finding.part:10} {finding.what}")
    if not all(finding.works for finding in findings):
        sys.exit(1)


def _application() -> "Application":
    from chat_app.wiring import open_application

    return open_application(_notify)


def _notify(text: str) -> None:
    click.echo(text, err=True)


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
        except InputError as error:
            failed = True
            click.echo(f"benefits-chat: {error}", err=True)
            result |= {"error": str(error)}
            if not as_json or row.id is None:
                continue
        if as_json:
            _print_json(result)
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


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, ensure_ascii=False))
