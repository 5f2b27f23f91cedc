"""What the assistant does not do, read from a file that a benefits team can edit."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from retrieval.errors import SettingsError

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's, ten times as fast, where PyYAML was built with it."""
DEFAULT_FILE = Path(__file__).with_name("topics.yaml")

MAX_TEXTS = 2_000
"""Texts to embed: 2 to 6 ms each when the chat starts, and a square matrix of them in memory."""


@dataclass(frozen=True, slots=True)
class Topic:
    """Something that is refused.

    Attributes:
        name: of the topic, for the step view.
        said: to the member, before a line on what can be asked instead.
        examples: questions of the topic.
        near_misses: questions that sound alike and are answered.
    """

    name: str
    said: str
    examples: tuple[str, ...]
    near_misses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Emergencies:
    """How a member in crisis is noticed.

    Attributes:
        sure_phrases: signs of a crisis in whatever sentence they stand.
        harmless_phrases: struck out before the sure ones are looked for.
        examples: messages of members in crisis.
        told: what members tell of themselves before they ask, in no crisis.
        near_misses: benefits questions that sound alike.
    """

    sure_phrases: tuple[str, ...]
    harmless_phrases: tuple[str, ...]
    examples: tuple[str, ...]
    told: tuple[str, ...]
    near_misses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Topics:
    """All that the file says.

    Attributes:
        allowed: questions that are answered.
        refused: topics in the order of the file.
        crisis: emergencies.
    """

    allowed: tuple[str, ...]
    refused: tuple[Topic, ...]
    crisis: Emergencies

    @property
    def answered(self) -> tuple[str, ...]:
        """Every question that is answered, the near misses included."""
        near = (topic.near_misses for topic in self.refused)
        return (*self.allowed, *chain.from_iterable(near), *self.crisis.near_misses)

    @property
    def off_topic(self) -> tuple[str, ...]:
        """The examples of all topics, in their order."""
        return tuple(chain.from_iterable(topic.examples for topic in self.refused))

    @property
    def texts(self) -> tuple[str, ...]:
        """All texts to embed, each once."""
        return (*self.answered, *self.off_topic, *self.crisis.examples, *self.crisis.told)


def load_topics(file: Path = DEFAULT_FILE) -> Topics:
    """Read the topics.

    Raises:
        SettingsError: the file cannot be read or has another form; the message names the line.
    """
    try:
        root = yaml.compose(file.read_text(encoding="utf-8"), LOADER)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise SettingsError(f"the topics file {file} cannot be read: {reason}") from None
    if root is None:
        raise SettingsError(f"the topics file {file} is empty")
    return _Reader(file).topics(root)


class _Reader:
    """YAML nodes -> values; nodes know their lines, values would not."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lines: dict[str, int] = {}

    def topics(self, root: Node) -> Topics:
        parts = self._parts(root, ("allowed", "topics", "crisis"), "the file")
        crisis = ("sure_phrases", "harmless_phrases", "examples", "told", "near_misses")
        emergencies = self._parts(parts["crisis"], crisis, "crisis")
        topics = Topics(
            self._examples(parts["allowed"], "allowed"),
            tuple(self._topic(node) for node in self._items(parts["topics"], "topics")),
            Emergencies(
                *(self._texts(emergencies[name], f"crisis: {name}") for name in crisis[:2]),
                *(self._examples(emergencies[name], f"crisis: {name}") for name in crisis[2:]),
            ),
        )
        if len(topics.texts) > MAX_TEXTS:
            raise SettingsError(
                f"the topics file {self._file} holds {len(topics.texts):,} examples and takes at "
                f"most {MAX_TEXTS:,}: leave out those that say the same in other words"
            )
        return topics

    def _topic(self, node: Node) -> Topic:
        names = ("name", "said", "examples", "near_misses")
        parts = self._parts(node, names, "a topic")
        name = self._text(parts["name"], "name")
        where = f"topic {name!r}"
        return Topic(
            name,
            self._text(parts["said"], f"{where}: said"),
            self._examples(parts["examples"], f"{where}: examples"),
            self._examples(parts["near_misses"], f"{where}: near_misses"),
        )

    def _parts(self, node: Node, names: tuple[str, ...], where: str) -> dict[str, Node]:
        """The values of a mapping that must have exactly these keys."""
        if not isinstance(node, MappingNode):
            raise self._wrong(node, f"{where} needs {', '.join(names)}, each followed by a colon")
        parts: dict[str, Node] = {}
        for key, value in node.value:
            if key.value not in names or key.value in parts:
                once = "twice" if key.value in parts else f"but takes only {', '.join(names)}"
                raise self._wrong(key, f"{where} has {key.value!r} {once}")
            parts[key.value] = value
        if missing := [name for name in names if name not in parts]:
            raise self._wrong(node, f"{where} lacks {', '.join(missing)}")
        return parts

    def _items(self, node: Node, where: str) -> Iterator[Node]:
        if not isinstance(node, SequenceNode) or not node.value:
            raise self._wrong(node, f"{where} needs a list, each entry after a dash")
        yield from node.value

    def _text(self, node: Node, where: str) -> str:
        if not isinstance(node, ScalarNode) or not node.value.strip():
            raise self._wrong(
                node,
                f'{where} needs a text; one that holds a colon or begins with - goes in "quotes"',
            )
        return " ".join(node.value.split())

    def _texts(self, node: Node, where: str) -> tuple[str, ...]:
        return tuple(self._text(item, where) for item in self._items(node, where))

    def _examples(self, node: Node, where: str) -> tuple[str, ...]:
        """Texts, none of which stands anywhere else in the file."""
        texts = self._texts(node, where)
        for text, item in zip(texts, node.value, strict=True):
            line = item.start_mark.line + 1
            if (first := self._lines.setdefault(text.lower(), line)) != line:
                raise self._wrong(item, f"{where} repeats {text!r} of line {first}")
        return texts

    def _wrong(self, node: Node, what: str) -> SettingsError:
        return SettingsError(
            f"the topics file {self._file}, line {node.start_mark.line + 1}: {what}"
        )
