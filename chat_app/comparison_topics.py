"""In what plans are compared: a question without its plans and comparing words. Pure functions."""

import re
from collections.abc import Sequence

from chat_app.answers import PLAN_TYPES, Plan
from chat_app.plan_topics import ALL_PLANS, bare

_PLAN = "\N{OBJECT REPLACEMENT CHARACTER}"
"""Stands where a plan was named."""
_LEADING = (
    r"(?:,|\b(?:a|among|and|as|between|both|by|compared|either|for|from|in|instead|my|of|on|opposed"
    r"|or|our|over|rather|than|the|through|to|under|versus|vs\.?|with|your)\b)"
)
_NAMED = re.compile(
    rf"(?:\s*{_LEADING}){{0,6}}\s*{_PLAN}(?:['’]s?\b)?(?:\s+(?:plan|option)s?\b)?(?:\s+both\b)?",
    re.IGNORECASE,
)
"""A plan with the words that lead to it: "than with the PPO"."""
_YEAR = re.compile(r"\b20\d\d\b")
_DEGREE = re.compile(
    r"(?:\b(?:how|any|much|far|even|a\s+(?:lot|bit|little))\s+)*"
    r"\b(?:(?:more|less|most|least)\s+(?:expensive|costly|affordable|generous)\b"
    r"|(?:cheap|low|high|bigg|small|larg|great|bett|wors|pric(?:i|e))e(?:r|st)\b|best\b|worst\b"
    r"|(?:the\s+)?(?:most|least|fewest)\b|(?:more|less|fewer|the\s+same(?:\s+(?:price|amount))?)\b(?!\s+(?:than\s+)?\d))"
    r"(?:\s+than\b(?!\s+\d))?",
    re.IGNORECASE,
)
"""How plans compare, which each plan is not asked for by itself."""
_ASKS_COST = re.compile(
    r"\b(?:cheap\w*|pric\w+|expensive|costly|costs?|costing|pays?|paying|spend|saves?|saving|owe"
    r"|charges?|charged)\b|\bbe\s+(?:\w+\s+)?(?:less|more)\b(?!\s+\w+ed\b)",
    re.IGNORECASE,
)
_AMOUNT = re.compile(
    r"\b(?:amounts?|coinsurance|co-?pay\w*|costs?|deductibles?|fees?|limits?|max\w*|premiums?"
    r"|percent\w*|prices?|rates?|out[- ]of[- ]pocket|balance|credit|contribution|allowance)\b",
    re.IGNORECASE,
)
"""What a topic names that is a sum itself, and has no cost."""
_OPENING = re.compile(
    r"^(?:(?:what|which|how\s+much|how|would|will|do|does|did|is|are|am|was|were|has|have|it|there|each|both|all"
    r"|i|we|you|going|gonna|be|get|the(?=\s+(?:if|when|for|to|on)\b)|to(?=\s+(?:cost|pay|be)\b)|end\s+up"
    r"|should(?=\s+(?:i|we)\s+(?:pick|choose|take|get|go)\b)|(?:pick|choose|take)\b|go\s+with"
    r"|(?:gives?|offers?|includes?|provides?)(?:\s+(?:me|us|you))?"
    r"|(?:pay|pays|paying|spend|owe|costs?|costing|charges?|charged|saves?|saving)\b"
    r"(?:\s+(?:me|us|you|money|out\s+of\s+pocket))*(?:\s+(?:for|on|of|toward))?"
    r"|(?:if|when|since|because)\s+(?:i|we|you)(?:\s+am|['’]m|['’]re|\s+are)?\s+"
    r"(?:need(?:ed)?|have|having|had|get(?:ting)?|use|using|go(?:ing)?\s+to|want|take|taking)"
    r")\s+)+",
    re.IGNORECASE,
)
"""How a cost is asked for, and a choice: what is left is what it is of."""
_ENDING = re.compile(
    r"(?:\s+(?:be|costs?|costing|pay|priced?|charged?|going\s+to|gonna|me|us|you|for\s+(?:me|us)"
    r"|(?:quite\s+)?a\s+lot|often|regularly|instead|compared|(?:in|at)\s+all))+$",
    re.IGNORECASE,
)
_AND = re.compile(r"\band\b|&|[,;?]|\bor\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")
_DETERMINER = re.compile(r"^(?:an?|the|my|our|your|his|her|their)\s+", re.IGNORECASE)
_WHERETO = re.compile(r"^(?:to|for|at|in|on|with|under|after|during)\s", re.IGNORECASE)
_ACTION = re.compile(
    r"^(?:can|could|may|must|need|see|cover\w*|if|when|how|who|whether|require\w*)\b",
    re.IGNORECASE,
)
"""Begins what is done or asked, which has no "cost of"."""


def comparison_topics(question: str, plans: Sequence[Plan]) -> tuple[str, ...]:
    """What the plans are compared in: the question without plan names and words of comparison.

    "Compare the deductible and the copay of PPO Plus and HMO Select" has two topics. Where it is
    asked what something costs, its cost is the topic: "Would an MRI be less with the HMO?".
    """
    names = sorted(
        {alias for plan in plans for alias in _spellings(plan.policy)}, key=len, reverse=True
    )
    named = rf"\b(?:{'|'.join(map(re.escape, names))})\b"
    rest = re.sub(named, _PLAN, question, flags=re.IGNORECASE)
    for noise in (_NAMED, _YEAR, ALL_PLANS, _DEGREE):
        rest = noise.sub(" ", rest)
    costs = _ASKS_COST.search(question) is not None
    topics = [_topic(piece, costs=costs) for piece in _AND.split(rest)]
    return tuple(dict.fromkeys(topic for topic in topics if topic)) or (question,)


def _topic(piece: str, *, costs: bool) -> str:
    """What a piece of the question is about; empty where it says nothing but how plans compare."""
    text = " ".join(piece.split()).strip(" .:!-–")
    said = _ENDING.sub("", _OPENING.sub("", f"{text} ").strip())
    topic = bare(said)
    if not topic or not costs or _AMOUNT.search(topic) or _ACTION.match(topic):
        return topic
    if _WHERETO.match(said):
        return f"cost {said[0].lower()}{said[1:]}"
    determiner = _DETERMINER.match(said)
    return f"cost of {determiner.group().lower() if determiner else ''}{topic}"


def _spellings(policy: str) -> set[str]:
    """How the name is written in a question, longest form and single telling words."""
    words = _WORD.findall(policy)
    joined = {separator.join(words) for separator in (" ", "_", "-", "")}
    tails = {" ".join(words[at:]) for at in range(1, len(words))}
    return joined | tails | {word for word in words if word.upper() in PLAN_TYPES}
