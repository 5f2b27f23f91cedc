"""What a follow-up supposes or tells: "what if I'm abroad", "my doctor says it's urgent". Pure."""

import re

from chat_app.follow_up_clauses import own_things, resolved
from chat_app.follow_up_context import context_of, question_of
from chat_app.follow_up_fragments import with_condition, with_fragment
from chat_app.follow_up_words import (
    AFTERWARDS,
    CHANGES_IT,
    GOING,
    LEADING,
    QUESTION_WORD,
    TELLING,
    WHAT_IF,
    stripped,
)
from chat_app.plan_names import PlanNames
from chat_app.question_parts import question_parts

MAX_SUPPOSED = 2
"""Words of what a supposition is about, by itself: with more it says all it means."""
MAX_TOLD = 16
"""Words of what is told without a question."""

_PIECES = re.compile(r"(?<=[.!?;])\s+|,\s+|\s+[-–]\s+")
_INSTEAD = re.compile(r"\b(?:instead|ones?)$", re.IGNORECASE)
_THEN_ASKED = re.compile(
    r",\s+(?:then\s+)?(?:what|how|is|are|do|does|can|could|will|would|when|where|who|which)\b",
    re.IGNORECASE,
)
"""A question of its own behind the supposition."""
_THING = re.compile(r"\b(?:it|that|them)\b", re.IGNORECASE)
_ASKED = re.compile(r"\b(?:what|how|when|where|who|why|can|do|does)\b", re.IGNORECASE)
_DOER = re.compile(r"\b(?:i|we|he|she|they)\s+(?:just\s+)?$", re.IGNORECASE)
_SPOKEN_OF = re.compile(r"\b(?:it|they|that|them|he|she)\b", re.IGNORECASE)
_ASKS_WHEN = re.compile(r"^(?:when|where|who|how\s+(?:do|can|should|would|did))\b", re.IGNORECASE)
"""Asks for what no condition changes: "when is it, if I miss it" makes no sense."""


def supposed(text: str, previous: str, names: PlanNames, *, led: bool) -> str | None:
    """What if: "I go to urgent care instead" asks of urgent care, "I am admitted" is added.

    Args:
        text: from "what if" or "if" on.
        previous: a question that stands by itself.
        names: the names of the plans.
        led: "and" or "what about" went before: it is a follow-up, however much it says.
    """
    clause = WHAT_IF.sub("", text, count=1).removeprefix("if ").strip()
    bare = stripped(AFTERWARDS, clause)
    going = GOING.match(bare)
    parts = question_parts(bare, names)
    kinds = {part.kind for part in parts}
    if "plan" in kinds and not kinds & {"topic", "amount"}:
        said = " ".join(bare[part.start : part.end] for part in parts)
        return with_fragment(said, previous, names, led=True)
    topics = [bare[part.start : part.end] for part in parts if part.kind == "topic"]
    if going and parts and (not topics or _INSTEAD.search(clause)):
        return with_fragment(bare[going.end() :], previous, names, led=True)
    slots = bool(kinds & {"network", "plan", "year", "channel"})
    words = sum(len(topic.split()) for topic in topics)
    if words > MAX_SUPPOSED + slots and not led and not _SPOKEN_OF.search(bare):
        return None
    context = context_of(previous, names)
    if _THEN_ASKED.search(bare):
        return context.followed(f"if {bare}")
    if _ASKS_WHEN.match(context.asked):
        return resolved(f"what happens if {bare}", previous, names) or context.followed(
            f"what if {bare}"
        )
    return with_condition(f"if {bare}", previous)


def _says_nothing(fact: str, names: PlanNames) -> bool:
    """Does what is told name nothing that a question can be about: "I'm 57", "I quit"?"""
    things = own_things(fact, question_parts(fact, names))
    return all(_DOER.search(fact[: t.start]) and " " not in fact[t.start : t.end] for t in things)


def told(text: str, previous: str, names: PlanNames) -> str | None:
    """What is told, before the question that it belongs to: the one behind it or the one before.

    Args:
        text: a message.
        previous: a question that stands by itself.
        names: the names of the plans.
    """
    if not TELLING.match(text):
        return None
    pieces = _PIECES.split(text)
    asking = next((piece for piece in pieces if QUESTION_WORD.match(piece)), "")
    end = text.index(asking) if asking else len(text)
    fact = stripped(AFTERWARDS, text[:end].strip(" ,;.-–"))
    fact = f"{fact[:1].upper()}{fact[1:]}."
    asked = stripped(LEADING, text[end:])
    says_enough = not asked and len(fact.split()) <= MAX_TOLD and not _ASKED.search(fact)
    if says_enough or (asked and CHANGES_IT.match(asked)):
        return f"{fact} {question_of(context_of(previous, names).asked)}"
    asked = stripped(AFTERWARDS, asked)
    if not asked or not (_THING.search(asked) or _says_nothing(fact, names)):
        return None
    said = resolved(asked, previous, names)
    return f"{fact} {said}" if said else None
