"""A chat with one of the tiny models."""

from collections.abc import Sequence
from typing import Any

from langchain_core.messages import AIMessageChunk, BaseMessage, HumanMessage, SystemMessage

from chat_app.generation.transformers_model import TransformersChatModel
from chat_app.generation.transformers_running import LocalModel

TEXT = "The annual deductible is $500 per person [1]. A “checkup” costs 0 € – nothing [2]."
PROMPT = [SystemMessage("Answer from the passages."), HumanMessage("What is the deductible?")]


def chat(model: str | LocalModel, max_tokens: int = 200, **wished: Any) -> TransformersChatModel:
    local = LocalModel(model, "cpu", "float32") if isinstance(model, str) else model
    return TransformersChatModel(local, model_id="tiny", max_tokens=max_tokens, **wished)


def chunks_of(
    model: TransformersChatModel, messages: Sequence[BaseMessage] = PROMPT, **options: Any
) -> list[AIMessageChunk]:
    return list(model.stream(list(messages), **options))


def text_of(chunks: Sequence[AIMessageChunk]) -> str:
    return "".join(chunk.text for chunk in chunks)
