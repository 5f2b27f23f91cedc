"""Two runs over the same questions, compared row by row."""

from collections.abc import Iterable
from dataclasses import dataclass

from chat_app.evaluation.intervals import Difference, paired
from chat_app.evaluation.metrics import METRICS, Metric
from chat_app.evaluation.results import Result


@dataclass(frozen=True, slots=True)
class Compared:
    """One measure in both runs.

    Attributes:
        metric: the first that is taken from the measure.
        before, after: means over the pairs.
    """

    metric: Metric
    before: float
    after: float
    difference: Difference

    def to_json(self) -> dict[str, object]:
        """The comparison as the command line prints it."""
        return {
            "before": round(self.before, 6),
            "after": round(self.after, 6),
            "difference": self.difference.estimate.to_json(),
            "p": self.difference.p,
            "higher": self.difference.higher,
            "lower": self.difference.lower,
        }


def compare(before: Iterable[Result], after: Iterable[Result]) -> dict[str, Compared]:
    """Means of the rows that both runs measured, by measure; none where they share no row.

    Rows belong together by id and question. Latencies are compared by their means too: a paired
    interval of a percentile says nothing about the pairs.
    """
    earlier = {(result.id, result.question): result for result in before}
    pairs = [
        (earlier[result.id, result.question], result)
        for result in after
        if (result.id, result.question) in earlier
    ]
    compared: dict[str, Compared] = {}
    for metric in METRICS:
        both = [(a.measures.get(metric.measure), b.measures.get(metric.measure)) for a, b in pairs]
        values = [(a, b) for a, b in both if a is not None and b is not None]
        if values and metric.measure not in compared:
            old, new = [a for a, _ in values], [b for _, b in values]
            compared[metric.measure] = Compared(
                metric, sum(old) / len(old), sum(new) / len(new), paired(old, new)
            )
    return compared
