"""A run over questions as tables in the terminal."""

from collections.abc import Iterable, Mapping, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from chat_app.evaluation.comparison import Compared
from chat_app.evaluation.intervals import Estimate
from chat_app.evaluation.metrics import METRICS
from chat_app.evaluation.questions_summary import Report
from chat_app.evaluation.wording import (
    HEADLINES,
    chance,
    direction,
    interval,
    number,
    plain,
    signed,
)


def show(report: Report) -> None:
    """Print the tables to standard output."""
    console = Console()
    console.print(_all_rows(report.metrics))
    for title, groups in report.tables.items():
        console.print(_groups(title, groups))
    if report.before:
        console.print(_comparison(report.comparison))
    console.print(Text("; ".join(_closing(report))))


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """A table of which the first column is text and the others are figures."""
    cells = [[plain(cell) for cell in row] for row in rows]
    shown = Table(
        title=title,
        title_justify="left",
        box=SIMPLE_HEAD,
        show_edge=False,
        padding=(0, 1, 0, 0),
    )
    for position, column in enumerate(columns):
        shown.add_column(column, justify="right" if position else "left", overflow="fold")
    for row in cells:
        shown.add_row(*map(Text, row))
    return shown


def _all_rows(metrics: Mapping[str, Estimate]) -> Table:
    rows = [
        (
            metric.label,
            number(metrics[metric.name].value, metric.kind),
            interval(metrics[metric.name], metric.kind),
            str(metrics[metric.name].n),
        )
        for metric in METRICS
        if metric.name in metrics
    ]
    return table("All questions", ("Metric", "Value", "95 % interval", "Rows"), rows)


def _groups(title: str, groups: Mapping[str, Mapping[str, Estimate]]) -> Table:
    counts = {
        group: max((m.n for m in metrics.values()), default=0) for group, metrics in groups.items()
    }
    kinds = {metric.name: metric.kind for metric in METRICS}
    rows = [
        (
            group,
            *(
                number(metrics[name].value, kinds[name]) if name in metrics else ""
                for name in HEADLINES
            ),
            str(counts[group]),
        )
        for group, metrics in groups.items()
    ]
    return table(title, ("", *HEADLINES.values(), "rows"), rows)


def _comparison(compared: Mapping[str, Compared]) -> Table:
    rows = [
        (
            name.replace("_", " "),
            number(one.before, one.metric.kind),
            number(one.after, one.metric.kind),
            signed(one.difference.estimate.value, one.metric.kind),
            interval(one.difference.estimate, one.metric.kind),
            f"{chance(one.difference.p)} {direction(one.metric, one.difference.estimate)}".strip(),
        )
        for name, one in compared.items()
    ]
    columns = ("Mean of", "Before", "Now", "Difference", "95 % interval", "p")
    return table("Compared with the other run, row by row", columns, rows)


def _closing(report: Report) -> list[str]:
    cost = report.cost_usd
    parts = [
        f"{len(report.results)} rows measured",
        "cost not known" if cost is None else f"cost ${cost:.4f}",
    ]
    return [*parts, f"{report.bad} rows not measured"] if report.bad else parts
