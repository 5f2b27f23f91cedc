"""Which plan years a text speaks of. Pure functions."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY = r"(?:\s+\d{1,2}(?:st|nd|rd|th)?)?,?\s+"
_FIRST = r"jan(?:uary|\.)?(?:\s+(?:1(?:st)?|first))?"
_KIND = r"(?:\s+(?:plan|calendar|benefits?|coverage))?\s+(?:year|yr)"


@dataclass(frozen=True, slots=True)
class SaidYear:
    """A plan year is spoken of from ``start`` to ``end``."""

    start: int
    end: int
    year: int


Reading = Callable[[re.Match[str], date], int]


def _said(step: int) -> Reading:
    return lambda match, _: int(match["year"]) + step


def _from_now(step: int) -> Reading:
    return lambda _, today: today.year + step


def _short(match: re.Match[str], _: date) -> int:
    return 2000 + int(match["year"])


def _coming_january(_: re.Match[str], today: date) -> int:
    return today.year + 1


def _nearest_january(_: re.Match[str], today: date) -> int:
    """The year of the January 1 that lies nearest: half a year back, half a year ahead."""
    return today.year + (today.month > 6)


_READINGS: tuple[tuple[str, Reading], ...] = (
    # In passing: the year something happened to the member is no plan year.
    (
        (
            r"\b(?:born|hired|married|diagnosed|retired|graduated|divorced|adopted)\s+"
            rf"(?:back\s+)?(?:in|on|since)\s+(?:{_MONTH}{_DAY})?(?P<year>20\d\d)\b"
        ),
        lambda _match, _today: 0,
    ),
    (
        (
            r"\b(?:i|we|he|she|they)\s+(?:got\s+|was\s+|were\s+)?"
            r"(?:quit|stopped|smoked|married|divorced|moved|retired|joined|started|hired|born"
            r"|diagnosed|adopted|graduated)\s+(?:\w+\s+)?last\s+year\b"
        ),
        lambda _match, _today: 0,
    ),
    (rf"\bbefore\s+(?:{_FIRST},?\s+|0?1/0?1/)?(?P<year>20\d\d)\b", _said(-1)),
    (r"\bafter\s+(?:dec(?:ember|\.)?(?:\s+31(?:st)?)?,?\s+|12/31/)?(?P<year>20\d\d)\b", _said(1)),
    (r"\b\d{1,2}[/.-]\d{1,2}[/.-](?P<year>20\d\d)\b", _said(0)),
    (r"\b\d{1,2}/\d{1,2}/(?P<year>\d\d)\b", _short),
    (rf"\b{_MONTH}{_DAY}(?P<year>20\d\d)\b", _said(0)),
    (
        r"(?<![$\d.,])\b(?P<year>20\d\d)\b(?![.,]\d|\s*(?:%|dollars|calories|miles|people|mg))",
        _said(0),
    ),
    (r"(?<![\w.])['’](?P<year>[2-4]\d)\b(?!\s*(?:hour|day|month))", _short),
    (rf"\b(?:the\s+)?year\s+before\s+last\b|\btwo{_KIND}s\s+ago\b", _from_now(-2)),
    (rf"\b(?:next|(?:this\s+)?coming|upcoming|following){_KIND}", _from_now(1)),
    (rf"\b(?:last|previous|prior|past){_KIND}|\b(?:a|one)\s+year\s+ago\b", _from_now(-1)),
    (rf"\b(?:this|current){_KIND}|\bcurrent\s+plan\b|\bright\s+now\b", _from_now(0)),
    (rf"\b(?:this\s+coming|coming|next)\s+{_FIRST}\b", _coming_january),
    (
        (
            r"\b(?:starting|start|starts|beginning|begins|from|effective|since|as\s+of|on|in)\s+"
            rf"{_FIRST}\b|\bnew{_KIND}\b"
        ),
        _nearest_january,
    ),
)
_PATTERNS = tuple((re.compile(words, re.IGNORECASE), reading) for words, reading in _READINGS)


def said_years(text: str, today: date) -> list[SaidYear]:
    """The years that a text speaks of, in its order.

    "next year", "'26", "effective 1/1/2026" and "before 2026" (which is 2025) are years; "open
    enrollment" is none, and neither is the year in which someone was born or hired.

    Args:
        text: in people's words.
        today: what "next year" refers to.
    """
    taken: list[tuple[int, int]] = []
    found: list[SaidYear] = []
    for words, reading in _PATTERNS:
        for match in words.finditer(text):
            start, end = match.span()
            if any(start < other_end and other_start < end for other_start, other_end in taken):
                continue
            taken.append((start, end))
            if year := reading(match, today):
                found.append(SaidYear(start, end, year))
    return sorted(found, key=lambda said: said.start)
