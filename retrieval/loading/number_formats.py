"""Numbers of a spreadsheet as its reader sees them: ``0.2`` formatted ``0%`` is ``20%``."""

import datetime as dt
import re
from decimal import ROUND_HALF_UP, Decimal

_QUOTED = re.compile(r'"([^"]*)"|\\(.)|_.|\*.')
_CURRENCY_TAG = re.compile(r"\[\$([^\]-]*)(?:-[^\]]*)?\]")
_BRACKETED = re.compile(r"\[[^\]]*\]")
_DIGITS = re.compile(r"[#0?,]*[#0?](?:\.([#0?]+))?")
_GENERAL_DIGITS = 11
"""Significant digits that Excel shows in a cell of format General."""


def shown(value: object, number_format: str) -> str:
    """A cell's value as text.

    Args:
        value: as openpyxl gives it.
        number_format: Excel's format code, such as ``"$"#,##0.00``.
    """
    match value:
        case None:
            return ""
        case bool():
            return "Yes" if value else "No"
        case int() | float():
            return _number(value, number_format)
        case dt.datetime() if value.time() == dt.time():
            return value.date().isoformat()
        case dt.datetime():
            return value.isoformat(" ", "minutes")
        case dt.date() | dt.time():
            return value.isoformat()
        case _:
            return str(value)


def _number(value: float, number_format: str) -> str:
    sections = number_format.split(";")
    section = sections[1] if value < 0 and len(sections) > 1 else sections[0]
    if value < 0 and len(sections) > 1:
        value = -value
    pattern = _BRACKETED.sub("", _CURRENCY_TAG.sub(r"\1", section))
    literal = _QUOTED.sub(lambda match: match[1] or match[2] or "", pattern)
    digits = _DIGITS.search(_QUOTED.sub("", pattern))
    if digits is None or "E+" in pattern.upper() or "/" in pattern or pattern in {"General", "@"}:
        return _general(value)
    exact = Decimal(repr(value)) * (100 if "%" in pattern else 1)
    decimals = len(digits[1] or "")
    needed = len((digits[1] or "").rstrip("#?"))
    rounded = exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    least = digits[0].split(".")[0].count("0")
    text = f"{rounded:,f}" if "," in digits[0] else f"{rounded:f}"
    if "," not in digits[0]:
        text = text.zfill(least + (decimals + 1 if decimals else 0))
    if decimals > needed and "." in text:
        whole, fraction = text.split(".")
        fraction = fraction[:needed] + fraction[needed:].rstrip("0")
        text = f"{whole}.{fraction}" if fraction else whole
    return _DIGITS.sub(lambda _: text, literal, count=1).strip()


def _general(value: float) -> str:
    if isinstance(value, int) or value.is_integer():
        return str(int(value)) if abs(value) < 1e15 else repr(value)
    return format(value, f".{_GENERAL_DIGITS - 1}g")
