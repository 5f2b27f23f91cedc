"""A question that asks for a sum -> its parts: the service, the bill, the deductible so far."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

from chat_app.columns import NETWORK, facets
from chat_app.plan_names import PlanNames
from chat_app.question_parts import question_parts
from chat_app.values import Stated, read_values

Network: TypeAlias = Literal["in", "out"]


@dataclass(frozen=True, slots=True)
class CostQuestion:
    """What is asked.

    Attributes:
        service: in the question's words, such as "an outpatient surgery".
        billed: US dollars that the service costs, None where the question does not say.
        times: how often it is had.
        met: whether the deductible is met; None where the question does not say.
        paid: US dollars paid toward the deductible so far.
        left: US dollars of the deductible that are still to be paid, None where it is not said.
        network: in which the service is had; "in" where the question does not say.
        is_family: the family's amounts are meant.
    """

    service: str
    billed: Decimal | None = None
    times: int = 1
    met: bool | None = None
    paid: Decimal = Decimal(0)
    left: Decimal | None = None
    network: Network = "in"
    is_family: bool = False

    @property
    def asked_of_plan(self) -> str:
        """The question of what the plan charges for the service."""
        return f"What do I pay for {self.service} {self.where}?"

    @property
    def plainly_asked(self) -> str:
        """The same without what only a sum needs."""
        where = f" {self.where}" if self.network == "out" else ""
        return f"What do I pay for {self.service}{where}?"

    def to_json(self) -> dict[str, object]:
        """What is asked, without what the question does not say."""
        said: dict[str, object] = {"service": self.service, "network": self.network}
        if self.billed is not None:
            said["billed"] = float(self.billed)
        if self.times > 1:
            said["times"] = self.times
        if self.met is not None:
            said["deductible_met"] = self.met
        if self.paid:
            said["paid_toward_deductible"] = float(self.paid)
        if self.left is not None:
            said["deductible_left"] = float(self.left)
        return said

    @property
    def where(self) -> str:
        """The network in words."""
        return "in-network" if self.network == "in" else "out-of-network"


_COST = re.compile(
    r"\b(?:costs?|pay|paying|owe|price|charged?|bill|how much|out[- ]of[- ]pocket|my (?:share|part)"
    r"|co-?insurance|co-?pay(?:ment)?s?)\b",
    re.IGNORECASE,
)
_DEDUCTIBLE = r"(?:\w+\s+){0,3}deductibles?"
_DONE = r"(?:met|meet(?:s|ing)?|reach(?:ed|ing)?|satisf(?:y|ied|ying)|hit|used up|fulfilled|filled)"
_NOT = (
    r"(?:\bnot\b|n['’]t\b|\bnever\b|\bbefore\b|\bwithout\b|\bnone\b|\bnothing\b|\bunmet\b|\bno\b)"
)
_NOT_MET = re.compile(
    rf"{_NOT}(?:\s+\w+){{0,3}}\s+{_DONE}\b(?:\s+\w+){{0,2}}?\s+{_DEDUCTIBLE}"
    rf"|\bdeductibles?\s+(?:\w+\s+)?{_NOT}(?:\s+\w+){{0,3}}?\s*{_DONE}"
    rf"|\bdeductibles?\s+(?:is|has|are|have|was)n['’]t(?:\s+\w+){{0,2}}?\s+{_DONE}"
    rf"|\b(?:none|nothing)\b(?:\s+\w+){{0,5}}\s+deductible|\bunmet\s+deductible",
    re.IGNORECASE,
)
_MET = re.compile(
    rf"\b{_DONE}\s+(?:all\s+(?:of\s+)?)?{_DEDUCTIBLE}"
    rf"|\bdeductibles?(?:['’]s)?\s+(?:\w+\s+){{0,3}}(?:met|satisfied|reached|fulfilled|paid)\b"
    rf"|\b(?:after|past|beyond)\s+{_DEDUCTIBLE}",
    re.IGNORECASE,
)
_PAID = re.compile(r"\b(?:paid|spent|put|used|met|contributed)\s+(?:\w+\s+){0,2}$", re.IGNORECASE)
_TOWARD = re.compile(
    rf"^\s*(?:\w+\s+){{0,2}}(?:towards?|of|on|against|into|for)\s+{_DEDUCTIBLE}", re.IGNORECASE
)
_LEFT = re.compile(
    rf"^\s*(?:is\s+|are\s+)?(?:left|remaining|to go|still)\b|^\s*more\b[^.?!]*\b{_DEDUCTIBLE}",
    re.IGNORECASE,
)
_HAVE_LEFT = re.compile(r"\b(?:left|remaining|to go|still)\b", re.IGNORECASE)
_PLANS_OWN = re.compile(
    r"^\s*(?:\w+\s+)?(?:co-?pay|deductible|co-?insurance|out[- ]of[- ]pocket|max|limit|premium|cap"
    r"|allowance|benefit)",
    re.IGNORECASE,
)
_PLANS_OWN_BEFORE = re.compile(
    r"\b(?:co-?pay(?:ment)?|deductible|co-?insurance|maximum|limit|premium|allowance)\s+"
    r"(?:of|is|was)\s+$",
    re.IGNORECASE,
)
_BILL = re.compile(
    r"(?:\b(?:that|which|and|it|where)\s+)?(?:(?:is|was|are|will be|would be|gets?)\s+)?"
    r"(?:\b(?:costs?|costing|billed|priced|charged|runs?|comes?|worth|totals?|totall?ing|with"
    r"|charges?|bills?)\s+)?"
    r"(?:\b(?:an?|the|allowed|total|negotiated)\s+){0,2}"
    r"(?:\b(?:bill|charge|cost|price|amount|rate)\s+)?(?:\b(?:at|for|of|to|is|me|us)\s+)?"
    r"(?:\b(?:about|around|roughly|approximately|nearly|up to)\s+)?$",
    re.IGNORECASE,
)
_BILL_AFTER = re.compile(
    r"^\s*(?:(?:allowed|total|hospital|negotiated)\s+)?(?:bill|charge|amount|price|cost)s?\b"
    r"(?:\s+(?:for|of))?",
    re.IGNORECASE,
)
_WORDS = "one two three four five six seven eight nine ten eleven twelve"
_NUMBERS = {word: number for number, word in enumerate(_WORDS.split(), 1)}
_TIMES = re.compile(
    rf"(?<![$\d,.])\b(?P<number>\d{{1,3}}|{'|'.join(_NUMBERS)})(?:\s+|-)(?!month|year|hour|minute)"
    r"(?=(?:[\w/-]+\s+){0,3}(?:visits?|sessions?|days|nights|day|night|prescriptions?|refills?"
    r"|scans?|tests?|treatments?|appointments?|procedures?|trips|x-?rays?|mris?|times|fills?)\b)"
    r"(?![\w -]*\bsupply\b)(?!people|person|plans|of\b)",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"(?<=[.?!;,])\s+|\s+(?=(?:if|once|after|when|assuming|given|because|since|provided|now that"
    r"|and (?:i|we|my|the|our)|but (?:i|we|my|the|our)|where|before|without|what|how"
    r"|with (?:my|our|the|a) (?:\w+ ){0,2}deductible)\b)",
    re.IGNORECASE,
)
_OF_THE_YEAR = re.compile(r"\b(?:deductible|out[- ]of[- ]pocket (?:max\w*|limit))", re.IGNORECASE)
_SEVERAL = re.compile(r"\band\s+(?:an?|the|one|two|three|\d+)\b", re.IGNORECASE)
_RUNS = re.compile(r"\bruns?\b(?=\s+(?:me|us|you|for|on|in|about|\$|$|[?.,]))", re.IGNORECASE)
_EDGES = re.compile(r"^(?:my|our|your|his|her|their|the|this|that)\s+", re.IGNORECASE)


def read_cost_question(question: str, names: PlanNames) -> CostQuestion | None:
    """The question as one for a sum, or None when it asks for none.

    It is one when it asks what is paid for a service, and says what is billed, how often it is had,
    or whether the deductible is met.

    Args:
        question: in people's words.
        names: of the plans, which are no part of the service.
    """
    if not _COST.search(question):
        return None
    money = [one for one in read_values(question)[0] if one.value.kind == "money"]
    paid, left, billed, others = _amounts(question, money)
    if others or len(billed) > 1:
        return None
    times = _times(question)
    met = _met(question) if paid is None and left is None else False
    if met is None and not billed and times == 1:
        return None
    service = _service(
        question, [*billed, *([paid] if paid else []), *([left] if left else [])], names
    )
    if not service:
        return None
    asked = facets(question)
    return CostQuestion(
        service=service,
        billed=_dollars(billed[0]) if billed else None,
        times=times,
        met=met,
        paid=_dollars(paid) if paid else Decimal(0),
        left=_dollars(left) if left else None,
        network="out" if (NETWORK, "out") in asked and (NETWORK, "in") not in asked else "in",
        is_family=("covered", "family") in asked,
    )


def _amounts(
    question: str, money: list[Stated]
) -> tuple[Stated | None, Stated | None, list[Stated], bool]:
    """Which amount was paid toward the deductible, is left of it, is billed; are there others?"""
    paid = left = None
    billed: list[Stated] = []
    others = False
    for one in money:
        before, after = question[: one.start], question[one.end :]
        if _LEFT.search(after) or (_HAVE_LEFT.search(before[-20:]) and _TOWARD.search(after)):
            left = one
        elif _TOWARD.search(after) or (_PAID.search(before) and _OF_THE_YEAR.search(after[:40])):
            paid = one
        elif _PLANS_OWN.search(after) or _PLANS_OWN_BEFORE.search(before):
            others = True
        else:
            billed.append(one)
    return paid, left, billed, others


def _met(question: str) -> bool | None:
    if _NOT_MET.search(question):
        return False
    return True if _MET.search(question) else None


def _times(question: str) -> int:
    said = _TIMES.search(question)
    if said is None:
        return 1
    number = said["number"].lower()
    return max(1, _NUMBERS.get(number) or int(number))


def _service(question: str, amounts: list[Stated], names: PlanNames) -> str:
    """What is had: the topics of the question without its amounts and what it says of the year."""
    text = question
    for one in sorted(amounts, key=lambda one: -one.start):
        before, after = text[: one.start], text[one.end :]
        bill = _BILL.search(before)
        before = before[: bill.start()] if bill else before
        text = f"{before} {_BILL_AFTER.sub(' ', after)}"
    text = _RUNS.sub("cost", _TIMES.sub(" ", text))
    kept = [c for c in _CLAUSE.split(text) if not _OF_THE_YEAR.search(c)]
    text = " ".join(" ".join(kept).split())
    topics = [p for p in question_parts(text, names) if p.kind == "topic"]
    said = [_EDGES.sub("", text[part.start : part.end]) for part in topics]
    # Two services have two prices.
    return "" if _SEVERAL.search(text) else " ".join(dict.fromkeys(said))


def _dollars(stated: Stated) -> Decimal:
    return Decimal(stated.value.amount)
