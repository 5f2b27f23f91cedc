"""One answer in the making: between the model that writes it and whoever reads it."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Event
from time import monotonic
from typing import Any

from chat_app.errors import GenerationError
from chat_app.generation.transformers_text import TextStream
from chat_app.generation.turns import Turns
from chat_app.stopping import stop_requested

LOOK_SECONDS = 0.1
"""How often a reader looks whether the answer is still wanted."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How an answer is to be.

    Attributes:
        max_tokens: most tokens, those of thoughts among them.
        temperature: 0 for the likeliest words, up to 1.
        seconds: longest wait for the next piece, from when the model is loaded.
        stop: texts before which the answer ends.
    """

    max_tokens: int
    temperature: float = 0.0
    seconds: float = 300.0
    stop: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Ended:
    """How an answer ended.

    Attributes:
        reason: ``end_turn``, ``stop_sequence``, ``max_tokens`` or
            ``model_context_window_exceeded``, as Bedrock has them.
        input_tokens: of the prompt.
        output_tokens: of the answer and its thoughts.
    """

    reason: str
    input_tokens: int
    output_tokens: int


class Unwanted(Exception):
    """Leaves transformers' ``generate`` when nobody wants the answer any more."""


class Complete(Exception):
    """Leaves it when the answer is complete before the model says so."""


class Answer:
    """One answer in the making: between the model, which writes it, and its reader."""

    def __init__(self, turns: Turns, wish: Wish) -> None:
        self.wish = wish
        self.count = 0
        self._last = -1
        self._text: TextStream | None = None
        self._ticket = turns.ticket()
        self._closed = Event()
        self._began = Event()
        self._pieces: SimpleQueue[str | None] = SimpleQueue()

    def begin(self, text: TextStream) -> None:
        """The model is there, and the prompt is read."""
        self._text = text
        self._began.set()

    def unwanted(self) -> bool:
        """Has the reader left, or requested a stop?"""
        return self._closed.is_set() or stop_requested()

    def step(self) -> None:
        """Before each pass through the model: let the others have their turn."""
        if not self._ticket.next_turn(self.unwanted):
            raise Unwanted

    def look(self) -> None:
        """Before each layer, as a pass over a part of a prompt may take seconds."""
        if self.unwanted():
            raise Unwanted

    def put(self, tokens: Any) -> None:  # noqa: ANN401 - a tensor
        """What transformers calls with the prompt, then with each token."""
        if tokens.dim() > 1 or self._text is None:
            return
        for token in tokens.tolist():
            self.count += 1
            self._last = token
            self._tell(self._text.add(token))
            if self._text.stopped:
                raise Complete

    def end(self) -> None:
        """What transformers calls after the last token."""
        if self._text:
            self._tell(self._text.end())

    def _tell(self, piece: str) -> None:
        if piece:
            self._pieces.put(piece)

    def reason(self, ends: frozenset[int], *, is_cut_by_window: bool) -> str:
        """Why the answer ends here, in Bedrock's words."""
        if self._text and self._text.stopped:
            return "stop_sequence"
        if self._last in ends:
            return "end_turn"
        return "model_context_window_exceeded" if is_cut_by_window else "max_tokens"

    def leave(self) -> None:
        """Let the others go on."""
        self._ticket.leave()

    def written(self, _: Future[Ended | None]) -> None:
        """Nothing comes any more."""
        self._pieces.put(None)

    def close(self) -> None:
        """The reader leaves."""
        self._closed.set()

    def pieces(self, work: Future[Ended | None]) -> Iterator[str]:
        """What the model writes, until it ends or a stop is requested."""
        since = monotonic()
        while not stop_requested():
            try:
                piece = self._pieces.get(timeout=LOOK_SECONDS)
            except Empty:
                if work.running() and not self._began.is_set():
                    since = monotonic()
                elif monotonic() - since > self.wish.seconds:
                    raise _too_slow(self.wish.seconds, is_waiting=not work.running()) from None
                continue
            if piece is None:
                return
            yield piece
            since = monotonic()


def _too_slow(seconds: float, *, is_waiting: bool) -> GenerationError:
    if is_waiting:
        return GenerationError(
            f"the model was busy with other answers for {seconds:g} s: ask again in a minute"
        )
    return GenerationError(
        f"the model wrote nothing for {seconds:g} s: choose a smaller model, or raise "
        "BENEFITS_CHAT_ANSWER_SECONDS"
    )
