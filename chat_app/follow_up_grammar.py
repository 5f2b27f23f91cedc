"""The grammar of a question whose words are put into another. Pure functions."""

import re
from collections.abc import Sequence

from chat_app.question_parts import WORD, Kind, Part

END = " \t?.!,;"
_JOINS = frozenset(["", "and", "or", "and in", "and the", "or the", "and on", "and for"])
_SUBORDINATE = re.compile(
    r"\s(?P<how>when|if|after|before|while|once|because|until|unless)\s+"
    r"(?:i|we|he|she|they|it|someone|(?:the|my|our)\s+\w+\s+(?:is|are|was|has|have))\b[^.?!]*$",
    re.IGNORECASE,
)
_LEADS: dict[Kind, str] = {"person": "for ", "year": "in "}
_AUXILIARY = re.compile(
    r"^(?:\w+\s+)*?(?P<verb>is|are|was|were|does|do|has|have)(?:n['’]t)?\s+$", re.IGNORECASE
)
_OTHER_VERB = re.compile(
    r"\b(?:is|are|was|were|does|do|did|can|could|will|would|should|may|must|to|i|we)\b",
    re.IGNORECASE,
)
_PLURALS = {"is": "are", "was": "were", "does": "do", "has": "have"}
_SINGULARS = {plural: singular for singular, plural in _PLURALS.items()}
_TWICE = re.compile(r"\b([a-z]{4,}) \1\b")
"""A word that what was put in and what is left both hold: "the dependent care care account"."""
_TWO_ARTICLES = re.compile(r"\b((?:an?|the)\s+[\w-]*network)\s+(?:an?|the)\s", re.IGNORECASE)
"""What was put in brings its own article: "an in-network a therapist"."""
_HEAD_END = re.compile(r"\s(?:for|of|on|in|at|to|with|by|from|out|that|per)\b", re.IGNORECASE)
"""Ends the words that name a thing; what it is of or for follows."""


def subordinate(text: str) -> re.Match[str] | None:
    """The clause at the end that says when or on which condition: " when I leave the company"."""
    return _SUBORDINATE.search(text)


def question_of(text: str) -> str:
    """The text as a question: a capital, one space between words, a question mark."""
    words = _TWICE.sub(r"\1", " ".join(text.split()).rstrip(END))
    words = _TWO_ARTICLES.sub(r"\1 ", words)
    return f"{words[:1].upper()}{words[1:]}?"


def circumstances(text: str, parts: Sequence[Part], but: set[Kind]) -> str:
    """For whom, where, when and with which plan a question asks, as words to add to another.

    Args:
        text: the question.
        parts: its parts.
        but: kinds that are left out.
    """
    said: list[str] = []
    for kind in ("network", "person", "plan", "year"):
        words = "" if kind in but else phrase(text, [p for p in parts if p.kind == kind])
        if words:
            said.append(with_lead(kind, words))
    return "".join(f" {words}" for words in said)


def is_place(text: str, part: Part) -> bool:
    """Is the part a place that is named: "in Spain"?"""
    said = text[part.start : part.end]
    return said.istitle() and re.search(r"\b(?:in|to|from)\s+$", text[: part.start]) is not None


def phrase(text: str, parts: Sequence[Part]) -> str:
    """From the first to the last of neighbouring parts."""
    if not parts:
        return ""
    last = parts[0]
    for part in parts[1:]:
        if text[last.end : part.start].strip(" ,") not in _JOINS:
            break
        last = part
    return text[parts[0].start : last.end]


def with_lead(kind: Kind, words: str) -> str:
    """The words with the preposition that they need at the end of a question."""
    if kind == "plan":
        return f"on {words}"
    if kind == "year" and not words[0].isdigit() and words[0] not in "'’":
        return words
    if kind == "person" and words.lower().startswith(("per ", "each ")):
        return words
    return f"{_LEADS.get(kind, '')}{words}"


def agreeing(before: str, thing: str) -> str:
    """What stands before a thing, with "is", "does" or "has" in the number of the thing."""
    asked = max(before.rfind(end) for end in ".?!:") + 1
    found = _AUXILIARY.match(before[asked:].lstrip())
    asked = len(before) - len(before[asked:].lstrip())
    if not found or _OTHER_VERB.search(before, asked, asked + found.start("verb")):
        return before
    forms = _PLURALS if is_plural(thing) else _SINGULARS
    said = found["verb"]
    form = forms.get(said.lower(), said.lower())
    form = form.capitalize() if said[0].isupper() else form
    start, end = (asked + at for at in found.span("verb"))
    return before[:start] + form + before[end:]


def head_of(noun: str) -> str:
    """The noun without what it is of or for: "a referral", of "a referral to a specialist"."""
    end = _HEAD_END.search(noun)
    return noun[: end.start()] if end else noun


def is_plural(thing: str) -> bool:
    """Does a noun with what belongs to it mean several: "drugs for weight loss"?"""
    words = WORD.findall(head_of(thing))
    if not words or words[0].lower() in {"a", "an", "each", "every"}:
        return False
    last = words[-1].lower()
    if len(words) == 1 and words[0].istitle():
        return False
    plural = last.endswith("s") and not last.endswith(("ss", "us", "is", "'s", "’s"))
    return (
        plural
        or last in {"children", "people", "kids"}
        or " and " in thing.split(" on ", maxsplit=1)[0]
    )
