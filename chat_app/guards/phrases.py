"""Find phrases in text that is misspelt, in any case, with or without accents."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence

_APOSTROPHES = re.compile(r"['’‘`´]")
_DRAWN_OUT = re.compile(r"(\w)\1{2,}")
_WORD = re.compile(r"\w+")

FUZZY_LETTERS = 4
"""Fewest letters of a word in which one typing error is forgiven; its first letter must be right,
as "bill" is not "kill"."""


class Phrases:
    """Phrases to look for, word by word."""

    def __init__(self, phrases: Iterable[str], harmless: Iterable[str] = ()) -> None:
        """Take phrases, and those that are struck out before."""
        self._phrases: dict[str, list[tuple[str, ...]]] = defaultdict(list)
        for phrase in phrases:
            if words := _words(phrase):
                self._phrases[words[0][0]].append(words)
        self._harmless = tuple(filter(None, map(_words, harmless)))

    def found(self, text: str) -> str:
        """The first phrase of the text, in plain letters; empty when there is none."""
        words = self._struck(_words(text))
        for at, word in enumerate(words):
            for phrase in self._phrases.get(word[:1], ()):
                if _alike(words[at : at + len(phrase)], phrase):
                    return " ".join(phrase)
        return ""

    def _struck(self, words: tuple[str, ...]) -> tuple[str, ...]:
        """The words with each harmless phrase emptied, so that its neighbours stay apart."""
        struck = list(words)
        for phrase in self._harmless:
            for at in range(len(words) - len(phrase) + 1):
                if words[at : at + len(phrase)] == phrase:
                    struck[at : at + len(phrase)] = [""] * len(phrase)
        return tuple(struck)


def _words(text: str) -> tuple[str, ...]:
    """Lower-case words without accents and apostrophes; letters that are drawn out stand once."""
    parted = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", text).lower())
    plain = "".join(letter for letter in parted if not unicodedata.combining(letter))
    return tuple(_WORD.findall(_DRAWN_OUT.sub(r"\1", plain)))


def _alike(words: Sequence[str], phrase: Sequence[str]) -> bool:
    return len(words) == len(phrase) and all(map(_same, words, phrase))


def _same(word: str, meant: str) -> bool:
    """Is it the word, or the word with one letter wrong, missing, too many or out of place?"""
    if word == meant:
        return True
    if len(meant) < FUZZY_LETTERS or word[:1] != meant[0] or abs(len(word) - len(meant)) > 1:
        return False
    return not ({word} | _shortened(word)).isdisjoint({meant} | _shortened(meant))


def _shortened(word: str) -> set[str]:
    """The word without one of its letters, for each of them."""
    return {word[:at] + word[at + 1 :] for at in range(len(word))}
