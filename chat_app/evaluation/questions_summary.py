"""All that a run over questions says, and as one JSON object."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from chat_app.evaluation.comparison import Compared, compare
from chat_app.evaluation.intervals import Estimate
from chat_app.evaluation.metrics import by_policy, by_type, summarise
from chat_app.evaluation.result_file import ResultFile
from chat_app.evaluation.results import Result
from retrieval.errors import InputError


@dataclass(frozen=True)
class Report:
    """What was measured.

    Attributes:
        file: the labelled questions, as named by the user.
        settings: what was measured with.
        bad: rows that could not be measured.
        before: results of another run to compare with.
    """

    file: str
    settings: Mapping[str, str]
    results: tuple[Result, ...]
    bad: int = 0
    before: tuple[Result, ...] = ()

    @property
    def cost_usd(self) -> float | None:
        """Dollars for all rows; None when a price is not known."""
        costs = [result.measures.get("cost_usd") for result in self.results]
        return None if None in costs else sum(cost or 0.0 for cost in costs)

    @cached_property
    def metrics(self) -> dict[str, Estimate]:
        """Over all rows."""
        return summarise(self.results)

    @cached_property
    def tables(self) -> dict[str, dict[str, dict[str, Estimate]]]:
        """The metrics by title of the table, then group."""
        return {
            "By policy": _summaries(by_policy(self.results)),
            "By type of question": _summaries(by_type(self.results)),
        }

    @cached_property
    def comparison(self) -> dict[str, Compared]:
        """This run against the other one; empty without another one."""
        return compare(self.before, self.results)


def read_baseline(path: Path) -> Sequence[Result]:
    """The results of another run.

    Raises:
        InputError: the file cannot be read, or holds something else, or nothing.
    """
    found = [result for _, result in ResultFile(path, Result).read()]
    if not found:
        raise InputError(f"{path} holds no results: name a file that `eval --out` wrote")
    return found


def summary_json(report: Report) -> dict[str, object]:
    """The report as the command line prints it."""
    policies, kinds = report.tables.values()
    return {
        "file": report.file,
        "rows": {"measured": len(report.results), "not_measured": report.bad},
        "settings": dict(report.settings),
        "metrics": _json(report.metrics),
        "by_policy": {name: _json(metrics) for name, metrics in policies.items()},
        "by_type": {name: _json(metrics) for name, metrics in kinds.items()},
        "cost_usd": report.cost_usd,
        **_comparison_json(report),
    }


def _comparison_json(report: Report) -> dict[str, object]:
    if not report.before:
        return {}
    return {"comparison": {name: one.to_json() for name, one in report.comparison.items()}}


def _summaries(groups: Mapping[str, Iterable[Result]]) -> dict[str, dict[str, Estimate]]:
    return {name: summarise(results) for name, results in groups.items()}


def _json(metrics: Mapping[str, Estimate]) -> dict[str, object]:
    return {name: estimate.to_json() for name, estimate in metrics.items()}
