"""A chat model that calls tools by a script, in the pieces in which a real one streams them."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import LanguageModelInput
from langchain_core.language_models.chat_models import BaseChatModel, generate_from_stream
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, ToolMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.messages.tool import ToolCallChunk, tool_call_chunk
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from pydantic import Field

Call = tuple[str, object]
"""Name of a tool and its arguments; a string stands for arguments as they are written."""


class PlanningModel(BaseChatModel):
    """Replies in each round with the next calls of its script, and writes ``reply`` without tools.

    Attributes:
        rounds: calls of each round; after the last, it is done.
        reply: what it writes where it was given no tools.
        seen: the messages of each round with tools.
        tools: names of the tools that were bound.
    """

    rounds: Sequence[Sequence[Call]]
    reply: str = "NOT_IN_DOCUMENTS"
    seen: list[list[BaseMessage]] = Field(default_factory=list)
    tools: list[str] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "planning"

    def bind_tools(
        self, tools: Sequence[Any], **_options: object
    ) -> Runnable[LanguageModelInput, AIMessage]:
        self.tools[:] = [tool["name"] for tool in tools]
        return self.bind(with_tools=True)

    @property
    def brought(self) -> list[str]:
        """What its calls brought, as it was last told."""
        return [str(m.content) for m in self.seen[-1] if isinstance(m, ToolMessage)]

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        usage = UsageMetadata(input_tokens=100, output_tokens=10, total_tokens=110)
        if not kwargs.get("with_tools"):
            yield ChatGenerationChunk(
                message=AIMessageChunk(content=self.reply, usage_metadata=usage)
            )
            return
        self.seen.append(list(messages))
        number = len(self.seen) - 1
        calls = self.rounds[number] if number < len(self.rounds) else []
        for index, (name, arguments) in enumerate(calls):
            for chunk in _pieces(f"call-{number}-{index}", index, name, arguments):
                yield ChatGenerationChunk(
                    message=AIMessageChunk(content="", tool_call_chunks=[chunk])
                )
        said = "" if calls else "done"
        yield ChatGenerationChunk(message=AIMessageChunk(content=said, usage_metadata=usage))


def _pieces(call_id: str, index: int, name: str, arguments: object) -> Iterator[ToolCallChunk]:
    written = arguments if isinstance(arguments, str) else json.dumps(arguments)
    half = len(written) // 2
    yield tool_call_chunk(name=name, args=written[:half], id=call_id, index=index)
    yield tool_call_chunk(name=None, args=written[half:], id=None, index=index)
