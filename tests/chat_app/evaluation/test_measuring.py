from collections.abc import Iterator
from typing import Any

import pytest

from chat_app.answers import Answer, Citation, Event, Finished, Question, Sentence
from chat_app.errors import GenerationError
from chat_app.evaluation.measuring import Measurer
from chat_app.evaluation.rows import EvalRow, Label
from chat_app.plans import PlanBook
from retrieval.documents import Match
from retrieval.errors import UnknownNameError
from retrieval.searching import Query, Searcher
from tests.chat_app.evaluation.labelled import match

COPAY = "A specialist visit costs $40."
START = 12
"""Where the quotes begin: in the passage that runs over pages, on the later one."""
FOUND = [
    match("PPO/2026/plan.pdf", 1, policy="PPO", text="Welcome."),
    match("PPO/2026/plan.pdf", 2, 3, policy="PPO", text=COPAY),
    match("HMO/2026/plan.pdf", 2, policy="HMO", text=COPAY),
]


class Shelf(Searcher):
    """A searcher that finds the same passages each time."""

    def __init__(self) -> None:
        self.asked: list[Query] = []

    def search(self, query: Query, meter: object = None) -> list[Match]:
        self.asked.append(query)
        return FOUND


def answer(*cited: int, text: str = COPAY, **fields: Any) -> Answer:
    spans = [(FOUND[at], START) for at in cited]
    citations = tuple(Citation(n, p, start, start + 8) for n, (p, start) in enumerate(spans, 1))
    numbers = tuple(citation.number for citation in citations)
    sentences = (Sentence(text, numbers),) if cited else ()
    return Answer("q", sentences, citations, timings_ms={"search": 2.0, "total": 5.0}, **fields)


def measures(given: Answer, **fields: Any) -> dict[str, float | None]:
    asked = Question("What is the copay?", fields.pop("policies", ()), fields.pop("year", None))
    row = EvalRow("a", asked, fields.pop("answerable", True), **fields)

    def answering(_: Question) -> Iterator[Event]:
        yield Finished(given)

    book = PlanBook([("PPO", 2026), ("HMO", 2026)])
    return dict(Measurer(Shelf(), answering, book).measure(row).measures)


LABELS = (Label("PPO/2026/plan.pdf", 3), Label("PPO/2026/plan.pdf", 9))


def test_the_search_is_measured_by_the_labels() -> None:
    found = measures(answer(1), labels=LABELS)
    assert (found["hit@1"], found["hit@3"], found["mrr@10"]) == (0, 1, 0.5)
    assert 0 < (found["ndcg@10"] or 0) < 1


def test_citations_are_measured_by_pages_each_once() -> None:
    found = measures(answer(1, 1, 2), labels=LABELS)
    assert found["true_page_cited"] == 1
    assert (found["citation_precision"], found["citation_recall"]) == (0.5, 0.5)
    nothing = measures(answer(reason="not_in_documents"), labels=LABELS)
    assert (nothing["true_page_cited"], nothing["citation_recall"]) == (0, 0)
    assert nothing["citation_precision"] is None


def test_a_citation_of_another_plan_is_wrong_and_one_common_to_all_is_not() -> None:
    assert measures(answer(1), policies=("ppo",))["wrong_plan_cited"] == 0
    assert measures(answer(1, 2), policies=("PPO",))["wrong_plan_cited"] == 1
    assert measures(answer(1, 2), policies=("PPO", "HMO"))["wrong_plan_cited"] == 0
    assert "wrong_plan_cited" not in measures(answer(1, 2))
    assert measures(answer(1), year=2026)["wrong_year_cited"] == 0


def test_declining_is_right_where_the_documents_do_not_answer() -> None:
    declined = answer(reason="not_in_documents")
    assert measures(declined, answerable=False)["declined_rightly"] == 1
    assert measures(declined)["declined_wrongly"] == 1
    assert measures(answer(1))["declined_wrongly"] == 0
    assert measures(answer(1), answerable=False)["declined_rightly"] == 0


def test_a_sentence_that_its_citation_does_not_hold_is_not_supported() -> None:
    assert measures(answer(1))["supported_citations"] == 1
    assert measures(answer(0))["supported_citations"] == 0
    assert measures(answer(reason="which_plan"))["supported_citations"] is None


def test_figures_of_the_truth_are_compared_as_values() -> None:
    assert measures(answer(1), truth="You pay 40 dollars")["figures_of_truth"] == 1
    assert measures(answer(1), truth="You pay $40, or 20%")["figures_of_truth"] == 0.5
    assert measures(answer(1), truth="You pay a little")["figures_of_truth"] is None
    assert measures(answer(reason="which_plan"), truth="$40")["figures_of_truth"] == 0


def test_what_an_answer_took_is_kept() -> None:
    used = {"input_tokens": 12.0, "output_tokens": 3.0, "cost_usd": None}
    found = measures(answer(1, usage=used))
    assert found["total_ms"] == 5
    assert found["first_sentence_ms"] is None
    assert (found["input_tokens"], found["output_tokens"], found["cost_usd"]) == (12, 3, None)
    assert found["search_ms"] == 2


def test_an_unknown_policy_and_an_answer_without_end_are_errors() -> None:
    with pytest.raises(UnknownNameError, match="NO_SUCH"):
        measures(answer(1), policies=("NO_SUCH",))
    measurer = Measurer(Shelf(), lambda _: iter(()), PlanBook([]))
    with pytest.raises(GenerationError, match="not finished"):
        measurer.measure(EvalRow("a", Question("What?"), answerable=True))
