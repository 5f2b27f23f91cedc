"""Figures and foreign text as people read them, in the terminal and in the report."""

import unicodedata
from collections.abc import Mapping

from chat_app.evaluation.intervals import Estimate
from chat_app.evaluation.metrics import Metric

HEADLINES = {
    "hit@5": "hit@5",
    "mrr@10": "MRR",
    "true_page_cited": "cited",
    "wrong_plan_cited": "wrong plan",
    "declined_wrongly": "declined",
    "total_ms_p50": "p50",
}
"""Metrics that the tables of the terminal show by policy and by type, under short names."""

_UNSHOWN = {"Cc", "Cf", "Cs", "Co", "Cn"}
"""Control characters, marks that change the direction of text, and what is no character."""


def number(value: float, kind: str) -> str:
    """A figure with as many digits as its kind makes sense of."""
    if kind == "milliseconds":
        return f"{value:,.0f} ms" if abs(value) >= 10 else f"{value:.1f} ms"
    if kind == "tokens":
        return f"{value:,.0f}"
    if kind == "dollars":
        return f"${value:.6f}"
    return f"{value:.3f}"


def interval(estimate: Estimate, kind: str) -> str:
    """The 95 % interval of an estimate."""
    return f"{number(estimate.low, kind)} to {number(estimate.high, kind)}"


def signed(value: float, kind: str) -> str:
    """A difference, always with its sign."""
    return ("-" if value < 0 else "+") + number(abs(value), kind)


def chance(p: float) -> str:
    """A p value."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def direction(metric: Metric, difference: Estimate) -> str:
    """Whether a change is for the better, where its interval leaves no doubt."""
    if not metric.better or difference.low <= 0 <= difference.high:
        return ""
    return "better" if (difference.low > 0) == (metric.better == "higher") else "worse"


def plain(text: str) -> str:
    """Text that moves no cursor and turns no line around."""
    kept = (c if unicodedata.category(c) not in _UNSHOWN or c in "\n\t" else "\ufffd" for c in text)
    return "".join(kept)


def place(value: Mapping[str, str | int | None]) -> str:
    """A labelled, found or cited place."""
    name = str(value.get("source") or value.get("document") or "")
    page = value.get("page")
    return f"{name}, page {page}" if page else name
