"""Passages, labels and results to measure with."""

from chat_app.evaluation.results import Result
from chat_app.evaluation.rows import Label
from retrieval.documents import Match


def match(
    source: str, page: int = 0, last_page: int = 0, policy: str = "", text: str = ""
) -> Match:
    name = source.replace("/", "-")
    metadata = {"document": name, "source": source, "title": "", "section": "", "policy": policy}
    numbers = {"plan_year": 0, "page": page, "last_page": last_page or page, "start": 0}
    return Match(f"{name}-{page}", text, {**metadata, **numbers, "end": len(text)}, 0.5, 0.5)


def label(source: str, page: int | None = None) -> Label:
    return Label(source, page)


def result(name: str = "a", **measures: float | None) -> Result:
    return Result(name, "digest", f"question {name}", ("PPO",), "other", True, measures)
