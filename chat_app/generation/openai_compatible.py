"""A chat model of any server that speaks OpenAI's protocol: vLLM, llama.cpp, LM Studio."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk
from pydantic import PrivateAttr, SecretStr

from chat_app.errors import GenerationError
from chat_app.generation.served import MAX_TOKENS, READ_SECONDS, ServedChatModel
from chat_app.generation.served_connection import ServerConnection
from chat_app.generation.served_failures import RefusedError, ServerKind

try:
    from langchain_openai.chat_models.base import BaseChatOpenAI
except ImportError as error:
    raise GenerationError(
        "the generator 'openai' lacks its packages: run `pip install 'benefits-chat[openai]'`"
    ) from error

URL = "http://127.0.0.1:8000/v1"
"""Where vLLM listens."""
OPENAI_COMPATIBLE = ServerKind(
    "an OpenAI-compatible server",
    "start the server (`vllm serve MODEL`, or `llama-server -m FILE`)",
    "start the server with a longer context (vLLM: --max-model-len, llama.cpp: -c)",
)

_WISHES: Mapping[str, Any] = {
    # Tokens are told at the end.
    "stream_options": {"include_usage": True},
    # vLLM, SGLang and llama.cpp hand it to the chat template: Qwen3 and its kin then do not think.
    "chat_template_kwargs": {"enable_thinking": False},
}
"""What a server may not know; one that refuses it is asked without."""
_UNKNOWN = re.compile(
    r"stream_options|chat_template_kwargs|extra|unrecogni[sz]ed|unknown|unexpected|not permitted",
    re.IGNORECASE,
)
_FIELDS = (b"event:", b"id:", b"retry:")


class OpenAICompatibleChatModel(ServedChatModel, BaseChatOpenAI):
    """``BaseChatOpenAI``, but that an answer is whole or an error; see ``ServedChatModel``."""

    _without_wishes: bool = PrivateAttr(default=False)

    def check(self) -> str:
        """That the server is up and has the model.

        Raises:
            GenerationError: it is not, or has not; the message says what to do.
        """
        served = self._served()
        if served is None:
            raise self.server.failures.unreadable()
        if self.model_name not in served:
            raise self._not_served(served)
        context = served[self.model_name]
        told = f", {context} tokens of context" if context else ""
        return f"{self.model_name} at {self.server.failures.url}{told}"

    def _chunks(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None,
        **kwargs: Any,  # noqa: ANN401 - the signature of langchain-core
    ) -> Iterator[ChatGenerationChunk]:
        body = self._get_request_payload(messages, stop=stop, **kwargs)
        body = {**body, **body.pop("extra_body", {}), "stream": True}
        tries: tuple[Mapping[str, Any], ...] = ({},) if self._without_wishes else (_WISHES, {})
        for wishes in tries:
            try:
                for chunk in self._answered({**wishes, **body}):
                    self._without_wishes = not wishes
                    yield chunk
            except RefusedError as refused:
                if refused.no_model:
                    raise self._not_served(self._served_perhaps()) from refused
                if not wishes or not _may_mean_wishes(refused):
                    raise
            else:
                return

    def _answered(self, body: Mapping[str, Any]) -> Iterator[ChatGenerationChunk]:
        for line in self.server.lines("/chat/completions", body):
            part = self._event(line)
            if part is None:
                continue
            if not part:
                return
            chunk = self._convert_chunk_to_generation_chunk(part, AIMessageChunk, None)
            if chunk is not None:
                yield chunk

    def _event(self, line: bytes) -> dict[str, Any] | None:
        """The value of a line of server-sent events; empty at the end, None for none."""
        if line.startswith(_FIELDS):
            return None
        data = line.removeprefix(b"data:").removeprefix(b"error:").strip()
        if data == b"[DONE]":
            return {}
        value = json.loads(data)
        if not isinstance(value, dict):
            raise self.server.failures.unreadable()
        # vLLM once told its errors as values of their own kind, llama.cpp on lines of their own.
        if value.get("error") or value.get("object") == "error" or line.startswith(b"error:"):
            raise self.server.failures.in_stream(value)
        if not line.startswith(b"data:") or not isinstance(value.get("choices"), list):
            raise self.server.failures.unreadable()
        return value

    def _served(self) -> dict[str, int | None] | None:
        """The server's models with the length of their context, where it tells it (vLLM does).

        None when it is another server that answers.
        """
        shown = self.server.value("/models")
        models = shown.get("data") if isinstance(shown, dict) else None
        if not isinstance(models, list):
            return None
        return {
            str(each.get("id")): each.get("max_model_len")
            for each in models
            if isinstance(each, dict)
        }

    def _served_perhaps(self) -> Mapping[str, int | None]:
        """The server's models, none where it does not tell them."""
        with suppress(GenerationError):
            return self._served() or {}
        return {}

    def _not_served(self, served: Mapping[str, object]) -> GenerationError:
        which = ", ".join(sorted(served)[:8])
        remedy = (
            f"set BENEFITS_CHAT_MODEL to one that it serves ({which})"
            if which
            else "start it with this model, or set BENEFITS_CHAT_MODEL to the one that it serves"
        )
        return GenerationError(
            f"the server at {self.server.failures.url} does not serve the model "
            f"{self.model_name}: {remedy}"
        )


def make_openai_model(
    model: str,
    url: str = URL,
    key: str = "",
    *,
    max_tokens: int = MAX_TOKENS,
    temperature: float = 0.0,
    read_seconds: float = READ_SECONDS,
) -> OpenAICompatibleChatModel:
    """A chat model that connects at its first use.

    Args:
        model: name by which the server serves it; llama.cpp answers to any.
        url: of the server, most often with ``/v1`` at its end, which is added to a bare address.
        key: sent as a bearer token, where there is one.
        max_tokens: most tokens of an answer.
        temperature: 0 for the likeliest words.
        read_seconds: longest wait for the next piece of an answer, and for all tries to begin one.

    Raises:
        SettingsError: the URL is none.
    """
    server = ServerConnection(
        OPENAI_COMPATIBLE, _with_version(url), key=key, read_seconds=read_seconds
    )
    return OpenAICompatibleChatModel(
        server=server,
        model=model,
        # Of the library's own clients, which are never called.
        base_url=server.failures.url,
        api_key=SecretStr("unused"),
        max_tokens=max_tokens,
        temperature=temperature,
        # Without these, the library asks LangSmith's variables and its table of OpenAI's models.
        use_responses_api=False,
        stream_usage=False,
        profile={},
    )


def _may_mean_wishes(refused: RefusedError) -> bool:
    return refused.status in {400, 422} and _UNKNOWN.search(refused.said) is not None


def _with_version(url: str) -> str:
    """An address without a path gets the one that all these servers have."""
    bare = url.rstrip("/")
    return f"{bare}/v1" if bare.count("/") == 2 else bare
