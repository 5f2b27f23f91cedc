"""The words of members and the words of plan documents."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from retrieval.errors import SettingsError

DEFAULT_FILE = Path(__file__).with_name("glossary.yaml")


@dataclass(frozen=True, slots=True)
class Synonym:
    """A word of the question, and the phrases that documents write for it."""

    asked: str
    written: tuple[str, ...]


class Glossary:
    """Finds in a question the words that documents say differently."""

    def __init__(self, entries: Mapping[str, Sequence[str]]) -> None:
        """Take what is asked, and for each the phrases that are written."""
        self._written = {asked.lower(): tuple(written) for asked, written in entries.items()}
        longest_first = sorted(self._written, key=len, reverse=True)
        words = "|".join(re.escape(asked) for asked in longest_first) or r"(?!)"
        self._pattern = re.compile(rf"(?<!\w)({words})s?(?!\w)", re.IGNORECASE)

    def synonyms(self, question: str) -> tuple[Synonym, ...]:
        """The words of the question that documents say differently, in its order."""
        asked = dict.fromkeys(m.group(1).lower() for m in self._pattern.finditer(question))
        return tuple(Synonym(word, self._written[word]) for word in asked)

    def expanded(self, question: str) -> str:
        """The question, followed by the phrases that documents write for its words."""
        phrases = [p for synonym in self.synonyms(question) for p in synonym.written]
        new = [p for p in dict.fromkeys(phrases) if p.lower() not in question.lower()]
        return f"{question} ({', '.join(new)})" if new else question


def load_glossary(file: Path = DEFAULT_FILE) -> Glossary:
    """Read a glossary: a YAML list of ``asked`` and ``written`` lists of phrases.

    Raises:
        SettingsError: the file cannot be read or has another form; the message names the entry.
    """
    import yaml

    try:
        entries = yaml.safe_load(file.read_text(encoding="utf-8")) or []
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise SettingsError(f"the glossary {file} cannot be read: {reason}") from None
    if not isinstance(entries, list):
        raise SettingsError(f"the glossary {file} is not a list of entries")
    known: dict[str, tuple[str, ...]] = {}
    for number, entry in enumerate(entries, 1):
        asked, written = _phrases(entry, "asked"), _phrases(entry, "written")
        if not asked or not written:
            raise SettingsError(
                f"entry {number} of the glossary {file} needs 'asked' and 'written', "
                "each a list of phrases"
            )
        for word in asked:
            known[word.lower()] = known.get(word.lower(), ()) + written
    return Glossary(known)


def _phrases(entry: object, name: str) -> tuple[str, ...]:
    value = entry.get(name) if isinstance(entry, dict) else None
    if not isinstance(value, list) or not all(isinstance(p, str) and p.strip() for p in value):
        return ()
    return tuple(value)
