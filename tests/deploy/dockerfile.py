"""What a Dockerfile, a .dockerignore and a lock file say, as far as the tests ask."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path


@dataclass(frozen=True)
class Instruction:
    """One instruction: its name in capitals, and the rest with lines joined."""

    name: str
    rest: str


def instructions(file: Path) -> list[Instruction]:
    lines = [line for line in file.read_text().splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    pairs = [line.split(maxsplit=1) for line in joined.splitlines() if line.strip()]
    return [Instruction(name.upper(), rest) for name, rest in pairs]


def copied(file: Path) -> Iterator[str]:
    """What is copied from the build context, as it is named there."""
    for instruction in instructions(file):
        words = shlex.split(instruction.rest)
        if instruction.name == "COPY" and not any(word.startswith("--from") for word in words):
            yield from (word for word in words[:-1] if not word.startswith("--"))


def ignored(path: str, file: Path) -> bool:
    """Whether a file stays out of the build context: the last rule that fits decides."""
    parts = path.split("/")
    places = ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]
    verdict = False
    for rule in file.read_text().splitlines():
        if not rule or rule.startswith("#"):
            continue
        pattern = rule.removeprefix("!").rstrip("/")
        if any(_fits(place, pattern) for place in places):
            verdict = not rule.startswith("!")
    return verdict


def locked(file: Path) -> dict[str, str]:
    """The version of each distribution of a lock file."""
    found = re.findall(r"^([a-z0-9-]+)==(\S+)", file.read_text(), re.MULTILINE)
    return dict(found)


def _fits(place: str, pattern: str) -> bool:
    if pattern.startswith("**/"):
        return any(_fits(part, pattern[3:]) for part in place.split("/"))
    return place.count("/") == pattern.count("/") and fnmatchcase(place, pattern)
