"""A run over labelled texts as tables in the terminal."""

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.text import Text

from chat_app.evaluation.guard_summary import (
    ANY,
    Detection,
    GuardReport,
    detect,
)
from chat_app.evaluation.intervals import Estimate
from chat_app.evaluation.personal_summary import Masking, maskings
from chat_app.evaluation.questions_table import table
from chat_app.evaluation.wording import interval, number

DETECTION = ("", "Recall", "False positives", "Precision", "AUROC", "p50", "p95")
GROUPS = DETECTION[:-2]
MASKING = ("", "Recall", "Touched", "Precision", "F2", "Spans")


def show(report: GuardReport) -> None:
    """Print the tables to standard output."""
    console = Console()
    if report.shape == "personal_data":
        console.print(table("Personal data masked", MASKING, masking_rows(report)))
    else:
        console.print(table("Detectors", DETECTION, detector_rows(report)))
        for name in report.detectors:
            for title, groups in report.told_apart(name).items():
                shown = f"{title}: {name}"
                console.print(table(shown, GROUPS, group_rows(groups)))
    console.print(Text(closing(report)))


def detector_rows(report: GuardReport) -> list[tuple[str, ...]]:
    """A row a detector."""
    rows = []
    for name in report.detectors:
        times = [number(time.value, "milliseconds") for time in report.latency(name)]
        rows.append((name, *_figures(detect(report.results, name)), *times))
    return rows


def group_rows(groups: Mapping[str, Detection]) -> list[tuple[str, ...]]:
    """A row a group."""
    return [(name, *_figures(one)) for name, one in groups.items()]


def masking_rows(report: GuardReport) -> list[tuple[str, ...]]:
    """A row a type of personal data."""
    return [(name, *_masked(one)) for name, one in maskings(report.results).items()]


def closing(report: GuardReport) -> str:
    """How many rows there were, and how long they took."""
    times = " and ".join(number(time.value, "milliseconds") for time in report.latency(ANY))
    lost = f"; {report.bad} rows not measured" if report.bad else ""
    return f"{len(report.results)} rows measured{lost}; all together {times} a row (p50 and p95)"


def _figures(one: Detection) -> Sequence[str]:
    areas = "\n".join(f"{name} {_with(area)}" for name, area in one.auroc.items())
    return (_with(one.recall), _with(one.false_positives), _with(one.precision), areas)


def _masked(one: Masking) -> Sequence[str]:
    found = (_with(one.recall), _with(one.touched), _with(one.precision))
    return (*found, number(one.f2, "mean"), str(one.recall.n))


def _with(estimate: Estimate | None) -> str:
    if estimate is None:
        return ""
    return f"{number(estimate.value, 'share')} ({interval(estimate, 'share')})"
