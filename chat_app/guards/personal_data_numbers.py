"""Numbers of persons: social security, cards, accounts, documents and memberships.

Checksums are python-stdnum's. A number that fails its checksum is found all the same where the
words before say what it is: people mistype.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from chat_app.guards.personal_data_finds import Find, Kind, Sureness

_LINK = (
    r"(?P<link>(?:[^\w$€£]{0,3}\b(?:numbers?|no|num|nr|id|ids|card|is|was|it'?s|ending in|called)\b"
    r"|[^\w$€£]{0,2}[#:=]){0,4}[^\w$€£+]{0,3})"
)
"""What may stand between the words that introduce a number and the number."""

_END = r"(?![\w%]|[.,]\d)"
_VALUE = r"(?:\d{2,3}(?: \d{2,4}){1,4}|[A-Z0-9]+(?:[-/][A-Z0-9]+){0,4})"
_DIGITS = r"\d(?:[ -]?\d){%s}"
_SAYS_NUMBER = re.compile(r"numbers?|\bno\b|num|\bnr\b|id|#|:|=", re.IGNORECASE)
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class _Introduced:
    """A number that the words before it name.

    Attributes:
        words: that name it.
        least: digits that it has at least after "number", "#" and the like.
        bare: digits that it has at least without.
    """

    kind: Kind
    words: str
    value: str = _VALUE
    least: int = 4
    bare: int = 8

    def pattern(self) -> re.Pattern[str]:
        return re.compile(rf"\b(?:{self.words}){_LINK}(?P<value>{self.value}){_END}", re.IGNORECASE)


_INTRODUCED = [
    _Introduced(Kind.SSN, r"ssn|social(?: security)?", _DIGITS % "8", 9, 9),
    _Introduced(
        Kind.SSN, r"last (?:4|four)[^\d.?!]{0,30}(?:ssn|social)[^\d.?!]{0,20}", r"\d{4}", 4, 4
    ),
    _Introduced(Kind.ITIN, r"itin|tax(?:payer)?(?: identification)?", _DIGITS % "8", 9, 9),
    _Introduced(Kind.CARD, r"card", _DIGITS % "11,18", 12, 12),
    _Introduced(Kind.IBAN, r"iban", r"[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}", 8, 8),
    _Introduced(
        Kind.ROUTING_NUMBER, r"routing|aba|rtn|transit", r"\d{9}|\d{4}[ -]\d{4}[ -]\d", 9, 9
    ),
    _Introduced(Kind.ACCOUNT, r"(?:account|acct\.?|checking|savings)"),
    _Introduced(Kind.PASSPORT, r"passport", r"[A-Z]{0,2}\d{6,9}[A-Z]?", 6, 6),
    _Introduced(
        Kind.LICENSE, r"(?:driver'?s?|drivers'|driving|state) (?:licen[cs]e|id)|dl", bare=5
    ),
    _Introduced(
        Kind.ID,
        r"(?:member(?:ship)?|subscriber|policy(?: ?holder)?|group|enroll?ee|beneficiary|participant"
        r"|patient|medicare|medicaid|hicn|mbi|insurance|insured|claim|employee|certificate|mrn|case"
        r"|medical record|authorization|confirmation|prescription|rx|reference|dependent|id)",
        least=3,
    ),
]
_PATTERNS = [(introduced, introduced.pattern()) for introduced in _INTRODUCED]

_SSN = re.compile(
    r"(?<![\w.-])\d{3}([- .])\d{2}\1\d{4}(?![\w-]|\.\d)|(?<![\w$€£.,-])\d{9}(?![\w%-]|[.,]\d)"
)
_BANK = re.compile(r"\b(?:bank|routing|deposit|transfer|wire|checking|savings)\b", re.IGNORECASE)
_CARD = re.compile(rf"(?<![\w$€£.,-]){_DIGITS % '11,18'}(?![\w-]|[.,]\d)")
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{1,4}){3,8}(?!\w)", re.IGNORECASE)
_MEDICARE = re.compile(
    r"(?<![\w-])[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y\d]\d-?"
    r"[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y\d]\d-?[AC-HJKMNP-RT-Y]{2}\d{2}(?![\w-])",
    re.IGNORECASE,
)
"""A Medicare Beneficiary Identifier; its form is fixed by CMS ("Understanding the MBI format")."""
_LONG = re.compile(r"(?<![\w$€£.,#+-])(?!nct|ndc)[A-Z]{0,3}\d{9,20}(?![\w%]|[.,]\d)", re.IGNORECASE)
"""A run of digits that is longer than any amount, year or code in a question on benefits."""


def find_numbers(text: str) -> Iterator[Find]:
    """Numbers of persons in a folded text; they may overlap."""
    if not _DIGIT.search(text):
        return
    for introduced, pattern in _PATTERNS:
        yield from _introduced(text, introduced, pattern)
    yield from _social_security(text)
    yield from _cards(text)
    yield from _ibans(text)
    for match in _MEDICARE.finditer(text):
        yield Find(Kind.ID, *match.span(), Sureness.SHAPED)
    for match in _LONG.finditer(text):
        if not text[: match.start()].rstrip(" :#").lower().endswith("ndc"):
            yield Find(Kind.ID, *match.span(), Sureness.LISTED)


def _introduced(text: str, introduced: _Introduced, pattern: re.Pattern[str]) -> Iterator[Find]:
    for match in pattern.finditer(text):
        digits = len(_DIGIT.findall(match["value"]))
        said = _SAYS_NUMBER.search(match["link"]) or match[0].lower().startswith("id")
        if digits >= (introduced.least if said else introduced.bare):
            yield Find(introduced.kind, *match.span("value"), Sureness.INTRODUCED)


def _social_security(text: str) -> Iterator[Find]:
    from stdnum.us import itin, rtn, ssn

    for match in _SSN.finditer(text):
        digits = "".join(_DIGIT.findall(match[0]))
        if itin.is_valid(digits):
            yield Find(Kind.ITIN, *match.span(), Sureness.SHAPED)
        elif match[1]:
            yield Find(Kind.SSN, *match.span(), Sureness.SHAPED)
        elif rtn.is_valid(digits) and _BANK.search(text):
            yield Find(Kind.ROUTING_NUMBER, *match.span(), Sureness.CHECKED)
        elif ssn.is_valid(digits):
            yield Find(Kind.SSN, *match.span(), Sureness.LISTED)


def _cards(text: str) -> Iterator[Find]:
    from stdnum import luhn

    for match in _CARD.finditer(text):
        if luhn.is_valid("".join(_DIGIT.findall(match[0]))):
            yield Find(Kind.CARD, *match.span(), Sureness.CHECKED)


def _ibans(text: str) -> Iterator[Find]:
    from stdnum import iban

    for match in _IBAN.finditer(text):
        words = match[0].split(" ")
        for count in range(len(words), 0, -1):
            value = " ".join(words[:count])
            if iban.is_valid(value):
                start = match.start()
                yield Find(Kind.IBAN, start, start + len(value), Sureness.CHECKED)
                break
