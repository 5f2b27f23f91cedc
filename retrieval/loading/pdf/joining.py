"""Lines into running text: words cut at the end of a line are made whole."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from retrieval.loading.cleaning import without_rules
from retrieval.loading.pdf.lines import TextLine

# From here on lie the scripts of East Asia, which write no spaces between words.
_FIRST_WITHOUT_SPACES = "\u2e80"
_EDGES = re.compile(r"^\W+|\W+$")
_LONE_MARK = re.compile(r" ([,.;:)])(?=\s|$)")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S*$", re.IGNORECASE)
_ADDRESS_REST = re.compile(r"[\w%~-]*[./][\w./%~-]*")


class Vocabulary(NamedTuple):
    """The words that a document writes unbroken, in lower case."""

    words: frozenset[str]

    def hyphenates(self, before: str, after: str) -> bool:
        """Is the hyphen between two halves the word's own?

        ``out-of-`` and ``pocket`` keep theirs, ``deduct-`` and ``ible`` lose it: as the document
        writes the word elsewhere; unseen, by whether both halves are words of it.
        """
        head, tail = _bare(before[:-1]), _bare(after)
        if f"{head}-{tail}" in self.words:
            return True
        if f"{head}{tail}" in self.words:
            return False
        if not after[:1].islower() or not head[-1:].isalpha():
            return True
        return "-" in head or (head in self.words and tail in self.words)


def vocabulary_of(lines: Iterable[TextLine]) -> Vocabulary:
    """The words of lines, without those at a line's ends that may be halves."""
    words: set[str] = set()
    for line in lines:
        texts = [word.text for word in line.words]
        if texts[-1].endswith("-"):
            texts.pop()
        words.update(_bare(text) for text in texts[1:])
    return Vocabulary(frozenset(words))


def running_text(lines: Sequence[TextLine], vocabulary: Vocabulary) -> tuple[str, list[int]]:
    """Lines as one text, and where in it each line begins; a marker becomes ``- `` or ``1. ``."""
    text = f"{lines[0].marker} " if len(lines[0].content) < len(lines[0].words) else ""
    starts: list[int] = []
    for number, line in enumerate(lines):
        words = line.content if number == 0 else line.words
        piece = _LONE_MARK.sub(r"\1", " ".join(word.text for word in words))
        if number and text:
            text = _joint(text, piece, vocabulary)
        starts.append(len(text))
        text += piece
    plain = without_rules(text)
    return plain, starts if plain == text else [min(start, len(plain)) for start in starts]


def _joint(text: str, piece: str, vocabulary: Vocabulary) -> str:
    """The text so far, ready for the next line to be put behind it."""
    last = text.rsplit(" ", 1)[-1]
    first = piece.split(" ", 1)[0]
    if len(last) > 1 and last.endswith("-") and last[-2].isalnum() and first[:1].isalnum():
        return text if vocabulary.hyphenates(last, first) else text[:-1]
    if last.endswith("–") and "–" in last[:-1] and first[:1].islower():
        return text
    if last[-1:] >= _FIRST_WITHOUT_SPACES and first[:1] >= _FIRST_WITHOUT_SPACES:
        return text
    if _ADDRESS.search(last) and (last.endswith("/") or _ends_address(first, vocabulary)):
        return text
    return text + " "


def _ends_address(word: str, vocabulary: Vocabulary) -> bool:
    """Is the first word of a line the rest of a web address that the line above begins?"""
    bare = word.rstrip(".,;:)")
    if _ADDRESS_REST.fullmatch(bare):
        return True
    return "-" in bare and not all(part.lower() in vocabulary.words for part in bare.split("-"))


def _bare(text: str) -> str:
    return _EDGES.sub("", text).lower()
