"""Characters that people never see, taken out of the words that they read."""

import re
import unicodedata

# Typesetting ligatures, which no question contains; NFKC would also rewrite ½ and ™.
_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl"}
_LIGATURES |= {0xFB05: "st", 0xFB06: "st"}
_INVISIBLE = [0x00AD, 0x180E, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F)]
_INVISIBLE += [*range(0x2060, 0x2070)]
# Line and page breaks among the controls still part words; the others are debris.
_CONTROLS = [*range(0x09), *range(0x0E, 0x1C), *range(0x7F, 0x85), *range(0x86, 0xA0)]
_DROPPED = dict.fromkeys([*_INVISIBLE, *_CONTROLS, 0xFFFE, 0xFFFF], "")
_HYPHENS = {0x2010: "-", 0x2011: "-"}
_TABLE = str.maketrans(_LIGATURES | _DROPPED | _HYPHENS)
# Symbol fonts put their signs here; without the font they mean nothing. Surrogates cannot be
# encoded at all.
_NOT_TEXT = re.compile("[\ud800-\udfff\ue000-\uf8ff\U000f0000-\U0010ffff]")
_DASH_RUN = re.compile(r"(?<!\S)[-–—―_=*·]{4,}(?=\S)|(?<=\S)[-–—―_=*·]{4,}(?!\S)")
_DOT_LEADER = re.compile(r"(?:\s*\.){4,}(?=\s|$)|(?:\.\s*){5,}")
_RULE = re.compile(r"(?<!\S)[-–—―_=*~]{3,}(?!\S)")


def one_line(text: str) -> str:
    """The text on one line: white space collapsed, ligatures spelled out, debris removed."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", _NOT_TEXT.sub("", text.translate(_TABLE)))
    elif not text.isprintable():
        text = text.translate(_TABLE)
    return " ".join(text.split())


def without_rules(text: str) -> str:
    """A line without its drawn dashes and dots: ``-----none-----`` says ``none``."""
    if "..." in text or ". ." in text:
        text = _DOT_LEADER.sub(" ", text)
    return " ".join(_RULE.sub(" ", _DASH_RUN.sub(" ", text)).split())
