"""How well scores tell what is wrong from what is right: AUROC, ROC and precision by recall.

A score is higher for what is more likely wrong.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chat_app.evaluation.intervals import CONFIDENCE_Z, Estimate, Numbers

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Curves:
    """The curves of one score, each from the highest threshold to the lowest.

    Attributes:
        roc: false positives and recall.
        precision_recall: recall and precision.
    """

    roc: tuple[Point, ...]
    precision_recall: tuple[Point, ...]


def auroc(wrong: Sequence[float], right: Sequence[float]) -> Estimate | None:
    """Chance that something wrong scores higher than something right; a tie counts half.

    The interval is that of DeLong, DeLong and Clarke-Pearson, "Comparing the areas under two or
    more correlated receiver operating characteristic curves", 1988.

    Returns:
        0 to 1 over all scores; None where one of the two kinds is missing.
    """
    if not wrong or not right:
        return None
    high, low = np.asarray(wrong, dtype=np.float64), np.asarray(right, dtype=np.float64)
    above, below = _wins(high, low), 1 - _wins(low, high)
    value = float(above.mean())
    spread = math.sqrt(_variance(above) / len(high) + _variance(below) / len(low))
    half = CONFIDENCE_Z * spread
    return Estimate(value, max(0.0, value - half), min(1.0, value + half), len(high) + len(low))


def curves(wrong: Sequence[float], right: Sequence[float]) -> Curves | None:
    """The curves; None where one of the two kinds is missing."""
    if not wrong or not right:
        return None
    scores = np.asarray([*wrong, *right], dtype=np.float64)
    is_wrong = np.repeat([1, 0], [len(wrong), len(right)])
    order = np.argsort(-scores, kind="stable")
    # One point a threshold: equal scores are on the same side of each.
    last = np.append(np.diff(scores[order]) != 0, True)
    caught = np.cumsum(is_wrong[order])[last]
    alarms = np.cumsum(1 - is_wrong[order])[last]
    recall, false = caught / len(wrong), alarms / len(right)
    precision = caught / (caught + alarms)
    roc = ((0.0, 0.0), *zip(false.tolist(), recall.tolist(), strict=True))
    return Curves(roc, tuple(zip(recall.tolist(), precision.tolist(), strict=True)))


def _wins(scores: Numbers, against: Numbers) -> Numbers:
    """For each score, the share of the others that lie below it; equal ones count half."""
    ordered = np.sort(against)
    below = np.searchsorted(ordered, scores, side="left")
    up_to = np.searchsorted(ordered, scores, side="right")
    shares: Numbers = (below + up_to) / (2 * len(ordered))
    return shares


def _variance(values: Numbers) -> float:
    return float(values.var(ddof=1)) if len(values) > 1 else 0.0
