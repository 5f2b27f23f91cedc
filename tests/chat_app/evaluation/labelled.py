"""Passages, labels and results to measure with."""

from chat_app.evaluation.results import Result
from chat_app.evaluation.rows import Label
from retrieval.documents import Match, Scalar


def match(
    source: str, page: int = 0, last_page: int = 0, policy: str = "", text: str = ""
) -> Match:
    name = source.replace("/", "-")
    metadata = {"document": name, "source": source, "title": "", "section": "", "policy": policy}
    numbers = {"plan_year": 0, "page": page, "last_page": last_page or page, "start": 0}
    starts = {"page_starts": f"{last_page}:5"} if last_page else {}
    fields: dict[str, Scalar] = {**metadata, **numbers, **starts, "end": len(text)}
    return Match(f"{name}-{page}", text, fields, 0.5, 0.5)


def label(source: str, page: int | None = None) -> Label:
    return Label(source, page)


def result(name: str = "a", **measures: float | None) -> Result:
    return Result(name, "digest", f"question {name}", ("PPO",), "other", True, measures)
