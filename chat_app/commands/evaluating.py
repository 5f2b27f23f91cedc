"""The command that measures on labelled rows: eval."""

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from chat_app.commands.common import JSON, notify, open_here, print_json

if TYPE_CHECKING:
    from chat_app.evaluation.result_file import AnyMeasured
    from chat_app.evaluation.rows import BadRow
    from chat_app.evaluation.runs import AnyRow, Run
    from chat_app.guards.hooks import Guard
    from chat_app.wiring import Application

Row = TypeVar("Row")
FILE = click.Path(path_type=Path)


@click.command("eval")
@click.argument("file", type=FILE)
@click.option("--out", type=FILE, help="Keep the results here; run again, it goes on with them.")
@click.option("--report", type=FILE, help="Write a page with plots into this folder.")
@click.option("--guards", is_flag=True, help="FILE holds labelled texts: measure the guards.")
@click.option("--compare", type=FILE, help="Results of another run, to compare with.")
@click.option("--limit", type=click.IntRange(min=1), help="Measure the first rows only.")
@JSON
def evaluate(  # noqa: PLR0913 - one parameter an option
    *,
    file: Path,
    out: Path | None,
    report: Path | None,
    guards: bool,
    compare: Path | None,
    limit: int | None,
    as_json: bool,
) -> None:
    """Measure the product on labelled questions, or its guards on labelled texts."""
    if guards and compare:
        raise click.UsageError("--compare is for questions: leave it out with --guards")
    if report and report.exists() and not report.is_dir():
        raise click.UsageError(f"--report {report} is a file: name a folder")
    if guards:
        bad = _measure_guards(file, out, report, limit, as_json=as_json)
    else:
        bad = _measure_questions(file, out, report, compare, limit, as_json=as_json)
    if bad:
        sys.exit(1)


def _measure_questions(
    file: Path,
    out: Path | None,
    report: Path | None,
    compare: Path | None,
    limit: int | None,
    *,
    as_json: bool,
) -> int:
    from chat_app.evaluation.fields import read_lines
    from chat_app.evaluation.measuring import Measurer
    from chat_app.evaluation.questions_report import write_report
    from chat_app.evaluation.questions_summary import Report, read_baseline, summary_json
    from chat_app.evaluation.questions_table import show
    from chat_app.evaluation.results import Result
    from chat_app.evaluation.rows import parse_rows
    from chat_app.evaluation.runs import Run
    from chat_app.evaluation.settings import fingerprint

    rows, bad = _usable(file, parse_rows(read_lines(file)), limit)
    before = read_baseline(compare) if compare else ()
    application = open_here()
    searcher = application.retrieval.searcher()
    settings = fingerprint(application)
    run = Run(out, Result, settings)
    measurer = Measurer(searcher, application.assistant().answer, application.plan_book())
    if len(run.done(rows).taken) < len(rows):
        measurer.warm()
    results, failed = _run(run, rows, measurer.measure, file, shown=not as_json)
    _some(results, file)
    measured = Report(str(file), settings, tuple(results), bad + failed, tuple(before))
    if as_json:
        print_json(summary_json(measured))
    else:
        show(measured)
    if report:
        notify(f"The report is {write_report(measured, report)}")
    return bad + failed


def _measure_guards(
    file: Path, out: Path | None, report: Path | None, limit: int | None, *, as_json: bool
) -> int:
    from chat_app.evaluation.fields import read_lines
    from chat_app.evaluation.guard_measuring import GuardMeasurer, GuardResult
    from chat_app.evaluation.guard_report import write_guard_report
    from chat_app.evaluation.guard_rows import parse_cases
    from chat_app.evaluation.guard_summary import GuardReport, guard_json
    from chat_app.evaluation.guard_table import show
    from chat_app.evaluation.personal_summary import personal_json
    from chat_app.evaluation.runs import Run
    from chat_app.evaluation.settings import guard_fingerprint

    rows, bad = _usable(file, parse_cases(read_lines(file)), limit)
    application = open_here()
    grounding = rows[0].shape == "grounding"
    guards = configured(application, needed=not grounding)
    settings = guard_fingerprint(application, guards)
    run = Run(out, GuardResult, settings)
    read = application.token_reader if grounding else None
    measurer = GuardMeasurer(guards, application.settings.guard_seconds, read)
    if len(run.done(rows).taken) < len(rows):
        measurer.warm(rows[0])
    results, failed = _run(run, rows, measurer.measure, file, shown=not as_json)
    _some(results, file)
    measured = GuardReport(str(file), settings, tuple(results), bad + failed)
    if as_json:
        print_json((personal_json if measured.shape == "personal_data" else guard_json)(measured))
    else:
        show(measured)
    if report:
        notify(f"The report is {write_guard_report(measured, report)}")
    return bad + failed


def configured(application: "Application", *, needed: bool) -> "Sequence[Guard]":
    """The guards of the settings.

    Raises:
        SettingsError: some are needed, and there are none.
    """
    from retrieval.errors import SettingsError

    guards = application.guards.guards
    if needed and not guards:
        raise SettingsError(
            "no guards are set: choose some by BENEFITS_CHAT_GUARDRAILS or BENEFITS_CHAT_GUARDS"
        )
    return guards


def _some(results: Sequence[object], file: Path) -> None:
    from retrieval.errors import InputError

    if not results:
        raise InputError(f"{file}: no row could be measured, as said above")


class _Named:
    """Names lines that could not be used: the first ones each, the others by their number."""

    MOST = 20

    def __init__(self, file: Path) -> None:
        self._file = file
        self.count = 0

    def name(self, line: int, why: str) -> None:
        self.count += 1
        if self.count <= self.MOST:
            click.echo(f"benefits-chat: {self._file} line {line}: {why}", err=True)

    def close(self) -> None:
        if self.count > self.MOST:
            click.echo(f"benefits-chat: and {self.count - self.MOST} more lines", err=True)


def _usable(
    file: Path, parsed: "Iterable[Row | BadRow]", limit: int | None
) -> tuple[list[Row], int]:
    """The rows that can be used; the others are named and counted.

    Raises:
        InputError: none can be used.
    """
    from chat_app.evaluation.rows import BadRow
    from retrieval.errors import InputError

    rows: list[Row] = []
    bad = _Named(file)
    for row in parsed:
        if isinstance(row, BadRow):
            bad.name(row.line, row.error)
        elif limit is None or len(rows) < limit:
            rows.append(row)
    bad.close()
    if not rows:
        raise InputError(f"{file} holds no row that can be measured")
    return rows, bad.count


def _run(
    run: "Run[AnyMeasured]",
    rows: "Sequence[AnyRow]",
    measure: "Callable[[AnyRow], AnyMeasured]",
    file: Path,
    *,
    shown: bool,
) -> "tuple[list[AnyMeasured], int]":
    """Measure with a progress bar; rows that fail are named and counted."""
    from chat_app.progress import evaluating_progress

    failed = _Named(file)
    done = run.done(rows)
    if done.taken:
        notify(f"{len(done.taken)} of {len(rows)} rows were measured before and are taken over")
    if done.outdated:
        notify(f"{done.outdated} rows are measured anew: the row, the index or a setting changed")
    with evaluating_progress(len(rows), shown=shown) as step:
        results = run.results(
            rows, measure, failed=lambda row, why: failed.name(row.line, why), step=step
        )
    failed.close()
    return results, failed.count
