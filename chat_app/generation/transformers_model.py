"""A chat model that Hugging Face transformers runs in this process."""

from collections.abc import Iterator
from contextlib import closing
from threading import Lock
from typing import Any, cast
from weakref import WeakValueDictionary

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import PrivateAttr

from chat_app.errors import GenerationError
from chat_app.generation.transformers_answer import Ended, Wish
from chat_app.generation.transformers_loading import resolve
from chat_app.generation.transformers_running import LocalModel
from chat_app.generation.transformers_weights import ModelFiles, find_model
from chat_app.generation.untraced import UntracedChatModel
from retrieval.pricing import FREE

SECONDS = 300.0
"""Longest wait for the next piece of an answer: two processor cores read a prompt of 6,000 tokens
for minutes before they write."""

_COMPLETE = ("end_turn", "stop_sequence")

_models: WeakValueDictionary[tuple[str, str, str], LocalModel] = WeakValueDictionary()
_models_lock = Lock()


class TransformersChatModel(UntracedChatModel):
    """A model in this process, whose weights all chat models of the same choice share.

    What comes in chunks, as from ``BedrockChatModel``:

    - ``chunk.text``: a token or a few, as soon as they are whole characters; never of thoughts;
    - one chunk with ``response_metadata["stopReason"]``. After ``end_turn`` and ``stop_sequence``
      the text is complete; after ``max_tokens`` and ``model_context_window_exceeded`` it is cut,
      most often within a sentence;
    - then one chunk with ``usage_metadata``: ``input_tokens``, ``output_tokens`` and
      ``total_tokens``. Thoughts count.

    Closing the iterator of ``stream`` stops the model before its next layer, and so does a stop
    that is requested meanwhile; the tokens of such an answer are not told.

    Attributes:
        model_id: folder or name of the model.
        max_tokens: most tokens of an answer.
        temperature: 0 for the likeliest words, up to 1.
        seconds: longest wait for the next piece of an answer.
    """

    model_id: str
    max_tokens: int
    temperature: float = 0.0
    seconds: float = SECONDS
    _local: LocalModel = PrivateAttr()

    def __init__(self, local: LocalModel, **fields: Any) -> None:  # noqa: ANN401 - pydantic's fields
        """Hold the model that writes.

        Args:
            local: the model.
            fields: the attributes by name.
        """
        super().__init__(**fields)
        self._local = local

    @property
    def _llm_type(self) -> str:
        return "transformers"

    @property
    def priced_as(self) -> str:
        """Under which name its tokens are counted: nobody is paid for them."""
        return FREE + self.model_id

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # noqa: ANN401 - the signature of langchain-core
    ) -> Iterator[ChatGenerationChunk]:
        wish = Wish(self.max_tokens, self.temperature, self.seconds, stop or ())
        said = False
        with closing(cast(Any, self._local.stream(messages, wish))) as parts:
            for part in parts:
                if not isinstance(part, Ended):
                    said = True
                    yield ChatGenerationChunk(message=AIMessageChunk(content=part))
                elif said or part.reason in _COMPLETE:
                    yield from _how_it_ended(part)
                else:
                    raise self._no_word()

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # noqa: ANN401 - the signature of langchain-core
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))

    def _no_word(self) -> GenerationError:
        return GenerationError(
            f"{self.model_id} used all its tokens before a word of the answer, most likely to "
            "think: set BENEFITS_CHAT_MODEL to one that does not, or raise "
            "BENEFITS_CHAT_ANSWER_TOKENS"
        )


def make_transformers_model(
    model: str,
    *,
    max_tokens: int,
    temperature: float = 0.0,
    device: str = "auto",
    precision: str = "auto",
    seconds: float = SECONDS,
) -> TransformersChatModel:
    """A chat model that is loaded at its first answer; nothing is downloaded.

    Args:
        model: a folder, or the name of a model in the local Hugging Face cache: safetensors
            weights of a causal language model, and a tokenizer with a chat template.
        max_tokens: most tokens of an answer.
        temperature: 0 for the likeliest words, up to 1.
        device: ``cpu``, ``cuda``, ``mps``, or ``auto`` for the fastest there is.
        precision: of the weights: ``float32``, ``bfloat16``, ``int8``, or ``auto``.
        seconds: longest wait for the next piece of an answer.
    """
    with _models_lock:
        local = _models.get((model, device, precision))
        if local is None:
            local = _models[model, device, precision] = LocalModel(model, device, precision)
    return TransformersChatModel(
        local, model_id=model, max_tokens=max_tokens, temperature=temperature, seconds=seconds
    )


def describe(model: str, device: str = "auto", precision: str = "auto") -> str:
    """What a model is and what it would take, told from its files; no weights are read.

    Args:
        model: as for ``make_transformers_model``.
        device: likewise.
        precision: likewise.

    Raises:
        GenerationError: it would not load; the message says why and what to do.
    """
    device, precision = resolve(device, precision)
    files = find_model(model)
    return (
        f"{model}: {_rounded(files.parameters, 'million', 'billion')} parameters, "
        f"{_rounded(files.bytes, 'MB', 'GB')} on disk; in {precision} on {device} it takes "
        f"{_rounded(_memory(files, precision), 'MB', 'GB')} of memory"
    )


def _rounded(number: int, millions: str, billions: str) -> str:
    is_large = number >= 1e9
    return f"{number / 1e9:.1f} {billions}" if is_large else f"{number / 1e6:.1f} {millions}"


def _memory(files: ModelFiles, precision: str) -> int:
    """Bytes of the loaded weights: int8 leaves the tables of tokens in bfloat16."""
    if "quantization_config" in files.config:
        return files.bytes
    if precision == "int8":
        return files.parameters + files.table_parameters
    return files.parameters * (2 if precision == "bfloat16" else 4)


def _how_it_ended(ended: Ended) -> Iterator[ChatGenerationChunk]:
    metadata = {"stopReason": ended.reason}
    yield ChatGenerationChunk(message=AIMessageChunk(content="", response_metadata=metadata))
    used = UsageMetadata(
        input_tokens=ended.input_tokens,
        output_tokens=ended.output_tokens,
        total_tokens=ended.input_tokens + ended.output_tokens,
    )
    message = AIMessageChunk(content="", usage_metadata=used, chunk_position="last")
    yield ChatGenerationChunk(message=message)
