"""A model's JSON -> the texts in it, each with the numbers that stand beside it. Pure functions.

Small models that were trained to reply in JSON do so unasked:
``{"answer": "The copay is $20.", "sources": [1]}``.
"""

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

MIN_WORDS = 3
"""Words of a text that may be a sentence; shorter values are labels."""

_BEGIN = re.compile(r"[^\S\n]*(?=\{|\[\s*(?:[{\"]|\Z))")
_CITES = re.compile(r"cit|source|passage|reference|\bdoc|number|\bid\b", re.IGNORECASE)
_NUMBER = re.compile(r"\d{1,3}(?!\d)")

Claim = tuple[str, tuple[int, ...]]
"""A text and the numbers of the passages that it cites."""


class Structure(NamedTuple):
    """JSON at the beginning of a text.

    Attributes:
        begun: there may be some.
        end: where it ends; 0 while it is not complete.
        claims: what it holds.
    """

    begun: bool
    end: int = 0
    claims: tuple[Claim, ...] = ()


def read_structure(text: str) -> Structure:
    """The JSON object or array that a text begins with; brackets around a number are none."""
    begin = _BEGIN.match(text)
    if begin is None:
        return Structure(begun=False)
    try:
        value, end = json.JSONDecoder().raw_decode(text, begin.end())
    except (ValueError, RecursionError):
        return Structure(begun=True)
    return Structure(True, end, tuple(_claims(value, ())))


def _claims(value: object, numbers: tuple[int, ...]) -> Iterator[Claim]:
    match value:
        case str() if len(value.split()) >= MIN_WORDS:
            yield value, numbers
        case list():
            for one in value:
                yield from _claims(one, numbers)
        case dict():
            cited = [held for name, held in value.items() if _CITES.search(name)]
            said = [held for name, held in value.items() if not _CITES.search(name)]
            own = tuple(dict.fromkeys(n for held in cited for n in _numbers(held))) or numbers
            claims = [claim for held in said for claim in _claims(held, own)]
            yield from claims or [claim for held in cited for claim in _claims(held, own)]
        case _:
            return


def _numbers(value: object) -> Iterator[int]:
    """Whole numbers in a value that cites."""
    match value:
        case bool():
            return
        case int():
            yield value
        case str() if len(value.split()) < MIN_WORDS:
            yield from map(int, _NUMBER.findall(value))
        case list():
            for one in value:
                yield from _numbers(one)
        case dict():
            for one in value.values():
                yield from _numbers(one)
        case _:
            return
