"""Questions that need two or three searches, over the sample documents."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chat_app.answers import Answer, Event, Finished, Question, Searched, Stepped
from chat_app.assistant import Assistant
from chat_app.citations import quoted_span
from chat_app.generation.quotes import QuotesChatModel
from chat_app.planning.planner import Limits
from chat_app.plans import PlanBook
from chat_app.values import Value, values
from chat_app.writing import Writer
from prompts.library import prompt
from retrieval.loading.finding import find
from retrieval.settings import RetrievalSettings
from retrieval.wiring import Retrieval, open_retrieval
from tests.fakes.planning_model import PlanningModel

SAMPLES = Path(__file__).parents[2] / "samples"
ROWS = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "samples/several_searches.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]
SURGERY = (
    "What does a surgery that costs $10,000 cost me on the PPO Plus 2026 with my deductible met?"
)


@pytest.fixture(scope="module")
def retrieval(tmp_path_factory: pytest.TempPathFactory) -> Retrieval:
    opened = open_retrieval(RetrievalSettings(data_dir=tmp_path_factory.mktemp("index")))
    opened.indexer().index(list(find([SAMPLES])))
    return opened


def assistant(retrieval: Retrieval, model: PlanningModel | None = None) -> Assistant:
    book = PlanBook((entry.policy, entry.plan_year) for entry in retrieval.catalog.entries())
    quotes = QuotesChatModel(embed=retrieval.embedder.embed, glossary=retrieval.glossary)
    return Assistant(
        retrieval.searcher(),
        Writer(quotes, model, quotes_after_failure=True),
        lambda: book,
        today=lambda: date(2026, 6, 1),
        glossary=retrieval.glossary,
        planning=Limits() if model else None,
    )


def ask(asked: Assistant, text: str, **chosen: Any) -> tuple[Answer, list[Event]]:
    events = list(asked.answer(Question(text, **chosen)))
    assert isinstance(events[-1], Finished)
    return events[-1].answer, events


def said_of_each_plan(answer: Answer) -> dict[str, str]:
    said: dict[str, str] = {}
    for sentence in answer.sentences:
        plan = f"{sentence.plan.policy} {sentence.plan.year}" if sentence.plan else ""
        said[plan] = f"{said.get(plan, '')} {sentence.text}"
    return said


def figures(text: str) -> set[Value]:
    return {value for value in values(text) if value.kind in ("money", "percent")}


def computed_from(question: str, answer: Answer, text: str, numbers: tuple[int, ...]) -> bool:
    """Is each figure said by the cited quotes or the question, or a sum or share of such?"""
    cited = " ".join(answer.citations[number - 1].quote for number in numbers)
    stated = figures(cited) | figures(question)
    amounts = {Decimal(v.amount) for v in stated if v.kind == "money"}
    shares = {Decimal(v.amount) for v in stated if v.kind == "percent"}
    left = amounts | {a - b for a in amounts for b in amounts if a > b}
    left |= {a - b for a in left for b in left if a > b}
    parts = {a * share / 100 for a in left for share in shares | {100 - s for s in shares}}
    times = {a * n for a in amounts for n in range(2, 11)}
    known = left | shares | {100 - share for share in shares} | parts | times
    known |= {a + b for a in left for b in parts}
    return {Decimal(v.amount) for v in figures(text)} <= known


def test_nine_of_ten_are_answered_with_every_figure_cited(retrieval: Retrieval) -> None:
    asked = assistant(retrieval)
    right = []
    for row in ROWS:
        answer, _ = ask(asked, row["question"], policies=tuple(row.get("policies", ())))
        said = said_of_each_plan(answer)
        if all(
            word in said.get(plan, "") for plan, words in row["expected"].items() for word in words
        ):
            right.append(row["id"])
        for sentence in answer.sentences:
            assert sentence.citations
            if sentence.computed:
                numbers = sentence.citations
                assert computed_from(row["question"], answer, sentence.text, numbers)
            else:
                quotes = {answer.citations[n - 1].quote for n in sentence.citations}
                assert figures(sentence.text) <= figures(" ".join(quotes))
            cited = [answer.citations[n - 1].passage for n in sentence.citations]
            if sentence.plan:
                assert {p.policy for p in cited} <= {sentence.plan.policy, None}
                assert {p.plan_year for p in cited} <= {sentence.plan.year, None}
    assert len(right) >= 0.9 * len(ROWS), sorted({row["id"] for row in ROWS} - set(right))


def test_a_sum_stands_before_the_quotes_it_rests_on(retrieval: Retrieval) -> None:
    answer, events = ask(assistant(retrieval), SURGERY)
    first, *quoted = answer.sentences
    assert first.computed
    assert first.text == "With the deductible met, you pay 15% of $10,000, which is $1,500."
    assert {number for one in quoted for number in one.citations} == set(first.citations)
    assert answer.notes == (prompt("computed"),)
    [step] = [event for event in events if isinstance(event, Stepped)]
    assert step.tool == "compute_cost"
    assert answer.steps == (step,)
    assert step.arguments["billed"] == 10_000
    for citation in answer.citations:
        assert quoted_span(citation.quote, citation.passage)


def test_a_sum_that_the_documents_do_not_say_is_not_made_up(retrieval: Retrieval) -> None:
    question = (
        "What does a $4,000 sleep study cost me on the HMO Select 2026 with my deductible met?"
    )
    answer, _ = ask(assistant(retrieval), question)
    assert not any(sentence.computed for sentence in answer.sentences)
    assert answer.steps == ()


def test_a_model_plans_the_searches_and_the_answer_is_written_from_them(
    retrieval: Retrieval,
) -> None:
    model = PlanningModel(
        rounds=[
            [("compare", {"topic": "urgent care", "plans": ["PPO Plus 2026", "HMO Select 2026"]})],
            [("search", {"query": "emergency room visit", "plan": "PPO Plus 2026"})],
        ],
        reply="Everything is free [1].",
    )
    question = (
        "Urgent care or emergency room: what do I pay on the PPO Plus and the HMO Select in 2026?"
    )
    answer, events = ask(assistant(retrieval, model), question)
    assert [step.tool for step in answer.steps] == ["compare", "search"]
    plans = [event.plan.policy for event in events if isinstance(event, Searched) and event.plan]
    assert plans == ["PPO_PLUS", "HMO_SELECT", "PPO_PLUS"]
    # What the model writes does not verify; quotes of what it found stand in.
    assert "Everything is free" not in " ".join(s.text for s in answer.sentences)
    said = said_of_each_plan(answer)
    assert "$60" in said["PPO_PLUS 2026"]
    assert "$40" in said["HMO_SELECT 2026"]
    assert prompt("quoted_instead") in answer.notes


def test_a_model_computes_a_cost_with_the_amounts_of_the_question_alone(
    retrieval: Retrieval,
) -> None:
    cost = {"service": "outpatient surgery", "plan": "PPO Plus 2026", "deductible_met": True}
    model = PlanningModel(
        rounds=[
            [("compute_cost", cost | {"billed": 20_000})],
            [("compute_cost", cost | {"billed": 10_000})],
        ]
    )
    answer, _ = ask(assistant(retrieval, model), SURGERY)
    assert "the question does not say $20,000" in answer.steps[0].outcome
    assert [s.text for s in answer.sentences if s.computed] == [
        "With the deductible met, you pay 15% of $10,000, which is $1,500."
    ]


def test_a_cell_is_looked_up(retrieval: Retrieval) -> None:
    cell = {"row": "MRI", "column": "out-of-network", "plan": "PPO Plus 2026"}
    model = PlanningModel(rounds=[[("table_cell", cell)]], reply="It is 40% [1].")
    answer, _ = ask(assistant(retrieval, model), "MRI out of network on the PPO Plus 2026?")
    assert "40%" in answer.steps[0].outcome
    assert any("40%" in sentence.text for sentence in answer.sentences)


def test_where_the_model_plans_nothing_the_rules_do(retrieval: Retrieval) -> None:
    answer, _ = ask(assistant(retrieval, PlanningModel(rounds=[])), SURGERY)
    assert answer.sentences[0].computed


def test_other_plans_than_those_asked_for_are_never_searched(retrieval: Retrieval) -> None:
    model = PlanningModel(rounds=[[("search", {"query": "surgery", "plan": "HDHP Saver 2026"})]])
    answer, events = ask(assistant(retrieval, model), SURGERY)
    assert "there is no plan" in answer.steps[0].outcome
    assert {e.plan.policy for e in events if isinstance(e, Searched) and e.plan} == {"PPO_PLUS"}
