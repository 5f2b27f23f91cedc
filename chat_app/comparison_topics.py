"""In what plans are compared: a question without its plans and comparing words. Pure functions."""

import re

from chat_app.plan_names import PlanNames, replaced
from chat_app.plan_topics import ALL_PLANS, bare

_PLAN = "\N{OBJECT REPLACEMENT CHARACTER}"
"""Stands where plans or a year were named."""
_YEAR = re.compile(r"\b20\d\d\b")
_SOME_PLANS = re.compile(
    r"\b(?:any|none|some)\s+(?:of\s+)?(?:the\s+|these\s+)?(?:\w+\s+)?plans?\b"
    r"|\b(?:all|any|both|each|none|some|which)\s+(?:one\s+|plan\s+)?of\s+(?:them|these|those)\b",
    re.IGNORECASE,
)
"""What ``ALL_PLANS`` has not: some of them, and those spoken of."""
_LINK = (
    r"(?:,|(?<!\w)(?:(?:across|against|among|and|any|as|between|both|but|by|compared|either|for"
    r"|from|in|instead|just|like|my|of|on|only|opposed|or|our|over|rather|than|the|through|to"
    r"|under|versus|vs?\.?|w/?|with|your)(?!\w)"
    r"|(?:if|when|because|since)\s+(?:i|we)(?:['’]?(?:m|re)\b|\s+\w+)))"
)
_NAMED = re.compile(
    rf"(?:{_LINK}\s*){{0,6}}{_PLAN}(?:['’]s?\b)?(?:\s+(?:plan|option)s?\b)?(?:\s+(?:both|do|does"
    r"(?:n['’]?t)?)\b(?=\W*$))?",
    re.IGNORECASE,
)
"""A plan with the words that lead to it: "than with the PPO", "if I'm on the HMO"."""
_DEGREE = re.compile(
    r"(?:\b(?:how|any|much|far|even|a\s+(?:lot|bit|little))\s+)*"
    r"\b(?:(?:more|less|most|least)\s+(?:expensive|costly|affordable|generous)\b"
    r"|(?:cheap|low|high|bigg|small|larg|great|bett|wors|pric(?:i|e))e(?:r|st)\b|best\b|worst\b"
    r"|(?:the\s+)?(?:most|least|fewest)\b"
    r"|(?:more|less|fewer|the\s+same(?:\s+(?:price|amount|way))?)\b(?!\s+(?:than\s+)?\d))"
    r"(?:\s+than\b(?!\s+\d))?",
    re.IGNORECASE,
)
"""How plans compare, which each plan is not asked for by itself."""
_ASKS_COST = re.compile(
    r"\b(?:cheap\w*|pric\w+|expensive|costly|costs?|costing|pays?|paying|spend|saves?|saving|owe"
    r"|(?<!\bno )charges?|charged)\b|\bbe\s+(?:\w+\s+)?(?:less|more)\b(?!\s+\w+ed\b)",
    re.IGNORECASE,
)
_AMOUNT = re.compile(
    r"\b(?:amounts?|coinsurance|co-?pay\w*|costs?|deductibles?|fees?|limits?|max\w*|premiums?"
    r"|percent\w*|prices?|rates?|out[- ]of[- ]pocket|balance|credit|contribution|allowance"
    r"|surcharge)\b|%",
    re.IGNORECASE,
)
"""What a topic names that is a sum itself, and has no cost."""
_OPENING = re.compile(
    r"^(?:(?:(?:can|could|would)\s+you\s+(?:please\s+)?(?:tell|show|give)\s+me"
    r"|i(?:['’]?d|\s+would)?\s+(?:like|love|want|need)\s+to\s+know|am\s+i\s+right\s+that"
    r"|hey|hi|hello|so|ok|please|quick\s+(?:one|question)|why"
    r"|what['’]?s|which(?:\s+one)?|who|about|also|still|even|how\s+much|what|how"
    r"|would|will|do|does|did|is|are|am|was|were|has|have|it|they|he|she|there|each|both|all|i|we|you|going|gonna|be|get"
    r"|the(?=\s+(?:if|when|for|to|on)\b)|to(?=\s+(?:cost|pay|be)\b)|end\s+up"
    r"|should(?=\s+(?:i|we)\s+(?:pick|choose|take|get|go)\b)|(?:pick|choose|take|use)\b|go\s+with"
    r"|(?:allow|give|make|offer|include|provide)s?(?:\s+(?:me|us|you|it))?"
    r"|(?:pay|pays|paying|spend|owe|costs?|costing|charges?|charged|saves?|saving)\b"
    r"(?:\s+(?:me|us|you|money|out\s+of\s+pocket))*(?:\s+(?:for|on|of|toward))?"
    r"|(?:if|when|since|because)\s+(?:i|we|you)(?:\s+am|['’]m|['’]re|\s+are)?\s+"
    r"(?:need(?:ed)?|have|having|had|get(?:ting)?|use|using|go(?:ing)?\s+to|want|take|taking)"
    r")[\s:,!–-]+)+",
    re.IGNORECASE,
)
"""How a cost is asked for, and a choice: what is left is what it is of."""
_ENDING = re.compile(
    r"(?:(?<!\bno)\s+(?:across|be|but(?:\s+not)?|compared?|costs?|costing|pay|priced|charged?"
    r"|going\s+to|gonna|me|us|you|please|right|for\s+(?:me|us)|(?:quite\s+)?a\s+lot|often|regularly|instead"
    r"|stack\s+up|while|whereas|(?:in|at)\s+all|(?:it|they)(?:\s+(?:is|was|do|does))?|the\s+way"
    r"|(?:would|will)(?:\s+cover)?))+$",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"(?:(?<=[!?…])|(?<=\w\w\.)|(?<=\.\.))\s+(?!$)")
_AND = re.compile(r"\band\b|&|;|,(?!\d{3})|\bor\b|\?", re.IGNORECASE)
_CONDITION = re.compile(r"^(?:if|once|when|after|before|unless|while)\b", re.IGNORECASE)
_ASIDE = re.compile(
    r"^(?:i['’]?m|i\s+am|because|since|compared|for\s+(?:someone|people))\b", re.IGNORECASE
)
"""Begins what is told beside the question."""
_EMPTY_WORDS = """about again any better but cover covers covered do does even for get i if it just
like makes me mine my need needs not off one ones only or other out over plan plans really right
still that them these they this those though too us w want way we would"""
_EMPTY = frozenset(_EMPTY_WORDS.split())
"""Words that alone say nothing in which plans could be compared."""
_WORD = re.compile(r"[^\W_]+")
_DETERMINER = re.compile(r"^(?:an?|the|my|our|your|his|her|their)\s+", re.IGNORECASE)
_WHERETO = re.compile(r"^(?:to|for|at|in|on|per|with|under|after|during)\s", re.IGNORECASE)
_ACTION = re.compile(
    r"^(?:can|could|may|must|need|see|fill|take|use|have|go|cover\w*|if|when|how|who|whether"
    r"|require\w*)\b",
    re.IGNORECASE,
)
"""Begins what is done or asked, which has no "cost of"."""


def comparison_topics(question: str, names: PlanNames) -> tuple[str, ...]:
    """What plans are compared in: the question without plan names and words of comparison.

    "Compare the deductible and the copay of PPO Plus and HMO Select" has two topics. Where it is
    asked what something costs, its cost is the topic: "Would an MRI be less with the HMO?". Of
    several sentences those that ask are read, and the others where those say nothing.

    Args:
        question: in people's words.
        names: of the plans of the index.

    Returns:
        At least one topic: the question itself where nothing else is left.
    """
    rest = _without_plans(question, names)
    sentences = _SENTENCE_END.split(rest)
    asking = [sentence for sentence in sentences if "?" in sentence]
    costs = _ASKS_COST.search(question) is not None
    empty = _EMPTY.union(*(_WORD.findall(policy.lower()) for policy in names.policies))
    topics = [topic for sentence in asking for topic in _topics(sentence, empty, costs=costs)]
    for sentence in reversed(sentences):
        topics = topics or _topics(sentence, empty, costs=costs)
    return tuple(dict.fromkeys(topics)) or (question,)


def _without_plans(question: str, names: PlanNames) -> str:
    """The question without plans, years and how they compare."""
    mentions = names.mentions(question)
    rest = replaced(question, ((m.start, m.end) for m in mentions), _PLAN)
    for named in (_YEAR, ALL_PLANS, _SOME_PLANS):
        rest = named.sub(_PLAN, rest)
    return _DEGREE.sub(" ", _NAMED.sub(" ", rest))


def _topics(sentence: str, empty: frozenset[str], *, costs: bool) -> list[str]:
    """What a sentence compares plans in; a condition stands behind what it is said of."""
    pieces = [" ".join(piece.split()).strip(" .:!()–-") for piece in _AND.split(sentence)]
    conditions = [piece for piece in pieces if _CONDITION.match(piece)]
    main = [p for p in pieces if p not in conditions and not _ASIDE.match(p)]
    topics = [topic for piece in main if (topic := _topic(piece, empty, costs=costs))]
    if not topics:
        return [topic for piece in conditions if (topic := _topic(piece, empty, costs=costs))]
    if len(topics) == len(conditions) == 1:
        return [f"{topics[0]} {conditions[0][0].lower()}{conditions[0][1:]}"]
    return topics


def _topic(piece: str, empty: frozenset[str], *, costs: bool) -> str:
    """What a piece of a sentence is about; empty where it says nothing but how plans compare."""
    asked = _OPENING.sub("", f"{piece} ").strip()
    if asked == piece and asked[1:2].islower():
        asked = f"{asked[0].lower()}{asked[1:]}"
    said = _ENDING.sub("", asked)
    topic = re.sub(r"\s+(?:per|a)$", "", bare(said))
    if empty.issuperset(_WORD.findall(topic.lower())):
        return ""
    if not costs or _AMOUNT.search(topic):
        return topic
    if _WHERETO.match(said):
        return f"cost {said[0].lower()}{said[1:]}"
    if _ACTION.match(topic):
        return topic
    determiner = _DETERMINER.match(said)
    return f"cost of {determiner.group().lower() if determiner else ''}{topic}"
