"""A clause that only names another subject: "or can my physical therapist?". Pure functions."""

import re

from chat_app.follow_up_fragments import with_fragment
from chat_app.follow_up_grammar import question_of
from chat_app.plan_names import PlanNames
from chat_app.question_parts import Part, question_parts

_AUXILIARY = re.compile(
    r"(?:is|are|do|does|did|can|could|will|would|may|must)(?:n['’]t)?\s+", re.IGNORECASE
)


def of_another_subject(clause: str, previous: str, names: PlanNames) -> str | None:
    """The question before, asked of the subject that the clause names; None if it says more."""
    said = _subject(clause, names)
    if said is None or said.end < len(clause):
        return None
    words, subject = clause[said.start :], _subject(previous, names)
    if subject is None:
        return with_fragment(words, previous, names, led=True)
    return question_of(f"{previous[: subject.start]}{words}{previous[subject.end :]}")


def _subject(clause: str, names: PlanNames) -> Part | None:
    """The thing that stands behind the auxiliary with which the clause begins."""
    parts = question_parts(clause, names)
    is_thing = parts and parts[0].kind == "topic"
    return parts[0] if is_thing and _AUXILIARY.fullmatch(clause, 0, parts[0].start) else None
