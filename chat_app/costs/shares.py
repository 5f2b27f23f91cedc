"""A sentence or row of a plan -> what the member pays by it. Pure functions."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from chat_app.cells import in_singular
from chat_app.columns import NetworkMention, network_mentions
from chat_app.costs.asked import Network
from chat_app.values import Stated, read_values
from retrieval.glossary import Glossary
from retrieval.keywords import terms


@dataclass(frozen=True, slots=True)
class Share:
    """What the member pays for a service.

    Attributes:
        percent: of the allowed amount, 0 to 100; None where it is a copay.
        copay: US dollars, None where it is a percentage.
        unit: what the copay is for, such as "visit"; empty where it is not said.
        after_deductible: whether the deductible is paid first; None where it is not said.
        most: how many visits a year the plan pays for, None where it is not said.
        is_covered: otherwise nothing is paid by the plan.
    """

    percent: Decimal | None = None
    copay: Decimal | None = None
    unit: str = ""
    after_deductible: bool | None = None
    most: int | None = None
    is_covered: bool = True


_NOT_COVERED = re.compile(r"\bnot covered\b|\bno coverage\b|\bexcluded\b", re.IGNORECASE)
_NOTHING = re.compile(
    r"\bno charge\b|\bno cost\b|\bno copay(?!\w)|\bcovered in full\b|\bfree of charge\b"
    r"|\bnothing\b|\bpaid in full\b",
    re.IGNORECASE,
)
_NO_DEDUCTIBLE = re.compile(
    r"\bno (?:\w+ )?deductible|\bdeductible\s+(?:is |does |has been |doesn['’]t |isn['’]t )?"
    r"(?:not |waived|n['’]t )?(?:waived|appl(?:y|ied)|required)|\bwaive[sd]? (?:the )?deductible"
    r"|\bnot (?:be )?subject to (?:the |any |your )?(?:\w+ )?deductible"
    r"|\b(?:before|without) (?:the |your |any |a )?(?:\w+ )?deductible",
    re.IGNORECASE,
)
_DEDUCTIBLE_APPLIES = re.compile(
    r"\bafter (?:\w+ ){0,4}ded(?:uctible)?\b|\b(?<!not )subject to (?:the |your )?(?:\w+ ){0,2}"
    r"deductible|\bdeductible(?: then|,? then| applies|\s*\+|\s+and)"
    r"|\bonce (?:\w+ ){0,4}deductible",
    re.IGNORECASE,
)
_APPLIES = re.compile(r"\bdeductible applies\b", re.IGNORECASE)
_MEMBER = re.compile(
    r"\b(?:you(?:['’]ll| will| would| must)?|members?|the family|employees?|patients?|i|enrollees?"
    r"|subscribers?)\s+(?:\w+\s+)?(?:pays?|owes?|are responsible for|is responsible for|shares?)\b"
    r"[^.;%$]{0,40}$|\b(?:your|member(?:['’]s)?)\s+(?:share|cost|coinsurance|responsibility)\b"
    r"[^.;%$]{0,30}$|\bco-?ins(?:urance)?(?:\s+(?:of|is|rate))?[\s:]*$"
    r"|\byour? (?:pay|cost):[^.;%$]*$",
    re.IGNORECASE,
)
_MEMBER_AFTER = re.compile(r"^\s*(?:of\s+)?co-?ins(?:urance)?\b", re.IGNORECASE)
_PLAN = re.compile(
    r"\b(?:plan|we|policy|program|benefits?|insurance|medicare|hmo|ppo)\s+(?:\w+\s+)?"
    r"(?:pays?|covers?|reimburses?)\b[^.;%$]{0,30}$"
    r"|\b(?:covered|covers|paid|payable|reimbursed|benefits?)(?:\s+(?:at|up to|to))?[\s:]*$"
    r"|\bplan pays:[^.;%$]*$",
    re.IGNORECASE,
)
_PLAN_AFTER = re.compile(
    r"^\s*(?:of [\w\s]{0,30})?(?:is |are )?(?:covered|paid by)\b", re.IGNORECASE
)
_LIMIT = re.compile(
    r"\b(?:up to|maximum(?: of)?|limit(?:ed)?(?: to| of)?|no more than|at most|minimum(?: of)?"
    r"|allowance of|penalty of|bills?|billed at|costs about|allowed amount[^.;]{0,20})\s*$",
    re.IGNORECASE,
)
_LIMIT_AFTER = re.compile(
    r"^\s*(?:\w+\s+)?(?:max(?:imum)?|limit|penalty|allowance|deductible|bill)\b", re.IGNORECASE
)
_COPAY = re.compile(r"\bco-?pay(?:ment)?s?\b", re.IGNORECASE)
_UNIT = re.compile(
    r"^\s*(?:co-?pay(?:ment)?\s*)?(?:/|\bper\b|\ban?\b|\beach\b|\bfor each\b|\bfor every\b)\s*"
    r"(?:\w+\s+)?(?P<unit>visit|procedure|day|night|admission|stay|scan|test|session|prescription"
    r"|fill|trip|surgery|treatment|occurrence|appointment)\b",
    re.IGNORECASE,
)
_ROW_LABEL = re.compile(r"^.{1,200}?:\s")
_GRADED = re.compile(
    r"\b(?:first|next|up to|days?) \d+(?:\s*(?:-|–|to|through)\s*\d+)?\b",
    re.IGNORECASE,
)
_MOST = re.compile(
    r"\b(?P<number>\d{1,3})\s+(?:\w+\s+)?(?:visits|sessions|treatments)\b", re.IGNORECASE
)
_YEAR = re.compile(r"\b20\d\d\b")
_TELLS_NOTHING = frozenset(
    terms(
        "visit visits care service services test tests treatment procedure doctor ride trip "
        "stay day night appointment session in out network plan cost cover benefit room"
    )
)
"""Words that the names of many services hold."""
_PER_PERSON = re.compile(
    r"\b(?:individual|person|self[- ]only|single|member|employee)s?\b", re.IGNORECASE
)
_PER_FAMILY = re.compile(r"\bfamil(?:y|ies)\b", re.IGNORECASE)
_NO_ONE = re.compile(r"\b(?:no (?:one|member|person)|as soon as|embedded)\b", re.IGNORECASE)
_NONE = re.compile(r"\b(?:no|not have an?|without an?) (?:\w+ )?deductible", re.IGNORECASE)


def read_share(text: str, network: Network) -> Share | None:
    """What the member pays by a sentence or row read aloud, or None where it is not plain.

    Args:
        text: "Outpatient surgery: In-network: you pay: 15% after the deductible", "Surgery is
            covered at 85% in-network and 60% out-of-network, after the deductible."
        network: whose figures are wanted.
    """
    said = _of_network(text, network)
    if said is None or len(set(_YEAR.findall(said))) > 1:
        return None
    after = _after_deductible(said)
    if _NOT_COVERED.search(said):
        return Share(is_covered=False, after_deductible=after)
    found, _ = read_values(said)
    percents = set(_percents(said, [s for s in found if s.value.kind == "percent"]))
    copays = set(_copays(said, [s for s in found if s.value.kind == "money"]))
    if None in percents or None in copays or len(percents) + len(copays) > 1:
        return None
    limit = _MOST.search(said)
    most = int(limit["number"]) if limit else None
    if percents:
        return Share(percents.pop(), after_deductible=after, most=most)
    if copays:
        amount, unit = copays.pop() or (Decimal(0), "")
        if unit in ("day", "night") and _GRADED.search(said):
            return None
        return Share(copay=amount, unit=unit, after_deductible=after, most=most)
    return Share(Decimal(0), after_deductible=after, most=most) if _NOTHING.search(said) else None


def read_limit(text: str, network: Network, *, is_family: bool) -> Decimal | None:
    """The amount that a deductible or maximum of a year is, in US dollars, or None if not plain.

    Args:
        text: "Annual deductible, individual / family: In-network: $600 / $1,200".
        network: whose figures are wanted.
        is_family: the family's amount, not one person's.
    """
    said = _of_network(text, network)
    if said is None or len(set(_YEAR.findall(said))) > 1:
        return None
    money = [s for s in read_values(said)[0] if s.value.kind == "money"]
    amounts = sorted({Decimal(one.value.amount) for one in money})
    if not amounts:
        return Decimal(0) if _NONE.search(said) else None
    if len(amounts) == 2 and _PER_FAMILY.search(said) and _PER_PERSON.search(said):
        return amounts[is_family]
    if len(amounts) > 1 or _NO_ONE.search(said):
        return None
    return amounts[0] if (_PER_FAMILY.search(said) is not None) == is_family else None


def is_share_of(text: str, service: str, glossary: Glossary) -> bool:
    """Does a sentence or row name the service, in the question's words or the documents'?

    More than half of the words that tell one service from another must be there, of the service
    or of the first phrase that documents write for it: what is written besides is related, as
    prenatal visits are to a birth, and may be charged by another share.

    Args:
        text: as it would be quoted.
        service: in the question's words.
        glossary: what documents write for them.
    """
    phrases = [synonym.written[0] for synonym in glossary.synonyms(service)]
    held = set(terms(in_singular(text)))
    for phrase in (service, *phrases):
        telling = set(terms(in_singular(phrase))) - _TELLS_NOTHING
        if telling and 2 * len(telling & held) > len(telling):
            return True
    return False


def _of_network(text: str, network: Network) -> str | None:
    """What the text says of a network: all of it where it tells none apart, None where nothing."""
    mentions = network_mentions(text)
    if not mentions:
        return text
    figures = [s.start for s in read_values(text)[0] if s.value.kind in ("money", "percent")]
    if not figures or mentions[0].start < figures[0]:
        opening, close = text[: mentions[0].start], ""
        parts = list(_led(text, mentions))
    else:
        # The figures stand first, as in: covered at 85% in-network and 60% out-of-network.
        opening, close = text[: figures[0]], text[mentions[-1].end :]
        parts = list(_trailed(text, mentions, figures))
    mine = [part for of, part in parts if of == network]
    # What is said of one network says nothing of the other.
    return "".join([opening, " ".join(mine), close]) if mine else None


def _led(text: str, mentions: Sequence[NetworkMention]) -> Iterator[tuple[Network, str]]:
    for at, mention in enumerate(mentions):
        end = mentions[at + 1].start if at + 1 < len(mentions) else len(text)
        yield mention.network, text[mention.start : end]


def _trailed(
    text: str, mentions: Sequence[NetworkMention], figures: Sequence[int]
) -> Iterator[tuple[Network, str]]:
    end = 0
    for mention in mentions:
        start = next((at for at in figures if end <= at < mention.start), mention.start)
        yield mention.network, text[start : mention.end]
        end = mention.end


def _after_deductible(said: str) -> bool | None:
    if _APPLIES.search(said):
        return True
    if _NO_DEDUCTIBLE.search(said):
        return False
    return True if _DEDUCTIBLE_APPLIES.search(said) else None


def _percents(said: str, stated: Sequence[Stated]) -> Iterator[Decimal | None]:
    """The member's percentages; None for one whose payer is not plain."""
    in_row = _ROW_LABEL.match(said) is not None
    for one in stated:
        before, after = said[: one.start], said[one.end :]
        percent = Decimal(one.value.amount)
        if percent > 100:
            yield None
        elif _MEMBER.search(before) or _MEMBER_AFTER.search(after):
            yield percent
        elif _PLAN.search(before) or _PLAN_AFTER.search(after):
            yield 100 - percent
        else:
            yield percent if in_row else None


def _copays(said: str, stated: Sequence[Stated]) -> Iterator[tuple[Decimal, str] | None]:
    """The copays with what each is for; None for an amount that is no plain copay."""
    in_row = _ROW_LABEL.match(said) is not None
    for one in stated:
        before, after = said[: one.start], said[one.end :]
        if _LIMIT.search(before) or _LIMIT_AFTER.search(after):
            continue
        unit = _UNIT.search(after)
        if unit or in_row or _COPAY.search(said) or _MEMBER.search(before):
            yield Decimal(one.value.amount), unit["unit"].lower() if unit else ""
        else:
            yield None
