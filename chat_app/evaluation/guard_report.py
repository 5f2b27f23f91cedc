"""A run over labelled texts as one page of HTML."""

from collections.abc import Iterator
from pathlib import Path

from chat_app.evaluation.guard_measuring import GuardResult
from chat_app.evaluation.guard_summary import GuardReport, curves_of, detect, flags
from chat_app.evaluation.guard_table import (
    DETECTION,
    GROUPS,
    MASKING,
    closing,
    detector_rows,
    group_rows,
    masking_rows,
)
from chat_app.evaluation.markup import Html, element, entry, page, section, table
from chat_app.evaluation.personal_summary import ALL, maskings
from chat_app.evaluation.plots import Mark, curve, ranges
from chat_app.evaluation.questions_report import MAX_FAILURES, save

FILE = "guards.html"


def write_guard_report(report: GuardReport, folder: Path) -> Path:
    """Write the page into a folder, which is made when it is missing.

    Raises:
        OSError: it cannot be written.
    """
    return save(guards_page(report), folder / FILE)


def guards_page(report: GuardReport) -> str:
    """The page."""
    personal = report.shape == "personal_data"
    settings = ", ".join(f"{name}: {value}" for name, value in report.settings.items())
    return page(
        "Benefits Chat: guards measured on labelled texts",
        element("p", f"{report.file}: {closing(report)}"),
        element("p", settings, class_="quiet"),
        *(_personal(report) if personal else _detectors(report)),
    )


def _detectors(report: GuardReport) -> Iterator[Html]:
    yield section("Detectors", table(DETECTION, detector_rows(report)))
    for name in report.detectors:
        yield section(f"Curves: {name}", *_curves(report, name))
        for title, groups in report.told_apart(name).items():
            yield section(f"{title}: {name}", table(GROUPS, group_rows(groups)))
    for name in report.detectors:
        missed = [r for r in report.results if r.wrong and not flags(r, name)]
        alarms = [r for r in report.results if not r.wrong and flags(r, name)]
        yield _failures(f"Missed by {name}", missed)
        yield _failures(f"Stopped by {name} without reason", alarms)


def _curves(report: GuardReport, name: str) -> Iterator[Html]:
    found = detect(report.results, name)
    if not found.recall or not found.false_positives:
        return
    at_work = (found.false_positives.value, found.recall.value)
    precise = (found.recall.value, found.precision.value) if found.precision else None
    for score, drawn in curves_of(report.results, name).items():
        yield curve(
            f"ROC by {score}", drawn.roc, ("false positives", "recall"), Mark("as set", *at_work)
        )
        yield curve(
            f"Precision by recall, {score}",
            drawn.precision_recall,
            ("recall", "precision"),
            Mark("as set", *precise) if precise else None,
        )


def _personal(report: GuardReport) -> Iterator[Html]:
    found = maskings(report.results)
    yield section(
        "Personal data masked",
        table(MASKING, masking_rows(report)),
        ranges("Recall by type", [(name, one.recall) for name, one in found.items()]),
    )
    if ALL not in found:
        return
    missed = [r for r in report.results if not all(caught.whole for caught in r.caught)]
    alarms = [r for r in report.results if not all(mask.types for mask in r.masks)]
    yield _failures("Not wholly masked", missed)
    yield _failures("Masked without reason", alarms)


def _failures(title: str, results: list[GuardResult]) -> Html:
    shown = [_failure(result) for result in results[:MAX_FAILURES]]
    more = len(results) - len(shown)
    note = [element("p", f"{more} more are not listed.")] if more else []
    return section(f"{title}: {len(results)}", *shown, *note)


def _failure(result: GuardResult) -> Html:
    scores = [
        f"{name}, {score}: {abs(value):.3f}"
        for name, scores in result.scores.items()
        for score, value in scores.items()
    ]
    left = [caught.type for caught in result.caught if not caught.whole]
    return entry(
        f"{result.id}: {' '.join(result.text.split())[:120]}",
        (
            ("Type", result.kind),
            ("Source", result.source),
            ("Text", result.text),
            ("Masked", result.masked),
            ("Not wholly masked", ", ".join(left)),
            ("Scores", "\n".join(scores)),
        ),
    )
