"""Bytes to text, in any common encoding."""

import codecs
import unicodedata

from retrieval.loading.refusal import Unusable

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    # UTF-32 before UTF-16, whose mark it begins with.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# What the WHATWG encoding standard reads these labels as, and what their authors mean.
_AS_WINDOWS = {"ascii", "us-ascii", "latin-1", "latin1", "iso-8859-1", "iso8859-1", "windows-1252"}
# What documents of the last decades are written in; left to itself the guesser also finds the
# code pages of mainframes, which any bytes fit.
_GUESSED = [
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258"),
    *("iso8859_2", "iso8859_5", "iso8859_7", "koi8_r", "mac_roman", "cp437", "cp850", "cp866"),
    *("gb18030", "big5", "cp932", "euc_jp", "cp949", "cp874"),
]
# Siblings of Windows-1252, with which a guess from a few accented letters confuses it.
_WESTERN = {"cp1250", "cp1254", "cp1257", "cp1258", "iso8859_2", "mac_roman", "cp437", "cp850"}
_LEAST_EVIDENCE = 12
"""Letters beyond ASCII: fewer tell no other encoding from the one of Western Windows."""
_GUESS_FROM = 1 << 16
_LEAST_UTF16_ZEROS = 0.3
_MOST_CONTROLS = 0.01
_TEXT_CONTROLS = "\t\n\r\f\x0b\x1a\x85"


def decode(data: bytes, declared: str = "") -> str:
    r"""Decode text: by its byte order mark, as declared, as UTF-8 or UTF-16, else by a guess.

    Args:
        data: the whole file.
        declared: an encoding that the file itself names; passed over where it does not fit.

    Returns:
        The text without byte order mark, line ends as ``\\n``.

    Raises:
        Unusable: the bytes are no text.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _checked(data[len(mark) :].decode(encoding, errors="replace"))
    if declared.lower() in _AS_WINDOWS:
        declared = ""
    for encoding in filter(None, (declared, "utf-8", _utf16_without_mark(data))):
        try:
            return _checked(data.decode(encoding))
        except (LookupError, UnicodeError):
            continue
    return _checked(_guessed(data))


def _utf16_without_mark(data: bytes) -> str:
    sample = data[:_GUESS_FROM]
    half = max(1, len(sample) // 2)
    if sample[1::2].count(0) / half > _LEAST_UTF16_ZEROS and len(data) % 2 == 0:
        return "utf-16-le"
    if sample[::2].count(0) / half > _LEAST_UTF16_ZEROS and len(data) % 2 == 0:
        return "utf-16-be"
    return ""


def _guessed(data: bytes) -> str:
    from charset_normalizer import from_bytes

    sample = data[:_GUESS_FROM]
    if sum(byte > 127 for byte in sample) < _LEAST_EVIDENCE:
        return data.decode("cp1252", errors="replace")
    best = from_bytes(sample, cp_isolation=_GUESSED).best()
    encoding = best.encoding if best and best.encoding not in _WESTERN else "cp1252"
    return data.decode(encoding, errors="replace")


def _checked(text: str) -> str:
    controls = sum(
        unicodedata.category(character) == "Cc" and character not in _TEXT_CONTROLS
        for character in text[:_GUESS_FROM]
    )
    if controls > _MOST_CONTROLS * min(len(text), _GUESS_FROM):
        raise Unusable("holds binary data, not text: convert it to one of the readable formats")
    return text.replace("\r\n", "\n").replace("\r", "\n")
