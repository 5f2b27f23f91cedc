"""Can a message be understood without what was said before? Pure functions."""

import re
from collections.abc import Sequence

from chat_app.follow_up_things import names_thing, own_things
from chat_app.follow_up_words import (
    ABOUT_THE_CHAT,
    ASKING,
    DO_IT,
    LEADING,
    OWN_PLAN,
    TIED,
    VERB,
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
_DEMONSTRATIVE = (
    r"(?:^|\b(?:about|after|are|at|before|by|can|cover|do|does|for|from|get|in|is|like|miss|need|of|on"
    r"|pay|skip|than|to|under|use|was|will|with|without|would)\ )(?:that|this|those|these)"
    r"\ (?!(?:is|was|are|were|does|do|did|will|would|can|has|have|the|a|an|i|we|my|plan|year|month"
    r"|week|fall|spring|summer|winter|time)\b)[a-z]+\b"
)
_OF_THOSE = re.compile(
    rf"{DO_IT.pattern}|{_DEMONSTRATIVE}|\ (?:that|this|those)$"
    r"|\b(?:ones?|which|any|some|none|each|all|both)\ of\ (?:them|those|these)\b"
    r"|\bthat\ way\b|\b(?:down|over|up|out|back)\ there\b|\ at\ the\ same\ time$"
    r"|^what\ happens\b.*\b(?:do\ nothing|don['’]t(?:\ do\ (?:anything|it))?|forget|miss\ it)$"
    r"|\bmy\ (?:share|part)\b(?!\ of\b)|\b(?:did|do)\ nothing\b|\b(?:that|this)\ whole\ thing\b"
    r"|\b(?:like\ that|so|the\ case|the\ same)\ here$"
    r"|\b(?:more|less|fewer|higher|lower|longer|shorter|earlier|later)\ than\ (?:that|this)\b",
    DO_IT.flags,
)
"""Stands for what was done, listed or counted before, whatever else is named."""
_THERE = re.compile(
    r"\b(?:an?|any|the|what|which)\s+(?:clinic|dentist|doctor|hospital|lab|pharmacy|provider)s?\s+there\b",
    re.IGNORECASE,
)
"""Someone in the place that was spoken of."""
_EXPLETIVE = re.compile(
    r"\bit\s+(?!(?:appl|chang|cover|help|includ|last|matter|pay|qualif|work))(?=(?:\w+\s+){1,3}(?:to|if|that)\b)",
    re.IGNORECASE,
)
"""Stands for what follows: "what does it cost to see a doctor"."""
_HOW_MUCH_OF_IT = re.compile(
    r"how\s+(?:big|far|high|large|long|low|many|often|old|small|soon)\b", re.IGNORECASE
)
"""Asks, without a verb, how much of what was spoken of: "how big a supply"."""
_EFFECT = re.compile(
    r"^(?:so\s+)?(?:does|will|would|did)\s+(?:it|that|this)\s+(?:also\s+|even\s+|still\s+)?"
    r"(?:count|matter|qualify|help|change|make\s+a\s+difference|affect)\b"
    r"|^(?:so\s+)?(?:is|was|would|will)\s+(?:it|that|this)\s+(?:be\s+)?(?:still\s+)?(?:a\s+problem|allowed"
    r"|alright|an\s+issue|enough|fine|ok|okay|possible|too\s+(?:early|late|long|short|soon))$"
    r"|^(?:so\s+)?how\s+many\s+(?:days|weeks|months|years|hours|visits|sessions)\s+"
    r"(?:does|do|will|would|can)\s+[\w'’ ]+\s(?:get|have|use|take)$",
    re.IGNORECASE,
)
"""Asks what was told changes of the answer before."""
_MORE = re.compile(
    r"^(?:can|could|may|will|would|do|does|is|are)\s+(?:i|we|he|she|they|there|you)\s+(?:\w+\s+){0,3}"
    r"(?:more|longer|another|extra|less)(?:\s+ones?)?"
    r"(?=$|\s+(?:approved|authorized|covered|if|when|once|after|before|without|because)\b)",
    re.IGNORECASE,
)
"""Asks for more without a word of what."""
_ASKS = re.compile(rf"(?!(?:i|we|you|he|she|they|it)\b)(?:{ASKING.pattern})", ASKING.flags)
"""Begins a clause that asks; "I need" tells."""
TELLS = re.compile(r"(?:i|me|we|he|she|they|its?|my|mine|our|his|her|their)\b", re.IGNORECASE)
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
_SOME_KIND_OF = re.compile(
    r"\bthe\s+(?:amount|benefit|center|clinic|coach|committee|counselor|course|device|drug|equipment|facility"
    r"|item|medication|medicine|operation|place|procedure|provider|scan|service|stay|surgery|team|test|therapist"
    r"|treatment|trip)s?\b(?!\s+(?:of|for|that|which|to|in|center|list|department)\b)",
    re.IGNORECASE,
)
"""The kind of a thing that was named before: "the center", of a transplant center."""
_STATE = re.compile(
    r"^(?:(?:i|we|he|she|they)(?:['’](?:m|re|s)|\s+(?:am|are|is|was|were|have|has|live|work))\b"
    r"|my\s+\w+(?:['’]s|\s+(?:is|are|has|lives|works))\b)",
    re.IGNORECASE,
)
"""Tells how someone is, which nothing that is asked behind it stands for."""
_OPEN_OBJECT = re.compile(
    r"\b(?:ones?|they|there)\b|\b(?:do|get|have|take|use)\s+it\b", re.IGNORECASE
)
_WHICH_ONE = re.compile(
    r"^which\s+(?:center|clinic|doctor|facility|hospital|pharmacy|place|provider)s?\s+(?:do|can|must)\s+i\b",
    re.IGNORECASE,
)
"""Asks who does what was named before: "which hospital do I go to"."""
_PIECES = re.compile(r"(?<=[,.;?!])\s+")


def stands_alone(body: str, names: PlanNames, *, asks: bool) -> bool:
    """Can it be understood without what was said before?

    A question can that says what it is about and refers to nothing; so can what tells nothing of
    which a question could be asked ("I give up").
    """
    parts = question_parts(body, names)
    things = own_things(body, parts)
    asked = asked_in(body)
    if not asked and not asks and not things:
        return all(part.kind == "topic" for part in parts)
    supposes = WHAT_IF.match(body) is not None and (not asked or asked == body)
    if _WANTS.match(body) and things and not _REFERS.search(body):
        return True
    if supposes or (TELLS.match(body) and not asked):
        return supposes and _supposes_all(body, parts)
    refers = _REFERS.search(_EXPLETIVE.sub("", body))
    names_plan = any(part.kind == "plan" for part in parts)
    if not things and not OWN_PLAN.search(body):
        return _is_of_the_chat(body) or (bool(asked) and names_plan and not refers)
    if _goes_on(body, asked, things, names, names_plan=names_plan):
        return False
    own = bool(things) and names_plan
    says_what = _says_what(asked, names) and (own or not refers)
    return says_what or _is_whole(body, things, asked, refers)


def _goes_on(
    body: str, asked: str, things: Sequence[Part], names: PlanNames, *, names_plan: bool
) -> bool:
    """Does it ask of what was spoken of before, whatever else it names?"""
    if _OF_THOSE.search(body) or (_HOW_MUCH_OF_IT.match(body) and not VERB.search(body)):
        return True
    if not names_plan and len(body.split()) <= MAX_DEFINITE and _SOME_KIND_OF.search(body):
        return True
    if asked == body and _THERE.search(body):
        return True
    if _EFFECT.search(asked) and not names_thing(asked, names):
        return True
    told = asked and asked != body and _STATE.match(body)
    if told and not names_plan and _OPEN_OBJECT.search(asked) and not names_thing(asked, names):
        return True
    which = _WHICH_ONE.match(body)
    return which is not None and all(thing.start < which.end() for thing in things)


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


def _is_whole(body: str, things: Sequence[Part], asked: str, refers: re.Match[str] | None) -> bool:
    """Is it so long that what it refers to stands in it, before what refers?"""
    first, *others = _PIECES.split(body)
    goes_on = _MORE.search(asked) or (others and (_REFERS.search(first) or TIED.search(body)))
    if len(body.split()) <= MAX_REFERRING or goes_on:
        return False
    return refers is None or any(thing.end <= refers.start() for thing in things)


def _says_what(asked: str, names: PlanNames) -> bool:
    """Does what is asked say what it is about?"""
    of_plan = OWN_PLAN.search(asked) is not None
    return of_plan or names_thing(asked, names)


def asked_in(body: str) -> str:
    """From the clause that asks on; "" where none does."""
    pieces = _PIECES.split(body)
    asking = (n for n, piece in enumerate(pieces) if _ASKS.match(stripped(LEADING, piece)))
    at = next(asking, len(pieces))
    return " ".join(pieces[at:])
