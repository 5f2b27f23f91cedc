"""Dates of birth: dates that the words around them call so. Other dates are left alone."""

import re
from collections.abc import Iterator

from chat_app.guards.personal_data_finds import Find, Kind, Sureness

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]{0,6}\.?"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_NUMERIC = r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}"
_DATE = (
    rf"(?:{_NUMERIC}(?:[T ]\d{{2}}:\d{{2}}(?::\d{{2}})?)?|\b{_MONTH} {_DAY}(?:,? \d{{2,4}}\b)?"
    rf"|{_DAY} (?:of )?{_MONTH}(?:,? \d{{2,4}}\b)?"
    r"|(?:19|20)\d{6}|\d{1,2} \d{1,2} (?:19|20)\d\d)"
)
_BEFORE = re.compile(
    rf"\b(?:born|birth ?dates?|birth(?:day)?|d\.?o\.?b\.?)\b(?P<between>[^\d\n]{{0,30}}?)(?<!\d)"
    rf"(?P<date>{_DATE})(?![\w/]|-\d)",
    re.IGNORECASE,
)
_AFTER = re.compile(
    rf"(?<![\w/.-])(?P<date>{_DATE})\)?,? (?:is|was|as|=) (?:my|his|her|their|our|the|\w+'s) "
    r"(?:\w+'s )?(?:birth|dob\b|d\.o\.b)",
    re.IGNORECASE,
)
_RULE = re.compile(
    r"\b(?:before|after|between|since|from|prior|until)\b|\bcare\b|\bcontrol\b", re.IGNORECASE
)
"""Those born before a date are meant by a rule of the plan; birth control and care are benefits."""
_WHOLE = re.compile(_NUMERIC)


def is_date(text: str) -> bool:
    """Is the whole text a date in digits, such as 2025-01-31 or 1/31/2025?"""
    return bool(_WHOLE.fullmatch(text))


def find_birth_dates(text: str) -> Iterator[Find]:
    """Dates of birth in a folded text."""
    if "b" not in text.lower():
        return
    for match in _BEFORE.finditer(text):
        if not _RULE.search(match["between"]):
            yield Find(Kind.BIRTH_DATE, *match.span("date"), Sureness.INTRODUCED)
    for match in _AFTER.finditer(text):
        yield Find(Kind.BIRTH_DATE, *match.span("date"), Sureness.INTRODUCED)
