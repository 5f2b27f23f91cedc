"""A follow-up -> a question that stands by itself, by rules. Pure functions."""

import re
from collections.abc import Sequence

from chat_app.answers import Plan, Turn
from chat_app.follow_up_clauses import resolved
from chat_app.follow_up_fragments import is_circumstance, question_of, with_fragment, with_plan
from chat_app.plan_names import PlanNames
from chat_app.plan_topics import comparison_topics
from chat_app.question_parts import question_parts

MAX_WORDS = 12
"""Words of a fragment behind "and" or "what about"; what is longer says all it means."""
MAX_UNLED = 5
"""Words of a fragment by itself."""
MAX_TOPIC = 3
"""Words of what such a fragment is about: what is longer is a search of its own."""

_POLITE = re.compile(
    r"^(?:ok|okay|thanks|thank\s+you|thx|great|good|perfect|cool|nice|yes|yeah|yep|no|nope|sure|hi"
    r"|hello|hey|bye|goodbye|please|got\s+it|i\s+see|never\s*mind|help|stop)"
    r"(?:[\s,.!]+(?:ok|thanks|thank\s+you|so|very|much|a|lot|there|again|you|please))*$",
    re.IGNORECASE,
)
_SOFT = re.compile(
    r"^(?:ok(?:ay)?|yes|yeah|yep|no|nope|well|thanks|thank\s+you|great|alright|all\s+right|sorry|oh"
    r"|hmm+|i\s+see|please|sure|right|hi|hey)\b(?:[\s,.!:;-]+|$)",
    re.IGNORECASE,
)
_AND = re.compile(
    r"^(?:(?:and|but|or|so|also|plus|then|now|otherwise|even|including|not\s+even|especially)\b"
    r"|(?:just|only|anything|nothing|something)\b(?=\s+(?:in|out|on|for|with|at|the|by|per|after)\b))"
    r"[\s,.:;-]*",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"^(?:(?:what|how)\s*['’]?(?:about|s\s+about|bout)|what\s+of"
    r"|(?:is\s+it|is\s+that|are\s+they|is\s+this)?\s*(?:also\s+)?(?:the\s+)?same\s+(?:thing\s+|question\s+)?"
    r"(?=(?:for|with|on|in|at|if|under|out)\b)|(?:does|do|would)\s+the\s+same\s+(?:also\s+)?"
    r"(?:apply|go|hold|count)(?:\s+true)?\s+(?=(?:to|for|if|in|on|with|out)\b)"
    r"|(?:is|are)\s+(?:it|that|they)\s+(?:different|any\s+different)\s+(?=(?:for|with|on|in|if|out)\b)"
    r"|(?:actually|rather|instead),?|(?:no,?\s+)?(?:sorry,?\s+)?i\s+(?:meant?|was\s+asking\s+about"
    r"|am\s+asking\s+about|wanted)(?:\s+to\s+(?:say|ask)(?:\s+about)?)?|make\s+(?:that|it)|try"
    r"|let['’]?s\s+say|say)\b[\s,:-]*",
    re.IGNORECASE,
)
_WHAT_IF = re.compile(r"^(?:what\s+if|suppose|(?=if\b))\s*", re.IGNORECASE)
_GOING = re.compile(
    r"^(?:i|we)\s+(?:(?:need|have|want)\s+to\s+)?(?:go(?:\s+to)?|use|get|see|choose|pick|take|need|have"
    r"|visit|want|buy|went\s+to|got|used|saw|took|chose|stay|am|['’]m|switch(?:\s+to)?|was|were|are)\s+",
    re.IGNORECASE,
)
_MINE = re.compile(
    r"^(?:i['’]?m|i\s+am|we['’]?re|we\s+are|i\s+have|we\s+have|i['’]ve\s+got|mine['’]?s|mine\s+is|my\s+plan\s+is"
    r"|it['’]?s|it\s+is|i\s+mean)\s+(?:(?:enrolled\s+)?(?:on|in|with|under)\s+)?",
    re.IGNORECASE,
)
_IM = re.compile(r"^(?:i|we)['’](?:m|re)\s+", re.IGNORECASE)
_TAIL = re.compile(
    r"[\s,]+(?:too|then|instead|as\s+well|also|please|though|again|thanks|thank\s+you)[\s?!.]*$",
    re.IGNORECASE,
)
_TOO = re.compile(r"\b(?:too|also|as\s+well)$", re.IGNORECASE)
_CLAUSE = re.compile(
    r"^(?:what|whats|how|hows|is|are|am|was|were|do|does|did|can|could|will|would|should|shall|may"
    r"|might|must|has|have|had|when|where|who|whom|whose|which|why|tell|show|give|explain|compare"
    r"|list|describe|find|write|i|we|he|she|they|it|you|there|this|that|these|those|let|please|go"
    r"|really|since|says|any(?:thing)?|more|until"
    r"|(?:from|up\s+to|at|for|since|until|by|to|with|in)\s+(?:what|how|when|which|where|whom))\b"
    r"|^\w+n['’]t\b|^(?:what|how|i|we|it|that|who|where)['’]\w+",
    re.IGNORECASE,
)
_VERB = re.compile(
    r"\b(?:is|are|was|were|has|have|had|do|does|did|can|could|will|would|should|must|need|needs"
    r"|want|wants|got|get|gets|lost|pay|pays|cover|covers|says|said|went|i|we|you)\b",
    re.IGNORECASE,
)
_ORDINALS = {
    "first": 0, "1st": 0, "former": 0, "1": 0, "second": 1, "2nd": 1, "2": 1, "third": 2,
    "3rd": 2, "3": 2, "fourth": 3, "4th": 3, "4": 3, "last": -1, "latter": -1,
}  # fmt: skip
_ORDINAL = re.compile(
    rf"^(?:the\s+|my\s+)?(?:option\s+|number\s+|plan\s+|#\s*)?({'|'.join(_ORDINALS)})"
    r"(?:\s+(?:one|plan|option|choice))?(?:\s+(?:of\s+(?:them|those|the\s+two)|you\s+(?:said|listed|named)))?$",
    re.IGNORECASE,
)
_EVERY = re.compile(
    r"^(?:(?:for\s+)?(?:both|all|each|every|either)(?:\s+(?:of\s+(?:them|those)|one|plans?|two|three))*"
    r"|all\s+of\s+them)$",
    re.IGNORECASE,
)
_CHEAPER = re.compile(
    r"^(?:which\s+(?:one\s+|plan\s+|of\s+(?:them|those)\s+)?(?:is|costs|has)\s+)?(?:the\s+)?"
    r"(cheaper|cheapest|less\s+expensive|least\s+expensive|better|best|lower|lowest)"
    r"(?:\s+(?:one|plan|option|of\s+(?:them|the\s+two)))?$",
    re.IGNORECASE,
)


def follow_up(message: str, turns: Sequence[Turn], names: PlanNames) -> str | None:
    """The message as a question that can be understood by itself; None if it is no follow-up.

    A follow-up is a fragment ("and out of network?", "the HMO"), a clause with an open pronoun or
    without a topic ("Is that per person?", "How much is it then?"), a choice among the plans of
    the answer before ("the second one"), or begins with "and". It is read against the latest turn
    alone, whose question stands by itself: so chains of follow-ups need no more.

    Args:
        message: as typed.
        turns: the conversation before it, from the first on.
        names: the names of the plans.
    """
    text = " ".join(message.split()).rstrip(" ?!.")
    if not turns or not text or _POLITE.match(text):
        return None
    last = turns[-1]
    body = _stripped(_SOFT, text)
    if (chosen := _choice(_stripped(_AND, body), last, names)) is not None:
        return chosen
    body = _lowered(body, names) if body == text else body
    rest = _whose(_stripped(_AND, body), names)
    about = _ABOUT.sub("", rest, count=1)
    if _WHAT_IF.match(about):
        return _supposed(about, last.question, names)
    led = rest != body or about != rest
    about = _TAIL.sub("", about) if about != rest or not _CLAUSE.match(rest) else about
    if about and about == rest and _CLAUSE.match(about):
        said = resolved(_TAIL.sub("", about), last.question, names)
        return said or (question_of(about) if led else None)
    return _of_fragment(about, last.question, names, led=led, also=_TOO.search(text) is not None)


def only_circumstances(message: str, names: PlanNames) -> bool:
    """Does the message name a person, plan, year or network and say nothing else?

    What judges "and with my spouse too?" by itself judges words that mean nothing yet.
    """
    text = " ".join(message.split()).rstrip(" ?!.")
    said = _stripped(_AND, _stripped(_SOFT, text))
    parts = question_parts(said, names)
    if any(part.kind in {"topic", "amount"} for part in parts) or len(said.split()) > MAX_WORDS:
        return False
    for part in reversed(parts):
        said = said[: part.start] + said[part.end :]
    return not _VERB.search(said) and not _CLAUSE.match(said)


def _stripped(words: re.Pattern[str], text: str) -> str:
    while (shorter := words.sub("", text, count=1)) != text and shorter:
        text = shorter
    return text


def _lowered(text: str, names: PlanNames) -> str:
    """The text without the capital of its first word, which may come to stand elsewhere."""
    first = text.split(maxsplit=1)[0]
    is_name = any(mention.start == 0 for mention in names.mentions(text))
    return text if is_name or not first[1:].islower() else text[0].lower() + text[1:]


def _whose(text: str, names: PlanNames) -> str:
    """The plan and year alone that "I'm on the HMO" names."""
    rest = _MINE.sub("", text, count=1)
    kinds = {part.kind for part in question_parts(rest, names)}
    return rest if "plan" in kinds and kinds <= {"plan", "year"} else text


def _of_fragment(
    fragment: str, previous: str, names: PlanNames, *, led: bool, also: bool
) -> str | None:
    words = fragment.split()
    if not words or len(words) > (MAX_WORDS if led else MAX_UNLED) or ". " in fragment:
        return None
    parts = question_parts(fragment, names)
    topics = [fragment[part.start : part.end] for part in parts if part.kind == "topic"]
    if not led:
        long = sum(len(topic.split()) for topic in topics) > MAX_TOPIC
        if long or (not is_circumstance(fragment) and (not parts or _VERB.search(fragment))):
            return None
    return with_fragment(fragment, previous, names, led=led, also=also)


def _supposed(text: str, previous: str, names: PlanNames) -> str | None:
    """What if: "I go to urgent care instead" asks of urgent care, "I am admitted" is added."""
    clause = _WHAT_IF.sub("", text, count=1)
    clause = clause.removeprefix("if ").strip()
    bare = _TAIL.sub("", clause)
    going = _GOING.match(bare) or _IM.match(bare)
    parts = question_parts(bare, names)
    topics = [
        word
        for part in parts
        if part.kind == "topic"
        for word in bare[part.start : part.end].split()
    ]
    kinds = {part.kind for part in parts}
    if "plan" in kinds and not kinds & {"topic", "amount"}:
        said = " ".join(bare[part.start : part.end] for part in parts)
        return with_fragment(said, previous, names, led=True)
    if going and (not topics or re.search(r"\binstead$", clause, re.IGNORECASE)):
        if parts:
            return with_fragment(bare[going.end() :], previous, names, led=True)
        return None
    slots = any(part.kind in {"network", "plan", "year", "channel"} for part in parts)
    if len(topics) > 1 + slots and not re.match(r"(?:it|they|that|he|she)\b", bare, re.IGNORECASE):
        return None
    return question_of(f"{previous.rstrip(' ?.!')} if {bare}")


def _choice(text: str, last: Turn, names: PlanNames) -> str | None:
    """The previous question for the plan that was chosen of those offered or compared."""
    named = dict.fromkeys(mention.policy for mention in names.mentions(last.question))
    offered = last.offered or tuple(Plan(policy) for policy in named)
    if len(offered) < 2:
        return None
    topics = comparison_topics(last.question, offered)
    if match := _ORDINAL.match(_TAIL.sub("", text)):
        at = _ORDINALS[match.group(1).lower()]
        if at >= len(offered):
            return last.question
        return with_plan(_label(offered[at], offered), last.question, names, topics)
    if _EVERY.match(text):
        return (
            last.question
            if len(named) > 1
            else question_of(f"{last.question.rstrip(' ?.!')} on each plan")
        )
    if match := _CHEAPER.match(text):
        if len(named) > 1:
            return last.question
        asked = last.question[:1].lower() + last.question[1:]
        return question_of(f"Which plan is {match.group(1).lower()}: {asked}")
    return None


def _label(plan: Plan, offered: Sequence[Plan]) -> str:
    """The name, with its year where the same plan is offered for another year too."""
    same = [other for other in offered if other.policy == plan.policy]
    return plan.label if len(same) > 1 else Plan(plan.policy).label
