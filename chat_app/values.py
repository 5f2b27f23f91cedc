"""The values that a text states, in one form each. Pure functions.

Amounts of money, percentages, dates and counts are compared as values, not as strings; so are
phone numbers, addresses of the web and of mail.
"""

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import NamedTuple


class Value(NamedTuple):
    """A value stated in a text: its kind and what it is, in one form."""

    kind: str
    amount: str

    def __str__(self) -> str:
        """The value for a reader, such as ``$1500`` or ``20%``."""
        forms = {"money": "${}", "percent": "{}%", "date": "the date {}"}
        return forms.get(self.kind, "{}").format(self.amount.strip("-"))


class Stated(NamedTuple):
    """A value and where the text states it, end exclusive."""

    value: Value
    start: int
    end: int


_ONES = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
fifteen sixteen seventeen eighteen nineteen twenty"""
_TENS = "thirty forty fifty sixty seventy eighty ninety"
_NUMBER_WORDS = {word: str(number) for number, word in enumerate(_ONES.split())} | {
    word: str(10 * number) for number, word in enumerate(_TENS.split(), 3)
}
_MONTH_NAMES = "jan feb mar apr may jun jul aug sep oct nov dec"
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES.split(), 1)}
_KEYPAD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")

_AMOUNT = r"\d+(?:,\d{3})*(?:\.\d+)?"
# Capital, so that "you may 10 times" is no date.
_MONTH = rf"(?P<month>(?-i:{'|'.join(name.capitalize() for name in _MONTHS)}))[a-z]*\.?"
_PATTERNS = (
    re.compile(r"(?P<email>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"),
    re.compile(
        r"(?:https?://|\bwww\.)(?P<url>[^\s<>()\[\]|\"']+)"
        r"|(?<![\w@.])(?P<host>(?:[a-z0-9-]+\.)+(?:com|org|net|gov|edu|us|info|example)\b"
        r"(?:/[^\s<>()\[\]|\"']*)?)",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?<![\w-])(?:\+?1[-. ]?)?(?P<phone>\(?\d{3}\)?[-. ]\s?\d{3}[-. ]\d{4})(?![\w-])"
        r"|(?<![\w-])(?:1-)?(?P<letters>8\d\d-(?=[\dA-Z-]*[A-Z])[\dA-Z]+(?:-[\dA-Z]+)*)(?![\w-])"
    ),
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
_WITHOUT_DIGITS = (*_PATTERNS[:2], _PATTERNS[-1])
_DIGIT = re.compile(r"\d")
_SCALES = {"k": 3, "million": 6, "billion": 9}


def values(text: str) -> list[Value]:
    """The values that a text states, in one form each, in its order.

    ``$1,500`` and ``1500 dollars`` are the same value, as are ``20%`` and ``20 percent``,
    ``January 1, 2026`` and ``1/1/2026``, ``three`` and ``3``, ``(800) 555-0110`` and
    ``1-800-555-0110``.
    """
    return [stated.value for stated in read_values(text)[0]]


def same(left: Value, right: Value) -> bool:
    """Are the values one? A date without a year is that day of any year."""
    if left.kind == right.kind == "date" and "-" in (left.amount[0], right.amount[0]):
        return left.amount[-5:] == right.amount[-5:]
    return left == right


@lru_cache(maxsize=1024)
def read_values(text: str) -> tuple[tuple[Stated, ...], str]:
    """The values of a text with their places, and the text with blanks in these places."""
    left = text
    found: list[Stated] = []
    has_digits = _DIGIT.search(text) is not None
    for pattern in _PATTERNS if has_digits else _WITHOUT_DIGITS:
        matches = list(pattern.finditer(left))
        if matches:
            found.extend(Stated(value, *m.span()) for m in matches for value in _value(m))
            left = pattern.sub(lambda match: " " * len(match.group()), left)
    return tuple(sorted(found, key=lambda stated: stated.start)), left


def _value(match: re.Match[str]) -> Iterator[Value]:
    groups = {name: text for name, text in match.groupdict().items() if text}
    if "month" in groups:
        yield Value("date", _date(groups))
        return
    kind, said = next(iter(groups.items()))
    match kind:
        case "email":
            yield Value("email", said.lower().rstrip("."))
        case "url" | "host":
            yield Value("url", said.lower().removeprefix("www.").rstrip(".,;:!?/*"))
        case "phone" | "letters":
            digits = re.sub(r"\D", "", said.translate(_KEYPAD))
            yield Value("phone", digits[:10])
        case "word":
            yield Value("count", _NUMBER_WORDS[said.lower()])
        case _:
            yield Value(kind, _plain(said, _SCALES.get(groups.get("scale", "").lower(), 0)))


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
