"""Lines into running text: words cut at the end of a line are made whole."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from retrieval.loading.cleaning import without_rules
from retrieval.loading.pdf.lines import TextLine

# From here on lie the scripts of East Asia, which write no spaces between words.
_FIRST_WITHOUT_SPACES = "\u2e80"
_MANY_WORDS = 500
_EDGES = re.compile(r"^\W+|\W+$")
_LONE_MARK = re.compile(r" ([,.;:)])(?=\s|$)")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S*$", re.IGNORECASE)
_ADDRESS_REST = re.compile(r"[\w%~-]*[./][\w./%~-]*")


class Vocabulary(NamedTuple):
    """How a document writes words.

    Attributes:
        words: those that stand within lines, in lower case.
        cuts_words: it cuts words at the ends of lines; otherwise a hyphen there is a word's own.
    """

    words: frozenset[str]
    cuts_words: bool

    def hyphenates(self, before: str, after: str) -> bool:
        """Is the hyphen between two halves the word's own?

        ``out-of-`` and ``pocket`` keep theirs, ``deduct-`` and ``ible`` lose it: as the document
        writes the word elsewhere, and unseen as it treats others.
        """
        known = self.writes(before, after)
        if known is not None:
            return known
        head, tail = _bare(before[:-1]), _bare(after)
        if not after[:1].islower() or not head[-1:].isalpha() or "-" in head:
            return True
        if self.cuts_words:
            return head in self.words and tail in self.words
        return head in self.words or tail in self.words or len(self.words) > _MANY_WORDS

    def writes(self, before: str, after: str) -> bool | None:
        """Does the document write two halves with a hyphen elsewhere? None if not at all."""
        head, tail = _bare(before[:-1]), _bare(after)
        if f"{head}-{tail}" in self.words:
            return True
        return False if f"{head}{tail}" in self.words else None


def vocabulary_of(pages: Iterable[Sequence[TextLine]]) -> Vocabulary:
    """The words of the lines of each page, without those at a line's ends that may be halves."""
    words: set[str] = set()
    halves: list[tuple[str, str]] = []
    for lines in pages:
        for number, line in enumerate(lines):
            texts = [word.text for word in line.words]
            if len(texts[-1]) > 2 and texts[-1].endswith("-"):
                below = (other for other in lines[number + 1 : number + 6] if other.x0 < line.x1)
                halves.extend((texts[-1], other.words[0].text) for other in below)
                texts.pop()
            words.update(_bare(text) for text in texts[1:])
    unsure = Vocabulary(frozenset(words), cuts_words=False)
    known = [unsure.writes(*pair) for pair in halves]
    return unsure._replace(cuts_words=known.count(False) > known.count(True))


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
