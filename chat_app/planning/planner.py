"""The bounded loop: the model calls tools, reads what they bring, and calls more or is done."""

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from chat_app.answers import Event, Plan, Stepped
from chat_app.generation.streaming import stream_message
from chat_app.planning.tools import Step, ToolError, descriptions, plan_list, read_step
from chat_app.stopping import stop_requested
from prompts.library import prompt
from retrieval.usage import Meter

if TYPE_CHECKING:
    from langchain_core.language_models.chat_models import BaseChatModel
    from langchain_core.messages import BaseMessage

Carry = Callable[[Step], Generator[Event, None, str]]
"""Carries out a step: its events, and what the model is told it brought."""


@dataclass(frozen=True, slots=True)
class Limits:
    """When planning ends, whatever the model still wants.

    Attributes:
        steps: calls of tools.
        seconds: since the planning began; a step that runs is finished.
        tokens: read and written by the model while it plans.
    """

    steps: int = 8
    seconds: float = 60.0
    tokens: int = 30_000


@dataclass(slots=True)
class _Spent:
    """What a planning has used so far."""

    limits: Limits
    meter: Meter
    steps: int = 0
    started: float = field(default_factory=time.monotonic)
    tokens_before: float = 0

    def __post_init__(self) -> None:
        self.tokens_before = self._tokens

    def is_over(self) -> bool:
        """Is a limit reached?"""
        return (
            self.steps >= self.limits.steps
            or time.monotonic() - self.started >= self.limits.seconds
            or self._tokens - self.tokens_before >= self.limits.tokens
        )

    @property
    def _tokens(self) -> float:
        return self.meter.total("input_tokens") + self.meter.total("output_tokens")


def can_plan(model: "BaseChatModel") -> bool:
    """Does this chat model take tools?"""
    from langchain_core.language_models.chat_models import BaseChatModel

    return type(model).bind_tools is not BaseChatModel.bind_tools


def planned(
    model: "BaseChatModel",
    question: str,
    plans: Sequence[Plan],
    carry_out: Carry,
    meter: Meter,
    limits: Limits,
) -> Iterator[Event]:
    """Let the model search until it has what the question needs, or a limit is reached.

    What it writes beside its calls is thrown away: the answer is written afterwards, from the
    passages found, and verified as any other.

    Args:
        model: takes tools (``can_plan``).
        question: as it was understood.
        plans: that it is asked for; no other can be searched.
        carry_out: carries out a step.
        meter: counts the model's tokens.
        limits: when it ends.

    Raises:
        GenerationError: the model failed.
    """
    from langchain_core.messages import HumanMessage, SystemMessage

    bound = model.bind_tools(descriptions())
    asked = prompt("plan.user", plans=plan_list(plans), question=escape(question))
    messages: list[BaseMessage] = [SystemMessage(prompt("plan.system")), HumanMessage(asked)]
    spent = _Spent(limits, meter)
    done: set[Step] = set()
    while not (spent.is_over() or stop_requested()):
        reply = stream_message(bound, messages, meter, model)
        calls = [*reply.tool_calls, *reply.invalid_tool_calls] if reply else []
        if reply is None or not calls:
            return
        messages.append(reply)
        for call in calls:
            if spent.is_over() or stop_requested():
                return
            spent.steps += 1
            brought = yield from _called(call, question, plans, carry_out, done)
            messages.append(_result(call, brought))


def _called(
    call: Mapping[str, Any], question: str, plans: Sequence[Plan], carry_out: Carry, done: set[Step]
) -> Generator[Event, None, str]:
    name, arguments = str(call.get("name") or ""), call.get("args")
    started = time.monotonic()
    try:
        step = read_step(name, arguments, question, plans)
    except ToolError as error:
        brought = f"Not done: {error}"
    else:
        if step in done:
            brought = "Not done: this was done before; use what it brought, or end"
        else:
            done.add(step)
            brought = yield from carry_out(step)
    shown = arguments if isinstance(arguments, Mapping) else {"arguments": str(arguments)[:200]}
    milliseconds = (time.monotonic() - started) * 1000
    yield Stepped(name, dict(shown), brought, milliseconds)
    return brought


def _result(call: Mapping[str, Any], brought: str) -> "BaseMessage":
    from langchain_core.messages import ToolMessage

    return ToolMessage(brought, tool_call_id=str(call.get("id") or ""), name=call.get("name"))
