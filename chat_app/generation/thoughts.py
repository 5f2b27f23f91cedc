"""What a model writes while it thinks is no part of its answer."""

_OPENING = ("<think>", "<thinking>", "[THINK]")
_CLOSING = ("</think>", "</thinking>", "[/THINK]")
_TAGS = (*_OPENING, *_CLOSING)


class ThoughtFilter:
    """Leaves out what stands between the tags of thinking models, whole or in pieces.

    Models whose opening tag stands in the prompt write the closing one alone: of that, the tag is
    left out; what came before it was said already, and is verified as every sentence is.
    """

    def __init__(self) -> None:
        """Begin with an answer, not with a thought."""
        self._held = ""
        self._thinking = False

    def spoken(self, piece: str) -> str:
        """What is said of this piece and of what was held back; may be empty."""
        self._held += piece
        said = []
        while found := _first_tag(self._held):
            before, tag, self._held = found
            if not self._thinking:
                said.append(before)
            self._thinking = tag in _OPENING
        certain = len(self._held) - _begun_tag(self._held)
        if not self._thinking:
            said.append(self._held[:certain])
        self._held = self._held[certain:]
        return "".join(said)

    def rest(self) -> str:
        """What was held back, as it might have become a tag, when no more comes."""
        held, self._held = self._held, ""
        return "" if self._thinking else held


def _first_tag(text: str) -> tuple[str, str, str] | None:
    """Text before the first tag, the tag, and the text after it."""
    places = [(at, tag) for tag in _TAGS if (at := text.find(tag)) >= 0]
    if not places:
        return None
    at, tag = min(places)
    return text[:at], tag, text[at + len(tag) :]


def _begun_tag(text: str) -> int:
    """How many characters at the end of the text may be the beginning of a tag."""
    longest = min(len(text), max(map(len, _TAGS)) - 1)
    return next(
        (n for n in range(longest, 0, -1) if any(tag.startswith(text[-n:]) for tag in _TAGS)), 0
    )
