"""Messages -> the token ids that a model was trained to answer, by its own chat template."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import BaseMessage, convert_to_openai_messages

from chat_app.errors import GenerationError
from chat_app.generation.thoughts import ThoughtFilter

TAIL = 64
"""Characters of the end of a prompt, in which Qwen3 opens and closes a thought that is empty."""

Said = dict[str, str]
"""A message as chat templates have it: ``role`` and ``content``."""


@dataclass(frozen=True, slots=True)
class EncodedPrompt:
    """A prompt as the model reads it.

    Attributes:
        ids: its tokens.
        tail: the end of its text; the templates of some models open a thought there.
    """

    ids: list[int]
    tail: str


def encode_prompt(tokenizer: Any, messages: Sequence[BaseMessage]) -> EncodedPrompt:  # noqa: ANN401 - transformers' tokenizers have no common type
    """Fill the tokenizer's chat template.

    Text that reads like one of the model's control tokens is broken up, so that nothing in a
    message can end it or begin another. Where the template takes a switch for thinking, it is off;
    where it knows no system role, the system's text opens the first message of the user.

    Args:
        tokenizer: with a chat template.
        messages: the prompt.

    Raises:
        GenerationError: the template refuses the messages.
    """
    controls = [*control_tokens(tokenizer).values(), *thought_fences(tokenizer).values()]
    said = [
        {"role": message["role"], "content": _broken_up(message["content"], controls)}
        for message in convert_to_openai_messages(list(messages), text_format="string")
    ]
    text = _filled(tokenizer, said)
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    return EncodedPrompt(list(ids), tail=text[-TAIL:])


def control_tokens(tokenizer: Any) -> dict[int, str]:  # noqa: ANN401 - see above
    """The tokens by id that steer the model and are no text, as those that end a turn."""
    fences = thought_fences(tokenizer)
    return {
        number: token.content
        for number, token in tokenizer.added_tokens_decoder.items()
        if token.special and number not in fences
    }


def thought_fences(tokenizer: Any) -> dict[int, str]:  # noqa: ANN401 - see above
    """The tokens by id that open and close a thought."""
    return {
        number: token.content
        for number, token in tokenizer.added_tokens_decoder.items()
        if _is_fence(token.content)
    }


def _is_fence(text: str) -> bool:
    thoughts = ThoughtFilter()
    return not thoughts.spoken(text) + thoughts.rest()


def _broken_up(text: str, controls: Iterable[str]) -> str:
    for token in controls:
        if len(token) > 1:
            text = text.replace(token, f"{token[0]} {token[1:]}")
    return text


def _filled(tokenizer: Any, said: Sequence[Said]) -> str:  # noqa: ANN401 - see above
    from jinja2 import TemplateError

    system = "\n\n".join(one["content"] for one in said if one["role"] == "system")
    try:
        text = _apply(tokenizer, said)
        # Some templates leave the system's text out instead of refusing it.
        if system.strip() in text:
            return text
    except TemplateError as error:
        if not system:
            raise _refused(tokenizer, error) from error
    try:
        return _apply(tokenizer, _without_system(system, said))
    except TemplateError as error:
        raise _refused(tokenizer, error) from error


def _apply(tokenizer: Any, said: Sequence[Said]) -> str:  # noqa: ANN401 - see above
    return str(
        tokenizer.apply_chat_template(
            list(said), tokenize=False, add_generation_prompt=True, enable_thinking=False
        )
    )


def _without_system(system: str, said: Sequence[Said]) -> list[Said]:
    others = [one for one in said if one["role"] != "system"]
    opening = f"{system}\n\n{others[0]['content']}" if others else system
    return [{"role": "user", "content": opening}, *others[1:]]


def _refused(tokenizer: Any, error: Exception) -> GenerationError:  # noqa: ANN401 - see above
    return GenerationError(
        f"the chat template of {tokenizer.name_or_path!r} refuses the prompt ({error}): "
        "choose another model"
    )
