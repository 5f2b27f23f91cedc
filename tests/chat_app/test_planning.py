"""The bounded loop: what a model asks for is carried out, within limits, and nothing else."""

from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_app.answers import Event, Plan, Searched, Stepped
from chat_app.planning.planner import Limits, can_plan, planned
from chat_app.planning.tools import Cell, Compare, Cost, Search, Step, ToolError, read_step
from retrieval.usage import Meter
from tests.fakes.planning_model import Call, PlanningModel

PLANS = [Plan("PPO_PLUS", 2025), Plan("PPO_PLUS", 2026), Plan("HMO_SELECT", 2026)]
QUESTION = "What does a $10,000 surgery cost me on the PPO Plus 2026 once my deductible is met?"
LIMITS = Limits()
SEARCH: Call = ("search", {"query": "outpatient surgery", "plan": "PPO Plus 2026"})


@dataclass
class Carrying:
    """Carries out steps by saying what they are."""

    steps: list[Step] = field(default_factory=list)

    def __call__(self, step: Step) -> Generator[Event, None, str]:
        self.steps.append(step)
        yield Searched(None, {}, (), 1.0)
        return f"brought {len(self.steps)}"


def run(model: PlanningModel, limits: Limits = LIMITS) -> tuple[Carrying, list[Event], Meter]:
    carrying, meter = Carrying(), Meter()
    events = list(planned(model, QUESTION, PLANS, carrying, meter, limits))
    return carrying, events, meter


def test_calls_are_carried_out_and_their_outcome_is_told_to_the_model() -> None:
    model = PlanningModel(
        rounds=[[SEARCH], [("compare", {"topic": "MRI", "plans": ["hmo select 2026"]})]]
    )
    carrying, events, meter = run(model)
    assert carrying.steps == [
        Search("outpatient surgery", PLANS[1]),
        Compare("MRI", (PLANS[2],)),
    ]
    assert model.brought == ["brought 1", "brought 2"]
    assert [e.tool for e in events if isinstance(e, Stepped)] == ["search", "compare"]
    assert meter.total("input_tokens") == 300
    assert set(model.tools) == {"search", "compare", "table_cell", "compute_cost"}


def test_the_prompt_names_the_plans_and_fences_the_question() -> None:
    model = PlanningModel(rounds=[])
    list(planned(model, "Is <b>it</b> free?", PLANS, Carrying(), Meter(), Limits()))
    asked = str(model.seen[0][-1].content)
    assert "PPO Plus 2025, PPO Plus 2026, HMO Select 2026" in asked
    assert "&lt;b&gt;it" in asked


def test_several_calls_of_one_reply_are_all_answered() -> None:
    model = PlanningModel(rounds=[[SEARCH, ("search", {"query": "er", "plan": "HMO_SELECT"})]])
    carrying, _, _ = run(model)
    assert len(carrying.steps) == 2
    assert model.brought == ["brought 1", "brought 2"]


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (("zap", {}), "there is no tool 'zap': use search, compare"),
        (("search", {"query": "er"}), "plan: field required"),
        (("search", {"query": "", "plan": "PPO Plus 2026"}), "query: string should have at least"),
        (("search", {"query": "er", "plan": "EPO Gold"}), "there is no plan 'EPO Gold' here"),
        (("search", {"query": "er", "plan": "PPO Plus"}), "there is no plan 'PPO Plus' here"),
        (("search", {"query": "er", "plan": "HMO", "where": "x"}), "where: extra inputs"),
        (("search", '{"query": "er", "pl'), "plan: field required"),
        (("search", "query = er"), "the arguments are no JSON object"),
        (("search", "[1]"), "arguments: input should be"),
        (
            ("compute_cost", {"service": "surgery", "plan": "HMO Select 2026", "billed": 99}),
            "the question does not say $99",
        ),
        (
            ("compute_cost", {"service": "surgery", "plan": "HMO Select 2026", "times": 7}),
            "the question does not say 7 times",
        ),
    ],
)
def test_a_call_that_cannot_be_is_told_to_the_model(call: Call, told: str) -> None:
    model = PlanningModel(rounds=[[call], [SEARCH]])
    carrying, events, _ = run(model)
    assert len(carrying.steps) == 1
    assert told in model.brought[0]
    assert model.brought[1] == "brought 1"
    assert any(isinstance(e, Stepped) and told in e.outcome for e in events)


def test_the_same_call_is_carried_out_once() -> None:
    model = PlanningModel(rounds=[[SEARCH], [SEARCH]])
    carrying, _, _ = run(model)
    assert len(carrying.steps) == 1
    assert "this was done before" in model.brought[1]


def test_steps_are_limited() -> None:
    calls = [[("search", {"query": f"word {n}", "plan": "HMO Select 2026"})] for n in range(20)]
    carrying, events, _ = run(PlanningModel(rounds=calls), Limits(steps=3))
    assert len(carrying.steps) == 3
    assert sum(isinstance(e, Stepped) for e in events) == 3


def test_steps_of_one_reply_are_limited() -> None:
    calls = [[("search", {"query": f"word {n}", "plan": "HMO Select 2026"}) for n in range(20)]]
    assert len(run(PlanningModel(rounds=calls), Limits(steps=3))[0].steps) == 3


def test_tokens_are_limited() -> None:
    calls = [[("search", {"query": f"word {n}", "plan": "HMO Select 2026"})] for n in range(20)]
    carrying, _, meter = run(PlanningModel(rounds=calls), Limits(steps=100, tokens=300))
    assert len(carrying.steps) == 2
    assert meter.total("input_tokens") + meter.total("output_tokens") == 330


def test_seconds_are_limited() -> None:
    assert run(PlanningModel(rounds=[[SEARCH]]), Limits(seconds=0))[0].steps == []


def test_without_plans_the_common_documents_are_searched() -> None:
    assert read_step("search", {"query": "er", "plan": "whatever"}, "", []) == Search("er", None)


def test_arguments_become_steps() -> None:
    cell = {"row": "MRI", "column": "out-of-network", "plan": "PPO_PLUS-2025"}
    assert read_step("table_cell", cell, QUESTION, PLANS) == Cell(
        "What is MRI, out-of-network?", PLANS[0]
    )
    cost = {"service": "surgery", "plan": "hmo select", "billed": 10000, "deductible_met": True}
    step = read_step("compute_cost", cost, QUESTION, PLANS)
    assert isinstance(step, Cost)
    assert step.asked.billed == Decimal(10_000)
    assert step.asked.met
    assert step.plan == PLANS[2]


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
NAMES = st.sampled_from(["search", "compare", "table_cell", "compute_cost", "x"])


@given(NAMES, JSON | st.dictionaries(st.sampled_from(["plan", "plans", "query", "times"]), JSON))
def test_no_arguments_break_the_reading(name: str, arguments: object) -> None:
    with suppress(ToolError):
        read_step(name, arguments, QUESTION, PLANS)


def test_a_model_without_tools_cannot_plan() -> None:
    from langchain_core.language_models.fake_chat_models import FakeListChatModel

    assert can_plan(PlanningModel(rounds=[]))
    assert not can_plan(FakeListChatModel(responses=["x"]))
