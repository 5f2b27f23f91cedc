"""One model in this process that writes several answers at once, a step of each in turn."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from contextvars import ContextVar, copy_context
from threading import Lock
from typing import Any

from langchain_core.messages import BaseMessage

from chat_app.errors import GenerationError
from chat_app.generation.transformers_answer import Answer, Complete, Ended, Unwanted, Wish
from chat_app.generation.transformers_loading import LoadedModel, is_out_of_memory, load_model
from chat_app.generation.transformers_prompt import EncodedPrompt, control_tokens, encode_prompt
from chat_app.generation.transformers_text import TextStream
from chat_app.generation.turns import Turns

ANSWERS_AT_ONCE = 4
"""Answers in the making; further ones wait in a queue. Each holds keys and values of its tokens:
0.8 GB for 7,000 of Qwen3-1.7B in bfloat16, by its configuration (112 KB a token)."""
PREFILL_TOKENS = {"cpu": 128, "mps": 512, "cuda": 1_024}
"""Tokens of a prompt that are read in one turn, while the other answers wait: on a processor core,
parts of 64 are read at three quarters of the speed of parts of 256."""
MIN_ROOM = 64
"""Least room for an answer, in tokens, that the prompt has to leave in the model's window."""
STOP_SECONDS = 2.0
"""Longest wait for a stopped answer to give its memory back: it does before its next layer."""


class LocalModel:
    """A model that is loaded at its first answer and shared by all threads.

    Answers take turns, a token or a part of a prompt each. At most ``at_once`` are in the making,
    the others wait in the order in which they came.
    """

    def __init__(
        self, model: str, device: str, precision: str, at_once: int = ANSWERS_AT_ONCE
    ) -> None:
        """Choose a model; nothing is loaded yet.

        Args:
            model: a folder, or the name of a model in the local Hugging Face cache.
            device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
            precision: ``auto``, ``float32``, ``bfloat16`` or ``int8``.
            at_once: most answers in the making.
        """
        self._chosen = (model, device, precision)
        self._lock = Lock()
        self._loaded: LoadedModel | None = None
        self._encoding = Lock()
        self._turns = Turns()
        self._places = ThreadPoolExecutor(at_once, thread_name_prefix="answer")

    def loaded(self) -> LoadedModel:
        """The model, loaded now if it is not yet; what failed once is tried again.

        Raises:
            GenerationError: it cannot be loaded.
        """
        with self._lock:
            if self._loaded is None:
                self._loaded = load_model(*self._chosen)
                _watch(self._loaded.model)
            return self._loaded

    def stream(self, messages: Sequence[BaseMessage], wish: Wish) -> Iterator[str | Ended]:
        """Pieces of an answer as they are written, then how it ended.

        Closing this iterator stops the model. When a stop is requested, it ends without a word on
        how.

        Raises:
            GenerationError: the model cannot be loaded, or failed, or was silent for too long.
        """
        answer = Answer(self._turns, wish)
        # The context says whether a stop was requested.
        work: Future[Ended | None] = self._places.submit(
            copy_context().run, self._write, answer, list(messages)
        )
        work.add_done_callback(answer.written)
        try:
            yield from answer.pieces(work)
            # It is not done when a stop was requested: nothing is told then.
            if work.done() and (ended := work.result()):
                yield ended
        finally:
            answer.close()
            work.cancel()
            wait([work], STOP_SECONDS)

    def _write(self, answer: Answer, messages: Sequence[BaseMessage]) -> Ended | None:
        """How the answer ended; None when nobody wants it any more."""
        try:
            return self._written(answer, messages)
        except Unwanted:
            return None
        except GenerationError:
            raise
        except Exception as error:
            # The frames of its traceback hold the keys and values of the whole prompt.
            error.with_traceback(None)
            raise _failed(self._chosen[0], error) from error
        finally:
            answer.leave()

    def _written(self, answer: Answer, messages: Sequence[BaseMessage]) -> Ended:
        loaded = self.loaded()
        with self._encoding:
            prompt = encode_prompt(loaded.tokenizer, messages)
        room = _room(self._chosen[0], loaded, len(prompt.ids), answer.wish)
        answer.begin(_text_stream(loaded, answer.wish, prompt))
        with suppress(Complete):
            _generate(loaded, prompt.ids, room, answer)
        reason = answer.reason(loaded.ends, is_cut_by_window=room < answer.wish.max_tokens)
        return Ended(reason, len(prompt.ids), answer.count)


_writing: ContextVar[Answer] = ContextVar("answer_in_the_making")


def _watch(model: Any) -> None:  # noqa: ANN401 - any of transformers' classes
    """Have answers asked for a turn before each pass, and whether to go on before each layer."""
    import torch

    model.register_forward_pre_hook(lambda *_: _writing.get().step())
    for stack in model.modules():
        if isinstance(stack, torch.nn.ModuleList):
            for layer in stack:
                layer.register_forward_pre_hook(lambda *_: _writing.get().look())


def _room(model: str, loaded: LoadedModel, prompt: int, wish: Wish) -> int:
    """Most tokens of the answer."""
    if loaded.window is None:
        return wish.max_tokens
    room = min(wish.max_tokens, loaded.window - prompt)
    if room < min(wish.max_tokens, MIN_ROOM):
        raise GenerationError(
            f"the prompt has {prompt:,} tokens, and {model!r} reads {loaded.window:,} with its "
            "answer: lower BENEFITS_CHAT_PROMPT_TOKENS"
        )
    return room


def _text_stream(loaded: LoadedModel, wish: Wish, prompt: EncodedPrompt) -> TextStream:
    tokenizer = loaded.tokenizer
    hidden = loaded.ends | control_tokens(tokenizer).keys()

    def decode(ids: Sequence[int]) -> str:
        return str(tokenizer.decode(list(ids), clean_up_tokenization_spaces=False))

    return TextStream(decode, hidden, wish.stop, before=prompt.tail)


def _generate(loaded: LoadedModel, ids: Sequence[int], room: int, answer: Answer) -> None:
    """Write the answer into ``answer``.

    Raises:
        Complete: a stop sequence ended it.
        Unwanted: its reader has left.
    """
    import torch
    from transformers import GenerationConfig

    model, temperature = loaded.model, answer.wish.temperature
    prompt = torch.tensor([ids], device=model.device)
    _writing.set(answer)
    model.generate(
        prompt,
        attention_mask=torch.ones_like(prompt),
        streamer=answer,
        generation_config=GenerationConfig(  # type: ignore[no-untyped-call]  # it has no types
            max_new_tokens=room,
            do_sample=temperature > 0,
            temperature=temperature or None,
            prefill_chunk_size=PREFILL_TOKENS[model.device.type],
            disable_compile=True,
        ),
    )


def _failed(model: str, error: Exception) -> GenerationError:
    if not is_out_of_memory(error):
        return GenerationError(
            f"{model!r} could not write the answer ({type(error).__name__}: {error}): ask again, "
            "or choose another model"
        )
    return GenerationError(
        f"the memory does not suffice for {model!r} and its answer: choose a smaller model, "
        "BENEFITS_CHAT_MODEL_PRECISION=int8, or lower BENEFITS_CHAT_PROMPT_TOKENS"
    )
