"""A message that asks several things -> each as a question of its own. Pure functions.

"How much is the deductible, and does it apply to office visits?" needs two searches: the passage
that holds the one answer need not hold the other.
"""

import re
from collections.abc import Sequence

from chat_app.answers import Turn
from chat_app.follow_ups import follow_up
from chat_app.plan_names import PlanNames
from chat_app.plan_topics import COMPARE
from chat_app.question_parts import Part, question_parts

MAX_QUESTIONS = 4
"""Questions of one message that are answered each by itself; a longer list is read as a whole."""

_OPENING = (
    r"(?:what|how|is|are|does|do|can|could|will|would|should|when|where|who|whom|which|why|did|am"
    r"|has|have)\b(?! (?:as|if)\b)"
)
_SENTENCES = re.compile(r"[?.;]+\s+(?:(?:and|but|also|plus|so)\s+)*", re.IGNORECASE)
_CLAUSES = re.compile(
    rf"{_SENTENCES.pattern}|,?\s+(?:and|but|plus)\s+(?:also\s+|then\s+)?(?={_OPENING})",
    re.IGNORECASE,
)
_ASKS = re.compile(
    rf"^(?:and |so |please )*{_OPENING}|^(?:tell|show|give|explain)\b", re.IGNORECASE
)
_LIST = re.compile(
    r"^\s*(?:,\s*(?:and\s+)?|and\s+|or\s+|&\s*)(?:also\s+)?(?:the\s+|my\s+)?$", re.IGNORECASE
)
_TAIL = re.compile(r"^\s+(?:for|of|on)\s+(?:an?\s+|the\s+|my\s+)?[^,;?.]+", re.IGNORECASE)
_OF_SERVICE = re.compile(r"\b(?:co-?pay|co-?insurance|visit|waiting)", re.IGNORECASE)
_ARTICLE = re.compile(r"\b(?:the|my|our|its)\s+$", re.IGNORECASE)


def questions_in(message: str, names: PlanNames) -> tuple[str, ...]:
    """The questions that a message asks, each to be understood by itself; one where it asks one.

    Args:
        message: in people's words.
        names: of the plans, which each question may mean.
    """
    if COMPARE.search(message):
        return (message,)
    asked = _split(message, names)
    asked = [one for question in asked for one in _listed(question, names)]
    unique = tuple(dict.fromkeys(asked))
    return unique if 1 < len(unique) <= MAX_QUESTIONS else (message,)


def _split(message: str, names: PlanNames) -> list[str]:
    """At "? And how ...", ", and does it ..."; what a later question leaves out is taken over.

    Within a sentence only where a clause asks for an amount, which has a passage of its own. Of the
    other clauses one passage tells together: split, 13 of 126 labelled questions lost four of the
    pages that were cited rightly (.635 to .603 of all).
    """
    texts = _texts(_CLAUSES, message)
    if not any(p.kind == "amount" for text in texts for p in question_parts(text, names)):
        texts = _texts(_SENTENCES, message)
    # "I have met my deductible. What do I pay?" says in its first sentence what the other means.
    if len(texts) < 2 or not all(_ASKS.match(text) for text in texts):
        return [message]
    if not all(_says_something(text, names) for text in texts):
        return [message]
    found = [f"{texts[0]}?"]
    for text in texts[1:]:
        before = [Turn(found[0], "")]
        standing = follow_up(f"{text}?", before, names)
        found.append(standing or _with_topic(text, texts[0], names))
    return found


def _texts(between: re.Pattern[str], message: str) -> list[str]:
    texts = [text.strip(" ?.;,") for text in between.split(message)]
    return [text for text in texts if text]


def _with_topic(text: str, first: str, names: PlanNames) -> str:
    """A later question; of one that asks for an amount alone, with what the first is about."""
    kinds = {part.kind for part in question_parts(text, names)}
    topics = [first[p.start : p.end] for p in question_parts(first, names) if p.kind == "topic"]
    of = "" if "topic" in kinds or not topics else f" for {topics[0]}"
    return f"{text[0].upper()}{text[1:]}{of}?"


def _says_something(text: str, names: PlanNames) -> bool:
    return any(part.kind in ("topic", "amount") for part in question_parts(text, names))


def _listed(question: str, names: PlanNames) -> list[str]:
    """Of "What are the deductible and the copay for an MRI?" a question for each amount."""
    amounts = [part for part in question_parts(question, names) if part.kind == "amount"]
    run = _run(question, amounts)
    if len(run) < 2:
        return [question]
    tail = _TAIL.match(question[run[-1].end :])
    of = tail.group().rstrip() if tail else ""
    rest = question[run[-1].end + len(of) :].rstrip(" ?.")
    found = []
    for amount in run:
        said = question[amount.start : amount.end]
        last = amount is run[-1]
        found.append(f"What is the {said}{of if last or _OF_SERVICE.search(said) else ''}{rest}?")
    return found


def _run(question: str, amounts: Sequence[Part]) -> list[Part]:
    """Amounts that a list joins, from the first on."""
    run = list(amounts[:1])
    for amount in amounts[1:]:
        if not _LIST.match(question[run[-1].end : amount.start]):
            break
        run.append(amount)
    return run
