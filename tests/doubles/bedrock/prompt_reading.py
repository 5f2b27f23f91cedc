"""What a model sees: rules, numbered passages and a question."""

import re
from dataclasses import dataclass
from xml.sax.saxutils import unescape

from tests.doubles.bedrock.words import sentences

_PASSAGE = re.compile(r"<passage\s([^>]*)>(.*?)</passage>", re.DOTALL)
_ATTRIBUTE = re.compile(r'([\w-]+)\s*=\s*(?:"([^"]*)"|\'([^\']*)\')')
_QUOTES = {"&quot;": '"', "&apos;": "'"}
_QUESTION = "Question:"


@dataclass(frozen=True, slots=True)
class Passage:
    """A numbered passage with its other attributes."""

    number: int
    text: str
    attributes: dict[str, str]

    @property
    def plan(self) -> str:
        return self.attributes.get("plan", "")

    @property
    def sentences(self) -> list[str]:
        return sentences(self.text)


@dataclass(frozen=True, slots=True)
class Prompt:
    """A request to a chat model.

    Attributes:
        system: all system texts.
        turns: role and text of each message.
        question: what follows "Question:" in the last message, or all of it outside passages.
        passages: those of the last message.
    """

    system: str
    turns: tuple[tuple[str, str], ...]
    question: str
    passages: tuple[Passage, ...]

    @property
    def text(self) -> str:
        """The last message as it was sent."""
        return self.turns[-1][1]


def read(system: str, turns: tuple[tuple[str, str], ...]) -> Prompt:
    """Find passages and question in the last message."""
    text = turns[-1][1]
    passages = tuple(_passage(found) for found in _PASSAGE.finditer(text))
    rest = _PASSAGE.sub("", text)
    question = rest.rpartition(_QUESTION)[2].strip()
    return Prompt(system, turns, unescape(question, _QUOTES), passages)


def _passage(found: re.Match[str]) -> Passage:
    attributes = {
        name: unescape(double or single, _QUOTES)
        for name, double, single in _ATTRIBUTE.findall(found[1])
    }
    text = unescape(found[2].strip(), _QUOTES)
    return Passage(int(attributes.pop("number", "0")), text, attributes)
