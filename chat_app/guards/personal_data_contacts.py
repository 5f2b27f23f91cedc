"""Ways to reach a person: phone numbers, e-mail and IP addresses, links to a person's page."""

import re
from collections.abc import Iterator
from ipaddress import ip_address

from chat_app.guards.personal_data_dates import is_date
from chat_app.guards.personal_data_finds import Find, Kind, Sureness

_EMAIL = re.compile(
    r"[^\s@<>()\[\],;:\"|]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}[^\W\d_]{2,24}"
)
"""Any top-level domain and any script: a validator would only leave mistyped ones readable."""

_URL = re.compile(r"\b(?:https?|ftp)://[^\s<>\"]{1,2000}|\bwww\.[^\s<>\"]{1,2000}", re.IGNORECASE)
_PERSONAL_URL = re.compile(
    r"//[^/\s]*@|~\w|/@\w|/(?:in|u|users?|people|profiles?|members?|account)/\w"
    r"|[?&][^=&]*(?:name|user|member|mail|ssn|phone|birth|token)[^=&]*=\w",
    re.IGNORECASE,
)

_IP = re.compile(
    r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4})(?![\w:]|\.\d)",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    r"(?:section|sec\.|version|chapter|part|v|§|article|clause)\s?$", re.IGNORECASE
)

_EXTENSION = r"(?: ?(?:x|ext\.?|extension) ?\d{1,6})?"
_PHONE = r"\+?\(?\d(?:[ ().\-/]{0,3}\d){6,14}"
_CUED_PHONE = re.compile(
    r"\b(?:(?:tele)?phones?|tel|cell|mobile|fax|call(?:ed|ing)?|texts?|dial|ring|reach(?:ed)?"
    rf"|contact|whatsapp|registered|my number)\b[^\d+(?!$€£]{{0,30}}(?P<value>{_PHONE}{_EXTENSION})"
    r"(?![\w%]|[.,]\d|-\w)",
    re.IGNORECASE,
)
_NATIONAL_PHONE = re.compile(
    r"(?<![\w.,/$€£+-])(?<!NDC )(?:(?:\(\d{2,5}\) ?|0\d{1,4}[ .\-/])\d{2,8}(?:[ .\-/]?\d{2,4}){0,3}"
    r"|(?:(?:\+|00)?1[ .-])?(?:\d{3}[ .-]|\(\d{3}\) ?)\d{3}[ .-]\d{4})"
    rf"{_EXTENSION}(?![\w%]|[.,-]\d)",
    re.IGNORECASE,
)
"""With an area code in brackets, a trunk prefix 0, or in the American form whatever the code."""
_YEARS = re.compile(r"(?:(?:19|20)\d\d\W{1,3}){1,3}(?:19|20)\d\d")
_TOLL_FREE = re.compile(
    r"\(?(?:(?:\+?1[ .-]?)?\(?8(?:00|33|44|55|66|77|88)(?:\) ?|[ .-])\d{3}[ .-]"
    r"|\+18(?:00|33|44|55|66|77|88)\d{3})\d{4}"
)
"""Toll-free codes of the North American Numbering Plan."""
_SEVEN_DIGITS = re.compile(r"(?:\d\D{0,3}){7}")


def is_toll_free(text: str) -> bool:
    """Is the whole text a toll-free number, which is a company's and never a person's?"""
    return bool(_TOLL_FREE.fullmatch(text))


def find_contacts(text: str) -> Iterator[Find]:
    """Ways to reach a person in a folded text; they may overlap."""
    if "@" in text:
        for match in _EMAIL.finditer(text):
            yield Find(Kind.EMAIL, *match.span(), Sureness.SHAPED)
    if "." in text:
        yield from _urls(text)
    yield from _ip_addresses(text)
    if _SEVEN_DIGITS.search(text):
        yield from _phones(text)


def _urls(text: str) -> Iterator[Find]:
    for match in _URL.finditer(text):
        url = match[0].rstrip(".,;:!?)]}'")
        if _PERSONAL_URL.search(url):
            yield Find(Kind.URL, match.start(), match.start() + len(url), Sureness.INTRODUCED)


def _ip_addresses(text: str) -> Iterator[Find]:
    for match in _IP.finditer(text):
        if (
            len(match[0]) > 6
            and _is_ip_address(match[0])
            and not _NUMBERED.search(text[: match.start()][-12:])
        ):
            yield Find(Kind.IP_ADDRESS, *match.span(), Sureness.SHAPED)


def _is_ip_address(value: str) -> bool:
    try:
        ip_address(value)
    except ValueError:
        return False
    return True


def _phones(text: str) -> Iterator[Find]:
    from phonenumbers import PhoneNumberMatcher

    for found in PhoneNumberMatcher(text, "US"):
        yield Find(Kind.PHONE, found.start, found.end, Sureness.SHAPED)
    for pattern in (_CUED_PHONE, _NATIONAL_PHONE):
        for match in pattern.finditer(text):
            start, end = match.span("value" if pattern is _CUED_PHONE else 0)
            if (
                _SEVEN_DIGITS.search(text, start, end)
                and not is_date(text[start:end])
                and not _YEARS.fullmatch(text[start:end])
            ):
                yield Find(Kind.PHONE, start, end, Sureness.SHAPED)
