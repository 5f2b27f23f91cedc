"""What the columns of a table are for, and which of them a question names. Pure functions."""

import re
from typing import Literal, NamedTuple

Facet = tuple[str, str]
"""What a column is for: a group, and which of its members, such as ``("network", "out")``."""

NETWORK = "network"

_OUT = re.compile(
    r"\b(?:out|outside)[\s-]*(?:of[\s-]*)?(?:(?:the|our|your|my|its|a|this)\s+)?"
    r"(?:plan(?:['’]?s)?\s+|provider\s+)?networks?\b|"
    r"\bnon[\s-]*(?:network|participating|preferred (?:provider|doctor|hospital|facilit|pharmac)|"
    r"contract(?:ed|ing)?|par\b|plan provider)\w*|"
    r"(?:\bnot|n['’]t)\s+(?:(?:a|an|in|on|part|of|with|our|your|my|the|this|plan['’]?s?|one|my)\s+)*"
    r"(?:network|participating|preferred provider|list|directory)\b|"
    r"\boon\b|\bout[\s-]of[\s-]area\b",
    re.IGNORECASE,
)
_IN = re.compile(
    r"\b(?:with)?in(?:side)?(?:\s+of)?[\s-]*(?:(?:the|our|your|my|its|a|this)\s+)?"
    r"(?:plan(?:['’]?s)?\s+|provider\s+)?networks?\b|"
    r"\bparticipating\b|\bcontracted (?:provider|doctor|hospital)|\b(?:ppo|hmo|epo) provider|"
    r"\bpreferred (?:provider|doctor|hospital|facilit|pharmac)\w*|"
    r"\bnetwork\b(?!\s+of\b)",
    re.IGNORECASE,
)
_BOTH = re.compile(
    r"\bin(?:side)?[\s-]*(?:network)?\s*(?:and|or|vs\.?|versus|&|/)\s*out(?:side)?[\s-]",
    re.IGNORECASE,
)
_FACETS: tuple[tuple[Facet, re.Pattern[str]], ...] = (
    (
        ("covered", "family"),
        re.compile(
            r"\bfamil(?:y|ies)\b(?! (?:doctor|physician|practi|medicine|planning|therap|counsel))",
            re.IGNORECASE,
        ),
    ),
    (
        ("covered", "individual"),
        re.compile(
            r"\bindividuals?\b|\bself[\s-]only\b|\b(?:per|each|one|a) person\b|\bsingle\b|"
            r"\bemployee only\b|\bjust (?:me|myself)\b",
            re.IGNORECASE,
        ),
    ),
    (
        ("supply", "mail"),
        re.compile(
            r"\bmail(?:[\s-]?order)?\b|\b(?:90|ninety)[\s-]days?\b|\bhome delivery\b", re.IGNORECASE
        ),
    ),
    (
        ("supply", "retail"),
        re.compile(
            r"\bretail\b|\b(?:30|thirty)[\s-]days?\b|\bat (?:the|a|my) (?:\w+ )?pharmacy\b",
            re.IGNORECASE,
        ),
    ),
)
_NOTES = re.compile(
    r"\b(?:limit(?:ation)?s?|exceptions?|restrictions?|exclusions?|important information|notes?|"
    r"comments?|remarks?|descriptions?|details?|why (?:this|it) matters|conditions)\b",
    re.IGNORECASE,
)
_EXPLAINS = re.compile(r"\bwhy (?:this|it) matters\b", re.IGNORECASE)
_ASKS_WHY = re.compile(r"\b(?:why|matters?|mean|means|explain)\b", re.IGNORECASE)
_ASKS_NOTES = re.compile(
    r"\b(?:limit(?:s|ed|ation|ations)?|restrict(?:ed|ions?)|exceptions?|cap(?:ped)?|"
    r"how (?:many|often|long)|how much time|maximum (?:number|visits|days)|"
    r"(?:prior|pre)[\s-]?auth\w*|authori[sz]\w+|pre[\s-]?cert\w*|pre[\s-]?approv\w*|approv\w+|"
    r"permission|referral|waived?|penalty|(?:visits?|days?) (?:a|per|each|every) year|"
    r"rules?|requirements?|number of (?:visits|days))\b",
    re.IGNORECASE,
)
_ASKS_AMOUNT = re.compile(
    r"\b(?:how much|what(?:['’]s| is| are| do| does| would| will)?\b.*\b(?:cost|pay|owe|copay\w*|"
    r"co-pay\w*|coinsurance|co-insurance|charge|price|fee))\b",
    re.IGNORECASE,
)


def facets(text: str) -> frozenset[Facet]:
    """Which columns a header stands for, or a question names."""
    found = {facet for facet, pattern in _FACETS if pattern.search(text)}
    if _OUT.search(text):
        found.add((NETWORK, "out"))
    if _BOTH.search(text) or _IN.search(_OUT.sub(" ", text)):
        found.add((NETWORK, "in"))
    return frozenset(found)


class NetworkMention(NamedTuple):
    """Where a text speaks of care inside or outside the network, end exclusive."""

    start: int
    end: int
    network: Literal["in", "out"]


def network_mentions(text: str) -> list[NetworkMention]:
    """Where a text speaks of a network, in its order."""
    found = [NetworkMention(*match.span(), "out") for match in _OUT.finditer(text)]
    rest = _OUT.sub(lambda match: " " * len(match.group()), text)
    found += [NetworkMention(*match.span(), "in") for match in _IN.finditer(rest)]
    return sorted(found)


def is_notes(header: str) -> bool:
    """Is a column for what holds beside the values, such as limitations?"""
    return _NOTES.search(header) is not None and not facets(header)


def explains(header: str) -> bool:
    """Is a column for what the others mean?"""
    return _EXPLAINS.search(header) is not None


def asks_meaning(question: str) -> bool:
    """Does a question ask why something matters, or what it means?"""
    return _ASKS_WHY.search(question) is not None


def asks_amount(question: str) -> bool:
    """Does a question ask how much is paid?"""
    return _ASKS_AMOUNT.search(question) is not None


def asks_notes(question: str) -> str:
    """The words in which a question asks for limits, approval and the like; or empty."""
    match = _ASKS_NOTES.search(question)
    return match.group() if match else ""


def without_network(question: str) -> str:
    """The question without the words that name a network."""
    return _IN.sub(" ", _OUT.sub(" ", question))
