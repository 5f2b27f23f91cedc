"""The metrics of a run: what each is called, how it is taken over rows, which way is better."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from chat_app.evaluation.intervals import Estimate, mean, percentile, share
from chat_app.evaluation.question_types import TYPES
from chat_app.evaluation.results import Result


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure over rows.

    Attributes:
        name: in JSON.
        measure: of a row, that it is taken from.
        label: for people.
        kind: of the measure; a share is of rows.
        better: which way; empty where neither is.
        percent: the percentile that is taken; None takes the mean.
    """

    name: str
    measure: str
    label: str
    kind: Literal["share", "mean", "milliseconds", "tokens", "dollars"]
    better: Literal["higher", "lower", ""] = "higher"
    percent: int | None = None


def _latencies(measure: str, label: str) -> tuple[Metric, ...]:
    return tuple(
        Metric(f"{measure}_p{p}", measure, f"{label}, p{p}", "milliseconds", "lower", p)
        for p in (50, 95)
    )


METRICS = (
    *(
        Metric(f"hit@{depth}", f"hit@{depth}", f"Relevant among the first {depth}", "share")
        for depth in (1, 3, 5, 10)
    ),
    Metric("mrr@10", "mrr@10", "MRR@10", "mean"),
    Metric("ndcg@10", "ndcg@10", "nDCG@10", "mean"),
    Metric("true_page_cited", "true_page_cited", "True page cited", "share"),
    Metric("citation_precision", "citation_precision", "Cited pages that are relevant", "mean"),
    Metric("citation_recall", "citation_recall", "Relevant pages that are cited", "mean"),
    Metric("supported_citations", "supported_citations", "Every sentence supported", "share"),
    Metric("wrong_plan_cited", "wrong_plan_cited", "Wrong plan cited", "share", "lower"),
    Metric("wrong_year_cited", "wrong_year_cited", "Wrong year cited", "share", "lower"),
    Metric("declined_rightly", "declined_rightly", "Declined, rightly", "share"),
    Metric("declined_wrongly", "declined_wrongly", "Declined, wrongly", "share", "lower"),
    Metric("figures_of_truth", "figures_of_truth", "Figures of the truth in the answer", "mean"),
    *_latencies("search_ms", "Searches of an answer"),
    *_latencies("first_sentence_ms", "First sentence"),
    *_latencies("total_ms", "Whole answer"),
    Metric("input_tokens", "input_tokens", "Input tokens a question", "tokens", "lower"),
    Metric("output_tokens", "output_tokens", "Output tokens a question", "tokens", "lower"),
    Metric("cost_usd", "cost_usd", "Dollars a question", "dollars", "lower"),
)

MAX_POLICIES = 20
"""Columns of a table that can still be read."""
_UNNAMED, _OTHERS = "none named", "all others"


def summarise(results: Iterable[Result]) -> dict[str, Estimate]:
    """The metrics by name; one that applies to no row is missing."""
    rows = list(results)
    taken = {metric: values_of(rows, metric) for metric in METRICS}
    return {metric.name: _estimate(metric, values) for metric, values in taken.items() if values}


def values_of(results: Iterable[Result], metric: Metric) -> list[float]:
    """The measure of each row to which it applies."""
    values = (result.measures.get(metric.measure) for result in results)
    return [value for value in values if value is not None]


def by_policy(results: Sequence[Result]) -> dict[str, list[Result]]:
    """The results by the policies that the rows name; a row that names two counts for both.

    Beyond MAX_POLICIES, the policies with the fewest rows are taken together.
    """
    groups: dict[str, list[Result]] = {}
    for result in results:
        for policy in result.policies or (_UNNAMED,):
            groups.setdefault(policy, []).append(result)
    most = sorted(groups, key=lambda policy: (-len(groups[policy]), policy))
    shown = {policy: groups[policy] for policy in sorted(most[:MAX_POLICIES])}
    others = {r.id: r for policy in most[MAX_POLICIES:] for r in groups[policy]}
    return shown | ({_OTHERS: list(others.values())} if others else {})


def by_type(results: Sequence[Result]) -> dict[str, list[Result]]:
    """The results by type of question."""
    groups = {kind: [result for result in results if result.kind == kind] for kind in TYPES}
    return {kind: group for kind, group in groups.items() if group}


def _estimate(metric: Metric, values: list[float]) -> Estimate:
    if metric.kind == "share":
        return share(round(sum(values)), len(values))
    return mean(values) if metric.percent is None else percentile(values, metric.percent)
