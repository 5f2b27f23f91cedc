"""Street addresses, by usaddress, and postal codes in them or introduced as such.

usaddress labels the words of an address. It takes any text for one, so it is asked only from a
number on, and what it says counts only with a street's type, a unit, or a state with its ZIP code.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from threading import Lock

from chat_app.guards.personal_data_finds import Find, Kind, Sureness
from chat_app.guards.personal_data_words import (
    AMBIGUOUS_STREET_TYPES,
    FUNCTION_WORDS,
    STREET_TYPES,
)

_WINDOW = 160
"""Characters from a number on that usaddress gets to see."""

_START = re.compile(
    r"(?<![\w$€£.,/:-])(?:P\.? ?O\.? ?Box(?= #?\d)|PSC(?= \d)|Unit(?= \d+,? Box)"
    r"|\d{1,6}(?:-\d{1,4})?[A-Za-z]?(?=[ \n,]{1,3}(?:\d{1,6}[ ,]{1,2})?[^\W\d_]))",
    re.IGNORECASE,
)
_UNIT = re.compile(
    r"\b(?i:apt|suite|ste|apartment|unit|flat|rm|room|box)\b\.? ?#?\d{1,5}[A-Za-z]?\b"
)
_CLOSED = re.compile(
    r"[?!;]|\n\s*\n|(?:(?<=[^\W\d_]{5})|(?<=[\d)]))\.(?:\s(?!\s*(?:apt|suite|unit|box))|$)",
    re.IGNORECASE,
)
"""Ends a sentence or an address; short words before a full stop are abbreviations."""
_CAPITALS = r"(?:[^\W\d_a-zß-öø-ÿ][\w'.-]*|\d{1,5}[A-Za-z]?\.?|d[aeiou]s?|del|la|van|von|der|ul\.)"
_INTRODUCED = re.compile(
    r"\b(?i:address(?:es)?\b[^.\d\n]{0,30}?(?: is| are|:| to| as)"
    r"|(?:live[sd]?|living|resid(?:e|es|ing)|located|meet you|arrived|staying) (?:at|on|in))\s{1,3}"
    rf"(?P<value>\d{{1,6}}[A-Za-z]?(?: {_CAPITALS}){{1,8}})"
)
_WITH_CODE = re.compile(
    r"(?<![\w$€£.,/:-])\d{1,6}[A-Za-z]?(?: [\w.'#-]{1,20},?){2,9}?\s(?P<state>[A-Z]{2}),? \d{5}"
    r"(?:-\d{4})?(?![\w%]|[.,]\d)"
)
_INTRODUCED_WITH_CODE = re.compile(
    r"\b(?:address(?:es)?\b[^.\d\n]{0,30}?(?: is| are|:)|(?:live|living|reside) at)\s{1,3}"
    r"(?P<value>\d{1,6}[^.?!\n]{3,60}? \d{5}(?:-\d{4})?)(?![\w%]|[.,]\d)",
    re.IGNORECASE,
)
_CORNER = re.compile(
    rf"\b(?i:(?:the )?corner of) {_CAPITALS}(?: {_CAPITALS}){{0,4}}"
    rf" (?:and|&) {_CAPITALS}(?: {_CAPITALS}){{0,3}}"
)
_MILITARY = re.compile(
    r"(?:\bUS[A-Z]{1,3} [^\W\d_]+[,\s]+)?\b(?:APO|FPO|DPO),? A[AEP],? \d{5}(?:-\d{4})?\b",
    re.IGNORECASE,
)
_NAMED_BEFORE = re.compile(
    rf"(?:\b(?:at|to|in|on)|[:\n]|^)\s{{0,3}}(?P<value>(?:{_CAPITALS} ){{1,3}})$"
)
"""The words of a street whose number stands behind its name."""
_REST = re.compile(rf"(?: {_CAPITALS}){{0,4}}[,\s]{{1,4}}(?:{_UNIT.pattern})")
_TOWN = (
    r"(?:(?!(?:A|An|And|Am|Are|Can|Do|Does|How|I|If|In|Is|It|My|Please|Should|Thanks|The|We|What|When"
    r"|Where|Which|Who|Why|Will)\b)[^\W\d_a-zß-öø-ÿ][\w'.-]*|d[aeiou]s?|del|la|van|von|der)"
)
_CODE = r"\d{4,5}(?:-\d{3,4})?\b"
_PLACE = re.compile(
    rf"(?:\s*[,\n]\s*{_TOWN}(?: {_TOWN}){{0,3}}){{1,4}}(?:[,\s]+{_CODE})?"
    rf"|(?: {_TOWN}){{1,4}},?\s+{_CODE}"
)
_PLACE_AFTER_UNIT = re.compile(rf"(?: {_TOWN}){{1,4}}")
_ZIP = re.compile(
    r"\b(?:zip|postal|post) ?(?:code)?[^\w$]{0,3}(?:is|of|:|=)?[^\w$]{0,3}"
    r"(?P<value>\d{3,6}(?:[- ]\d{2,4}(?!\d))?(?: [A-Z]{2}\b)?|[A-Z]\d[A-Z] ?\d[A-Z]\d)(?![\w%])",
    re.IGNORECASE,
)
_STATE_ZIP = re.compile(r"(?<!\w)(?P<state>[A-Z]{2}),? (?P<value>\d{5}(?:-\d{4})?)(?![\w%]|[.,]\d)")

_ONE_AT_A_TIME = Lock()
"""usaddress shares one tagger, which holds the text that it is at."""
_STREET_LABELS = {"StreetNamePostType", "StreetNamePreType"}
_NO_LABELS = {"Recipient", "NotAddress", "LandmarkName", "BuildingName"}
_HINT = re.compile(
    rf"\b(?:{'|'.join(sorted(STREET_TYPES))}|p\.? ?o\.?|psc)\b|{_UNIT.pattern}"
    r"|\b[A-Z]{2},? \d{5}\b",
    re.IGNORECASE,
)
"""Without any of these in a window, usaddress need not be asked."""


def find_addresses(text: str) -> Iterator[Find]:
    """Street addresses and postal codes in a folded text; they may overlap."""
    if not any(char.isdigit() for char in text):
        return
    for match in _ZIP.finditer(text):
        yield Find(Kind.ZIP, *match.span("value"), Sureness.INTRODUCED)
    for match in _STATE_ZIP.finditer(text):
        if match["state"] in _states():
            yield Find(Kind.ZIP, *match.span("value"), Sureness.LISTED)
    for match in _MILITARY.finditer(text):
        yield Find(Kind.ADDRESS, *match.span(), Sureness.SHAPED)
    yield from _streets(text)


def _streets(text: str) -> Iterator[Find]:
    for match in _CORNER.finditer(text):
        yield Find(Kind.ADDRESS, match.start(), _with_place(text, match.end()), Sureness.SHAPED)
    for match in _INTRODUCED.finditer(text):
        start, end = match.span("value")
        yield Find(Kind.ADDRESS, start, _with_place(text, end), Sureness.INTRODUCED)
    for match in _INTRODUCED_WITH_CODE.finditer(text):
        yield Find(Kind.ADDRESS, *match.span("value"), Sureness.INTRODUCED)
    for match in _WITH_CODE.finditer(text):
        if match["state"] in _states():
            yield Find(Kind.ADDRESS, *match.span(), Sureness.SHAPED)
    reached = 0
    for match in _START.finditer(text):
        if match.start() >= reached and (end := _end_of_address(text, match.start())):
            before = _NAMED_BEFORE.search(text[max(0, match.start() - 60) : match.start()])
            start = match.start() - len(before["value"]) if before else match.start()
            reached = _with_place(text, end)
            yield Find(Kind.ADDRESS, start, reached, Sureness.SHAPED)


def _with_place(text: str, end: int) -> int:
    if rest := _REST.match(text, end):
        end = rest.end()
    place = _PLACE.match(text, end)
    if not place and text[end - 1].isdigit():
        place = _PLACE_AFTER_UNIT.match(text, end)
    return place.end() if place else end


def _end_of_address(text: str, start: int) -> int:
    """Where the street address ends that starts there; 0 when none does."""
    window = text[start : start + _WINDOW]
    if closed := _CLOSED.search(window, 1):
        window = window[: closed.start()]
    if not _HINT.search(window):
        return 0
    labelled = _labelled(window)
    labels = {label for _, label, _ in labelled}
    end = labelled[-1][2] if labelled else 0
    if "USPSBoxID" in labels or _is_street(window, labelled, labels):
        return start + end
    unit = _UNIT.search(window)
    if unit and unit.start() < 70 and _reads_like_a_street(window[: unit.start()]):
        return start + max(end, unit.end())
    return 0


def _labelled(window: str) -> list[tuple[str, str, int]]:
    """The words that usaddress takes for an address, from the first: word, label, end."""
    import usaddress

    found: list[tuple[str, str, int]] = []
    at = 0
    with _ONE_AT_A_TIME:
        words = usaddress.parse(window)
    for word, label in words:
        bare = word.strip(" \n,.;:()\"'")
        at = window.find(bare, at)
        if label in _NO_LABELS or at < 0 or bare.lower() in FUNCTION_WORDS:
            break
        at += len(bare)
        found.append((bare, label, at))
        if label == "ZipCode":
            break
    return found


def _is_street(window: str, labelled: Sequence[tuple[str, str, int]], labels: set[str]) -> bool:
    if not labelled or labelled[0][1] not in {"AddressNumber", "AddressNumberPrefix"}:
        return False
    if {"OccupancyType", "OccupancyIdentifier"} <= labels and _UNIT.search(window):
        return True
    if "ZipCode" in labels and _STATE_ZIP.search(window):
        return True
    for position, (word, label, _) in enumerate(labelled):
        suffix = word.lower()
        if position < 2 or label not in _STREET_LABELS or suffix not in STREET_TYPES:
            continue
        named = any(name[:1].isupper() or name[:1].isdigit() for name, _, _ in labelled[1:position])
        return named or suffix not in AMBIGUOUS_STREET_TYPES or "PlaceName" in labels
    return False


def _reads_like_a_street(text: str) -> bool:
    """Is it a house number with words that a street may be called by?"""
    words = text.replace(",", " ").lower().split()
    return 2 <= len(words) <= 9 and not FUNCTION_WORDS & set(words)


@cache
def _states() -> frozenset[str]:
    from faker.providers.address.en_US import Provider

    return frozenset((*Provider.states_abbr, *Provider.territories_abbr))
