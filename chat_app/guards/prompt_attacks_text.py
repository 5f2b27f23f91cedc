"""What a text may hide: its plain reading, and what comes out when encodings are undone (pure)."""

import base64
import binascii
import codecs
import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote

WORDS_PER_WINDOW, WORDS_PER_STEP = 110, 90
"""About 150 tokens of English, well within the 256 that MiniLM reads, with an overlap."""

MAX_WINDOWS = 10
"""Of one text: 920 words. Of longer ones the first, the last and evenly spread ones."""

SHORT_SENTENCE = 12
"""Characters; shorter ones are joined with their neighbours."""

MAX_READINGS = 6
MAX_CHARACTERS = 40_000
"""Beyond this the middle of a text is left out before it is looked at."""

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]"
)
_TAGS = re.compile("[\U000e0020-\U000e007e]+")
_COMBINING = re.compile("[\u0300-\u036f\u0489]+")
_SPACE = re.compile(r"\s+")
_SENTENCE_END = re.compile(r"(?<=[.!?。？！;])\s+|\n+")
_HOMOGLYPHS = str.maketrans(
    "аеорсухіјѕԁһӏԛԝвкмнтАВЕКМНОРСТУХІЈЅαεονρτικηυωΑΒΕΖΗΙΚΜΝΟΡΤΥΧɡɑıᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ",
    "aeopcyxijsdhlqwbkmhtABEKMHOPCTYXIJSaeovptiknuwABEZHIKMNOPTYXgaiabcdefghijklmnoprstuvwyz",
)
_FOREIGN = re.compile("[\u0370-\u03ff\u0400-\u052f]")
_LATIN = re.compile("[A-Za-z]")

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_HEX = re.compile(r"(?:0x)?(?:[0-9a-fA-F]{2}[\s:,]?){10,}")
_BINARY = re.compile(r"(?:[01]{8}\s*){6,}")
_ESCAPES = re.compile(r"(?:%[0-9a-fA-F]{2}|\\x[0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|&#x?[0-9a-fA-F]+;)")
_SPACED = re.compile(r"(?<!\w)(?:[^\W\d_][ .\-_*|/]{1,4}){7,}[^\W\d_](?!\w)")
_GAP = re.compile(r"(?<=\w)[ .\-_*|/](?=\w)")
_QUOTED = re.compile(r"[\"'“‘`]([^\"'“”‘’`\n]{1,60})[\"'”’`]")
_LEET_WORD = re.compile(r"(?<!\w)(?=\w*[a-z])(?=\w*[013457@$])[a-z013457@$]{3,}(?!\w)")
_LEET = str.maketrans("013457@$", "oieastas")
_WORD = re.compile(r"[a-z]+")

_COMMON_WORDS = (
    "the and all you your our are this that with from for not what how who when where which have "
    "has will can now tell show ignore previous instructions instruction system prompt rules above "
    "before everything reveal repeat print say answer act pretend forget disregard password secret "
    "make build bomb write give into then about any please follow send user me is to of in it do "
    "as be on an my or"
)
_COMMON = frozenset(_COMMON_WORDS.split(" "))


def plain(text: str) -> str:
    """A text as a reader sees it: compatibility forms, invisible and look-alike letters undone."""
    folded = unicodedata.normalize("NFKC", _shortened(text))
    folded = _INVISIBLE.sub("", folded)
    if not folded.isascii():
        decomposed = unicodedata.normalize("NFD", folded)
        marks = len(_COMBINING.findall(decomposed))
        if marks > len(decomposed) / 4:  # letters under heaps of marks, in no language so many
            folded = _COMBINING.sub("", decomposed)
        if _FOREIGN.search(folded) and len(_LATIN.findall(folded)) > len(_FOREIGN.findall(folded)):
            folded = folded.translate(_HOMOGLYPHS)
    return _SPACE.sub(" ", folded).strip()


def readings(text: str) -> list[str]:
    """The plain text first, then what it hides, without repetitions; at most MAX_READINGS."""
    found = dict.fromkeys([plain(text)])
    for hidden in _hidden(_shortened(text), next(iter(found))):
        if len(found) == MAX_READINGS:
            break
        found[plain(hidden)] = None
    return [reading for reading in found if reading] or [""]


def windows(text: str) -> list[str]:
    """Overlapping parts of a plain text, the whole of a short one; at most MAX_WINDOWS."""
    words = text.split(" ")
    if len(text) > len(words) * 20:  # a language without spaces, or one long string
        size, step = WORDS_PER_WINDOW * 3, WORDS_PER_STEP * 3
        parts = [text[at : at + size] for at in _starts(len(text), size, step)]
    else:
        size, step = WORDS_PER_WINDOW, WORDS_PER_STEP
        parts = [" ".join(words[at : at + size]) for at in _starts(len(words), size, step)]
    if len(parts) <= MAX_WINDOWS:
        return parts
    gap = (len(parts) - 1) / (MAX_WINDOWS - 1)
    return [parts[round(number * gap)] for number in range(MAX_WINDOWS)]


def sentences(text: str, most: int) -> list[str]:
    """The sentences and lines of a text in order, each plain.

    Args:
        text: as it was written; a sentence of more words than a window is cut into windows.
        most: at least 1; where there are more sentences, neighbours are joined to as many runs.
    """
    joined: list[str] = []
    for part in _SENTENCE_END.split(_shortened(text)):
        for sentence in windows(plain(part)):
            if joined and min(len(sentence), len(joined[-1])) < SHORT_SENTENCE:
                joined[-1] = f"{joined[-1]} {sentence}".strip()
            else:
                joined.append(sentence)
    return joined if len(joined) <= most else _runs(joined, most)


def _runs(parts: list[str], most: int) -> list[str]:
    """Runs of about as many characters each; none is empty."""
    total, before = sum(map(len, parts)), 0
    runs: dict[int, list[str]] = {}
    for part in parts:
        runs.setdefault(before * most // total, []).append(part)
        before += len(part)
    return [" ".join(run) for run in runs.values()]


def _starts(length: int, size: int, step: int) -> list[int]:
    return list(range(0, max(length - size, 0) + step, step)) if length > size else [0]


def _shortened(text: str) -> str:
    if len(text) <= MAX_CHARACTERS:
        return text
    return f"{text[: MAX_CHARACTERS // 2]} {text[-MAX_CHARACTERS // 2 :]}"


def _hidden(text: str, seen: str) -> Iterator[str]:
    yield from _tagged(text)
    yield from _decoded(text)
    yield from _joined(text)
    yield from _respelt(seen)


def _tagged(text: str) -> Iterator[str]:
    """Invisible tag characters, which spell ASCII."""
    for tags in _TAGS.findall(text):
        yield "".join(chr(ord(tag) - 0xE0000) for tag in tags)


def _decoded(text: str) -> Iterator[str]:
    for run in _HEX.findall(text):
        yield from _readable(bytes.fromhex(re.sub(r"0x|[\s:,]", "", run)))
    for run in _BINARY.findall(text):
        bits = re.sub(r"\s", "", run)
        yield from _readable(bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8)))
    for run in _BASE64.findall(text):
        body = run.rstrip("=").translate(str.maketrans("-_", "+/"))
        try:
            yield from _readable(base64.b64decode(body + "=" * (-len(body) % 4)))
        except binascii.Error:
            continue
    if len(_ESCAPES.findall(text)) >= 5:
        yield _unescaped(text)


def _unescaped(text: str) -> str:
    text = re.sub(r"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), unquote(text))
    text = re.sub(r"\\x([0-9a-fA-F]{2})", lambda m: chr(int(m[1], 16)), text)
    return re.sub(r"&#(x?)([0-9a-fA-F]{1,5});", _character, text)


def _character(match: re.Match[str]) -> str:
    try:
        return chr(int(match[2], 16 if match[1] else 10))
    except ValueError:
        return match[0]


def _readable(data: bytes) -> Iterator[str]:
    """The text of bytes when they are one, with letters for the most part."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return
    letters = sum(character.isalpha() or character == " " for character in text)
    if len(text) >= 6 and letters >= 0.8 * len(text):
        yield text


def _joined(text: str) -> Iterator[str]:
    """Letters that stand apart, and pieces in quotation marks."""
    if _SPACED.search(text):
        yield _SPACED.sub(lambda match: _GAP.sub("", match[0]), text)
    pieces = _QUOTED.findall(text)
    if len(pieces) >= 3:
        yield "".join(pieces)
        yield " ".join(pieces)


def _respelt(text: str) -> Iterator[str]:
    """Leetspeak, rot13 and text written backwards, when more common words come out."""
    lowered = text.lower()
    leet = _LEET_WORD.sub(lambda match: match[0].translate(_LEET), lowered)
    usual = _common(lowered)
    for candidate in (leet, codecs.encode(lowered, "rot13"), lowered[::-1]):
        if candidate != lowered and _common(candidate) >= usual + 2:
            yield candidate


def _common(text: str) -> int:
    return sum(len(word) > 2 and word in _COMMON for word in _WORD.findall(text))
