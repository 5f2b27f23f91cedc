"""Words, stems, sentences and tokens, as far as a double needs them."""

import re
from functools import lru_cache
from threading import Lock

import snowballstemmer

_LITTLE_WORDS = """
a about an and any are as at be been by can did do does each for from get had has have how i if in
into is it its many me much my not of on one or our out pay shall should so that the their them
there these they this those to under up was we were what when where which who will with would you
your
"""
STOP_WORDS = frozenset(_LITTLE_WORDS.split())

_WORD = re.compile(r"[^\W_]+(?:[.,'’][^\W_]+)*")
_TOKEN = re.compile(r"\s*(?:[^\W\d_]{1,5}|\d{1,3}|\S)|\s+$")
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]?[^\W_])|\n+")
_STEMMER = snowballstemmer.stemmer("english")
_STEMMING = Lock()  # one stemmer keeps its word in itself


def words(text: str) -> list[str]:
    """Lower-case words and numbers, in order."""
    return [word.lower() for word in _WORD.findall(text)]


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """The stem of a lower-case word."""
    with _STEMMING:
        return str(_STEMMER.stemWord(word.removesuffix("'s").removesuffix("’s")))


def content_stems(text: str) -> set[str]:
    """Stems of the words that carry meaning."""
    return {stem(word) for word in words(text) if word not in STOP_WORDS}


def sentences(text: str) -> list[str]:
    """Sentences, list items and table rows, without headings."""
    parts = (part.strip() for part in _SENTENCE_END.split(text))
    return [part.lstrip("-*• ") for part in parts if _WORD.search(part) and part[0] != "#"]


def tokens(text: str) -> list[str]:
    """Pieces of at most five letters or three digits: near the real count for English."""
    return _TOKEN.findall(text)


def overlap(text: str, reference: str) -> float:
    """The share of the text's content stems that the reference holds, 0 to 1."""
    wanted = content_stems(text)
    return len(wanted & content_stems(reference)) / len(wanted) if wanted else 0.0
