"""The ApplyGuardrail operation."""

from collections.abc import Mapping
from typing import Any

from tests.doubles.bedrock import guarding
from tests.doubles.bedrock.errors import invalid
from tests.doubles.bedrock.guardrails import Guardrail


def apply(
    guardrails: Mapping[str, Guardrail], identifier: str, version: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    """Judge the content of a request whose shape was checked.

    Raises:
        ServiceError: the guardrail does not exist, or the content does not suit it.
    """
    guardrail = guarding.lookup(guardrails, identifier, version)
    blocks = _blocks(body["content"])
    source = body["source"]
    if not any(block.guarded for block in blocks):
        raise invalid("The content holds nothing to guard: add a text qualified guard_content.")
    if source == "OUTPUT":
        guarding.require_context(guardrail, blocks)
    full = body.get("outputScope") == "FULL"
    ruling = guarding.judge(guardrail, blocks, source, version, full)
    metrics = ruling.assessment["invocationMetrics"]
    return {
        "usage": metrics["usage"],
        "action": ruling.action,
        "actionReason": ruling.reason,
        "outputs": [{"text": text} for text in ruling.outputs],
        "assessments": [ruling.assessment],
        "guardrailCoverage": metrics["guardrailCoverage"],
    }


def _blocks(content: list[dict[str, Any]]) -> list[guarding.Block]:
    if not content:
        raise invalid("The content is empty: add a text to guard.")
    blocks = []
    for entry in content:
        if "text" not in entry:
            raise invalid("The double guards texts only.")
        text = entry["text"]["text"]
        if not text.strip():
            raise invalid("The text of a content block is blank.")
        blocks.append(guarding.Block(text, tuple(entry["text"].get("qualifiers", ()))))
    return blocks
