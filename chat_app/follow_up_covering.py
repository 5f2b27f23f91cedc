"""A clause about what the plan covers: "do they pay for it?". Pure functions."""

import re

from chat_app.follow_up_clause import Clause
from chat_app.follow_up_fragments import with_fragment
from chat_app.follow_up_grammar import agreeing, question_of
from chat_app.follow_up_words import COVERING

_WHOLE = re.compile(
    r"\b(?:plan|insurance|program|account|policy|benefit|fsa|hsa)s?\b", re.IGNORECASE
)
_PAID_FOR = re.compile(
    r"\b(?:for|toward|towards)\s+(?P<what>it|that|this|them|those)(?=$|\s+(?:if|when|in|on|at|after)\b)",
    re.IGNORECASE,
)
_WANTED = re.compile(
    r"\b(?:buy|do|get|have|need|take|try|use|want)\s+(?P<what>it|that|them|one)\b", re.IGNORECASE
)
_DO = re.compile(r"^(\s+(?:(?:also|even|still)\s+)?)do\b", re.IGNORECASE)
"""What a plan does is to cover: "does it do fillings"."""
_WHAT_THEY_DO = re.compile(r"^(?:what|how|when|where|why)\b.*\b(?:it|they)\s+do\b", re.IGNORECASE)
_WHAT_COVERS = re.compile(r"^what\b.*\b(?:cover|include|offer)s?$", re.IGNORECASE)
_IS_COVERED = re.compile(
    r"^(?:is|are|do|does|can|could|will|would)\b.*\b(?:covered?|covers|eligible|pays?\s+for|reimbursed?)\b",
    re.IGNORECASE,
)
"""Asks whether something is covered, paid for or reimbursed."""
_COUNTS = re.compile(
    r"^(?:does|do|would|will|is|are)\b.*\b(?:counts?|eligible|qualif(?:y|ies))$", re.IGNORECASE
)
"""Asks that of something else."""


def says_what_covers(clause: str, pronoun: re.Match[str]) -> bool:
    """Does a pronoun stand for the plan, of which the clause asks whether it covers something?"""
    covers = COVERING.match(clause, pronoun.start()) is not None
    return covers and _WHAT_THEY_DO.match(clause) is None


def of_plan(clause: Clause, found: re.Match[str]) -> str:
    """The clause about the plan: "do they cover massage"."""
    thing = clause.context.thing(clause.kinds, but_aspect=True)
    mentions = clause.names.mentions(clause.context.question)
    noun, where = "the plan", ""
    unnamed = not mentions and not clause.things and "plan" not in clause.kinds
    if thing and (_WHOLE.search(thing.noun) or (unnamed and _WHAT_COVERS.match(clause.text))):
        noun, where = thing.noun, thing.where
    elif "plan" not in clause.kinds and mentions:
        noun = clause.context.question[mentions[0].start : mentions[0].end]
    before = agreeing(clause.text[: found.start()], noun)
    rest = _DO.sub(r"\1cover", _spelled(clause.text[found.end() :]), count=1)
    if thing and (meant := _PAID_FOR.search(rest) or _WANTED.search(rest)):
        rest = f"{rest[: meant.start('what')]}{thing.noun}{rest[meant.end('what') :]}"
    elif thing and noun != thing.noun and not where and _leaves_open(clause, rest):
        rest = f"{rest} {thing.lead} {thing.noun}"
    return question_of(f"{before}{noun}{rest}{where}")


def _leaves_open(clause: Clause, rest: str) -> bool:
    """Does "do they cover the trip to get there" need the thing that was spoken of?"""
    return not clause.things or rest.endswith(" there")


def _spelled(rest: str) -> str:
    """What follows a noun in the place of "it": "will pay", of "'ll pay"."""
    return re.sub(r"^['’]ll\b", " will", rest)


def covered_too(clause: Clause) -> str | None:
    """The question before for what "would vitamins count as well" names beside what is covered."""
    asked = clause.context.asked
    qualifies = _COUNTS.search(clause.text) and _IS_COVERED.match(asked)
    if not qualifies or len(clause.things) != 1 or clause.kinds != {"topic"}:
        return None
    thing = clause.things[0]
    said = clause.text[thing.start : thing.end]
    return with_fragment(said, clause.context.question, clause.names, led=True)
