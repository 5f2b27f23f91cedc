"""A chat model of an Ollama server."""

import json
import ssl
from collections.abc import Iterator, Mapping
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk

from chat_app.errors import GenerationError
from chat_app.generation.served import MAX_TOKENS, READ_SECONDS, ServedChatModel
from chat_app.generation.served_connection import ServerConnection
from chat_app.generation.served_failures import RefusedError, ServerKind
from retrieval.pricing import FREE

try:
    from langchain_ollama import ChatOllama
except ImportError as error:
    raise GenerationError(
        "the generator 'ollama' lacks its packages: run `pip install 'benefits-chat[ollama]'`"
    ) from error

URL = "http://127.0.0.1:11434"
OLLAMA = ServerKind("Ollama", "start it with `ollama serve`", "raise BENEFITS_CHAT_MODEL_CONTEXT")
CONTEXT_TOKENS = 8192
"""Of prompt and answer together: the 6,000 of a prompt by default, counted in tokens of another
vocabulary, and an answer. Ollama's own default of 4,096 drops the passages without a word."""
KEEP_ALIVE = "15m"
"""How long Ollama keeps the model in memory after an answer; its default is five minutes, and
whoever reads an answer and asks on would wait for the model to load again."""


class OllamaChatModel(ServedChatModel, ChatOllama):
    """``ChatOllama``, but that an answer is whole or an error; see ``ServedChatModel``.

    A prompt longer than ``num_ctx`` is an error: Ollama would leave out what does not fit.
    """

    @property
    def priced_as(self) -> str:
        """Under which name its tokens are counted: nobody is paid for them."""
        return FREE + self.model_id

    def check(self) -> str:
        """That Ollama is up and has the model, and that the model takes as long a context.

        Raises:
            GenerationError: it is not, or has not; the message says what to do.
        """
        shown = self.server.value("/api/tags")
        names = _names(shown)
        if names is None:
            raise self.server.failures.unreadable()
        if not {self.model, f"{self.model}:latest"} & names:
            raise self._not_pulled(names)
        longest = _context(self.server.value("/api/show", {"model": self.model}))
        where = f"{self.model} by Ollama at {self.server.failures.url}"
        if longest and self.num_ctx and longest < self.num_ctx:
            raise GenerationError(
                f"{where} takes {longest} tokens, and is asked to take {self.num_ctx}: lower "
                "BENEFITS_CHAT_MODEL_CONTEXT, or choose another model"
            )
        return f"{where}, {self.num_ctx} tokens of context"

    def _chunks(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None,
        **kwargs: Any,  # noqa: ANN401 - the signature of langchain-core
    ) -> Iterator[ChatGenerationChunk]:
        try:
            for chunk in self._iterate_over_stream(messages, stop, **kwargs):
                self._check_length(chunk)
                yield chunk
        except RefusedError as refused:
            if refused.no_model:
                raise self._not_pulled(None) from refused
            raise

    def _create_chat_stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        **kwargs: Any,  # noqa: ANN401 - the signature of langchain-ollama
    ) -> Iterator[Mapping[str, Any] | str]:
        """The parts of an answer, one a line."""
        asked = self._chat_params(messages, stop, **kwargs)
        body = {name: value for name, value in asked.items() if value is not None}
        # An error instead of a prompt that is cut; older servers do not know it.
        body |= {"stream": True, "truncate": False}
        for line in self.server.lines("/api/chat", body):
            part = json.loads(line)
            if "error" in part:
                raise self.server.failures.in_stream(part)
            if "message" not in part:
                raise self.server.failures.unreadable()
            yield part
            if part.get("done"):
                return

    def _check_length(self, chunk: ChatGenerationChunk) -> None:
        """A prompt that fills the context was cut to it."""
        read = (chunk.generation_info or {}).get("prompt_eval_count") or 0
        if self.num_ctx and read >= self.num_ctx:
            raise GenerationError(
                f"the prompt is longer than the {self.num_ctx} tokens that {self.model} is asked "
                "to take, and Ollama left a part of it out: raise BENEFITS_CHAT_MODEL_CONTEXT, or "
                "lower BENEFITS_CHAT_PROMPT_TOKENS"
            )

    def _not_pulled(self, names: set[str] | None) -> GenerationError:
        has = f" (it has {', '.join(sorted(names)[:8])})" if names else ""
        return GenerationError(
            f"Ollama at {self.server.failures.url} does not have the model {self.model}{has}: run "
            f"`ollama pull {self.model}`, or set BENEFITS_CHAT_MODEL to one that it has"
        )


def make_ollama_model(
    model: str,
    url: str = URL,
    *,
    max_tokens: int = MAX_TOKENS,
    temperature: float = 0.0,
    read_seconds: float = READ_SECONDS,
    context_tokens: int = CONTEXT_TOKENS,
) -> OllamaChatModel:
    """A chat model that connects at its first use.

    Args:
        model: name in Ollama, as ``qwen3:1.7b``.
        url: of the server; ``http://NAME:PASSWORD@HOST`` where a gateway asks for them.
        max_tokens: most tokens of an answer.
        temperature: 0 for the likeliest words.
        read_seconds: longest wait for the next piece of an answer, and for all tries to begin one.
        context_tokens: most tokens of prompt and answer together; Ollama takes memory for them.

    Raises:
        SettingsError: the URL is none.
    """
    server = ServerConnection(OLLAMA, url, read_seconds=read_seconds)
    return OllamaChatModel(
        server=server,
        model=model,
        # The library's own clients are never called: without certificates they are made at once.
        base_url=str(server.url),
        client_kwargs={"verify": ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)},
        num_ctx=context_tokens,
        num_predict=max_tokens,
        temperature=temperature,
        keep_alive=KEEP_ALIVE,
        # Models that think by default would spend the answer's tokens on it.
        reasoning=False,
    )


def _names(shown: object) -> set[str] | None:
    """The models that Ollama has; None when it is another server that answers."""
    models = shown.get("models") if isinstance(shown, dict) else None
    if not isinstance(models, list):
        return None
    return {str(each.get("name", "")) for each in models if isinstance(each, dict)}


def _context(shown: object) -> int | None:
    """The longest context that the model was made for, where Ollama knows it."""
    about = shown.get("model_info") if isinstance(shown, dict) else None
    values = about.items() if isinstance(about, dict) else ()
    lengths = [v for k, v in values if k.endswith(".context_length") and isinstance(v, int)]
    return lengths[0] if lengths else None
