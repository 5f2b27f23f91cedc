"""The two protocols: what is asked, and how an answer and an error look."""

import json
import re
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tests.doubles.bedrock import Prompt, Reply
from tests.doubles.bedrock.prompt_reading import read

_PIECE = re.compile(r"\s*\S{1,6}|\s+")


@dataclass(frozen=True, slots=True)
class Protocol:
    """One protocol; its subclasses are the real ones."""

    name: str
    chat: str
    models: str
    content_type: str

    @abstractmethod
    def listing(self, models: Sequence[str], context: int) -> Any:
        """The models, as they are listed."""

    @abstractmethod
    def piece(self, text: str, thought: bool = False) -> Any:
        """A piece of an answer."""

    @abstractmethod
    def endings(self, body: Any, reason: str, counts: tuple[int, int]) -> Iterator[Any]:
        """What follows the last piece."""

    @abstractmethod
    def line(self, value: Any) -> bytes:
        """The value as it goes over the wire."""

    @abstractmethod
    def error(self, message: str, status: int) -> Any:
        """The body of an error."""

    def limit(self, body: Any) -> int:
        """Most tokens of an answer."""
        limit = (body.get("options") or {}).get("num_predict", body.get("max_tokens", 10_000))
        return int(limit)

    def prompt(self, body: Any) -> Prompt:
        """What the model is asked."""
        turns = tuple((turn["role"], str(turn["content"])) for turn in body["messages"])
        system = "\n".join(text for role, text in turns if role == "system")
        return read(system, tuple(turn for turn in turns if turn[0] != "system"))

    def answer(self, body: Any, reply: Reply, thought: str) -> Iterator[bytes]:
        """The lines of an answer, each with its end."""
        pieces = _PIECE.findall(reply.text)
        limit = self.limit(body) if reply.obeys_limits else len(pieces)
        said, reason = pieces[:limit], "length" if limit < len(pieces) else "stop"
        for text in _PIECE.findall(thought):
            yield self.line(self.piece(text, thought=True))
        for text in said:
            yield self.line(self.piece(text))
        words = sum(len(str(turn["content"]).split()) for turn in body["messages"])
        for ending in self.endings(body, reason, (words, len(said))):
            yield self.line(ending)


class Ollama(Protocol):
    """Lines of JSON, the last with ``done``."""

    def listing(self, models: Sequence[str], context: int) -> Any:
        return {"models": [{"name": name, "model": name} for name in models]}

    def piece(self, text: str, thought: bool = False) -> Any:
        said = {"content": "", "thinking": text} if thought else {"content": text}
        return {"model": "m", "message": {"role": "assistant", **said}, "done": False}

    def endings(self, body: Any, reason: str, counts: tuple[int, int]) -> Iterator[Any]:
        yield {
            **self.piece(""),
            "done": True,
            "done_reason": reason,
            "total_duration": 1,
            "prompt_eval_count": counts[0],
            "eval_count": counts[1],
        }

    def line(self, value: Any) -> bytes:
        # Go escapes neither U+0085 nor what else Python takes for the end of a line.
        return json.dumps(value, ensure_ascii=False).encode() + b"\n"

    def error(self, message: str, status: int) -> Any:
        return {"error": message}


class OpenAI(Protocol):
    """Server-sent events, the last ``[DONE]``."""

    def listing(self, models: Sequence[str], context: int) -> Any:
        data = [{"id": n, "object": "model", "max_model_len": context} for n in models]
        return {"object": "list", "data": data}

    def piece(self, text: str, thought: bool = False) -> Any:
        delta = {"reasoning_content": text} if thought else {"content": text}
        return self._event([{"index": 0, "delta": delta, "finish_reason": None}])

    def endings(self, body: Any, reason: str, counts: tuple[int, int]) -> Iterator[Any]:
        yield self._event([{"index": 0, "delta": {}, "finish_reason": reason}])
        if (body.get("stream_options") or {}).get("include_usage"):
            used = {"prompt_tokens": counts[0], "completion_tokens": counts[1]}
            yield {**self._event([]), "usage": {**used, "total_tokens": sum(counts)}}
        yield "[DONE]"

    def line(self, value: Any) -> bytes:
        text = value if value == "[DONE]" else json.dumps(value, ensure_ascii=False)
        return f"data: {text}\n\n".encode()

    def error(self, message: str, status: int) -> Any:
        return {"error": {"message": message, "type": "error", "code": status}}

    def _event(self, choices: list[Any]) -> Any:
        return {"id": "c1", "object": "chat.completion.chunk", "model": "m", "choices": choices}


PROTOCOLS = {
    "ollama": Ollama("ollama", "/api/chat", "/api/tags", "application/x-ndjson"),
    "openai": OpenAI("openai", "/v1/chat/completions", "/v1/models", "text/event-stream"),
}
