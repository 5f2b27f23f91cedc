"""Does the cited passage support the sentence? Pure functions.

A sentence is supported when the passages it cites hold its words and every value it states:
amounts of money, percentages, dates and counts, compared as values and not as strings.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from retrieval.documents import Match
from retrieval.keywords import terms

MIN_WORDS = 0.6
"""Least share of a sentence's meaning-bearing words that its passages must hold."""


class Value(NamedTuple):
    """A value stated in a text: its kind and what it is, in one form."""

    kind: str
    amount: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the passages support a sentence.

    Attributes:
        words: share of the sentence's meaning-bearing words found in the passages, 0 to 1.
        missing: values that the sentence states and the passages do not.
    """

    words: float
    missing: tuple[Value, ...]

    @property
    def supported(self) -> bool:
        """May the sentence be shown?"""
        return not self.missing and self.words >= MIN_WORDS


_ONES = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
fifteen sixteen seventeen eighteen nineteen twenty"""
_TENS = "thirty forty fifty sixty seventy eighty ninety"
_NUMBER_WORDS = {word: str(number) for number, word in enumerate(_ONES.split())} | {
    word: str(10 * number) for number, word in enumerate(_TENS.split(), 3)
}
_MONTH_NAMES = "jan feb mar apr may jun jul aug sep oct nov dec"
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES.split(), 1)}

_AMOUNT = r"\d+(?:,\d{3})*(?:\.\d+)?"
# Capital, so that "you may 10 times" is no date.
_MONTH = rf"(?P<month>(?-i:{'|'.join(name.capitalize() for name in _MONTHS)}))[a-z]*\.?"
_PATTERNS = (
    re.compile(
        rf"\b{_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(?P<year>\d{{4}}))?",
        re.IGNORECASE,
    ),
    re.compile(r"\b(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4})\b"),
    re.compile(r"\b(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})\b"),
    re.compile(
        rf"(?:\$|usd\s?)\s?(?P<money>{_AMOUNT})(?:\s?(?P<scale>million|billion|k\b))?",
        re.IGNORECASE,
    ),
    re.compile(
        rf"(?P<money>{_AMOUNT})(?:\s(?P<scale>million|billion))?\s?(?:dollars?|usd)\b",
        re.IGNORECASE,
    ),
    re.compile(rf"(?P<percent>{_AMOUNT})\s?(?:%|percent\b|per\s?cent\b)", re.IGNORECASE),
    re.compile(rf"(?P<count>{_AMOUNT})(?!\w)"),
    re.compile(rf"\b(?P<word>{'|'.join(_NUMBER_WORDS)})\b", re.IGNORECASE),
)
_SCALES = {"k": 3, "million": 6, "billion": 9}


def verify(sentence: str, passages: Sequence[Match]) -> Verdict:
    """Compare a sentence with exactly the passages that it cites.

    Title, section, plan and year of a passage count as part of it.
    """
    evidence = [_evidence(passage) for passage in passages]
    held = {value for text in evidence for value in values(text)}
    held |= {Value("date", value.amount[4:]) for value in held if value.kind == "date"}
    stated, prose = _read(sentence)
    words = terms(prose)
    known = {term for text in evidence for term in terms(text)}
    share = sum(word in known for word in words) / len(words) if words else float(bool(stated))
    return Verdict(share, tuple(value for value in stated if value not in held))


def _evidence(passage: Match) -> str:
    parts = (passage.text, passage.title, passage.section, passage.policy, passage.plan_year)
    return "\n".join(str(part) for part in parts if part)


def values(text: str) -> list[Value]:
    """The amounts, percentages, dates and counts that a text states, in one form each.

    ``$1,500`` and ``1500 dollars`` are the same value, as are ``20%`` and ``20 percent``,
    ``January 1, 2026`` and ``1/1/2026``, ``three`` and ``3``.
    """
    return _read(text)[0]


def _read(text: str) -> tuple[list[Value], str]:
    """The values of a text, and its words without them."""
    left = text
    found: list[Value] = []
    for pattern in _PATTERNS:
        kept = []
        position = 0
        for match in pattern.finditer(left):
            found.extend(_value(match))
            kept.append(left[position : match.start()])
            position = match.end()
        left = " ".join([*kept, left[position:]])
    return found, left


def _value(match: re.Match[str]) -> Iterator[Value]:
    groups = {name: text for name, text in match.groupdict().items() if text}
    if "month" in groups:
        yield Value("date", _date(groups))
    elif "word" in groups:
        yield Value("count", _NUMBER_WORDS[groups["word"].lower()])
    else:
        kind = next(kind for kind in ("money", "percent", "count") if kind in groups)
        yield Value(kind, _plain(groups[kind], _SCALES.get(groups.get("scale", "").lower(), 0)))


def _date(groups: dict[str, str]) -> str:
    month = groups["month"]
    number = int(month) if month.isdigit() else _MONTHS[month[:3].lower()]
    return f"{groups.get('year', '')}-{number:02d}-{int(groups['day']):02d}"


def _plain(number: str, scale: int) -> str:
    try:
        amount = Decimal(number.replace(",", "")).scaleb(scale)
    except InvalidOperation:
        return number
    return f"{amount.normalize():f}"


def shared_words(left: Iterable[str], right: Iterable[str]) -> float:
    """Share of the smaller set of words that the other holds too, 0 to 1."""
    a, b = set(left), set(right)
    return len(a & b) / max(1, min(len(a), len(b)))
