"""The thresholds of the prompt attack guard, chosen on scores of models that saw no such source.

What is said of a threshold's figures must not come from the texts that chose it. So thresholds are
chosen on one half of the texts for the other, and the other way round; those that are kept with the
package are chosen on all. Chosen on other sources alone they say what a new kind of text meets.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.prompt_attacks_rows import Row
from chat_app.guards.prompt_attacks_model import SHORT

MOST_BENIGN, MOST_BENEFITS = 0.045, 0.0025
"""False positives at which the thresholds are set; promised are 0.05 and 0.02.

Chosen on half of the texts, 0.045 let through 0.049 of the other half, the mean of 200 splits."""

MOST_SHORT = 0.0025
"""Of short benign texts; the long ones, as most attacks are, may have the rest of MOST_BENIGN.

With 0.01 here and for MOST_BENEFITS the same splits found .80 of unseen attacks in place of .82."""


def chosen_on(rows: Sequence[Row], scores: NDArray[np.float64]) -> tuple[float, float]:
    """For long and for short texts, the least with few false positives on these rows."""
    pairs = list(zip(rows, scores, strict=True))
    benign = [(len(r.text) <= SHORT, s) for r, s in pairs if r.labelled and not r.attack]
    benefits = [s for r, s in pairs if r.kind == "benefits"]
    of_short, of_long = ([s for short, s in benign if short is kind] for kind in (True, False))
    for_short = max(np.quantile(of_short, 1 - MOST_SHORT), np.quantile(benefits, 1 - MOST_BENEFITS))
    left = MOST_BENIGN * len(benign) - sum(s > for_short for s in of_short)
    share = min(max(left / max(len(of_long), 1), 0.0), 1.0)
    for_long = np.quantile(of_long, 1 - share) if of_long else for_short
    return float(for_long), float(for_short)


def across_halves(rows: Sequence[Row], scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """The threshold of each row, chosen on the half that it is not in."""
    first = np.array([row.development for row in rows])
    return _by_group(rows, scores, [first, ~first])


def from_other_sources(rows: Sequence[Row], scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """The threshold of each row, chosen on rows of all sources but its own."""
    sources = np.array([row.source for row in rows])
    return _by_group(rows, scores, [sources == source for source in np.unique(sources)])


def _by_group(
    rows: Sequence[Row], scores: NDArray[np.float64], groups: Sequence[NDArray[np.bool_]]
) -> NDArray[np.float64]:
    limits = np.zeros(len(rows))
    for group in groups:
        others = np.flatnonzero(~group).tolist()
        for_long, for_short = chosen_on([rows[at] for at in others], scores[others])
        for at in np.flatnonzero(group).tolist():
            limits[at] = for_short if len(rows[at].text) <= SHORT else for_long
    return limits
