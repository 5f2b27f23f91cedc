"""What a question asks of the plans it names, part by part. Pure functions."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from chat_app.plan_names import PlanNames, replaced
from chat_app.plan_years import said_years

COMPARE = re.compile(
    r"\b(?:compar\w+|versus|vs|differen\w+|differs?|better|best|cheaper|cheapest|lower|lowest"
    r"|higher|highest)\b",
    re.IGNORECASE,
)
"""Words that set plans side by side."""
CHANGE = re.compile(
    r"\b(?:chang\w+|increas\w+|decreas\w+|rise|rose|risen|drop(?:s|ped)?|(?:go|goes|going|gone|went)"
    r"\s+(?:up|down)|more|less|fewer|newly?)\b",
    re.IGNORECASE,
)
"""Words that set the years of a plan side by side."""
ALL_PLANS = re.compile(
    r"\b(?:which|each|all|both|every|between|across|compare|among)\s+(?:of\s+)?"
    r"(?:the\s+|these\s+|my\s+|our\s+)?(?:\w+\s+)?plans?\b"
    r"|\bthe\s+(?:cheap|low|high(?=e)|bett|bes)\w*(?:[- ](?:cost|premium))?\s+plan\b"
    r"|\bthe\s+(?:least|less|most|more)\s+(?:expensive|costly)\s+plan\b",
    re.IGNORECASE,
)
"""Words that mean every plan there is."""

_NOISE_WORDS = """a all an are best better between both by change changed changes cheaper cheapest
compare comparing comparison decrease decreased did differ difference differences different do does
down each for from get give go gone has have higher highest how i in increase increased is least
less lower lowest many me more most much my of on plan plans please show tell than the their there
to under up versus vs was went were what what's which with year years"""
_NOISE = frozenset(["", *_NOISE_WORDS.split()])
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_CLAUSE_END = re.compile(r"[;?]\s+|,?\s+(?:and|but|while|whereas)\s+|,\s+", re.IGNORECASE)
_ASKING = re.compile(
    r"^(?:(?:please\s+)?(?:what(?:'s|\s+is|\s+are|\s+was|\s+were)|tell\s+me|show\s+me|give\s+me)\s+)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Clause:
    """A piece of a question: which plans and years it names, and what else it says."""

    text: str
    policies: frozenset[str]
    years: frozenset[int]
    topic: str


def parts(question: str, names: PlanNames, today: date) -> tuple[str, ...]:
    """The parts of a question that asks one thing of one plan or year and another of another.

    "What is the PPO's deductible and the HMO's copay?" has two; what is asked of several plans
    alike has one.
    """
    if COMPARE.search(question):
        return (question,)
    clauses = _joined([_clause(text, names, today) for text in _CLAUSE_END.split(question)])
    whose = [(clause.policies, clause.years) for clause in clauses]
    topics = {clause.topic.lower() for clause in clauses}
    apart = len(set(whose)) == len(topics) == len(clauses) > 1
    if not apart or any(len(policies) > 1 or len(years) > 1 for policies, years in whose):
        return (question,)
    if not all(clause.topic for clause in clauses):
        return (question,)
    asking = _ASKING.match(clauses[0].text)
    opening = asking.group() if asking else ""
    texts = [clauses[0].text, *(_asked(clause.text, opening) for clause in clauses[1:])]
    return tuple(f"{text.strip(' ,;?.')}?" for text in texts)


def _clause(text: str, names: PlanNames, today: date) -> _Clause:
    mentions, years = names.mentions(text), said_years(text, today)
    spans = [(m.start, m.end) for m in mentions] + [(y.start, y.end) for y in years]
    rest = replaced(text, spans, " ")
    policies = frozenset(mention.policy for mention in mentions)
    return _Clause(text, policies, frozenset(said.year for said in years), bare(rest))


def _joined(clauses: Sequence[_Clause]) -> list[_Clause]:
    """Clauses with a plan or year; one without belongs to the one before, the first to the next."""
    joined: list[_Clause] = []
    for clause in clauses:
        last = joined[-1] if joined else None
        says_whose = bool(clause.policies or clause.years)
        if last and (not says_whose or not (last.policies or last.years)):
            both = f"{last.text} and {clause.text}"
            policies, years = last.policies | clause.policies, last.years | clause.years
            topic = f"{last.topic} {clause.topic}".strip()
            joined[-1] = _Clause(both, policies, years, topic)
        elif clause.text.strip(" ?"):
            joined.append(clause)
    return joined


def _asked(text: str, opening: str) -> str:
    """A later part as a question: with the opening of the first where it has none of its own."""
    return text if _OWN_OPENING.match(text) else f"{opening}{text}"


_OWN_OPENING = re.compile(
    r"^(?:what|how|is|are|does|do|can|will|would|when|where|who|which|why|tell|show|am|did)\b",
    re.IGNORECASE,
)


def bare(topic: str) -> str:
    """The topic without words of comparison and punctuation at its ends."""
    words = topic.split()
    while words and _EDGES.sub("", words[0]).lower() in _NOISE | {"s"}:
        words.pop(0)
    while words and _EDGES.sub("", words[-1]).lower() in _NOISE:
        words.pop()
    return _EDGES.sub("", " ".join(words))
