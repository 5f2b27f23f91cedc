"""What Converse and ConverseStream refuse, and what is in the request."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.doubles.bedrock.errors import invalid
from tests.doubles.bedrock.guarding import Block
from tests.doubles.bedrock.models import Model
from tests.doubles.bedrock.words import tokens

_ADDITIONAL_FIELDS = {"inferenceConfig", "reasoningConfig"}
_MEDIA = ("image", "document", "video", "audio")


def check(body: Mapping[str, Any], model: Model) -> None:
    """Refuse what the shape allows and the service does not.

    Raises:
        ServiceError: ValidationException.
    """
    if not model.context:
        raise invalid(
            "This action doesn't support the model that you provided. Try again with a supported "
            "text or chat model."
        )
    messages = body.get("messages", [])
    _check_roles([message["role"] for message in messages])
    for number, message in enumerate(messages):
        _check_content(message["content"], number, model)
    for number, block in enumerate(body.get("system", ())):
        if not _text(block).strip() and "cachePoint" not in block:
            raise invalid(f"The text field in the system block at system.{number} is blank.")
    _check_configuration(body, model)
    if len(tokens(" ".join(all_texts(body)))) > model.context:
        raise invalid("Input is too long for requested model.")


def system_text(body: Mapping[str, Any]) -> str:
    """The system blocks, one below the other."""
    return "\n".join(_text(block) for block in body.get("system", ()))


def turns(body: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Role and text of each message."""
    return tuple(
        (message["role"], "\n".join(_text(block) for block in message["content"]))
        for message in body["messages"]
    )


def all_texts(body: Mapping[str, Any]) -> list[str]:
    """Every text that the model reads."""
    return [system_text(body), *(text for _, text in turns(body))]


def guarded_blocks(body: Mapping[str, Any]) -> list[Block]:
    """What a guardrail looks at: the guardContent blocks, or all messages where there are none."""
    blocks = list(_content_blocks(body))
    marked = [
        Block(block["guardContent"]["text"]["text"], _qualifiers(block))
        for block in blocks
        if "guardContent" in block
    ]
    return marked or [
        Block(block["text"])
        for message in body["messages"]
        for block in message["content"]
        if "text" in block
    ]


def _content_blocks(body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield from body.get("system", ())
    for message in body["messages"]:
        yield from message["content"]


def _qualifiers(block: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(block["guardContent"]["text"].get("qualifiers", ()))


def _text(block: Mapping[str, Any]) -> str:
    if "guardContent" in block:
        return str(block["guardContent"].get("text", {}).get("text", ""))
    return str(block.get("text", ""))


def _check_roles(roles: Sequence[str]) -> None:
    if not roles or roles[0] != "user":
        raise invalid(
            "A conversation must start with a user message. Try again with a conversation that "
            "starts with a user message."
        )
    expected = ["user", "assistant"] * len(roles)
    if list(roles) != expected[: len(roles)]:
        raise invalid(
            "A conversation must alternate between user and assistant roles. Make sure the "
            "conversation alternates between user and assistant roles and try again."
        )


def _check_content(content: Sequence[Mapping[str, Any]], number: int, model: Model) -> None:
    if not content:
        raise invalid(
            f"The content field in the Message object at messages.{number} is empty. Add a "
            "ContentBlock object to the content field and try again."
        )
    for place, block in enumerate(content):
        where = f"messages.{number}.content.{place}"
        if model.text_only and any(kind in block for kind in _MEDIA):
            raise invalid(f"The model does not support the content block at {where}.")
        if ("text" in block or "guardContent" in block) and not _text(block).strip():
            raise invalid(
                f"The text field in the ContentBlock object at {where} is blank. Add text to the "
                "text field, and try again."
            )


def _check_configuration(body: Mapping[str, Any], model: Model) -> None:
    if "promptVariables" in body:
        raise invalid("promptVariables are allowed only with a prompt's ARN as the model.")
    for name in (body.get("additionalModelRequestFields") or {}).keys() - _ADDITIONAL_FIELDS:
        raise invalid(f"Malformed input request: #: extraneous key [{name}] is not permitted")
    most = body.get("inferenceConfig", {}).get("maxTokens", 1)
    if most > model.output:
        raise invalid(
            "The maximum tokens you requested exceeds the model limit of "
            f"{model.output}. Try again with a maximum tokens value that is lower than "
            f"{model.output}."
        )
    guardrail = body.get("guardrailConfig")
    if guardrail is not None and not (
        guardrail.get("guardrailIdentifier") and guardrail.get("guardrailVersion")
    ):
        raise invalid("guardrailConfig needs both guardrailIdentifier and guardrailVersion.")
