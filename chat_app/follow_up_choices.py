"""A choice among plans: "the second one", "the cheaper one", "which others do". Pure functions."""

import re
from collections.abc import Sequence

from chat_app.answers import Plan, Turn
from chat_app.follow_up_context import question_of
from chat_app.follow_up_fragments import with_plan
from chat_app.follow_up_words import (
    AFTERWARDS,
    CHEAPER,
    EVERY_PLAN,
    ORDINAL,
    ORDINALS,
    stripped,
)
from chat_app.plan_names import PlanNames
from chat_app.plan_topics import comparison_topics

_BEFORE_PLAN = re.compile(r"\s+(?:on|by|in|with|under|of|for)?\s*$")


def choice(text: str, last: Turn, names: PlanNames) -> str | None:
    """The previous question for the plan that was chosen of those offered or compared."""
    if EVERY_PLAN.match(stripped(AFTERWARDS, text)):
        return _of_every_plan(last.question, names)
    named = dict.fromkeys(mention.policy for mention in names.mentions(last.question))
    if match := CHEAPER.match(text):
        return _cheaper(match.group(1).lower(), last.question, names)
    offered = last.offered or tuple(Plan(policy) for policy in named)
    if len(offered) < 2:
        return None
    if match := ORDINAL.match(stripped(AFTERWARDS, text)):
        at = ORDINALS[match.group(1).lower()]
        if at >= len(offered):
            return last.question
        topics = comparison_topics(last.question, offered)
        return with_plan(_label(offered[at], offered), last.question, names, topics)
    return None


def _cheaper(cheaper: str, question: str, names: PlanNames) -> str:
    """Which plan is cheaper, of those compared or of all."""
    if len({mention.policy for mention in names.mentions(question)}) > 1:
        return question
    asked = _without_plan(question, names)
    return question_of(f"Which plan is {cheaper}: {asked[:1].lower()}{asked[1:]}")


def _of_every_plan(question: str, names: PlanNames) -> str:
    """The question asked of each plan instead of the one that it names."""
    if len({mention.policy for mention in names.mentions(question)}) > 1:
        return question
    return question_of(f"{_without_plan(question, names)} on each plan")


def _without_plan(question: str, names: PlanNames) -> str:
    text = question.rstrip(" ?.!")
    for mention in reversed(names.mentions(question)):
        before = _BEFORE_PLAN.sub("", question[: mention.start])
        text = before + text[mention.end :]
    return text


def _label(plan: Plan, offered: Sequence[Plan]) -> str:
    """The name, with its year where the same plan is offered for another year too."""
    same = [other for other in offered if other.policy == plan.policy]
    return plan.label if len(same) > 1 else Plan(plan.policy).label
