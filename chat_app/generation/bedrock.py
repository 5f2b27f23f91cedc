"""A chat model on Bedrock, such as Amazon Nova, by ConverseStream."""

from collections.abc import Iterator
from contextlib import closing
from functools import cached_property
from typing import Any, cast

from langchain_aws import ChatBedrockConverse
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from chat_app.errors import GenerationError
from retrieval.aws import aws_failures, make_client

MAX_TOKENS = 1000
"""Of an answer: some forty sentences, four times what a question about benefits needs."""
READ_SECONDS = 30.0
"""Longest wait for the next piece of an answer; Nova sends the first within 1 s."""
ATTEMPTS = 4
"""Tries to open a stream: whoever waits for an answer waits that many time-outs at most."""


class BedrockChatModel(ChatBedrockConverse):
    """``ChatBedrockConverse``, but that an answer is whole or an error.

    What comes in chunks, as langchain-core has it:

    - ``chunk.text``: a few tokens each, empty in the chunks that only bracket the text;
    - near the end one chunk with ``response_metadata["stopReason"]``. After ``end_turn`` and
      ``stop_sequence`` the text is complete. After ``max_tokens`` and
      ``model_context_window_exceeded`` it is cut, most often within a sentence. After
      ``guardrail_intervened`` it is, or ends in, the words of the guardrail, and after any other,
      as ``content_filtered``, the model was stopped: nothing of it is an answer;
    - then one chunk with ``usage_metadata``: ``input_tokens``, ``output_tokens`` and
      ``total_tokens``.

    Closing the iterator of ``stream`` closes the connection. The tokens of an answer that is not
    read to its end are not told, as Bedrock counts them last.
    """

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # noqa: ANN401 - the signature of langchain-core
    ) -> Iterator[ChatGenerationChunk]:
        doing = f"{self.model_id} could not write the answer"
        told_usage = False
        try:
            with (
                aws_failures(doing, GenerationError),
                # langchain-aws types it as an iterator; it is a generator.
                closing(
                    cast(Any, super()._stream(messages, stop, run_manager, **kwargs))
                ) as chunks,
            ):
                for chunk in chunks:
                    told_usage |= _tells_usage(chunk)
                    yield chunk
                if not told_usage:
                    raise ConnectionError("Bedrock ends every stream with its usage")
        # botocore and langchain-aws stumble over an event of another shape.
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise GenerationError(
                f"{doing}: Bedrock sent something unreadable: try again"
            ) from error

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # noqa: ANN401 - the signature of langchain-core
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))


def make_bedrock_model(
    model: str,
    region: str | None = None,
    *,
    max_tokens: int = MAX_TOKENS,
    temperature: float = 0.0,
    read_seconds: float = READ_SECONDS,
) -> BedrockChatModel:
    """A chat model that connects at its first use.

    Args:
        model: id of a model of Amazon, as ``amazon.nova-micro-v1:0``; or of an inference profile,
            as ``us.amazon.nova-micro-v1:0``; or the ARN of either.
        region: of Bedrock; None for what boto3 finds in its configuration.
        max_tokens: most tokens of an answer.
        temperature: 0 for the likeliest words, up to 1.
        read_seconds: longest wait for the next piece of an answer.
    """
    client = _Client(region, read_seconds)
    return BedrockChatModel(
        model=model,
        # Without these, langchain-aws connects at once, and asks AWS which model is behind an ARN.
        client=client,
        bedrock_client=client,
        base_model=model.rpartition("/")[2],
        provider="amazon",
        disable_streaming=False,
        max_tokens=max_tokens,
        temperature=temperature,
    )


def _tells_usage(chunk: ChatGenerationChunk) -> bool:
    message = chunk.message
    return isinstance(message, AIMessageChunk) and message.usage_metadata is not None


class _Client:
    """boto3's client for ``ChatBedrockConverse``, made when it is first used."""

    def __init__(self, region: str | None, read_seconds: float) -> None:
        self._region = region
        self._read_seconds = read_seconds

    @cached_property
    def _connected(self) -> Any:  # noqa: ANN401 - boto3's clients are made at run time
        return make_client(
            "bedrock-runtime",
            self._region,
            read_seconds=self._read_seconds,
            attempts=ATTEMPTS,
        )

    def converse_stream(self, **request: object) -> dict[str, Any]:
        answer: dict[str, Any] = self._connected.converse_stream(**request)
        return answer
