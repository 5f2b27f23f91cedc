"""A follow-up -> a question that stands by itself, by rules. Pure functions.

A message is stripped of what opens it and says nothing, and read as the first of these that it is:
a choice of a plan, a condition or supposition ("what if"), something told with or without a
question, a clause, a fragment. The wordings stand in ``follow_up_words``: the place to add one.
"""

import re
from collections.abc import Sequence

from chat_app.answers import Turn
from chat_app.follow_up_choices import (
    among_plans,
    chosen_first,
    chosen_of,
    with_plans_named,
)
from chat_app.follow_up_clauses import resolved
from chat_app.follow_up_context import context_of
from chat_app.follow_up_fragments import with_condition, with_fragment, with_purpose
from chat_app.follow_up_grammar import circumstances, question_of
from chat_app.follow_up_joining import behind, joined
from chat_app.follow_up_phrasing import (
    asked_plainly,
    condition_last,
    included,
    lowered,
    numbered,
    on_plan,
    plan_last,
    whose,
    without_denied,
)
from chat_app.follow_up_standing import TELLS
from chat_app.follow_up_subjects import of_another_subject
from chat_app.follow_up_things import names_thing, own_things
from chat_app.follow_up_topics import is_circumstance
from chat_app.follow_up_words import (
    AFTERWARDS,
    ASKING,
    BACK_TO,
    CONDITION,
    DEFINITION,
    EARLIER,
    HANDLED,
    INSTEAD,
    LATER,
    LEADING,
    NEW_TOPIC,
    OPENING,
    ORDINALS,
    OWN_PLAN,
    POLITE,
    STATED,
    STILL,
    TIED,
    TOO,
    VERB,
    WHAT_IF,
    spelled_out,
    stripped,
)
from chat_app.plan_names import PlanNames
from chat_app.question_parts import Part, question_parts
from retrieval.keywords import terms

MAX_WORDS = 12
"""Words of a fragment behind "and" or "what about"; what is longer says all it means."""
MAX_UNLED = 5
"""Words of a fragment by itself."""
MAX_TOPIC = 3
"""Words of what such a fragment is about: what is longer is a search of its own."""

_TOLD_AFTER = re.compile(
    r"(?P<asked>[^.?!]+\?|[^.?!,]*\b(?:for|about|meant?)\s[^.?!,]+(?=[,;.]))[,;.]*\s+"
    r"(?P<told>(?:i|we|he|she|they|my|our)\b[^?]*)\??$",
    re.IGNORECASE,
)
"""Asks and then tells: "And for me? I'm 52."."""
_TOLD_BEFORE = re.compile(
    r"(?P<told>(?:i|we|my|our)\b[^.?!]*\bswitch\w*[^.?!]*[.!])\s+(?P<asked>[^.?!]+\?)$",
    re.IGNORECASE,
)
"""Tells of switching plans before it asks of another: "We may switch. How is it in the HMO?"."""
_FOR_DOING = re.compile(r"for\s+\w+ing\b", re.IGNORECASE)
_YEAR = re.compile(r"\b20\d\d\b")
_THAT_GOES_WITH = re.compile(
    r"\w\s+that\s+(?:goes|go|comes|come)\s+(?:along\s+)?with\s+(?P<it>it|that|them)$", re.IGNORECASE
)
_OPEN_END = re.compile(r"\b(?:ones?|that|this|those|these|it|them)$", re.IGNORECASE)
"""Ends with what stands for something that was said."""
_BACK_TO_THING = re.compile(
    r"^(?:(?:and|but|so)\s+)?(?:(?:coming|getting|going)\s+)?back\s+to\s+(?P<thing>[^,.:;?!]+)[,.:;–-]+\s*(?=\w)",
    re.IGNORECASE,
)
_BESIDE_IT = re.compile(r"^the\s+.*\w\s+there$|\w\s+at\s+the\s+same\s+time$", re.IGNORECASE)
"""What stands before it belongs to the thing that was spoken of: "the trips there"."""
_DONE_TO_IT = re.compile(r"\b\w+ing\s+(?:it|them|that|one)\b", re.IGNORECASE)
"""Says what is done with the thing that was spoken of, in whose place nothing comes."""


def understood(message: str, turns: Sequence[Turn], names: PlanNames) -> str | None:
    """The message as a question that can be understood by itself; None if it is one already.

    What no rule reads, but cannot stand by itself, is asked behind the question before.

    Args:
        message: as typed.
        turns: the conversation before it, from the first on.
        names: the names of the plans.
    """
    message, turns = _gone_back(spelled_out(message), turns)
    bare = stripped(OPENING, message.strip().rstrip(" ?!."))
    if DEFINITION.match(bare) or NEW_TOPIC.match(bare):
        return None
    told = _TOLD_AFTER.match(message.strip())
    if told and (said := follow_up(told["asked"], turns, names)):
        return f"{told['told'][:1].upper()}{told['told'][1:].rstrip(' .!')}. {said}"
    told = _TOLD_BEFORE.match(message.strip())
    if told and names.mentions(told["asked"]) and not names.mentions(told["told"]):
        message = told["asked"]
    said = follow_up(message, turns, names) or _gone_on(message, turns, names)
    if said or not turns:
        return said
    previous = turns[-1].question
    return _of_plans_meant(bare, previous, names) or joined(message, previous, names)


def follow_up(message: str, turns: Sequence[Turn], names: PlanNames) -> str | None:
    """The message as a question that can be understood by itself; None if it is no follow-up.

    It is read against the latest turn alone, whose question stands by itself: so chains of
    follow-ups need no more.

    Args:
        message: as typed.
        turns: the conversation before it, from the first on.
        names: the names of the plans.
    """
    text = " ".join(message.split()).rstrip(" ?!.")
    if "?" in message and not STILL.search(text):
        text = STATED.sub(r"is \g<what> ", text)
    if not turns or not text or POLITE.match(text):
        return None
    last = turns[-1]
    body = stripped(OPENING, text)
    body = with_plans_named(included(asked_plainly(body)), last.question, names)
    first, asked = chosen_first(stripped(AFTERWARDS, stripped(LEADING, body)))
    if asked and (chosen := follow_up(first, turns, names)):
        said = follow_up(asked, [Turn(chosen, "")], names) or joined(asked, chosen, names)
        if said or ASKING.match(asked):
            return said or question_of(asked)
    if (chosen := chosen_of(stripped(LEADING, body), last, names)) is not None:
        return chosen
    body, previous = among_plans(lowered(body, names), last.question, names)
    body = plan_last(numbered(body, previous), names)
    return _read(condition_last(body), previous, names)


def _read(body: str, previous: str, names: PlanNames) -> str | None:
    """What is left when nothing stands before it that says nothing."""
    also = TOO.search(body) is not None
    rest = whose(stripped(LEADING, body), names)
    about = INSTEAD.sub("", rest, count=1)
    amounts = any(part.kind == "amount" for part in question_parts(about, names))
    if (year := _other_year(about, previous)) and not (amounts or names_thing(about, names)):
        return with_fragment(year, previous, names, led=True)
    led = about != body
    if of := _asked_of(about, names):
        return with_fragment(of, previous, names, led=True)
    if CONDITION.match(about):
        return with_condition(about, previous, names)
    if WHAT_IF.match(about):
        return behind(about, previous, names) if led else None
    if about == rest and ASKING.match(about):
        asked = on_plan(stripped(AFTERWARDS, about), names)
        said = resolved(asked, previous, names, led=led)
        if said or not (led or also or TIED.search(about)):
            return said
        return _going_on(asked, previous, names, led=led)
    return _of_fragment(stripped(AFTERWARDS, about), previous, names, led=led, also=also)


def _going_on(clause: str, previous: str, names: PlanNames, *, led: bool) -> str:
    """A clause that no rule reads and that goes on from the question before."""
    if not led:
        return context_of(previous, names).followed(clause)
    if said := of_another_subject(clause, previous, names):
        return said
    whole = names_thing(clause, names) and not (TELLS.match(clause) or _OPEN_END.search(clause))
    return question_of(clause) if whole else behind(clause, previous, names)


def _other_year(text: str, previous: str) -> str:
    """The year before or after that of the question before, where the text asks for it."""
    year = _YEAR.search(previous)
    if EARLIER.search(text):
        return f"in {int(year[0]) - 1}" if year else "last year"
    return f"in {int(year[0]) + 1}" if year and LATER.search(text) else ""


def _gone_back(message: str, turns: Sequence[Turn]) -> tuple[str, Sequence[Turn]]:
    """What is asked of an earlier question than the last, and the conversation up to that one."""
    said = stripped(OPENING, message.strip())
    found = BACK_TO.match(said)
    if found is None and (thing := _BACK_TO_THING.match(said)):
        wanted = set(terms(thing["thing"]))
        of = [
            n for n, turn in enumerate(turns, 1) if wanted and wanted <= set(terms(turn.question))
        ]
        return (said[thing.end() :], turns[: of[-1]]) if of else (message, turns)
    if found is None or len(turns) < 2:
        return message, turns
    at = ORDINALS.get(found["which"].lower(), len(turns) - 2)
    return (said[found.end() :], turns[: at + 1]) if at < len(turns) else (message, turns)


def _of_plans_meant(text: str, previous: str, names: PlanNames) -> str | None:
    """What says "which of the two" or "the first one" of plans, with their names; else None."""
    named = with_plans_named(text, previous, names)
    if named != text:
        return question_of(named)
    chosen, kept = among_plans(text, previous, names)
    return behind(plan_last(chosen, names), kept, names) if chosen != text else None


def _gone_on(message: str, turns: Sequence[Turn], names: PlanNames) -> str | None:
    """What names only things of the question before, and no plan, asked of the plan of that one.

    "Tell me more about the external review", after a question about reviews of PPO Plus.
    """
    if not turns:
        return None
    previous = turns[-1].question
    body = stripped(OPENING, " ".join(message.split()).rstrip(" ?!."))
    if WHAT_IF.match(body) or OWN_PLAN.search(body):
        return None
    parts, before = question_parts(body, names), question_parts(previous, names)
    said = {part.kind for part in parts}
    where = {part.kind for part in before} & {"plan", "year"}
    things = [body[part.start : part.end] for part in own_things(body, parts)]
    if not things or not where or said & {"plan", "year"}:
        return None
    if not set(terms(" ".join(things))) <= set(terms(previous)):
        return None
    return question_of(f"{body}{circumstances(previous, before, {'network', 'person'})}")


def only_circumstances(message: str, names: PlanNames) -> bool:
    """Does the message name a person, plan, year or network and say nothing else?

    What judges "and with my spouse too?" by itself judges words that mean nothing yet.
    """
    text = " ".join(message.split()).rstrip(" ?!.")
    said = stripped(LEADING, stripped(OPENING, text))
    parts = question_parts(said, names)
    if any(part.kind in {"topic", "amount"} for part in parts) or len(said.split()) > MAX_WORDS:
        return False
    for part in reversed(parts):
        said = said[: part.start] + said[part.end :]
    return not VERB.search(said) and not ASKING.match(said)


def _asked_of(text: str, names: PlanNames) -> str:
    """Of which plan, year, network or person it is asked how it is there; "" where of none."""
    found = HANDLED.match(text)
    said = next(filter(None, found.groups()), "") if found else ""
    kinds = {part.kind for part in question_parts(said, names)}
    return said if kinds and kinds <= {"plan", "year", "network", "person"} else ""


def _of_fragment(
    fragment: str, previous: str, names: PlanNames, *, led: bool, also: bool
) -> str | None:
    fragment, previous = without_denied(fragment, previous, names)
    fragment = _with_it_named(fragment, previous, names)
    words = fragment.split()
    if (
        not words
        or len(words) > (MAX_WORDS if led or is_circumstance(fragment) else MAX_UNLED)
        or ". " in fragment
    ):
        return None
    tied = _DONE_TO_IT.search(fragment) or VERB.search(fragment)
    if _BESIDE_IT.search(fragment):
        return behind(fragment, previous, names)
    if led and tied and _FOR_DOING.match(fragment):
        return with_purpose(fragment, previous)
    if led and tied and not is_circumstance(fragment):
        return behind(fragment, previous, names)
    parts = question_parts(fragment, names)
    if (aspect := _aspect(fragment, parts, previous, names)) is not None:
        return aspect
    topics = [fragment[part.start : part.end] for part in parts if part.kind == "topic"]
    if not led:
        long = sum(len(topic.split()) for topic in topics) > MAX_TOPIC
        if long or (not is_circumstance(fragment) and (not parts or VERB.search(fragment))):
            return None
    said = with_fragment(fragment, previous, names, led=led, also=also)
    return said if _says_all(said, fragment, parts) else behind(fragment, previous, names)


def _with_it_named(fragment: str, previous: str, names: PlanNames) -> str:
    """The fragment with what "the stay that goes with it" goes with."""
    found = _THAT_GOES_WITH.search(fragment)
    thing = context_of(previous, names).thing(set(), but_aspect=True) if found else None
    return f"{fragment[: found.start('it')]}{thing.noun}" if found and thing else fragment


def _says_all(said: str, fragment: str, parts: Sequence[Part]) -> bool:
    """Does the question hold what the fragment names of people and things?"""
    named = (fragment[p.start : p.end] for p in parts if p.kind in {"topic", "person"})
    return set(terms(" ".join(named))) <= set(terms(said))


def _aspect(fragment: str, parts: Sequence[Part], previous: str, names: PlanNames) -> str | None:
    """What every benefit has, asked of the one before: "deadline?", "and the forms?"."""
    thing = context_of(previous, names).thing(set(), but_aspect=True)
    is_aspect = {part.kind for part in parts} == {"topic"} and not own_things(fragment, parts)
    if not is_aspect or thing is None or is_circumstance(fragment):
        return None
    return question_of(f"{fragment} {thing.lead} {thing.noun}{thing.where}")
