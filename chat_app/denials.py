"""What a passage says there is none of, and a sentence says there is. Pure functions.

"Covered at 100%, no copay" and "covered at 100%, a copay" agree in every value, and both read as
free of charge; the one word that is missing is what the sentence got wrong.
"""

import re
from collections.abc import Iterator, Sequence

from chat_app.evidence import Unit
from chat_app.lexing import lexed, telling

ALIKE = 0.5
"""Least share of a sentence's words in a unit of the passage that is held to say the same."""
AS_ALIKE = 0.1
"""Units that share almost as many words as the best, up to this much, speak for it too."""

_NOUN = (
    r"(?:co-?pay(?:ment)?|deductible|co-?insurance|charge|fee|referral|authorization|approval"
    r"|waiting period|penalty)(?:s\b|\b)"
)
_MORE = rf"(?:(?:\s*,\s*|\s+)(?:(?:or|and|nor)\s+)?(?:an?\s+|any\s+)?(?:\w+\s+)?{_NOUN})*"
_DENIED = re.compile(
    r"\b(?:no|without|neither|nor|not|zero|never|free of)\s+(?:(?:an?|any|the|have|pay|need"
    rf"|require|charge|subject to)\s+)*(?:[\w-]+\s+){{0,2}}?{_NOUN}{_MORE}"
    rf"|\b{_NOUN}{_MORE}\s+(?:(?:is|are|does|do|will|has|have|was|were)\s*)?"
    r"(?:not|n['’]t|never|waived|been waived|be waived)\b"
    rf"|\bwaive[sd]?\s+(?:the\s+|any\s+|all\s+)?(?:\w+\s+)?{_NOUN}{_MORE}"
    rf"|\b(?:isn|aren|doesn|don|won|needn)['’]t\s+(?:\w+\s+){{0,4}}?{_NOUN}{_MORE}"
    rf"|\$0\s+{_NOUN}",
    re.IGNORECASE,
)
_SAID = re.compile(_NOUN, re.IGNORECASE)


def denials(sentence: str, units: Sequence[Unit]) -> Iterator[str]:
    """Why the sentence does not hold: it says that there is what the passage says there is not.

    Args:
        sentence: as it would be shown.
        units: sentences and rows of the passages that it cites.
    """
    said = _nouns(_DENIED.sub(" ", sentence))
    if not said:
        return
    alike = _alike(sentence, units)
    for noun in said:
        held = [
            (noun in _denied(unit.text), noun in _nouns(_DENIED.sub(" ", unit.text)))
            for unit in alike
        ]
        if any(denies for denies, _ in held) and not any(says for _, says in held):
            yield f"the passage says there is no {noun}"


def _alike(sentence: str, units: Sequence[Unit]) -> list[Unit]:
    """The units that share most of the sentence's words."""
    words = set(telling(lexed(sentence)))
    if not words:
        return []
    shares = [len(words & set(unit.terms)) / len(words) for unit in units]
    top = max(shares, default=0.0)
    least = max(ALIKE, top - AS_ALIKE)
    return [unit for unit, share in zip(units, shares, strict=True) if share >= least]


def _denied(text: str) -> set[str]:
    return {noun for match in _DENIED.finditer(text) for noun in _nouns(match.group())}


def _nouns(text: str) -> set[str]:
    """What is spoken of, each in one form."""
    return {_plain(match.group()) for match in _SAID.finditer(text)}


def _plain(noun: str) -> str:
    bare = noun.lower().replace("-", "").rstrip("s")
    return {"copayment": "copay", "penaltie": "penalty"}.get(bare, bare)
