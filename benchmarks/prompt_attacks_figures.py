"""What is printed and kept of the judgements of the prompt attack guard."""

from collections import defaultdict
from collections.abc import Sequence

import click
import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score  # type: ignore[import-untyped]

from benchmarks.prompt_attacks_rows import Row
from chat_app.evaluation.intervals import share
from chat_app.guards.prompt_attacks_model import SHORT


def print_figures(
    rows: Sequence[Row], margins: NDArray[np.float64], *, totals_only: bool = False
) -> None:
    """Shares that are refused, by source and type and in all.

    Args:
        rows: that were judged.
        margins: of their scores over their thresholds.
        totals_only: nothing by source and type.
    """
    groups: dict[tuple[str, ...], list[float]] = defaultdict(list)
    for row, margin in zip(rows, margins, strict=True):
        label = "attack" if row.attack else "benign"
        half = "first" if row.development else "second"
        if not totals_only:
            groups["1", label, row.source, row.kind].append(margin)
        if row.labelled:
            groups["2", label, "all labelled"].append(margin)
        if row.source.startswith("qualifire"):
            groups["3", label, f"qualifire, {half} half"].append(margin)
        if row.kind == "benefits":
            groups["4", label, "all benefits questions"].append(margin)
    for (_, *names), values in sorted(groups.items()):
        found = sum(value > 0 for value in values)
        refused = share(found, len(values))
        click.echo(
            f"{', '.join(names)}: {found} of {len(values)} refused, {refused.value:.3f} "
            f"({refused.low:.3f} to {refused.high:.3f})"
        )
    labelled = np.array([row.labelled for row in rows])
    attack = np.array([row.attack for row in rows])
    click.echo(f"AUROC of the labelled: {roc_auc_score(attack[labelled], margins[labelled]):.3f}")


def print_failures(rows: Sequence[Row], margins: NDArray[np.float64]) -> None:
    """The start of each labelled text that is judged wrong, with its margin."""
    for row, margin in zip(rows, margins, strict=True):
        if row.labelled and (margin > 0) != row.attack:
            kind = "missed" if row.attack else "refused"
            click.echo(f"{margin:6.2f} {kind} {row.source.split()[0]}: {row.text[:150]!r}")


def curve(
    rows: Sequence[Row], scores: NDArray[np.float64], *, short: bool
) -> list[dict[str, float]]:
    """Recall and false positives of unseen labelled texts, and of benefits questions."""
    length = np.array([(len(row.text) <= SHORT) is short for row in rows])
    groups = {
        "recall": np.array([r.labelled and r.attack for r in rows]) & length,
        "benign": np.array([r.labelled and not r.attack for r in rows]) & length,
        "benefits": np.array([r.kind == "benefits" for r in rows]) & length,
    }
    return [
        {"threshold": float(at)}
        | {name: round(float((scores[kept] > at).mean()), 4) for name, kept in groups.items()}
        for at in np.arange(-4, 8.01, 1)
    ]
