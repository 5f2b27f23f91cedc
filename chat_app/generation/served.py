"""A language model behind a server: what all of them have in common, whatever they speak."""

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import closing
from typing import Any, cast

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel, generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import Field

from chat_app.errors import GenerationError
from chat_app.generation.served_connection import ServerConnection
from chat_app.generation.thoughts import ThoughtFilter
from chat_app.generation.untraced import UntracedChatModel
from chat_app.stopping import stop_requested

READ_SECONDS = 30.0
"""Longest wait for the next piece of an answer; a model of 4 GB loads from a disk in some ten."""
MAX_TOKENS = 1000
"""Of an answer: some forty sentences, four times what a question about benefits needs."""

_REASONS = {"stop": "end_turn", "length": "max_tokens", "content_filter": "content_filtered"}


class ServedChatModel(UntracedChatModel):
    """A chat model behind a server, whose answer is whole or an error.

    What comes in chunks is what ``BedrockChatModel`` sends:

    - ``chunk.text``: a few tokens each, empty in the chunks that only bracket the text and while
      the model thinks; what it thinks is left out;
    - near the end one chunk with ``response_metadata["stopReason"]``: after ``end_turn`` the text
      is complete, after ``max_tokens`` it is cut, most often within a sentence;
    - then, from servers that count, one chunk with ``usage_metadata``.

    Closing the iterator of ``stream`` closes the connection, and the server stops. A stop that is
    requested while nothing comes (``chat_app.stopping``) does so too; the chunks then end.
    Prompts and answers go to the server alone: langchain-core's tracing to LangSmith is off here,
    whatever the environment says.
    """

    server: ServerConnection = Field(exclude=True, repr=False)

    @property
    def model_id(self) -> str:
        """The model's name, by which its tokens are counted."""
        return str(getattr(self, "model_name", None) or getattr(self, "model", ""))

    @abstractmethod
    def _chunks(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None,
        **kwargs: Any,  # noqa: ANN401 - the signature of langchain-core
    ) -> Iterator[ChatGenerationChunk]:
        """The chunks of one answer as the server sends them."""

    @abstractmethod
    def check(self) -> str:
        """That the server is up and has the model, in a short line.

        Raises:
            GenerationError: it is not, or has not; the message says what to do.
        """

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # noqa: ANN401 - the signature of langchain-core
    ) -> Iterator[ChatGenerationChunk]:
        del run_manager  # nobody traces
        answer = _Answer()
        try:
            with closing(cast(Any, self._chunks(messages, stop, **kwargs))) as chunks:
                for chunk in chunks:
                    yield answer.spoken(chunk)
        # The libraries stumble over an event of another shape; in the middle, it is one cut off.
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            failures = self.server.failures
            raise (
                failures.broken(begun=True) if answer.begun else failures.unreadable()
            ) from error
        if stop_requested():
            return
        if not answer.reason:
            raise self.server.failures.broken(begun=answer.begun)
        yield from answer.end()
        if answer.reason == "max_tokens" and not answer.said:
            raise GenerationError(
                f"{self.model_id} used all its tokens before a word of the answer, most likely to "
                "think: set BENEFITS_CHAT_MODEL to one that does not, or raise "
                "BENEFITS_CHAT_ANSWER_TOKENS"
            )

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # noqa: ANN401 - the signature of langchain-core
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))

    # The libraries' own would go past the checks: langchain-core's run those above in a thread.
    _astream = BaseChatModel._astream  # noqa: SLF001 - of the same class, past a library's
    _agenerate = BaseChatModel._agenerate  # noqa: SLF001 - likewise


class _Answer:
    """What came of one answer so far."""

    def __init__(self) -> None:
        self.reason = ""
        self.begun = False
        self.said = False
        self._usage: UsageMetadata | None = None
        self._thoughts = ThoughtFilter()

    def spoken(self, chunk: ChatGenerationChunk) -> ChatGenerationChunk:
        """The chunk with what is said alone; its counts and the reason of its end are kept."""
        self.begun = True
        message = cast(AIMessageChunk, chunk.message)
        info = chunk.generation_info or {}
        reason = info.get("finish_reason") or info.get("done_reason")
        if reason or info.get("done"):
            reason = reason or "stop"
            self.reason = _REASONS.get(reason, str(reason))
        # Some servers count in every chunk: the last count is that of all.
        self._usage = message.usage_metadata or self._usage
        text = self._thoughts.spoken(str(message.text))
        self.said = self.said or bool(text.strip() or message.tool_call_chunks)
        return ChatGenerationChunk(
            message=AIMessageChunk(
                content=text, id=message.id, tool_call_chunks=message.tool_call_chunks
            )
        )

    def end(self) -> Iterator[ChatGenerationChunk]:
        """The chunks after the last: what was held back, why it ended, and what was counted."""
        rest = self._thoughts.rest()
        self.said = self.said or bool(rest.strip())
        ended = {"stopReason": self.reason}
        yield ChatGenerationChunk(message=AIMessageChunk(content=rest, response_metadata=ended))
        if self._usage:
            yield ChatGenerationChunk(
                message=AIMessageChunk(content="", usage_metadata=self._usage)
            )
