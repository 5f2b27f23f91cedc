"""The Converse and ConverseStream operations."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tests.doubles.bedrock import chat_request
from tests.doubles.bedrock.behaviours import Behaviour, Reply
from tests.doubles.bedrock.guarding import Block, Ruling, judge, lookup
from tests.doubles.bedrock.guardrails import Guardrail
from tests.doubles.bedrock.models import Model
from tests.doubles.bedrock.prompt_reading import read
from tests.doubles.bedrock.words import tokens

_TOKENS_IN_A_DELTA = 3
_GUARDRAIL = "guardrail_intervened"
_LATENCY_MS = 1

Event = tuple[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Turn:
    """An answer to a conversation.

    Attributes:
        text: what is said.
        stop_reason: why it ended.
        usage: tokens in, out and in all.
        trace: the guardrail's findings, empty when they were not asked for.
    """

    text: str
    stop_reason: str
    usage: dict[str, int]
    trace: dict[str, Any]


def answer(
    body: Mapping[str, Any],
    model: Model,
    behaviour: Behaviour,
    guardrails: Mapping[str, Guardrail],
) -> Turn:
    """Take one turn of a conversation whose request's shape was checked.

    Raises:
        ServiceError: the service does not take the request.
    """
    chat_request.check(body, model)
    config = body.get("guardrailConfig")
    if not config:
        reply = _generate(body, model, behaviour, {})
        return Turn(reply.text, reply.stop_reason, _usage(body, reply.text), {})
    guardrail = lookup(guardrails, config["guardrailIdentifier"], config["guardrailVersion"])
    return _guarded(body, model, behaviour, guardrail)


def as_json(turn: Turn) -> dict[str, Any]:
    """The answer of Converse."""
    message = {"role": "assistant", "content": [{"text": turn.text}]}
    return {
        "output": {"message": message},
        "stopReason": turn.stop_reason,
        "usage": turn.usage,
        "metrics": {"latencyMs": _LATENCY_MS},
        **({"trace": turn.trace} if turn.trace else {}),
    }


def as_events(turn: Turn) -> Iterator[Event]:
    """The answer of ConverseStream, a few tokens at a time."""
    yield "messageStart", {"role": "assistant"}
    pieces = tokens(turn.text)
    for start in range(0, len(pieces), _TOKENS_IN_A_DELTA):
        text = "".join(pieces[start : start + _TOKENS_IN_A_DELTA])
        yield "contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": text}}
    yield "contentBlockStop", {"contentBlockIndex": 0}
    yield "messageStop", {"stopReason": turn.stop_reason}
    metadata: dict[str, Any] = {"usage": turn.usage, "metrics": {"latencyMs": _LATENCY_MS}}
    yield "metadata", metadata | ({"trace": turn.trace} if turn.trace else {})


def _guarded(
    body: Mapping[str, Any], model: Model, behaviour: Behaviour, guardrail: Guardrail
) -> Turn:
    version = body["guardrailConfig"]["guardrailVersion"]
    full = body["guardrailConfig"].get("trace") == "enabled_full"
    blocks = chat_request.guarded_blocks(body)
    before = judge(guardrail, blocks, "INPUT", version, full)
    if before.blocked:
        none = {"inputTokens": 0, "outputTokens": 0, "totalTokens": 0}
        return Turn(before.outputs[0], _GUARDRAIL, none, _trace(body, before, None, ""))
    hidden = dict(zip((b.text for b in blocks if b.guarded), before.outputs, strict=False))
    reply = _generate(body, model, behaviour, hidden)
    context = [replace(b, qualifiers=_without_guard(b)) for b in blocks if b.qualifiers]
    said = [*(b for b in context if b.qualifiers), Block(reply.text, ("guard_content",))]
    after = judge(guardrail, said, "OUTPUT", version, full)
    text, stop = _outcome(reply, after, body["guardrailConfig"])
    trace = _trace(body, before, after, reply.text)
    return Turn(text, stop, _usage(body, reply.text), trace)


def _without_guard(block: Block) -> tuple[str, ...]:
    return tuple(name for name in block.qualifiers if name != "guard_content")


def _outcome(reply: Reply, after: Ruling, config: Mapping[str, Any]) -> tuple[str, str]:
    """Text and stop reason. An asynchronous stream has shown half of it and masks nothing."""
    late = config.get("streamProcessingMode") == "async"
    if after.blocked:
        pieces = tokens(reply.text) if late else []
        return "".join((*pieces[: len(pieces) // 2], after.outputs[0])), _GUARDRAIL
    if after.masked and not late:
        return after.outputs[0], _GUARDRAIL
    return reply.text, reply.stop_reason


def _generate(
    body: Mapping[str, Any], model: Model, behaviour: Behaviour, hidden: Mapping[str, str]
) -> Reply:
    turns = tuple((role, _hide(text, hidden)) for role, text in chat_request.turns(body))
    said = behaviour(read(chat_request.system_text(body), turns))
    reply = said if isinstance(said, Reply) else Reply(said)
    return _limited(reply, body.get("inferenceConfig", {}), model) if reply.obeys_limits else reply


def _hide(text: str, hidden: Mapping[str, str]) -> str:
    for original, masked in hidden.items():
        text = text.replace(original, masked)
    return text


def _limited(reply: Reply, config: Mapping[str, Any], model: Model) -> Reply:
    text = reply.text
    ends = [text.find(sequence) for sequence in config.get("stopSequences", ())]
    found = [end for end in ends if end >= 0]
    if found:
        reply = Reply(text[: min(found)], "stop_sequence")
    pieces = tokens(reply.text)
    most = config.get("maxTokens", model.output)
    return Reply("".join(pieces[:most]), "max_tokens") if len(pieces) > most else reply


def _usage(body: Mapping[str, Any], said: str) -> dict[str, int]:
    read_in = sum(len(tokens(text)) for text in chat_request.all_texts(body))
    out = len(tokens(said))
    return {"inputTokens": read_in, "outputTokens": out, "totalTokens": read_in + out}


def _trace(
    body: Mapping[str, Any], before: Ruling, after: Ruling | None, said: str
) -> dict[str, Any]:
    if body["guardrailConfig"].get("trace", "disabled") == "disabled":
        return {}
    name = before.assessment["appliedGuardrailDetails"]["guardrailId"]
    guardrail: dict[str, Any] = {"inputAssessment": {name: before.assessment}}
    if after:
        guardrail["modelOutput"] = [said]
        guardrail["outputAssessments"] = {name: [after.assessment]}
    guardrail["actionReason"] = _reason((before, after))
    return {"guardrail": guardrail}


def _reason(rulings: Sequence[Ruling | None]) -> str:
    told = [ruling.reason for ruling in rulings if ruling and ruling.action != "NONE"]
    return told[-1] if told else "No action."
