"""The things that a clause can be about by itself. Pure functions."""

import re
from collections.abc import Iterable, Sequence

from chat_app.follow_up_words import is_aspect
from chat_app.plan_names import PlanNames
from chat_app.question_parts import DETERMINERS, LINKS, WORD, Part, question_parts

_PLAN_AMOUNT = re.compile(r"deductible|out[- ]of[- ]pocket\s+[ml]|oop|premium", re.IGNORECASE)
"""Amounts of a plan as a whole, which can be asked for by themselves; a copay is of a service."""
_APPLIES = re.compile(
    r"\b(?:appl(?:y|ies)|waived?|meet|reach|count|first|have\s+to\s+pay|must\s+i\s+pay)\b",
    re.IGNORECASE,
)
_PER = re.compile(r"\b(?:per|each|every)\s+$", re.IGNORECASE)
"""Stands before what an amount is counted by: "the most per night"."""
_DOER = re.compile(
    r"\b(?:i|we|you|he|she)\s+(?:(?:rather|just|don['’]t|didn['’]t|can['’]t)\s+)*$", re.IGNORECASE
)
_SAID_OF_IT = re.compile(r"\b(?:it['’]?s|it\s+(?:is|was))\s+$", re.IGNORECASE)
"""Stands before what is said of the thing that was spoken of: "when it's urgent"."""

_BEING = re.compile(r"\b(?:i['’]?m|we['’]?re|i\s+am|we\s+are|(?:he|she)['’]?s)\s+$", re.IGNORECASE)
OF_A_THING = re.compile(r"\s(?:for|of|on|with|to)\s")
"""Stands before the thing of which something is asked: "a referral for an MRI"."""
_JOINING = LINKS | DETERMINERS
_WHEREABOUTS = frozenset(["home", "abroad", "away", "there", "overseas"])
"""Where someone is, which is said of the thing that was spoken of: "once I'm home"."""


def own_things(clause: str, parts: Sequence[Part]) -> list[Part]:
    """The parts of a clause that a question can be about by themselves.

    "sunscreen" is one and "the deductible"; what every benefit has ("a referral", "the copay", "a
    deadline") is none.
    """
    return [part for part in parts if _is_thing(clause, part)]


def names_thing(clause: str, names: PlanNames) -> bool:
    """Does a clause name a thing that a question can be about by itself?"""
    return bool(own_things(clause, question_parts(clause, names)))


def only_aspects(words: Iterable[str]) -> bool:
    """Do words, but those that link them, name only what every benefit has: "any referral for"?"""
    return all(is_aspect(word) or word.lower() in _JOINING for word in words)


def past_aspect(text: str, start: int, end: int) -> int:
    """Where in a noun the thing begins of which an aspect is asked: "a referral for an MRI"."""
    for found in OF_A_THING.finditer(text, start, end):
        words = WORD.findall(text[found.end() : end])
        if only_aspects(WORD.findall(text[start : found.start()])) and not only_aspects(words):
            return found.end()
    return start


def _is_thing(clause: str, part: Part) -> bool:
    said = clause[part.start : part.end]
    if part.kind == "amount":
        return bool(_PLAN_AMOUNT.search(said)) and not _APPLIES.search(clause)
    if _PER.search(clause[: part.start]):
        return False
    words = [word for word in WORD.findall(said) if not word.isdigit()]
    if _SAID_OF_IT.search(clause[: part.start]):
        return False
    if said.lower() in _WHEREABOUTS and _BEING.search(clause[: part.start]):
        return False
    if " " not in said and _DOER.search(clause[: part.start]):
        return False
    return part.kind == "topic" and not only_aspects(words)
