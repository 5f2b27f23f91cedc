"""A run over questions as one page of HTML."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from chat_app.evaluation.comparison import Compared
from chat_app.evaluation.intervals import Estimate
from chat_app.evaluation.markup import Html, element, entry, page, section, table
from chat_app.evaluation.metrics import METRICS, Metric, values_of
from chat_app.evaluation.plots import bars, histogram, ranges
from chat_app.evaluation.questions_summary import Report
from chat_app.evaluation.results import Result
from chat_app.evaluation.wording import (
    chance,
    direction,
    interval,
    number,
    place,
    signed,
)

FILE = "report.html"
MAX_FAILURES = 500
"""Failures listed; a longer page is slow on a phone."""
_PLOTTED = ("share", "mean")
_BY_NAME = {metric.name: metric for metric in METRICS}
_LATENCIES = ("search_ms_p50", "first_sentence_ms_p50", "total_ms_p50")


def write_report(report: Report, folder: Path) -> Path:
    """Write the page into a folder, which is made when it is missing.

    Raises:
        OSError: it cannot be written.
    """
    return save(questions_page(report), folder / FILE)


def save(text: str, path: Path) -> Path:
    """Write a page; its folder is made when it is missing.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", errors="replace")
    return path


def questions_page(report: Report) -> str:
    """The page."""
    metrics = report.metrics
    return page(
        "Benefits Chat: measured on labelled questions",
        _facts(report),
        section("All questions", _metrics_table(metrics), _shares(metrics)),
        *_comparison(report),
        *(section(title, _groups(groups)) for title, groups in report.tables.items()),
        section("Rank of the first relevant place", _ranks(report)),
        section("Latency", *_latencies(report)),
        _failures(report),
    )


def _facts(report: Report) -> Html:
    cost = report.cost_usd
    spent = "cost not known" if cost is None else f"cost ${cost:.4f}"
    lost = f", {report.bad} not measured" if report.bad else ""
    return Html(
        element("p", f"{len(report.results)} rows of {report.file} measured{lost}; {spent}.")
        + element("p", ", ".join(f"{k}: {v}" for k, v in report.settings.items()), class_="quiet")
    )


def _metrics_table(metrics: Mapping[str, Estimate]) -> Html:
    rows = [
        (m.label, number(metrics[m.name].value, m.kind), interval(metrics[m.name], m.kind),
         str(metrics[m.name].n))
        for m in METRICS
        if m.name in metrics
    ]  # fmt: skip
    return table(("Metric", "Value", "95 % interval", "Rows"), rows)


def _shares(metrics: Mapping[str, Estimate]) -> Html:
    rows = [(m.label, metrics[m.name]) for m in _plotted() if m.name in metrics]
    return ranges("Shares and means with their 95 % intervals", rows)


def _plotted() -> Iterator[Metric]:
    return (metric for metric in METRICS if metric.kind in _PLOTTED)


def _groups(groups: Mapping[str, Mapping[str, Estimate]]) -> Html:
    shown = [m for m in METRICS if any(m.name in metrics for metrics in groups.values())]
    rows = [
        (m.label, *(_cell(metrics.get(m.name), m) for metrics in groups.values())) for m in shown
    ]
    return table(("Metric", *groups), rows)


def _cell(estimate: Estimate | None, metric: Metric) -> str:
    if estimate is None:
        return ""
    value = number(estimate.value, metric.kind)
    return f"{value} ({interval(estimate, metric.kind)}; {estimate.n})"


def _comparison(report: Report) -> Iterator[Html]:
    compared = report.comparison
    if not report.before:
        return
    rows = [_compared(name, one) for name, one in compared.items()]
    columns = ("Mean of", "Before", "Now", "Difference", "95 % interval", "p", "Rows", "")
    yield section("Compared with the other run, row by row", table(columns, rows))


def _compared(name: str, one: Compared) -> tuple[str, ...]:
    difference, kind = one.difference, one.metric.kind
    return (
        name.replace("_", " "),
        number(one.before, kind),
        number(one.after, kind),
        signed(difference.estimate.value, kind),
        interval(difference.estimate, kind),
        chance(difference.p),
        f"{difference.higher} higher, {difference.lower} lower of {difference.estimate.n}",
        direction(one.metric, difference.estimate),
    )


def _ranks(report: Report) -> Html:
    labelled = [result for result in report.results if result.expected]
    last = 10
    counts = [sum(r.rank == rank for r in labelled) for rank in range(1, last + 1)]
    later = sum(r.rank is not None and r.rank > last for r in labelled)
    never = sum(r.rank is None for r in labelled)
    labels = [*map(str, range(1, last + 1)), "later", "none"]
    return bars("Questions by rank", labels, [*counts, later, never], "rank")


def _latencies(report: Report) -> Iterator[Html]:
    for name in _LATENCIES:
        metric = _BY_NAME[name]
        if values := values_of(report.results, metric):
            yield histogram(metric.label.removesuffix(", p50"), values, "milliseconds")


def _failures(report: Report) -> Html:
    failed = [(result, why) for result in report.results if (why := failures(result))]
    shown = [_failure(result, why) for result, why in failed[:MAX_FAILURES]]
    more = len(failed) - len(shown)
    note = [element("p", f"{more} more are not listed.")] if more else []
    return section(f"Failures: {len(failed)}", *shown, *note)


def failures(result: Result) -> list[str]:
    """What went wrong with a question, for people."""
    measures = result.measures
    found = {
        "no relevant place among the first 5": measures.get("hit@5") == 0,
        "true page not cited": measures.get("true_page_cited") == 0,
        "wrong plan cited": measures.get("wrong_plan_cited") == 1,
        "wrong year cited": measures.get("wrong_year_cited") == 1,
        "a sentence is not supported": measures.get("supported_citations") == 0,
        "declined, though the documents answer": measures.get("declined_wrongly") == 1,
        "answered, though the documents do not": measures.get("declined_rightly") == 0,
    }
    return [why for why, happened in found.items() if happened]


def _failure(result: Result, why: list[str]) -> Html:
    ranked = [f"{rank}. {place(found)}" for rank, found in enumerate(result.found, 1)]
    return entry(
        f"{result.id}: {result.question}",
        (
            ("What went wrong", "; ".join(why)),
            ("Policies", ", ".join(result.policies)),
            ("Expected", "\n".join(map(place, result.expected))),
            ("Truth", result.truth),
            ("Found", "\n".join(ranked)),
            ("Cited", "\n".join(map(place, result.cited))),
            ("Answer", result.answer or result.reason),
        ),
    )
