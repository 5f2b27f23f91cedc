"""The parts of a benefits question that a follow-up replaces. Pure functions."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

from chat_app.answers import PLAN_TYPES
from chat_app.plan_names import PlanNames
from chat_app.plan_years import said_years
from retrieval.keywords import STOP_WORDS

Kind: TypeAlias = Literal["plan", "year", "network", "person", "channel", "tier", "amount", "topic"]
"""``channel`` is how something is got (by mail, by video); ``topic`` is any other thing."""


@dataclass(frozen=True, slots=True)
class Part:
    """A phrase of a question, from ``start`` to ``end``."""

    kind: Kind
    start: int
    end: int


def question_parts(text: str, names: PlanNames) -> list[Part]:
    """The phrases of a question in its order: what it is about, and for whom, where and when.

    The words that only ask ("how much do I pay for") are no part of any.
    """
    found: list[Part] = []
    for part in _phrases(text, names):
        if not any(part.start < other.end and other.start < part.end for other in found):
            found.append(part)
    found += _topics(text, found)
    return sorted(found, key=lambda part: part.start)


def frame_only(words: Sequence[str]) -> bool:
    """Do these words only ask, whatever it is about?"""
    return all(_is_frame(word) for word in words)


WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*(?:\([a-z]\))?")

_NETWORK = re.compile(
    r"\b(?:(?:from |with |by )?(?:an? |any )?(?:non|out|in)[- ]?(?:of[- ])?network"
    r"(?: (?:doctor|provider|hospital|pharmacy|dentist)s?)?"
    r"|(?:if (?:i|we) (?:go|stay) )?(?:outside|inside|within|not in|in|out of)(?: of)? "
    r"(?:the |my |your )(?:\w+ )?network"
    r"|(?:from |with |by |to )?(?:an? )?(?:doctor|provider|hospital)s? "
    r"(?:that |who )?(?:is|are)(?:n['’]t| not) (?:in|on) (?:the |my |your )(?:network|list)"
    r"|(?:if )?(?:he|she|they|it|(?:the|my|her|his) \w+) (?:is|are)(?:n['’]t| not)"
    r" (?:participating|preferred|contracted|in[- ]network)"
    r"|non-?participating(?: (?:doctor|provider|hospital)s?)?)\b",
    re.IGNORECASE,
)
_PERSON = re.compile(
    r"(?<!tell )(?<!show )(?<!give )(?<!help )(?<!let )\b"
    r"(?:(?:my|our|his|her|their|the|an?|each|one|just|only|your|per|every|whole|entire|two|three|young|little"
    r"|adult|grown|domestic|adopted|disabled|older|elderly|new|newborn|former|future|teenage|teen"
    r"|unborn|other|birth|adoptive|biological|retired|same-sex|college-age) ){0,4}"
    r"(?:(?:ex[- ]|(?:ex|step|grand|god|foster)-?)?"
    r"(?:spouse|wife|husband|partner|kids?|child(?:ren)?|sons?|daughters?|mother|father|mom|dad|parents?|brothers?|sisters?)(?:-in-law)?|family|families"
    r"|dependents?|bab(?:y|ies)|newborns?|twins?|nephews?|nieces?"
    r"|coworkers?|colleagues?|fianc[eé]e?|girlfriend|boyfriend"
    r"|grand(?:ma|pa)s?|aunts?|uncles?|cousins?|in-laws"
    r"|\d{1,2}[- ]years?[- ]olds?"
    r"|myself|me|employee(?: only)?|individual|person|single person|adults?|teenagers?|retirees?)\b"
    r"(?: alone\b)?"
    r"(?! (?:doctor|physician|practice|planning|medicine|therapy|leave|history|care|card"
    r"|assistance|handbook|portal|services?)|-)",
    re.IGNORECASE,
)
_CHANNEL = re.compile(
    r"\b(?:(?:by|through the|through) (?:mail(?:[- ]order)?|video|phone)|mail[- ]order|in person"
    r"|online|over the phone|(?:in|out)patient(?=[\s?.!]*$)"
    r"|(?:at|from) (?:the |a )?(?:retail |network )?pharmacy"
    r"|(?:for )?(?:an? )?(?:a |one |three |thirty|ninety|\d+)[- ]?(?:days?|months?)(?:['’]s?)?"
    r"(?:[- ]supply)?)\b",
    re.IGNORECASE,
)
_TIER = re.compile(
    r"(?<!-)\b(?:tier|level|stage|class)s? ?(?:\d|one|two|three|four|five|[IVX]+)\b", re.IGNORECASE
)
_AMOUNT = re.compile(
    r"\b(?:(?:annual|daily|yearly|monthly|individual|family) )?"
    r"(?:deductibles?|co-?pay(?:ment)?s?|co-?insurance"
    r"|out[- ]of[- ]pocket(?: (?:max(?:imum)?|limit|costs?))?|oop(?: max(?:imum)?)?|premiums?"
    r"|(?:(?:visit|age|dollar|annual|lifetime) )?(?:limits?|maximum)|waiting periods?)\b",
    re.IGNORECASE,
)
_PATTERNS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("amount", _AMOUNT),
    ("network", _NETWORK),
    ("channel", _CHANNEL),
    ("tier", _TIER),
    ("person", _PERSON),
)
_TYPE = re.compile(
    rf"(?:\b[A-Z][\w&'’-]*\s+){{0,3}}\b(?:{'|'.join(sorted(PLAN_TYPES))})\b(?:\s+[A-Z][\w&'’-]*\b){{0,2}}"
)
"""A type of plan, with the name that it stands in: "Bright Health PPO Plus"."""
_YEAR_LEAD = re.compile(r"(?:\b(?:in|for|during|of)\s+(?:the\s+)?)$", re.IGNORECASE)
_NO_DAY = date(2000, 12, 1)
"""Which year "next year" is makes no difference to where it is said."""


def _phrases(text: str, names: PlanNames) -> Iterator[Part]:
    for mention in names.mentions(text):
        yield Part("plan", mention.start, mention.end)
    for said in said_years(text, _NO_DAY):
        lead = _YEAR_LEAD.search(text, 0, said.start)
        yield Part("year", lead.start() if lead else said.start, said.end)
    # A type of plan that the index does not hold is one all the same.
    for match in _TYPE.finditer(text):
        asks = [word for word in WORD.finditer(text, *match.span()) if _is_frame(word.group())]
        yield Part("plan", asks[-1].end() + 1 if asks else match.start(), match.end())
    for kind, words in _PATTERNS:
        for match in words.finditer(text):
            yield Part(kind, *match.span())


_FRAME_WORDS = """
able about anybody everybody nobody somebody afford allow allowed allows amount amounts anyone
anything apply applies ask asked asking between bill billed bring buy called can't cannot change
changed changes charge charged charges cheap cheaper chip choose come comes coming compare continue
cost costing costs count counts cover coverage covered covering covers denies difference different
dollar dollars done each eligible else entitled every exactly expect expensive explain few find free
full get gets getting give given gives go goes going good got happen happens happened have having
help include included includes insurance insured insurer know less let like list long look lot make
many mean means member meet money month monthly more most must need needed needs new number offer
offered offers okay old one ones option options owe owed owes paid part pay paying pays percent plan
plans please policy possible price priced protected put putting quit really receive refund rest
remaining reimburse reimbursed reimburses require requires right same say see seeing share should
show someone something soon spend start starting starts still straight sure take takes taking tell
thing things today total try use used uses using usually visit want week wants work works worth
yearly years year yes yet thanks thank hello i'm i'd i'll i've it's that's what's how's who's
there's we're you're don't doesn't isn't aren't won't whats hows whos wheres thats im ive dont
doesnt isnt arent wont cant much often late early fast far first also too instead then ever toward
towards regarding rid without within after before during against us per however anyway away whether
either both respectively versus vs i whatever whichever whoever wherever referred ok it'll that'll
they'll you'll we'll he'll she'll
"""
_FRAME = STOP_WORDS | frozenset(_FRAME_WORDS.split())
LINKS = frozenset(
    [
        "of",
        "to",
        "the",
        "a",
        "an",
        "for",
        "in",
        "on",
        "and",
        "my",
        "your",
        "by",
        "with",
        "from",
        "at",
    ]
)
"""Words that join the others of a phrase."""
DETERMINERS = frozenset(["a", "an", "the", "my", "our", "your", "any", "some", "this", "these"])
_TRAILING_NOUNS = frozenset(
    [
        "plan",
        "plans",
        "visit",
        "coverage",
        "insurance",
        "benefit",
        "benefits",
        "change",
        "list",
        "bill",
        "policy",
        "member",
    ]
)


def _is_frame(word: str) -> bool:
    return word.lower().replace("’", "'") in _FRAME or len(word) == 1


def _topics(text: str, phrases: Sequence[Part]) -> Iterator[Part]:
    """Runs of other words than those that ask, with what links them and the article before."""
    words = [
        match
        for match in WORD.finditer(text)
        if not any(p.start < match.end() and match.start() < p.end for p in phrases)
    ]
    run: list[re.Match[str]] = []
    for at, word in enumerate(words):
        if _tells(words, at, text):
            if run and not _linked(words, run[-1], word, text):
                yield _topic(words, run)
                run = []
            run.append(word)
    if run:
        yield _topic(words, run)


def _tells(words: Sequence[re.Match[str]], at: int, text: str) -> bool:
    """Is it a word of a topic? "plan" is one in "the dental plan", not in "my plan"."""
    word = words[at].group().lower()
    if word not in _TRAILING_NOUNS:
        return not _is_frame(word)
    before = words[at - 1] if at else None
    adjacent = before is not None and text[before.end() : words[at].start()] == " "
    return before is not None and adjacent and not _is_frame(before.group())


def _linked(
    words: Sequence[re.Match[str]], last: re.Match[str], word: re.Match[str], text: str
) -> bool:
    between = text[last.end() : word.start()]
    inner = WORD.findall(between)
    return (
        not re.search(r"[,.;:?!]", between)
        and len(inner) <= 2
        and all(one.lower() in LINKS for one in inner)
        and all(any(w.group() == one for w in words) for one in inner)
    )


def _topic(words: Sequence[re.Match[str]], run: Sequence[re.Match[str]]) -> Part:
    at = words.index(run[0])
    start = run[0].start()
    if at and words[at - 1].group().lower() in DETERMINERS:
        start = words[at - 1].start()
    return Part("topic", start, run[-1].end())
