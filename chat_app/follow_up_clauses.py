"""A follow-up that is a clause of its own ("Is that per person?"). Pure functions."""

import re
from collections.abc import Callable

from chat_app.follow_up_clause import Clause
from chat_app.follow_up_context import Context, Thing, context_of
from chat_app.follow_up_covering import covered_too, of_plan, says_what_covers
from chat_app.follow_up_fragments import with_fragment
from chat_app.follow_up_grammar import agreeing, circumstances, head_of, is_plural, question_of
from chat_app.follow_up_pronouns import open_pronoun
from chat_app.follow_up_things import only_aspects, own_things
from chat_app.follow_up_topics import is_circumstance
from chat_app.follow_up_words import (
    ABOUT_THE_CHAT,
    AGAIN,
    AMOUNT_SAID,
    CARRYING_ON,
    DO_IT,
    DOING_IT,
    ELLIPSIS,
    FOR_IT,
    HAS_A_LIMIT,
    HE_OR_SHE,
    IT_TAKES,
    LINKING,
    OWN_PLAN,
    QUALIFIES,
    QUESTION_WORD,
    SAME,
    TWO_QUESTIONS,
    WHICH,
    is_aspect,
)
from chat_app.plan_names import PlanNames
from chat_app.question_parts import LINKS, WORD, Kind, question_parts

MAX_QUALIFYING = 6
"""Words of "does adoption count", which leaves open for what."""

_TO_DO = re.compile(
    r"\bto\s+(?!(?:pay|be|go|get|use|how|what|which|when)\b)([a-z]+)", re.IGNORECASE
)
_ABOUT_PLAN = re.compile(
    r"^(?:what|who|when|where)\b(?!.*\b(?:charge|cost|cover|pay)s?(?:\s+(?:me|for))?$)",
    re.IGNORECASE,
)
_ONE = re.compile(r"\b(?:ones?|it|them|some|any)(?:\s+(?:too|then|also))?$", re.IGNORECASE)
_SUCH_ONE = re.compile(r"\b(?:an?|another)\s+[\w-]+\s+(?P<one>one)\b", re.IGNORECASE)
_LIKE_THAT = re.compile(
    r"\b(?:an?|some|any|the|such)\s+(?:[\w-]+\s+)?(?:like|such\s+as)\s+(?:that|this|those|these|it)\b",
    re.IGNORECASE,
)
_AFTER_THAT = re.compile(r"\s+(?:after|since|from)\s+(?:that|then)(?:\s+on)?$", re.IGNORECASE)
_WITHOUT_ONE = re.compile(r"\bwithout\s+(?P<what>one|it|that)\b", re.IGNORECASE)
_PERSON: set[Kind] = {"person"}
_HOW_LONG = re.compile(
    r"^how\s+(?:long|much\s+time|many\s+(?:days|weeks|months))\s+(?:do|would|will|did)\s+(?:i|we)\s+(?:have|get)$",
    re.IGNORECASE,
)
_TOLD_OF = re.compile(
    r"\b(?:report|prove|announce|document)\s+(?:it|this|that)\b|\b(?:tell|notify)\b.*\b(?:about|of)\s+(?:it|this|that)\b",
    re.IGNORECASE,
)
"""What has happened, and what the question before asks under the condition of it."""
_WHAT = re.compile(
    r"(?P<what>what|which)\s+(?:(?:kind|type|sort)s?\s+of\s+)?(?P<noun>(?!is\b|are\b|do\b|does\b|did\b|if\b|about\b|can\b"
    r"|will\b|would\b|happens\b|else\b|one\b|ones\b|plans?\b)[a-z-]+)(?=\s|$)",
    re.IGNORECASE,
)
"""Asks what of a kind: "what experience do I need"."""
_PAID_IN = re.compile(
    r"\b(?:it|that)\s+(?:get|gets|arrive|come|show|land|hit|paid|deposited)\b"
    r"|\b(?:arrives?|comes?|deposited|deposit|get|give|land|paid|pay|put|receive|shows?)\s+(?:it|that)\b",
    re.IGNORECASE,
)
"""Speaks of what someone puts into an account, and not of the account."""
_STATEMENT = re.compile(r"^(?:i|we|he|she|they)\b", re.IGNORECASE)
_FOR_ONE = re.compile(r"\s+(?:for|of)\s+(?:one|some)$", re.IGNORECASE)


def resolved(clause: str, previous: str, names: PlanNames, *, led: bool = False) -> str | None:
    """The clause with what it leaves open taken from the question before; None if it is whole.

    Args:
        clause: without a question mark at its end and the words that lead to it.
        previous: a question that stands by itself.
        names: the names of the plans.
        led: "and" went before, which says that "the program" is one of what was spoken of.
    """
    if _STATEMENT.match(clause):
        return None
    context = context_of(previous, names)
    text = _FOR_ONE.sub("", clause)
    text = _with_what_lacks(text, context)
    parts = question_parts(text, names)
    things = tuple(own_things(text, parts))
    if led and not any(part.kind == "amount" for part in things):
        things = tuple(t for t in things if not text[t.start :].lower().startswith("the "))
    asked = Clause(text, tuple(parts), things, context, names)
    return next((said for way in _WAYS if (said := way(asked)) is not None), None)


def _with_what_lacks(clause: str, context: Context) -> str:
    """The clause with "without a referral" for "without one", where that was asked about."""
    found = _WITHOUT_ONE.search(clause)
    topics = [part for part in context.parts if part.kind == "topic"]
    if not found or not topics:
        return clause
    head = head_of(context.asked[topics[0].start : topics[0].end])
    words = [word for word in WORD.findall(head.lower()) if word not in LINKS]
    if not words or not only_aspects(words):
        return clause
    return f"{clause[: found.start('what')]}{head}{clause[found.end('what') :]}"


def _asked_again(clause: Clause) -> str | None:
    """The question before for what "how much is it for kids" or "is it the same in 2025" names."""
    if not clause.kinds or clause.kinds & {"topic", "amount"}:
        return None
    if not SAME.search(clause.text) and not AGAIN.match(clause.text):
        return None
    said = " ".join(clause.text[part.start : part.end] for part in clause.parts)
    return with_fragment(said, clause.context.question, clause.names, led=True)


def _asked_of_another(clause: Clause) -> str | None:
    """The question before for "what degree", where it asks what experience."""
    said, before = _WHAT.fullmatch(clause.text), _WHAT.match(clause.context.asked)
    if said is None or before is None:
        return None
    asked = f"{said['what']} {said['noun']}{clause.context.asked[before.end() :]}"
    return clause.context.situated(question_of(asked))


def _without_verb(clause: Clause) -> str | None:
    """The question before for what an ellipsis names: "does the HMO", "did it in 2025"."""
    found = ELLIPSIS.match(clause.text)
    said = re.match(r"is|are|was|were", clause.text, re.IGNORECASE)
    allowed = {"plan", "year"} if said else {"plan", "year", "network", "person"}
    if not found or clause.things or not clause.kinds or not clause.kinds <= allowed:
        return None
    left = clause.text
    for part in reversed(clause.parts):
        left = f"{left[: part.start]} {left[part.end :]}"
    if LINKING.sub("", left[found.start("rest") :]).strip():
        return None
    return with_fragment(found["rest"], clause.context.question, clause.names, led=True)


def _with_pronoun(clause: Clause) -> str | None:
    """The clause with what its pronoun stands for."""
    text, context = clause.text, clause.context
    found = open_pronoun(text, clause.parts, clause.things)
    if found is None:
        return None
    if says_what_covers(text, found):
        return of_plan(clause, found)
    if context.puts and _PAID_IN.search(text):
        return context.before(text)
    whole = context.condition and _TOLD_OF.search(text)
    if whole or TWO_QUESTIONS.search(text):
        return context.followed(text)
    if context.action and (done := _done(text, context.action)):
        return context.situated(question_of(done))
    thing = context.program(text) or context.thing(clause.kinds)
    return _with_thing(text, found, context, thing) if thing else context.followed(text)


def _with_thing(text: str, found: re.Match[str], context: Context, thing: Thing) -> str:
    """The clause with a thing for its pronoun; beside a single thing, "they" are people."""
    if found.group().lower() in {"they", "them"} and not is_plural(thing.noun):
        return context.situated(question_of(f"{text} {thing.lead} {thing.noun}{thing.where}"))
    noun, rest = thing.noun, text[found.end() :]
    if context.asks_cost and AMOUNT_SAID.match(rest):
        noun = f"what I pay for {noun}"
    if rest.lower().startswith(("'s ", "’s ")):
        rest = f" is{rest[2:]}"
    before = agreeing(text[: found.start()], noun)
    return context.situated(question_of(f"{before}{noun}{rest}{thing.where}"))


def _compared(clause: Clause) -> str | None:
    """The question before asked of both plans: "would it be less with the HMO?"."""
    plans = "" if clause.things else clause.context.compared_plans(clause.text)
    return with_fragment(plans, clause.context.question, clause.names, led=True) if plans else None


def _completing(clause: Clause) -> str | None:
    """The question before, asked by what "how often after that" asks."""
    text = _AFTER_THAT.sub("", clause.text)
    completes = text != clause.text and clause.context.completes(text)
    return clause.context.followed(text) if completes else None


def _like_that(clause: Clause) -> str | None:
    """The clause with what "an operation like that" is like."""
    found = _LIKE_THAT.search(clause.text)
    thing = clause.context.thing(clause.kinds, but_aspect=True) if found else None
    if found is None or thing is None:
        return None
    return _put(clause, found.span(), thing.noun, thing)


def _with_one(clause: Clause) -> str | None:
    """The clause with the noun that "an urgent one" leaves out."""
    found = _SUCH_ONE.search(clause.text)
    thing = clause.context.thing(clause.kinds, but_aspect=True) if found else None
    if found is None or thing is None:
        return None
    noun = re.sub(r"^(?:the|an?|my|any)\s+", "", head_of(thing.noun))
    return _put(clause, found.span("one"), noun, thing)


def _put(clause: Clause, place: tuple[int, int], noun: str, thing: Thing) -> str:
    """The clause with a noun in a place of it, for whom, where and when the thing is."""
    said = f"{clause.text[: place[0]]}{noun}{clause.text[place[1] :]}"
    return clause.context.situated(question_of(f"{said}{thing.where}"))


def _timed(clause: Clause) -> str | None:
    """How long one has to do what the question before asks how to do."""
    context = clause.context
    if not context.action or not _HOW_LONG.match(clause.text):
        return None
    return context.situated(question_of(f"{clause.text} to {context.action}"))


def _done(clause: str, action: str) -> str:
    """The clause with what is done in the place of "do that", "for that" or "it takes"."""
    if DOING_IT.search(clause):
        return DOING_IT.sub(lambda _: f"if I {action}", clause, count=1)
    if DO_IT.search(clause):
        return DO_IT.sub(lambda _: action, clause, count=1)
    if FOR_IT.search(clause):
        return FOR_IT.sub(lambda _: f"to {action}", clause, count=1)
    return f"{clause} to {action}" if IT_TAKES.search(clause) else ""


def _with_person(clause: Clause) -> str | None:
    """The clause with "she" as the person of the question before."""
    found = HE_OR_SHE.search(clause.text)
    context = clause.context
    people = [part for part in context.parts if part.kind == "person"]
    if not found or "person" in clause.kinds:
        return None
    if not people:
        bound = any(thing.start < found.start() for thing in clause.things)
        return None if bound else context.followed(clause.text)
    who = context.asked[people[0].start : people[0].end]
    said = f"{clause.text[: found.start()]}{who[:1].lower()}{who[1:]}{clause.text[found.end() :]}"
    if _ONE.search(said) and not clause.things:
        return context.followed(said)
    if not clause.things and (thing := context.thing(clause.kinds | _PERSON, but_aspect=True)):
        return context.situated(question_of(f"{said} {thing.lead} {thing.noun}{thing.where}"))
    where = circumstances(context.asked, context.parts, clause.kinds | _PERSON)
    return context.situated(question_of(f"{said}{where}"))


def _carrying_on(clause: Clause) -> str | None:
    """A clause with a topic of its own behind the question that it goes on from."""
    if not CARRYING_ON.search(clause.text) or "plan" in clause.kinds:
        return None
    return clause.context.followed(clause.text)


def _about(clause: Clause) -> str | None:
    """A clause that is about nothing, asked about what the question before is about."""
    text, context = clause.text, clause.context
    if not _is_open(clause):
        return None
    if context.completes(text) or TWO_QUESTIONS.search(text):
        return context.followed(text)
    if QUESTION_WORD.match(text) or not is_circumstance(text):
        if thing := context.thing(clause.kinds, but_aspect=True):
            limited = context.asks_cost and HAS_A_LIMIT.search(text)
            lead = "on what I pay for" if limited else thing.lead
            return context.situated(question_of(f"{text} {lead} {thing.noun}{thing.where}"))
        if context.action and not context.situation:
            return question_of(f"{text} to {context.action}")
    return context.followed(text)


def _is_open(clause: Clause) -> bool:
    """Does it ask about nothing? "What do I pay out of network?" does, "What is my plan?" not."""
    if clause.things and WHICH.match(clause.text):
        return True
    if clause.things:
        short = len(clause.things) == 1 and len(clause.text.split()) <= MAX_QUALIFYING
        return short and not OWN_PLAN.search(clause.text) and bool(QUALIFIES.match(clause.text))
    doing = _TO_DO.search(clause.text)
    return not (
        (doing and not is_aspect(doing[1]))
        or OWN_PLAN.search(clause.text)
        or ABOUT_THE_CHAT.search(clause.text)
        or ("plan" in clause.kinds and _ABOUT_PLAN.match(clause.text))
    )


_WAYS: tuple[Callable[[Clause], str | None], ...] = (
    _completing,
    _timed,
    _asked_again,
    _asked_of_another,
    _without_verb,
    _like_that,
    _with_one,
    _compared,
    _with_pronoun,
    _with_person,
    covered_too,
    _about,
    _carrying_on,
)
"""The ways to read a clause, in their order; what none of them reads stands by itself."""
