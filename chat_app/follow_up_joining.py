"""A message read behind the question before it, where no rule says what it means. Pure functions.

Of 39 follow-ups that the rules did not know when they were written, the question before and the
message together find the passage of 30, the message by itself that of 13.
"""

import re

from chat_app.follow_up_context import context_of
from chat_app.follow_up_fragments import with_condition, with_fragment
from chat_app.follow_up_standing import TELLS, asked_in, stands_alone
from chat_app.follow_up_things import names_thing
from chat_app.follow_up_words import OPENING, POLITE, WHAT_IF, stripped
from chat_app.plan_names import PlanNames
from chat_app.question_parts import WORD, question_parts

_SAME_HERE = re.compile(
    r"^(?:is|are|does|do|would|will)\s+(?:it|that|they|the\s+same|things)\b.*\bhere$", re.IGNORECASE
)
"""Asks whether the question before has the answer that was told: "is it like that here"."""
_SAYS_NO_MORE = re.compile(
    r"^(?:(?:and|so)\s+)?(?:what|how\s+(?:much|many|often|long))(?:['’]s|\s+\w+){0,3}$",
    re.IGNORECASE,
)
"""Asks what the question before asks: "my husband is on the HMO, how many for him"."""
_IF = re.compile(r"^if\s", re.IGNORECASE)
_ASKS_WHEN = re.compile(r"(?:when|where|who|how\s+(?:do|can|should|would|did))\b", re.IGNORECASE)
"""Asks for what no condition changes: "when is it, if I miss it" makes no sense."""


def joined(message: str, previous: str, names: PlanNames) -> str | None:
    """The message behind the question before; None if it stands by itself or asks nothing.

    What it names of plans and years takes the place of those of the question before, so that it is
    asked of them alone.

    Args:
        message: as typed.
        previous: a question that stands by itself.
        names: the names of the plans.
    """
    said = " ".join(message.split()).rstrip(" ?!.")
    body = stripped(OPENING, said)
    if not WORD.search(body) or POLITE.match(said):
        return None
    alone = stands_alone(body, names, asks="?" in message)
    return None if alone else behind(body, previous, names)


def behind(body: str, previous: str, names: PlanNames) -> str:
    """What is said behind the question before, which is asked of the plan and year that it names.

    Args:
        body: without the words that open it.
        previous: a question that stands by itself.
        names: the names of the plans.
    """
    parts = question_parts(body, names)
    where = " ".join(body[p.start : p.end] for p in parts if p.kind in {"plan", "year"})
    if where:
        previous = with_fragment(where, previous, names, led=True)
    asked = asked_in(body)
    things = names_thing(asked, names)
    if WHAT_IF.match(body) and (asked == body or not things):
        named = {part.kind for part in parts}
        return previous if named and named <= {"plan", "year"} else _supposed(body, previous, names)
    if where and not things and _SAYS_NO_MORE.search(asked):
        return previous
    told = body.removesuffix(asked).rstrip(" .") if _SAME_HERE.search(asked) else body
    if TELLS.match(told) and (told != body or not asked):
        return f"{told[:1].upper()}{told[1:]}. {previous}"
    return context_of(previous, names).followed(body)


def _supposed(body: str, previous: str, names: PlanNames) -> str:
    """The question before under the condition of "what if"."""
    clause = _IF.sub("", WHAT_IF.sub("", body, count=1)).strip()
    context = context_of(previous, names)
    if _ASKS_WHEN.match(context.asked):
        return context.followed(f"what if {clause}")
    return with_condition(f"if {clause}", previous, names)
