"""A fragment ("and out of network?") put in its place in the question before. Pure functions."""

import re
from collections.abc import Collection, Sequence

from chat_app.answers import policy_label
from chat_app.follow_up_grammar import (
    END,
    circumstances,
    phrase,
    question_of,
    subordinate,
    with_lead,
)
from chat_app.follow_up_things import names_thing, own_things
from chat_app.follow_up_topics import Rewriting, is_circumstance, replace_topic, target_of
from chat_app.plan_names import PlanNames
from chat_app.plan_topics import COMPARE
from chat_app.question_parts import Kind, Part, question_parts
from retrieval.keywords import terms

_WHOLE_PLAN = re.compile(r"deductible|out[- ]of[- ]pocket|oop|premium", re.IGNORECASE)
"""Amounts of a plan as a whole; a copay belongs to a service."""
_CONDITION = re.compile(r"^(?:after|before|once|until|if|when|without)\b", re.IGNORECASE)
_TOWARD = re.compile(
    r"\b(?:towards?|against|appl(?:y|ies)\s+to)\s+(?:[\w'’]+\s+){0,4}$", re.IGNORECASE
)
_OF_NETWORK = re.compile(
    r"\b(?:a|the)\s+network"
    r"(?=\s+(?:\w+\s+)?(?:center|doctor|facility|hospital|lab|pharmacy|provider|specialist|therapist)\b)",
    re.IGNORECASE,
)
"""Someone of the network: "a network pharmacy"."""
_LASTS = re.compile(r"\b(?:days?|months?)\b", re.IGNORECASE)
_WITHOUT = re.compile(r"^without(?:\s+(?:it|them|that|one|any))?$", re.IGNORECASE)
_WITH = re.compile(r"\bwith\b", re.IGNORECASE)
_ME = re.compile(r"\b(?:me|myself)\b", re.IGNORECASE)
_BEFORE_OR_AFTER = frozenset(["before", "after", "once", "until"])
_DENIED = re.compile(
    r"(?:\bnot|n['’]t|\binstead\s+of|\brather\s+than)\s+(?:(?:in|on|with|under|the|my|our)\s+)*$",
    re.IGNORECASE,
)
"""Stands before the plan that is not meant."""
_OUTSIDE = re.compile(r"\b(?:out|non|outside|not)\b|n['’]t\b", re.IGNORECASE)


def with_fragment(
    fragment: str, previous: str, names: PlanNames, *, led: bool, also: bool = False
) -> str:
    """The previous question, asked about what the fragment says instead.

    What the fragment names (a plan, year, network, person, amount or service) takes the place of
    what the question names of the same kind; where it names none, it is added.

    Args:
        fragment: without the words that lead to it.
        previous: a question that stands by itself.
        names: the names of the plans.
        led: "and" or "what about" went before; a thing that has no place in the question is then
            added to it, instead of asked about by itself.
        also: "too" went behind: my spouse comes beside me, not in my place.
    """
    if _WITHOUT.match(fragment) and _WITH.search(previous):
        return question_of(_WITH.sub("without", previous, count=1))
    held, how = subordinate(previous.rstrip(END)), fragment.split(maxsplit=1)[0].lower()
    if held and how in _BEFORE_OR_AFTER and held["how"].lower() == how:
        return with_condition(fragment, previous, names)
    new, old = question_parts(fragment, names), question_parts(previous, names)
    kinds = {part.kind for part in new}
    topics = [part for part in old if part.kind == "topic"]
    if is_comparison(previous, names) and kinds & {"amount", "topic"}:
        return _compared_in(fragment, previous, old)
    if _asks_amount(fragment, kinds, previous, old):
        return _amount_asked(fragment, previous, new, old)
    if "topic" in kinds and not topics and not led:
        return _asked_alone(fragment, previous, new, old)
    rewriting = Rewriting(previous, also)
    _replace_slots(rewriting, fragment, new, old, names)
    if "topic" in kinds or not kinds:
        replace_topic(rewriting, fragment, new, old)
    return rewriting.result()


def with_condition(condition: str, previous: str, names: PlanNames) -> str:
    """The previous question with "when I turn 65" in the place of its own "when", or behind it.

    Where the question says only there what it is about, "before my trip abroad", the trip stays.
    """
    text, word = previous.rstrip(END), condition.split(maxsplit=1)[0].lower()
    held = subordinate(text)
    if held and word in _BEFORE_OR_AFTER and held["how"].lower() in _BEFORE_OR_AFTER:
        same = len(condition.split()) <= 2
        if same:
            start, end = held.span("how")
            return question_of(f"{text[:start]} {word} {text[end:]}")
        asked = f"{text[: held.start()]} {condition} {text[held.end() :]}"
        things = own_things(held.group(), question_parts(held.group(), names))
        about = "" if names_thing(asked, names) else _about(held.group(), things)
        return question_of(f"{asked.rstrip()}{about}")
    if held and (held["how"].lower() == word or _of_the_same(held.group(), condition)):
        text = text[: held.start()]
    return question_of(f"{text} {condition}")


def _about(text: str, things: Sequence[Part]) -> str:
    said = " and ".join(text[thing.start : thing.end] for thing in things)
    return f", about {said}" if said else ""


def with_purpose(purpose: str, previous: str) -> str:
    """The previous question with "for covering my wife, who ..." in the place of its condition."""
    text = previous.rstrip(END)
    held = subordinate(text)
    return question_of(f"{text[: held.start()] if held else text} {purpose}")


def _of_the_same(one: str, other: str) -> bool:
    """Do two conditions speak of the same: "before the deductible is met", "if I met it"?"""
    left, right = set(terms(one)), set(terms(other))
    return bool(left) and len(left & right) * 2 >= len(left)


def with_plan(label: str, previous: str, names: PlanNames, topics: Sequence[str]) -> str:
    """The previous question asked of one of the plans that it compared or that were offered."""
    if is_comparison(previous, names):
        return question_of(f"What is the {' and '.join(topics)} on {label}")
    return with_fragment(label, previous, names, led=True)


def is_comparison(question: str, names: PlanNames) -> bool:
    """Does the question set several named plans side by side?"""
    named = {mention.policy for mention in names.mentions(question)}
    return len(named) > 1 and COMPARE.search(question) is not None


def _of(parts: Sequence[Part], kind: Kind) -> list[Part]:
    return [part for part in parts if part.kind == kind]


def _replace_slots(
    rewriting: Rewriting,
    fragment: str,
    new: Sequence[Part],
    old: Sequence[Part],
    names: PlanNames,
) -> None:
    """Put what the fragment names, but things, in the place of its like."""
    slots: tuple[Kind, ...] = ("amount", "network", "tier", "person", "plan", "year")
    for kind in slots:
        if _of(new, kind):
            _replace(rewriting, kind, fragment, new, old, names)
    _replace_channels(rewriting, fragment, _of(new, "channel"), _of(old, "channel"))


def _asks_amount(
    fragment: str, kinds: Collection[Kind], previous: str, old: Sequence[Part]
) -> bool:
    """Is the fragment an amount to ask for, rather than one in the place of another?"""
    if "amount" not in kinds or ("topic" not in kinds and _counted_toward(previous, old)):
        return False
    replaces = _of(old, "amount") and not _of(old, "topic")
    return not replaces or _CONDITION.match(fragment) is not None


def _counted_toward(previous: str, old: Sequence[Part]) -> Part | None:
    """The amount toward which something counts: another one takes its place alone."""
    amounts = _of(old, "amount")
    return next((part for part in amounts if _TOWARD.search(previous[: part.start])), None)


def _replace(
    rewriting: Rewriting,
    kind: Kind,
    fragment: str,
    new: Sequence[Part],
    old: Sequence[Part],
    names: PlanNames,
) -> None:
    words = phrase(fragment, _of(new, kind))
    policies = dict.fromkeys(
        mention.policy
        for mention in names.mentions(fragment)
        if not _DENIED.search(fragment[: mention.start])
    )
    if kind == "plan" and policies:
        words = " and ".join(policy_label(policy) for policy in policies)
    if kind == "network" and (_of(old, kind) or not is_circumstance(words)):
        words = "out of network" if _OUTSIDE.search(words) else "in network"
    counted = _counted_toward(rewriting.text, old) if kind == "amount" else None
    held = [counted] if counted else _of(old, kind)
    if kind == "person" and (pronoun := _stand_in(rewriting.text, held)):
        rewriting.replace(*pronoun.span(), words)
    elif kind == "network" and not held and (named := _OF_NETWORK.search(rewriting.text)):
        rewriting.replace(*named.span(), f"an {words.replace(' ', '-')}")
    elif not held:
        rewriting.add(with_lead(kind, words))
    elif kind == "plan" and is_comparison(rewriting.text, names):
        rewriting.replace(held[-1].end, held[-1].end, f" and {words}")
    else:
        said = phrase(rewriting.text, held)
        if kind == "person" and rewriting.also and (me := _ME.search(said)):
            words = f"{me.group()} and {words}"
        in_year = kind == "year" and said.lower().startswith(("in ", "for "))
        words = with_lead(kind, words) if in_year else words
        rewriting.replace(held[0].start, held[0].start + len(said), words)


def _replace_channels(
    rewriting: Rewriting, fragment: str, new: Sequence[Part], old: Sequence[Part]
) -> None:
    """How something is got in the place of how, for how long in the place of for how long."""
    for part in new:
        words = fragment[part.start : part.end]
        lasts = _LASTS.search(words) is not None
        held = [
            p for p in old if (_LASTS.search(rewriting.text[p.start : p.end]) is not None) == lasts
        ]
        if not held:
            rewriting.add(words)
            continue
        said = rewriting.text[held[0].start : held[0].end]
        words = re.sub(r"^for\s+", "", words) if lasts else words
        lead = "for " if lasts and said.lower().startswith("for ") else ""
        rewriting.replace(held[0].start, held[0].end, f"{lead}{words}")


def _stand_in(text: str, people: Sequence[Part]) -> re.Match[str] | None:
    """The pronoun that stands for a person of another sentence: "My wife ... Can I add her?"."""
    sentence = max(text.rstrip(END).rfind(end) for end in ".?!") + 1
    if not people or any(part.start >= sentence for part in people):
        return None
    return re.compile(r"\b(?:her|him|them)\b", re.IGNORECASE).search(text, sentence)


def _compared_in(fragment: str, previous: str, old: Sequence[Part]) -> str:
    """The same plans compared in something else."""
    things = [part for part in old if part.kind in {"amount", "topic"}]
    if not things:
        return question_of(f"{previous.rstrip(END)}: {fragment}")
    first = things[0]
    together = previous[first.start :][: len(phrase(previous, things))]
    said = re.sub(r"^(?:for|in|the)\s+", "", fragment, flags=re.IGNORECASE)
    start = first.start
    return question_of(previous[:start] + said + previous[start + len(together) :])


def _amount_asked(fragment: str, previous: str, new: Sequence[Part], old: Sequence[Part]) -> str:
    """A question for an amount where the one before asked for something else."""
    if _CONDITION.match(fragment):
        return question_of(f"{previous.rstrip(END)} {fragment}")
    said = re.sub(r"^(?:for|the|my|a|and)\s+", "", fragment, flags=re.IGNORECASE)
    kinds = {part.kind for part in new}
    amount = phrase(fragment, _of(new, "amount"))
    about = ""
    if "topic" not in kinds and not _WHOLE_PLAN.search(amount):
        target = target_of("", previous, _of(old, "topic"))
        about = f" for {previous[target.start : target.end]}" if target else ""
    return question_of(f"What is the {said}{about}{circumstances(previous, old, kinds)}")


def _asked_alone(fragment: str, previous: str, new: Sequence[Part], old: Sequence[Part]) -> str:
    kinds = {part.kind for part in new}
    return question_of(f"{fragment}{circumstances(previous, old, kinds)}")
