"""A message read behind the question before it, where no rule says what it means. Pure functions.

Of 39 follow-ups that the rules did not know when they were written, the question before and the
message together find the passage of 30, the message by itself that of 13.
"""

import re
from collections.abc import Sequence

from chat_app.follow_up_context import context_of
from chat_app.follow_up_fragments import with_condition, with_fragment
from chat_app.follow_up_things import names_thing, own_things
from chat_app.follow_up_words import (
    ABOUT_THE_CHAT,
    ASKING,
    DO_IT,
    LEADING,
    OPENING,
    OWN_PLAN,
    POLITE,
    TIED,
    WHAT_IF,
    is_aspect,
    stripped,
)
from chat_app.plan_names import PlanNames
from chat_app.question_parts import WORD, Part, question_parts
from retrieval.keywords import terms

MAX_REFERRING = 9
"""Words of a question that "it" or "then" ties to what was said; in a longer one, something of its
own stands before them."""
MAX_DEFINITE = 12
"""Words of a question in which "the center" is one that was spoken of."""
MAX_SUPPOSED = 2
"""Words of what a supposition is about that leave open what is asked of it."""

_REFERS = re.compile(
    r"\b(?:it|its|they|them|their|theirs|those|he|she|him|her|hers|his|one|ones|then|too"
    r"|also|as well|though|tho|instead|either|still|again|anyway|otherwise|the same)\b"
    r"|(?<!is )(?<!are )(?<!was )\bthere\b|(?<!is )(?<!are )\b(?:mine|ours)\b"
    r"|\b(?:that|this)(?=$|[,.;]|['’]s\b|\s+(?:is|was|does|do|will|would|can|has|cover|cost|mean))",
    re.IGNORECASE,
)
"""Stands for something that was said before, or ties what is asked to it."""
_OF_THOSE = re.compile(
    rf"{DO_IT.pattern}|\b(?:ones?|which|any|some|none|each|all|both)\ of\ (?:them|those|these)\b"
    r"|\b(?:more|less|fewer|higher|lower|longer|shorter|earlier|later)\ than\ (?:that|this)\b",
    DO_IT.flags,
)
"""Stands for what was done, listed or counted before, whatever else is named."""
_EXPLETIVE = re.compile(r"\bit\s+(?=(?:\w+\s+){1,3}(?:to|if|that)\b)", re.IGNORECASE)
"""Stands for what follows: "what does it cost to see a doctor"."""
_MORE = re.compile(
    r"^(?:can|could|may|will|would|do|does|is|are)\s+(?:i|we|he|she|they|there|you)\s+(?:\w+\s+){0,3}"
    r"(?:more|longer|another|extra|less)(?:\s+ones?)?$",
    re.IGNORECASE,
)
"""Asks for more without a word of what."""
_ASKS = re.compile(rf"(?!(?:i|we|you|he|she|they|it)\b)(?:{ASKING.pattern})", ASKING.flags)
"""Begins a clause that asks; "I need" tells."""
TELLS = re.compile(r"(?:i|me|we|he|she|they|its?|my|mine|our|his|her|their)\b", re.IGNORECASE)
_SAYS_NO_MORE = re.compile(
    r"^(?:(?:and|so)\s+)?(?:what|how\s+(?:much|many|often|long))(?:['’]s|\s+\w+){0,3}$",
    re.IGNORECASE,
)
"""Asks what the question before asks: "my husband is on the HMO, how many for him"."""
_WANTS = re.compile(
    r"(?:i|we)\s+(?:(?:also|just|really)\s+)?(?:need|want|lost|forgot|would\s+like)\b",
    re.IGNORECASE,
)
"""Asks by saying what is wanted: "I need a new ID card"."""
_BEING = re.compile(
    rf"{WHAT_IF.pattern}(?:if\ )?(?:i['’]m|we['’]re|they['’]re|(?:he|she|it)['’]s"
    r"|(?:i|we|they|he|she|it)\ (?:am|are|is|was|were))\b",
    WHAT_IF.flags,
)
"""Supposes a state, in which something is asked: "what if I'm abroad"."""
_IF = re.compile(r"^if\s", re.IGNORECASE)
_ASKS_WHEN = re.compile(r"(?:when|where|who|how\s+(?:do|can|should|would|did))\b", re.IGNORECASE)
"""Asks for what no condition changes: "when is it, if I miss it" makes no sense."""
_SOME_KIND_OF = re.compile(
    r"\bthe\s+(?:amount|benefit|center|clinic|course|device|drug|equipment|facility|item|medication"
    r"|medicine|operation|place|procedure|provider|scan|service|stay|surgery|test|therapist"
    r"|treatment|trip)s?\b(?!\s+(?:of|for|that|which|to|in|center|list|department)\b)",
    re.IGNORECASE,
)
"""The kind of a thing that was named before: "the center", of a transplant center."""
_WHICH_ONE = re.compile(
    r"^which\s+(?:center|clinic|doctor|facility|hospital|pharmacy|place|provider)s?\s+(?:do|can|must)\s+i\b",
    re.IGNORECASE,
)
"""Asks who does what was named before: "which hospital do I go to"."""
_PIECES = re.compile(r"(?<=[,.;?!])\s+")


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
    alone = _stands_alone(body, names, asks="?" in message)
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
    asked = _asked(body)
    things = names_thing(asked, names)
    if WHAT_IF.match(body) and (asked == body or not things):
        named = {part.kind for part in parts}
        return previous if named and named <= {"plan", "year"} else _supposed(body, previous, names)
    if where and not things and _SAYS_NO_MORE.search(asked):
        return previous
    if TELLS.match(body) and not asked:
        return f"{body[:1].upper()}{body[1:]}. {previous}"
    return context_of(previous, names).followed(body)


def _supposed(body: str, previous: str, names: PlanNames) -> str:
    """The question before under the condition of "what if"."""
    clause = _IF.sub("", WHAT_IF.sub("", body, count=1)).strip()
    context = context_of(previous, names)
    if _ASKS_WHEN.match(context.asked):
        return context.followed(f"what if {clause}")
    return with_condition(f"if {clause}", previous, names)


def _asked(body: str) -> str:
    """From the clause that asks on; "" where none does."""
    pieces = _PIECES.split(body)
    asking = (n for n, piece in enumerate(pieces) if _ASKS.match(stripped(LEADING, piece)))
    at = next(asking, len(pieces))
    return " ".join(pieces[at:])


def _stands_alone(body: str, names: PlanNames, *, asks: bool) -> bool:
    """Can it be understood without what was said before?

    A question can that says what it is about and refers to nothing; so can what tells nothing of
    which a question could be asked ("I give up").
    """
    parts = question_parts(body, names)
    things = own_things(body, parts)
    asked = _asked(body)
    if not asked and not asks and not things:
        return all(part.kind == "topic" for part in parts)
    supposes = WHAT_IF.match(body) is not None and (not asked or asked == body)
    if _WANTS.match(body) and things and not _REFERS.search(body):
        return True
    if supposes or (TELLS.match(body) and not asked):
        return supposes and _supposes_all(body, parts)
    refers = _REFERS.search(body) is not None
    names_plan = any(part.kind == "plan" for part in parts)
    if not things and not OWN_PLAN.search(body):
        return _is_of_the_chat(body) or (bool(asked) and names_plan and not refers)
    if _OF_THOSE.search(body):
        return False
    if not names_plan and len(body.split()) <= MAX_DEFINITE and _SOME_KIND_OF.search(body):
        return False
    which = _WHICH_ONE.match(body)
    if which and all(thing.start < which.end() for thing in things):
        return False
    own = bool(things) and names_plan
    return _is_whole(body, things, asked) or (_says_what(asked, names) and (own or not refers))


def _is_of_the_chat(body: str) -> bool:
    """Does it ask what the chat can do? "Are you sure?" asks of the answer before."""
    found = ABOUT_THE_CHAT.search(body)
    return found is not None and found.group().lower() != "are you"


def _supposes_all(body: str, parts: Sequence[Part]) -> bool:
    """Does a supposition say what is asked of it?"""
    if _BEING.match(body):
        return False
    topics = [body[part.start : part.end] for part in parts if part.kind == "topic"]
    slots = any(part.kind in {"network", "plan", "year"} for part in parts)
    said = [word for topic in topics for word in WORD.findall(topic) if not is_aspect(word)]
    says_all = len(terms(" ".join(said))) > MAX_SUPPOSED + slots
    return says_all and not _REFERS.search(_PIECES.split(body)[0])


def _is_whole(body: str, things: Sequence[Part], asked: str) -> bool:
    """Is it so long that what it refers to stands in it, before what refers?"""
    first, *others = _PIECES.split(body)
    goes_on = others and (_REFERS.search(first) or TIED.search(body) or _MORE.search(asked))
    if len(body.split()) <= MAX_REFERRING or goes_on:
        return False
    refers = _REFERS.search(_EXPLETIVE.sub("", body))
    return refers is None or any(thing.end <= refers.start() for thing in things)


def _says_what(asked: str, names: PlanNames) -> bool:
    """Does what is asked say what it is about?"""
    of_plan = OWN_PLAN.search(asked) is not None
    return of_plan or names_thing(asked, names)
