"""How well personal data is masked, by type, and as one JSON object."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chat_app.evaluation.guard_measuring import GuardResult
from chat_app.evaluation.guard_summary import ANY, GuardReport
from chat_app.evaluation.intervals import Estimate, share
from chat_app.evaluation.masks import Caught, Mask

ALL = "all types"


@dataclass(frozen=True, slots=True)
class Masking:
    """How well spans are masked.

    Attributes:
        recall: share of the spans of which no letter and digit is left.
        touched: share of which at least one is gone.
        precision: share of the masks that hide some of a labelled span; of one type, among the
            masks of the names that hide something of that type. None where there are none.
        f2: of recall and precision, recall counting four times as much as precision.
    """

    recall: Estimate
    touched: Estimate
    precision: Estimate | None
    f2: float

    def to_json(self) -> dict[str, object]:
        """The figures as the command line prints them."""
        return {
            "recall": self.recall.to_json(),
            "touched": self.touched.to_json(),
            "precision": self.precision.to_json() if self.precision else None,
            "f2": round(self.f2, 6),
        }


def maskings(results: Sequence[GuardResult]) -> dict[str, Masking]:
    """How well spans of each type are masked, those of all types first; none without spans."""
    spans = [caught for result in results for caught in result.caught]
    masks = [mask for result in results for mask in result.masks]
    if not spans:
        return {}
    types = sorted({span.type for span in spans})
    by_type = {
        one: _masking([s for s in spans if s.type == one], _names_of(masks, one)) for one in types
    }
    return {ALL: _masking(spans, masks), **by_type}


def personal_json(report: GuardReport) -> dict[str, object]:
    """The report on personal data as the command line prints it."""
    half, most = report.latency(ANY)
    found = maskings(report.results)
    return {
        "file": report.file,
        "shape": report.shape,
        "rows": {"measured": len(report.results), "not_measured": report.bad},
        "settings": dict(report.settings),
        "all": found[ALL].to_json() if found else None,
        "by_type": {name: one.to_json() for name, one in found.items() if name != ALL},
        "milliseconds_p50": half.to_json(),
        "milliseconds_p95": most.to_json(),
    }


def f2(recall: float, precision: float) -> float:
    """The F measure that counts recall twice as important, 0 to 1."""
    weighed = 4 * precision + recall
    return 5 * precision * recall / weighed if weighed else 0.0


def _masking(spans: Sequence[Caught], masks: Iterable[Mask]) -> Masking:
    right = [bool(mask.types) for mask in masks]
    recall = share(sum(span.whole for span in spans), len(spans))
    touched = share(sum(span.touched for span in spans), len(spans))
    precision = share(sum(right), len(right)) if right else None
    return Masking(
        recall, touched, precision, f2(recall.value, precision.value if precision else 0.0)
    )


def _names_of(masks: Sequence[Mask], one: str) -> list[Mask]:
    """The masks of the names that hide something of a type."""
    names = {mask.name for mask in masks if one in mask.types}
    return [mask for mask in masks if mask.name in names]
