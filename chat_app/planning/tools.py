"""What a planning model may do: the product's own tools, and how their arguments are read."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chat_app.answers import Plan
from chat_app.costs.asked import CostQuestion
from chat_app.values import values

Text: TypeAlias = Annotated[str, Field(min_length=1, max_length=300)]
Dollars: TypeAlias = Annotated[Decimal, Field(ge=0, le=100_000_000)]


class ToolError(Exception):
    """A call that cannot be carried out; the message tells the model what to do instead."""


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class _Search(_Arguments):
    """Find passages of one plan's documents."""

    query: Text = Field(description="what to look for, in the words of a plan document")
    plan: Text = Field(description="one of the plans listed, as it is written there")


class _Compare(_Arguments):
    """Find what each of several plans says about one benefit."""

    topic: Text = Field(description="the benefit, such as: specialist visit")
    plans: list[Text] = Field(min_length=1, max_length=6, description="of the plans listed")


class _Cell(_Arguments):
    """Look up one cell of a plan's tables, such as: MRI, out-of-network."""

    row: Text = Field(description="the service or amount")
    column: Text = Field(description="the network, person or supply, such as: in-network")
    plan: Text = Field(description="one of the plans listed, as it is written there")


class _Cost(_Arguments):
    """Compute what the member pays for a service from the plan's figures."""

    service: Text = Field(description="the service, such as: outpatient surgery")
    plan: Text = Field(description="one of the plans listed, as it is written there")
    billed: Dollars | None = Field(None, description="US dollars that the service costs")
    times: int = Field(1, ge=1, le=365, description="how often it is had")
    deductible_met: bool | None = Field(None, description="is the deductible met")
    paid_toward_deductible: Dollars = Field(Decimal(0), description="US dollars paid so far")
    network: Literal["in", "out"] = "in"


@dataclass(frozen=True, slots=True)
class Search:
    """Search one plan."""

    query: str
    plan: Plan | None


@dataclass(frozen=True, slots=True)
class Compare:
    """Search several plans for the same."""

    topic: str
    plans: tuple[Plan | None, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """Look a cell of a table up."""

    question: str
    plan: Plan | None


@dataclass(frozen=True, slots=True)
class Cost:
    """Compute a cost."""

    asked: CostQuestion
    plan: Plan | None


Step: TypeAlias = Search | Compare | Cell | Cost
"""What is to be done next."""

_TOOLS: Mapping[str, type[_Arguments]] = {
    "search": _Search,
    "compare": _Compare,
    "table_cell": _Cell,
    "compute_cost": _Cost,
}


def descriptions() -> list[dict[str, Any]]:
    """The tools in the form that langchain-core binds to a model."""
    return [
        {
            "name": name,
            "description": arguments.__doc__,
            "parameters": _plain(arguments.model_json_schema()),
        }
        for name, arguments in _TOOLS.items()
    ]


def read_step(name: str, arguments: object, question: str, plans: Sequence[Plan]) -> Step:
    """A call of a model as a step.

    Args:
        name: of the tool.
        arguments: as the model wrote them: an object, or its JSON.
        question: which alone says what is billed and what was paid.
        plans: that may be searched; a model never widens the question to others. Without any, the
            documents common to all are.

    Raises:
        ToolError: there is no such tool or plan, or the arguments are of another form.
    """
    if name not in _TOOLS:
        raise ToolError(f"there is no tool {name[:40]!r}: use {', '.join(_TOOLS)}")
    try:
        read = _TOOLS[name].model_validate(_object(arguments))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "arguments"
        raise ToolError(f"{where}: {first['msg'].lower()}") from None
    match read:
        case _Search():
            return Search(read.query, _plan(read.plan, plans))
        case _Compare():
            return Compare(read.topic, tuple(dict.fromkeys(_plan(p, plans) for p in read.plans)))
        case _Cell():
            return Cell(f"What is {read.row}, {read.column}?", _plan(read.plan, plans))
        case _Cost():
            return Cost(_cost_question(read, question), _plan(read.plan, plans))
        case _:
            raise AssertionError(f"{name} has no step")


def _object(arguments: object) -> object:
    if not isinstance(arguments, str):
        return arguments
    try:
        return json.loads(arguments)
    except ValueError:
        raise ToolError("the arguments are no JSON object") from None


def _cost_question(read: _Cost, question: str) -> CostQuestion:
    """The cost as it was asked: a model may find a service's name, but no amount."""
    said = {Decimal(v.amount) for v in values(question) if v.kind in ("money", "count")}
    for amount in (read.billed, read.paid_toward_deductible or None):
        if amount is not None and amount not in said:
            raise ToolError(f"the question does not say ${amount:,}")
    if read.times > 1 and read.times not in said:
        raise ToolError(f"the question does not say {read.times} times")
    met = read.deductible_met
    if met is None and read.paid_toward_deductible:
        met = False
    return CostQuestion(
        service=read.service,
        billed=read.billed,
        times=read.times,
        met=met,
        paid=read.paid_toward_deductible if met is False else Decimal(0),
        network=read.network,
    )


def _plan(name: str, plans: Sequence[Plan]) -> Plan | None:
    if not plans:
        return None
    wanted = _letters(name)
    for plan in plans:
        if wanted in (_letters(plan.label), _letters(f"{plan.policy}{plan.year or ''}")):
            return plan
    of_policy = [p for p in plans if _letters(p.policy) == wanted]
    if len(of_policy) == 1:
        return of_policy[0]
    raise ToolError(f"there is no plan {name[:60]!r} here: use {plan_list(plans)}")


def plan_list(plans: Sequence[Plan]) -> str:
    """The plans as a model is to write them."""
    return ", ".join(plan.label for plan in plans) or "all documents"


def _letters(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema without what some servers do not take: titles, defaults and ``anyOf`` null."""
    properties = {}
    for name, field in schema["properties"].items():
        kinds = [kind for kind in field.get("anyOf", [field]) if kind.get("type") != "null"]
        # A Decimal is offered as number or as a string; a number is what models write.
        kind = next((k for k in kinds if k.get("type") != "string" or len(kinds) == 1), kinds[0])
        kept = ("type", "enum", "items")
        properties[name] = {key: kind[key] for key in kept if key in kind}
        if "items" in properties[name]:
            properties[name]["items"] = {"type": "string"}
        if "description" in field:
            properties[name]["description"] = field["description"]
    return {
        "type": "object",
        "properties": properties,
        "required": schema.get("required", []),
    }
