"""The text of any langchain-core chat model, piece by piece, its errors as ours."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from types import MappingProxyType
from typing import Any, cast

from langchain_core.language_models import LanguageModelInput
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.runnables import Runnable

from chat_app.errors import ChatError, GenerationError
from chat_app.stopping import stop_requested
from retrieval.errors import RetrievalError
from retrieval.usage import Meter

_NOTHING = "No generation chunks were returned"
"""langchain-core's words for an empty reply."""


def stream_text(
    model: BaseChatModel,
    messages: Sequence[BaseMessage],
    meter: Meter,
    options: Mapping[str, Any] = MappingProxyType({}),
) -> Iterator[str]:
    """Pieces of the model's reply, as they come; none when the model replies with nothing.

    Closing this iterator stops the model; so does a stop that is requested while it writes.

    Args:
        model: any chat model.
        messages: the prompt.
        meter: counts the model's tokens under its name.
        options: keyword arguments of the model's own.

    Raises:
        GenerationError: the model failed, before or in the middle of its reply.
    """
    for chunk in _chunks(model, messages, meter, model, options):
        yield chunk.text


def stream_message(
    bound: Runnable[LanguageModelInput, AIMessage],
    messages: Sequence[BaseMessage],
    meter: Meter,
    model: BaseChatModel,
) -> AIMessageChunk | None:
    """The whole reply of a model with tools, its calls included; None when it replies nothing.

    Args:
        bound: the model with its tools.
        messages: the prompt.
        meter: counts the model's tokens under its name.
        model: as it was before tools were bound to it.

    Raises:
        GenerationError: the model failed, before or in the middle of its reply.
    """
    whole: AIMessageChunk | None = None
    for chunk in _chunks(bound, messages, meter, model, {}):
        whole = chunk if whole is None else whole + chunk
    return whole


def _chunks(
    source: Runnable[LanguageModelInput, AIMessage],
    messages: Sequence[BaseMessage],
    meter: Meter,
    model: BaseChatModel,
    options: Mapping[str, Any],
) -> Iterator[AIMessageChunk]:
    try:
        # langchain-core types it as an iterator; it is a generator.
        with closing(cast(Any, source.stream(list(messages), **options))) as chunks:
            for chunk in chunks:
                _count(chunk, meter, model)
                if stop_requested():
                    return
                yield chunk
    except (ChatError, RetrievalError):
        raise
    except Exception as error:
        if str(error) == _NOTHING:
            return
        raise GenerationError(f"the answer could not be written ({error}): ask again") from error


def _count(chunk: AIMessageChunk, meter: Meter, model: BaseChatModel) -> None:
    used = chunk.usage_metadata
    if used:
        name = str(getattr(model, "priced_as", getattr(model, "model_id", model.get_name())))
        meter.add(name, input_tokens=used["input_tokens"], output_tokens=used["output_tokens"])
