"""All that a run over labelled texts says of the guards, and as one JSON object."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from chat_app.evaluation.curves import Curves, auroc, curves
from chat_app.evaluation.guard_measuring import GuardResult
from chat_app.evaluation.guard_rows import Shape
from chat_app.evaluation.intervals import Estimate, percentile, share

ANY = "any guard"
"""The detector that flags what one of the others does."""
VERDICT = "verdict"
"""The score of a detector that gives none: 1 where it flags."""


@dataclass(frozen=True, slots=True)
class Detection:
    """How well a detector tells wrong texts; None where it cannot be said.

    Attributes:
        recall: share of the wrong texts that are flagged.
        false_positives: share of the right ones that are.
        precision: share of the flagged that are wrong.
        auroc: by score.
    """

    recall: Estimate | None
    false_positives: Estimate | None
    precision: Estimate | None
    auroc: Mapping[str, Estimate]

    def to_json(self) -> dict[str, object]:
        """The figures as the command line prints them; those that cannot be said are missing."""
        figures = {
            "recall": self.recall,
            "false_positives": self.false_positives,
            "precision": self.precision,
        }
        shown: dict[str, object] = {k: v.to_json() for k, v in figures.items() if v}
        return {**shown, "auroc": {name: area.to_json() for name, area in self.auroc.items()}}


@dataclass(frozen=True, slots=True)
class GuardReport:
    """What was measured.

    Attributes:
        file: the labelled texts, as named by the user.
        settings: what was measured with.
        bad: rows that could not be measured.
    """

    file: str
    settings: Mapping[str, str]
    results: tuple[GuardResult, ...]
    bad: int = 0

    @property
    def shape(self) -> Shape:
        """Of all rows; there is at least one."""
        return self.results[0].shape

    @property
    def detectors(self) -> list[str]:
        """Those that flagged something or gave scores, and all together where there are several."""
        names = dict.fromkeys(name for result in self.results for name in result.flagged)
        telling = [
            name
            for name in names
            if any(r.flagged.get(name) for r in self.results) or score_names(self.results, name)
        ]
        return [*telling, ANY] if len(telling) > 1 else telling

    def groups(self, detector: str) -> dict[str, dict[str, Detection]]:
        """By type and by source, how well a detector does."""
        return {
            "By type": _grouped(self.results, detector, lambda result: result.kind),
            "By source": _grouped(self.results, detector, lambda result: result.source),
        }

    def told_apart(self, detector: str) -> dict[str, dict[str, Detection]]:
        """The groupings of which there is more than one group."""
        groupings = self.groups(detector)
        return {title: groups for title, groups in groupings.items() if len(groups) > 1}

    def latency(self, detector: str) -> tuple[Estimate, Estimate]:
        """Milliseconds at the median and at the 95th percentile."""
        times = [
            sum(r.milliseconds.values()) if detector == ANY else r.milliseconds[detector]
            for r in self.results
        ]
        return percentile(times, 50), percentile(times, 95)


def guard_json(report: GuardReport) -> dict[str, object]:
    """The report on detectors as the command line prints it."""
    return {
        "file": report.file,
        "shape": report.shape,
        "rows": {"measured": len(report.results), "not_measured": report.bad},
        "settings": dict(report.settings),
        "detectors": {name: _detector_json(report, name) for name in report.detectors},
    }


def _detector_json(report: GuardReport, name: str) -> dict[str, object]:
    half, most = report.latency(name)
    kinds, sources = report.groups(name).values()
    return {
        **detect(report.results, name).to_json(),
        "by_type": {group: one.to_json() for group, one in kinds.items()},
        "by_source": {group: one.to_json() for group, one in sources.items()},
        "milliseconds_p50": half.to_json(),
        "milliseconds_p95": most.to_json(),
    }


def detect(
    results: Sequence[GuardResult], detector: str, others: Sequence[GuardResult] = ()
) -> Detection:
    """How well a detector tells the wrong among these results.

    Args:
        results: of one group.
        detector: its name.
        others: right texts to set wrong ones against, where the group holds no right ones.
    """
    wrong = [flags(result, detector) for result in results if result.wrong]
    right = [flags(result, detector) for result in results if not result.wrong]
    flagged = sum(wrong) + sum(right)
    against = [*results, *(others if not right else ())]
    areas = {
        name: area
        for name in score_names(against, detector) or [VERDICT]
        if (area := auroc(*split_scores(against, detector, name)))
    }
    return Detection(
        recall=share(sum(wrong), len(wrong)) if wrong else None,
        false_positives=share(sum(right), len(right)) if right else None,
        precision=share(sum(wrong), flagged) if wrong and right and flagged else None,
        auroc=areas,
    )


def curves_of(results: Sequence[GuardResult], detector: str) -> dict[str, Curves]:
    """The curves of a detector by score."""
    drawn = {
        name: curves(*split_scores(results, detector, name))
        for name in score_names(results, detector)
    }
    return {name: one for name, one in drawn.items() if one}


def flags(result: GuardResult, detector: str) -> bool:
    """Does the detector stop it?"""
    if detector == ANY:
        return any(result.flagged.values())
    return result.flagged.get(detector, False)


def score_names(results: Sequence[GuardResult], detector: str) -> list[str]:
    """The scores of a detector that at least half of the texts have.

    What is counted only where something was found, such as masks, is no score of all texts.
    """
    names = dict.fromkeys(n for result in results for n in result.scores.get(detector, {}))
    return [n for n in names if 2 * sum(_has(r, detector, n) for r in results) >= len(results)]


def split_scores(
    results: Sequence[GuardResult], detector: str, name: str
) -> tuple[list[float], list[float]]:
    """The scores of the wrong and of the right texts.

    Where a detector gave none, its verdict stands at the end of the others.
    """
    given = [r.scores[detector][name] for r in results if _has(r, detector, name)]
    low, high = (min(given), max(given)) if given else (0.0, 1.0)
    sides: tuple[list[float], list[float]] = ([], [])
    for result in results:
        fallback = high if flags(result, detector) else low
        score = result.scores.get(detector, {}).get(name, fallback)
        sides[not result.wrong].append(score)
    return sides


def _has(result: GuardResult, detector: str, name: str) -> bool:
    return name in result.scores.get(detector, {})


def _grouped(
    results: Sequence[GuardResult], detector: str, group: Callable[[GuardResult], str]
) -> dict[str, Detection]:
    right = [result for result in results if not result.wrong]
    names = sorted({group(result) for result in results})
    return {
        name or "none named": detect([r for r in results if group(r) == name], detector, right)
        for name in names
    }
