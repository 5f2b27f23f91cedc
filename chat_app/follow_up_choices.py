"""A choice: "the second one" of plans or things, "the cheaper one". Pure functions."""

import re
from collections.abc import Sequence
from itertools import pairwise

from chat_app.answers import Plan, Turn
from chat_app.comparison_topics import comparison_topics
from chat_app.follow_up_fragments import with_fragment, with_plan
from chat_app.follow_up_grammar import END, agreeing, circumstances, question_of
from chat_app.follow_up_topics import is_circumstance
from chat_app.follow_up_words import (
    AFTERWARDS,
    CHEAPER,
    EVERY_PLAN,
    INSTEAD,
    ORDINAL,
    ORDINALS,
    stripped,
)
from chat_app.plan_names import PlanNames
from chat_app.question_parts import Part, question_parts

_ONE = r"\s+(?:one|option|choice|thing)"
_ONE_OF_THEM = re.compile(
    rf"\bthe\s+({'|'.join(ORDINALS)})"
    rf"(?:(?:{_ONE})?(?=\s*(?:[,.?!:;–-]|$)|\s+(?:is|are|do|does|will|would|can|has|have"
    r"|allow|charge|cost|cover|give|include|let|make|need|offer|pay|require|use|want|work)s?\b)"
    rf"|{_ONE}(?=\s+(?:when|if|while|for|in|at|on|with|under|out|after|before|per)\b))",
    re.IGNORECASE,
)
_CHOSEN_FIRST = re.compile(
    r"^(?:(?:i['’]?d|i\s+would|i['’]?ll|let['’]?s)\s+(?:go\s+(?:with|for)|take|pick|choose|say)\s+)?"
    rf"(?P<chosen>(?:the\s+)?(?:{'|'.join(ORDINALS)})(?:{_ONE}|\s+plan)?)\s*[,.;:–-]\s*(?P<asked>\w.+)$",
    re.IGNORECASE,
)
_OTHER_PLAN = re.compile(r"\b(?:the|my|our)\s+other\s+(?:plan|one|option)\b", re.IGNORECASE)
_WHICH_OF_THEM = re.compile(
    r"\bwhich\s+(?:one\s+|plan\s+)?of\s+(?:them|those|these|the\s+(?:two|three))\b", re.IGNORECASE
)
_DIFFERENCE = re.compile(r"\bdifferen(?:ce|t)\b|\bor\b", re.IGNORECASE)
"""Sets things beside each other."""
_BETWEEN = re.compile(
    r"(?:,\s+(?:(?:or|and)\s+)?|\s+(?:or|and)\s+)(?:for\s+|in\s+|on\s+|at\s+|by\s+|with\s+|a\s+|an\s+|the\s+)*",
    re.IGNORECASE,
)
_BEFORE_PLAN = re.compile(r"\s+(?:on|by|in|with|under|of|for)?\s*$")


def with_plans_named(text: str, previous: str, names: PlanNames) -> str:
    """The text with the names of "which of the two" and "the other plan", where they are clear."""
    spoken_of = dict.fromkeys(mention.policy for mention in names.mentions(previous))
    if len(spoken_of) > 1:
        said = " and ".join(Plan(policy).label for policy in spoken_of)
        return _WHICH_OF_THEM.sub(lambda _: f"which of {said}", text)
    others = [policy for policy in names.policies if policy not in spoken_of]
    if len(names.policies) != 2 or len(others) != 1:
        return text
    return _OTHER_PLAN.sub(lambda _: Plan(others[0]).label, text)


def chosen_of(text: str, last: Turn, names: PlanNames) -> str | None:
    """What is asked of the plan or the thing that was chosen of those offered or compared."""
    if _DIFFERENCE.search(last.question) and not names.mentions(last.question):
        return _chosen_thing(text, last.question, names) or _chosen_plan(text, last, names)
    return _chosen_plan(text, last, names) or _chosen_thing(text, last.question, names)


def _chosen_plan(text: str, last: Turn, names: PlanNames) -> str | None:
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
        topics = comparison_topics(last.question, names)
        return with_plan(_label(offered[at], offered), last.question, names, topics)
    return None


def _chosen_thing(text: str, previous: str, names: PlanNames) -> str | None:
    """What is said of "the second one", where the question before set things beside each other.

    "Is it paid by the health care FSA or the dependent care FSA?"
    """
    text = stripped(AFTERWARDS, text)
    found = _ONE_OF_THEM.search(f"the {text}" if ORDINAL.match(text) else text)
    if found is None:
        return None
    parts = question_parts(previous, names)
    things = _alternatives(previous, parts)
    at = ORDINALS[found[1].lower()]
    if not things or at >= len(things):
        return None
    chosen = previous[things[at].start : things[at].end]
    before, rest = text[: found.start()], text[found.end() :]
    under = not before and is_circumstance(rest.strip())
    if under or ORDINAL.match(stripped(INSTEAD, text)):
        said = question_of(f"{previous[: things[0].start]}{chosen}{previous[things[-1].end :]}")
        kinds = {part.kind for part in question_parts(rest, names)}
        if under and kinds and kinds <= {"plan", "year", "network", "person"}:
            return with_fragment(rest.strip(), said, names, led=True)
        return question_of(f"{said.rstrip(END)}{rest if under else ''}")
    said = f"{before}{chosen}{rest}"
    return question_of(f"{said}{circumstances(previous, parts, {'person', 'network'})}")


def chosen_first(text: str) -> tuple[str, str]:
    """The choice that a message begins with, and what it then asks: "the second. is it free".

    Both are "" where it does not.
    """
    found = _CHOSEN_FIRST.match(text)
    return (found["chosen"], found["asked"]) if found and " " in found["asked"] else ("", "")


def among_plans(text: str, previous: str, names: PlanNames) -> tuple[str, str]:
    """The text and the question before, both of the plan that "with the second one" chooses.

    As they are where the question before does not name several plans, or the text chooses none.
    """
    found = _ONE_OF_THEM.search(text)
    mentions = names.mentions(previous)
    plans = list(dict.fromkeys(mention.policy for mention in mentions))
    at = ORDINALS[found[1].lower()] if found else 0
    if found is None or len(plans) < 2 or at >= len(plans):
        return text, previous
    label = Plan(plans[at]).label
    before = agreeing(previous[: mentions[0].start], label)
    kept = f"{before}{label}{previous[mentions[-1].end :]}"
    return f"{text[: found.start()]}{label}{text[found.end() :]}", question_of(kept)


def _alternatives(question: str, parts: Sequence[Part]) -> list[Part]:
    """The things of a question that "or" or "and" joins, in their order."""
    things = [thing for part in parts if part.kind == "topic" for thing in _each(question, part)]
    chains: list[list[Part]] = [things[:1]]
    for one, other in pairwise(things):
        if _BETWEEN.fullmatch(question, one.end, other.start):
            chains[-1].append(other)
        else:
            chains.append([other])
    for word in ("or", "and"):
        for chain in chains:
            between = question[chain[0].end : chain[-1].start] if len(chain) > 1 else ""
            if found := re.search(
                rf"\b{word}\b(?:\s+(?P<at>at|by|in|on|with|for|from)\b)?", between
            ):
                return [_behind(question, chain[0], found["at"]), *chain[1:]]
    return []


def _behind(question: str, thing: Part, word: str | None) -> Part:
    """What stands behind the word in a thing: of "a test at the lab or at home", "the lab"."""
    if word is None:
        return thing
    said = re.search(rf"\s{word}\s+(?:an?\s+|the\s+)?", question[thing.start : thing.end])
    return Part(thing.kind, thing.start + said.end(), thing.end) if said else thing


def _each(question: str, topic: Part) -> list[Part]:
    """The things of a topic: "chiropractic care and for physical therapy" is two."""
    cuts = list(_BETWEEN.finditer(question, topic.start, topic.end))
    starts = [topic.start, *(cut.end() for cut in cuts)]
    ends = [*(cut.start() for cut in cuts), topic.end]
    return [Part("topic", start, end) for start, end in zip(starts, ends, strict=True)]


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
