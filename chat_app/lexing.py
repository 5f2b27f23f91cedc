"""A text -> its words, values, facets and marks, in order. Pure functions.

Facets say of whom or what something holds: in-network or out-of-network, one person or a family,
a year. Marks say what turns a sentence round, such as a negation.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from chat_app.values import Value, read_values
from retrieval.keywords import STOP_WORDS, stem

DENIED, FREE, EXCEPTED, AT_MOST, MORE, LIMITED, EITHER = (
    "negation",
    "free of charge",
    "exception",
    "at most",
    "more than",
    "limited to",
    "either way",
)
"""What a clause says beside its words."""

_NETWORK = r"[\s-]*(?:of[\s-]*)?(?:the\s+|our\s+|your\s+)?(?:plan(?:['’]s)?\s+)?network\b"
_FACETS = (
    (
        ("network", "out"),
        re.compile(
            rf"\bout{_NETWORK}|\boutside{_NETWORK}|"
            r"\bnon[- ]?(?:network|participating|preferred provider)\b|"
            r"\bnot in[ -](?:the |our |your )?network\b|\boon\b",
            re.IGNORECASE,
        ),
    ),
    (
        ("network", "in"),
        re.compile(
            rf"\b(?:with)?in(?:side)?{_NETWORK}|\bparticipating\b|"
            r"\bpreferred providers?\b(?! org)|\bnetwork (?=provider|doctor|physician|hospital|"
            r"pharmac|facilit)",
            re.IGNORECASE,
        ),
    ),
    (
        ("covered", "family"),
        re.compile(r"\bfamil(?:y|ies)\b", re.IGNORECASE),
    ),
    (
        ("covered", "individual"),
        re.compile(
            r"\bindividuals?\b|\bself[- ]only\b|\b(?:per|each|one|a) person\b|\bsingle coverage\b",
            re.IGNORECASE,
        ),
    ),
    (("answer", "yes"), re.compile(r"\byes\b", re.IGNORECASE)),
    (("answer", "no"), re.compile(r"(?<=[?:] )no\b(?=[.,;]|$)", re.IGNORECASE)),
    (("supply", "retail"), re.compile(r"\bretail\b", re.IGNORECASE)),
    (("supply", "mail"), re.compile(r"\bmail[- ]?order\b|\bby mail\b|\bmail:", re.IGNORECASE)),
)

_COST = r"(?:co-?pay(?:ment)?s?|charges?|costs?|co-?insurance|fees?)"
_CUES = (
    (
        FREE,
        re.compile(
            rf"\b(?:no|without(?: an?| any)?|zero|\$0(?:\.00)?|0(?:\.0+)?%) (?:\w+ )?{_COST}\b|"
            r"\$0(?:\.00)?(?![\d,.]*\d)|(?<![\d.])0(?:\.0+)?\s?(?:%|percent)|"
            r"\b(?:100(?:\.0+)?\s?%|in full|fully) (?:covered|paid)\b|"
            r"\b(?:covered|covers?\b[^.;:|]{0,40}?|paid|pays?) (?:at |for )?"
            r"(?:100(?:\.0+)?\s?%|in full)|\bcovered fully\b|"
            r"\b(?:is|are|be|for|get|gets|costs?) free\b(?! of (?!charge)"
            r"| to\b)|\bfree of charge\b|\bfree (?!of\b|to\b|from\b|time\b)\w+|"
            rf"\b(?:do(?:es)? not|don['’]t|doesn['’]t) (?:pay|cost|owe) (?:anything|a {_COST})|"
            rf"\bpay nothing\b|\b{_COST} (?:is|are|will be) waived\b",
            re.IGNORECASE,
        ),
    ),
    (
        AT_MOST,
        re.compile(
            r"\b(?:no|not|never) (?:more|greater|longer|later) than\b|\bat most\b|\bup to\b|"
            r"\b(?:\w+n['’]t|cannot|not) exceed\b|\ba maximum of\b",
            re.IGNORECASE,
        ),
    ),
    (EITHER, re.compile(r"\b(?:no|not) (?:less|fewer|earlier|sooner) than\b|\bat least\b")),
    (
        EITHER,
        re.compile(
            r"\bnot only\b|\bwhether or not\b|\b(?:including,? )?but (?:is |are )?not "
            r"limited to\b|\bif not\b|\bno matter\b",
            re.IGNORECASE,
        ),
    ),
    (MORE, re.compile(r"\b(?:more|greater|longer|later) than\b|\bexceeds?\b", re.IGNORECASE)),
    (LIMITED, re.compile(r"\blimited to\b", re.IGNORECASE)),
    (EXCEPTED, re.compile(r"\bunless\b|\bexcept(?:ing)?\b|\bother than\b", re.IGNORECASE)),
    (
        DENIED,
        re.compile(
            r"\b(?:not|no|non|never|none|nor|neither|nothing|without|cannot|unable|waive[sd]?|"
            r"ineligible|nc|exclud(?:e|es|ed|ing)|exclusions?|excluded|den(?:y|ies|ied))\b|"
            r"\b\w+n['’]t\b",
            re.IGNORECASE,
        ),
    ),
)

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
YEAR = re.compile(r"\b(?:19|20)\d\d\b(?![,.]?\d)")
_NUMBERED = re.compile(
    r"\b(tier|level|plan|class|group|step|section|page|option|type|part|stage|phase|category) "
    r"(\d)\b(?![.,]?\d)",
    re.IGNORECASE,
)
"""What is told from its like by a number, which counts nothing."""
_DIGIT_LETTERS = ("xa", "xb", "xc", "xd", "xe", "xf", "xg", "xh", "xi", "xj")
_PREFIX = re.compile(r"\b(non|pre|co)-(?=\w)", re.IGNORECASE)
_SAME = {
    stem(word): stem(same)
    for same, words in {
        "copay": "copayment copayments",
        "doctor": "physician physicians",
        "drug": "medication medications medicine medicines",
        "need": "require requires required necessary",
        "approval": "preauthorization preauthorized authorization precertification",
        "yearly": "annual annually",
        "member": "enrollee enrollees subscriber",
        "cover": "coverage",
        "buy": "purchase purchases purchased",
        "begin": "start starts commence commences",
        "illness": "sickness",
        "help": "assistance assist assists",
    }.items()
    for word in words.split()
}
_NO_CONTENT = STOP_WORDS | {"cannot", "never", "none", "without", "non", "unless", "except"}


class Token(NamedTuple):
    """A piece of a text: a word, a value, a facet or a mark.

    Attributes:
        start: where it stands.
        kind: ``word``, ``value``, ``mark``, or the group of a facet.
        said: the stem, the mark, or the member of the facet; of a value its kind and amount.
        value: the value.
    """

    start: int
    kind: str
    said: str
    value: Value | None = None


def lexed(text: str) -> list[Token]:
    """What a text says, in order. The words of a mark, such as "no copay", come beside it."""
    found: list[Token] = []
    rest = _NUMBERED.sub(lambda m: f"{m[1]}{_DIGIT_LETTERS[int(m[2]) % 10]}", text)
    for (group, member), pattern in _FACETS:
        matches = list(pattern.finditer(rest))
        found += (Token(match.start(), group, member) for match in matches)
        if matches and group == "network":
            rest = pattern.sub(_blanks, rest)
    cues = _PREFIX.sub(r"\1_", rest)
    for mark, pattern in _CUES:
        matches = list(pattern.finditer(cues))
        if matches:
            found += (Token(match.start(), "mark", mark) for match in matches)
            cues = pattern.sub(_blanks, cues)
    stated, prose = read_values(rest)
    found += (Token(v.start, "value", f"{v.value.kind} {v.value.amount}", v.value) for v in stated)
    found += (Token(m.start(), "year", m.group()) for m in YEAR.finditer(rest))
    found += _word_tokens(prose)
    return sorted(found, key=lambda token: token.start)


def telling(tokens: Sequence[Token]) -> tuple[str, ...]:
    """Words and values, in order; all ways to say that nothing is to be paid are one."""
    return tuple(
        token.said
        for token in tokens
        if token.value
        or (token.kind == "word" and token.said not in FREE_WORDS)
        or (token.kind == "mark" and token.said == FREE)
    )


FREE_WORDS = frozenset(map(stem, ("free", "charge", "charges")))


def _blanks(match: re.Match[str]) -> str:
    return " " * len(match.group())


def _word_tokens(text: str) -> Iterator[Token]:
    for match in _WORD.finditer(_PREFIX.sub(r"\1", text)):
        word = match.group().lower()
        if word not in _NO_CONTENT and len(word) > 1 and word[-3:] not in {"n't", "n’t"}:
            yield Token(match.start(), "word", _stem(word))


def word_stems(text: str) -> frozenset[str]:
    """Stems of the words of a text that carry meaning."""
    return frozenset(token.said for token in _word_tokens(text))


def _stem(word: str) -> str:
    stemmed = stem(word.lower())
    return _SAME.get(stemmed, stemmed)
