"""The ways to put one and the same follow-up, brought to one. Pure functions."""

import re

from chat_app.answers import policy_label
from chat_app.follow_up_words import (
    AGAIN,
    ASKING,
    CHOOSING,
    MINE,
    NOT_THAT,
    ORDINALS,
    VERB,
    WONDERING,
)
from chat_app.plan_names import PlanNames
from chat_app.question_parts import question_parts

_STATED = re.compile(r"^(i|we)\s+(need|have|get|pay|owe|use|keep|lose)\b", re.IGNORECASE)
_TAG = re.compile(
    r"^(?P<what>(?:the\s+)?[\w-]+(?:\s+[\w-]+){0,2}?)\s+(?P<verb>does|do|is|are|has|have|will|would)"
    r"(?:n['’]t|\s+not)?(?P<rest>(?:\s+[\w-]+){0,3}),?\s+(?:does|do|is|are|has|have|will|would)(?:n['’]t)?\s+(?:it|they)$",
    re.IGNORECASE,
)
"""States and asks whether it is so: "Standard doesn't, does it"."""
_PLACE_OF_TIER = re.compile(
    r"\b(?:the\s+)?(first|second|third|fourth|1st|2nd|3rd|4th)\s+(?:one|tier|level)\b",
    re.IGNORECASE,
)
_WITH = re.compile(
    r"(?P<led>(?:(?:and|but|so|or|also|plus)\s+)?)"
    r"(?:(?:with|on|in|under|for|(?:going\s+)?back\s+to)\s+)?(?:(?:the|my)\s+)?",
    re.IGNORECASE,
)
_THERE = re.compile(r"\s+there\b", re.IGNORECASE)
_INCLUDED = re.compile(
    r"^(?:[\w'’-]+\s+){1,5}(?:included|counted)(?:\s+(?:too|also|as\s+well))?$", re.IGNORECASE
)
_CONDITION_FIRST = re.compile(
    r"^(?P<led>(?:(?:and|but|so|also)\s+)?)(?P<condition>(?:if|when|once|after)\s+[^,?]+?),?\s+"
    r"(?P<asked>(?:how\s+(?:much|many|long|often|soon|fast|far|do|does)|what|who|where)\b.+)$",
    re.IGNORECASE,
)
_THEIRS = re.compile(
    r"[\s,;.–-]+(?:(?:and|so)\s+)?(?:(?:what|how)\s+about\s+)?(?:mine|ours|hers|his|theirs"
    r"|(?:for\s+)?(?:him|her|them|me|us))$",
    re.IGNORECASE,
)
_COMMA = re.compile(r"(?:\s+plan)?(?:\s+then)?\s*[,:–-]?\s+", re.IGNORECASE)


def included(text: str) -> str:
    """What asks "room and board included", as a clause: "is room and board included"."""
    found = _INCLUDED.match(text)
    return f"is {text}" if found and not ASKING.match(text) else text


def asked_plainly(text: str) -> str:
    """The text without "can you tell me if", as a question."""
    if tag := _TAG.match(text):
        return f"{tag['verb']} {tag['what']}{tag['rest']}"
    found = WONDERING.match(text)
    if not found:
        return text
    rest = text[found.end() :]
    stated = _STATED.match(rest) if found["whether"] else None
    return f"do {rest}" if stated else rest


def lowered(text: str, names: PlanNames) -> str:
    """The text without the capital of its first word, which may come to stand elsewhere."""
    first = text.split(maxsplit=1)[0]
    is_name = any(mention.start == 0 for mention in names.mentions(text))
    return text if is_name or not first[1:].islower() else text[0].lower() + text[1:]


def numbered(text: str, previous: str) -> str:
    """The text with "the third one" as "tier 3", where it was tiers that were spoken of."""
    if not re.search(r"\btiers?\b", previous, re.IGNORECASE):
        return text
    return _PLACE_OF_TIER.sub(lambda said: f"tier {ORDINALS[said[1].lower()] + 1}", text)


def condition_last(text: str) -> str:
    """The question before its condition: "when it's urgent, how fast do they answer"."""
    found = _CONDITION_FIRST.match(text)
    return f"{found['led']}{found['asked']} {found['condition']}" if found else text


def plan_last(text: str, names: PlanNames) -> str:
    """The text with the plan that it begins with at its end: "with the HMO, is it free"."""
    for mention in names.mentions(text)[:1]:
        comma = _COMMA.match(text, mention.end)
        asked = text[comma.end() :] if comma else ""
        lead = _WITH.fullmatch(text, 0, mention.start)
        bare = lead is not None and lead.end("led") == mention.start
        if lead and comma and (comma.group().strip() or not bare) and ASKING.match(asked):
            return f"{lead['led']}{_THERE.sub('', asked)} on {policy_label(mention.policy)}"
    return text


def whose(text: str, names: PlanNames) -> str:
    """The plan and year alone that "I'm on the HMO" names."""
    rest = _THEIRS.sub("", MINE.sub("", text, count=1))
    kinds = {part.kind for part in question_parts(rest, names)}
    return rest if "plan" in kinds and kinds <= {"plan", "year"} else text


def on_plan(text: str, names: PlanNames) -> str:
    """What asks again "if I had gone with the HMO", of the HMO."""
    for mention in names.mentions(text) if AGAIN.match(text) else []:
        if chosen := CHOOSING.search(text[: mention.start]):
            return f"{text[: chosen.start()]}on {text[mention.start :]}"
    return text


def without_denied(fragment: str, previous: str, names: PlanNames) -> tuple[str, str]:
    """What is meant, and the question before without the thing that the fragment says is not."""
    found = NOT_THAT.search(fragment)
    if found is None or names.mentions(found["denied"]):
        return fragment, previous
    held = re.search(rf"\b{re.escape(found['denied'])}\b", previous, re.IGNORECASE)
    if held is None:
        return fragment, previous
    meant = fragment[: found.start()]
    said = "" if VERB.search(meant) else re.sub(r"^(?:for|the|my|an?)\s+", "", meant)
    return meant, f"{previous[: held.start()]}{said}{previous[held.end() :]}"
