"""Token ids -> the text of an answer, piece by piece, without what the model merely thought."""

from collections.abc import Callable, Collection, Sequence

from chat_app.generation.thoughts import ThoughtFilter

_UNFINISHED = "\ufffd"
"""What a decoder writes for bytes that are no character, or not yet."""


class TextStream:
    """The text of one answer, each piece as soon as no further token can change it.

    Thoughts are left out, and so is what comes from the first stop sequence on. A piece is held
    back while it may be the beginning of either.

    Attributes:
        stopped: a stop sequence was written.
    """

    def __init__(
        self,
        decode: Callable[[Sequence[int]], str],
        hidden: Collection[int] = (),
        stop: Sequence[str] = (),
        before: str = "",
    ) -> None:
        """Begin an answer.

        Args:
            decode: token ids to their text.
            hidden: ids of tokens that are never text, such as the end of a turn.
            stop: texts before which the answer ends.
            before: end of the prompt, which may have opened a thought.
        """
        self._decode = decode
        self._hidden = hidden
        self._stop = [text for text in stop if text]
        self._thoughts = ThoughtFilter()
        self._thoughts.spoken(before)
        self._ids: list[int] = []
        self._begin = 0
        self._read = 0
        self._held = ""
        self.stopped = False

    def add(self, token: int) -> str:
        """The text that is certain with this token and was not before; often empty."""
        if token in self._hidden:
            return ""
        self._ids.append(token)
        new = self._decoded()
        if new.endswith(_UNFINISHED):
            return ""
        self._begin, self._read = self._read, len(self._ids)
        return self._until_stop(self._thoughts.spoken(new))

    def end(self) -> str:
        """What was held back, when no further token comes."""
        said = self._until_stop(self._thoughts.spoken(self._decoded()) + self._thoughts.rest())
        held, self._held = self._held, ""
        return said + held

    def _decoded(self) -> str:
        """Text of the tokens that were not read yet.

        They are decoded together with those of the piece before, as decoders drop the space before
        the first word of a text.
        """
        known = self._decode(self._ids[self._begin : self._read])
        return self._decode(self._ids[self._begin :])[len(known) :]

    def _until_stop(self, new: str) -> str:
        if self.stopped:
            return ""
        self._held += new
        places = [at for text in self._stop if (at := self._held.find(text)) >= 0]
        if places:
            self.stopped = True
        certain = min(places) if places else len(self._held) - self._begun_stop()
        said, self._held = self._held[:certain], "" if places else self._held[certain:]
        return said

    def _begun_stop(self) -> int:
        """How many characters at the end may be the beginning of a stop sequence."""
        longest = min(max(map(len, self._stop), default=0) - 1, len(self._held))
        ends = range(longest, 0, -1)
        return next((n for n in ends if self._may_begin_stop(self._held[-n:])), 0)

    def _may_begin_stop(self, end: str) -> bool:
        return any(text.startswith(end) for text in self._stop)
