"""A follow-up that is a clause of its own ("Is that per person?"). Pure functions."""

import re
from collections.abc import Sequence

from chat_app.follow_up_fragments import circumstances, is_circumstance, question_of, with_fragment
from chat_app.plan_names import PlanNames
from chat_app.question_parts import WORD, Kind, Part, frame_only, question_parts

_PRONOUN = re.compile(
    r"\b(?:it|they|them|those|these|this|that)\b(?!['’]?s?\s+(?:i|we|you|plan|year|month|one)\b)",
    re.IGNORECASE,
)
_DEMONSTRATIVE = re.compile(
    # "that visit" and "this benefit" are things; "that is" and "does this cover" are pronouns.
    r"^(?:this|that|these|those)\s+(?!(?:is|was|are|were|does|do|did|will|would|can|has|have|cover"
    r"|covers|covered|include|includes|included|cost|costs|apply|applies|count|counts|mean|means"
    r"|per|before|after|too|also|the|free|a|an|for|in|on|with|out|at|each|every|by|true|right|all"
    r"|go|goes|change|changes|require|requires|need|needs|last|still|even|if|when|from|only|just"
    r"|really|then|different|higher|lower|less|more|limited|any|not|as|up)\b)\w",
    re.IGNORECASE,
)
_COVERING = re.compile(
    r"\b(?:it|they|that|this)\s+(?:also\s+|even\s+|still\s+)?(?:cover|covers|pay|pays|reimburse|offer)\b",
    re.IGNORECASE,
)
_APPLYING = re.compile(
    r"\b(?:appl(?:y|ies)|counts?|goes|go|refer|relate|extends?|limited|belongs?|added?|changes?"
    r"|happens?|includes?|have|has|need|needs|got|going|supposed|able)\s*$",
    re.IGNORECASE,
)
_EXPLAINED = re.compile(
    r"\b(?:to|if|when|that|whether|how|which|what|who|where|for|like)\b|\b(?:worth|mean)\b",
    re.IGNORECASE,
)
_JUDGED = re.compile(
    r"(?:it|that|this|they)\s+(?:(?:also|still|even|really|then|any|always)\s+)?"
    r"(?:more|less|cheaper|different|higher|lower|free|covered|waived|included|the\s+same|extra"
    r"|required|needed|taxed|taxable|limited|available|approved|reimbursed|paid|reduced|refunded)\b",
    re.IGNORECASE,
)
"""What is said of a thing: "Is it free if ...", unlike "Does it cost to ..."."""
_OBJECT = re.compile(
    r"\b(?:use|get|have|see|need|pay|buy|find|keep|lose|take|put|spend|change|cancel|join|add|drop"
    r"|for|of|with|on|to|about|from|into|in|under|after|before)\s+$",
    re.IGNORECASE,
)
"""What stands before a pronoun that stands for a thing, and not for what follows it."""
_FOR_IT = re.compile(
    r"\b(?:for|with|of|about|toward|towards)\s+(?:it|that|this|them|those)$", re.IGNORECASE
)
_OWN_CLAUSE = re.compile(r"[.,;]|^(?:if|when|while|because|since)\b", re.IGNORECASE)
"""What a pronoun may stand for in its own sentence stands in another clause of it."""
_HE_OR_SHE = re.compile(r"\b(?:he|she|him|her)\b", re.IGNORECASE)
_WHOLE = re.compile(
    r"\b(?:plan|insurance|program|account|policy|benefit|fsa|hsa)s?\b", re.IGNORECASE
)
_ALONE = re.compile(
    r"^(?:why(?:\s+(?:not|is\s+(?:that|this)|so))?|how\s+(?:so|come)|really|are\s+you\s+sure"
    r"|since\s+when|says\s+who|tell\s+me\s+more|(?:can|could)\s+you\s+explain(?:\s+(?:that|it))?"
    r"|explain(?:\s+(?:that|it))?|go\s+on|more|what\s+else|anything\s+else"
    r"|what\s+does\s+(?:that|it|this)\s+mean|how\s+does\s+(?:that|it|this)\s+work"
    r"|(?:is|are)\s+there\s+(?:one|any|some)|any\s+(?:limits?|exceptions?|exclusions?))$",
    re.IGNORECASE,
)
_NEED = (
    r"(?:referrals?|approval|(?:prior\s+)?authori[sz]ation|pre-?(?:approval|certification|auth\w*)"
    r"|permission|prescription|appointment)"
)
_DEPENDENT = re.compile(
    r"^(?:(?:is|are)\s+there\s+(?:an?\s+|any\s+|some\s+)?(?:\w+\s+)?(?:limits?|maximum|caps?|waiting\s+periods?"
    r"|exceptions?|exclusions?|deadline|catch)"
    rf"|(?:do|does|would|will|must|should)\s+(?:i|we|my\s+\w+)\s+(?:still\s+)?(?:need|have|get|require)\s+(?:to\s+(?:have|get)\s+)?"
    rf"(?:an?\s+|any\s+|prior\s+|the\s+)?{_NEED}"
    rf"|(?:is|are)\s+(?:an?\s+|any\s+)?{_NEED}\s+(?:needed|required|necessary)"
    r"|(?:does|would|will)\s+(?:the|my|a)\s+(?:deductible|copay|coinsurance)\s+apply"
    r"|is\s+the\s+(?:deductible|copay)\s+waived"
    r"|(?:do|must|will)\s+(?:i|we)\s+(?:have\s+to\s+|need\s+to\s+)?(?:meet|pay|reach)\s+(?:the|my)\s+deductible"
    r"|(?:from|until|up\s+to|at)\s+what\s+age"
    r"|(?:for\s+|up\s+to\s+|after\s+)?how\s+many\s+(?:hours|years|weeks|visits|sessions|times|days|treatments|pairs|refills|trips|months)"
    r"(?:\s+(?:are|do|does|can|will|is)\s+(?:i|we|it|covered|allowed)(?:\s+(?:get|have|covered|allowed))?)?"
    r"(?:\s+(?:a|per|each|every)\s+year)?)"
    r"(?:\s+(?:first|before|beforehand|too|then|also|though))?$",
    re.IGNORECASE,
)
_BARE_ASK = re.compile(
    r"^(?:(?:up\s+to\s+|for\s+|until\s+|since\s+|from\s+|at\s+|by\s+)?(?:how\s+(?:much|many|often|long|soon)|what\s+(?:do|does|will|would|is|are)"
    r"|am\s+i|are\s+we|is\s+it|do\s+(?:i|we)|does\s+it|(?:does|did|will|has)\s+anything"
    r"|will\s+(?:i|we|it)|when|where|who))\b",
    re.IGNORECASE,
)
_TO_DO = re.compile(r"\bto\s+(?!(?:pay|be|go|get|use|how|what|which|when)\b)[a-z]+", re.IGNORECASE)
_ABOUT_PLAN = re.compile(
    r"^(?:what|who|when|where)\b(?!.*\b(?:charge|charges|pay|cost)$)", re.IGNORECASE
)
_PLAN_WORD = re.compile(r"\b(?:plans?|insurance|benefits?|coverage)\b", re.IGNORECASE)
_SHARE = re.compile(
    r"^(?:what(?:['’]s|\s+is|\s+are)|how\s+much\s+is|is\s+there)\s+(?:the|my|a|any)\s+"
    r"(?:co-?pay(?:ment)?|co-?insurance|(?:\w+\s+)?(?:limit|maximum)|waiting\s+period)$",
    re.IGNORECASE,
)
"""Amounts that belong to a service."""
_SAME = re.compile(r"\bthe\s+same(?:\s+(?:thing|amount))?$", re.IGNORECASE)
_AGAIN = re.compile(
    r"^(?:how\s+much|what)(?:\s+(?:would|will|is|was|does|did)\s+(?:it|that|this)(?:\s+(?:be|cost))?)?"
    r"\s+(?=(?:for|with|on|in|under|out|last|next)\b)",
    re.IGNORECASE,
)
_STATEMENT = re.compile(r"^(?:i|we)\b", re.IGNORECASE)
_FOR_ONE = re.compile(r"\s+(?:for|of)\s+(?:one|some)$", re.IGNORECASE)
_DOER = re.compile(r"\b(?:i|we|you|he|she|to|not)\s+$", re.IGNORECASE)
"""What stands before a verb: "to add" is no thing."""
_NOUN = re.compile(r"\b(?:the|a|an|my|our)\s")
_PASSING = re.compile(r"\s+(?:covered|included|available)\b", re.IGNORECASE)


def resolved(clause: str, previous: str, names: PlanNames) -> str | None:
    """The clause with what it leaves open taken from the question before; None if it is whole.

    Args:
        clause: without a question mark at its end and the words that lead to it.
        previous: a question that stands by itself.
        names: the names of the plans.
    """
    if _STATEMENT.match(clause):
        return None
    if _ALONE.match(clause):
        return _after(previous, clause)
    parts = question_parts(clause, names)
    kinds: set[Kind] = {part.kind for part in parts}
    old = question_parts(previous, names)
    clause = _FOR_ONE.sub("", clause)
    asks_again = _SAME.search(clause) or _AGAIN.match(clause)
    if kinds and not kinds & {"topic", "amount"} and asks_again:
        said = "".join(f" {clause[part.start : part.end]}" for part in parts)
        return with_fragment(said.strip(), previous, names, led=True)
    if (found := _open_pronoun(clause, parts)) is not None:
        return _with_pronoun(clause, found, previous, old, kinds, names)
    if (person := _person(clause, parts, previous, old)) is not None:
        return person
    if _DEPENDENT.match(clause) or _SHARE.match(clause) or _is_bare(clause, kinds):
        topic = "" if is_circumstance(clause) else _topic(previous, old, kinds)
        return question_of(f"{clause} for {topic}") if topic else _after(previous, clause)
    return None


def _after(previous: str, clause: str) -> str:
    return f"{question_of(previous)} {question_of(clause)}"


def _is_bare(clause: str, kinds: set[Kind]) -> bool:
    """Does it ask about nothing? "What do I pay out of network?" does, "What is my plan?" not."""
    return (
        not kinds & {"topic", "amount"}
        and not _TO_DO.search(clause)
        and _BARE_ASK.match(clause) is not None
        and not _PLAN_WORD.search(clause)
        and not ("plan" in kinds and _ABOUT_PLAN.match(clause))
    )


def _open_pronoun(clause: str, parts: Sequence[Part]) -> re.Match[str] | None:
    """A pronoun that stands for nothing in its own sentence, nor for what follows it."""
    for found in _PRONOUN.finditer(clause):
        before = [
            part
            for part in parts
            if part.kind in {"topic", "amount"}
            and part.end <= found.start()
            # "keep it": what stands right before is what is done with it.
            and not (part.end + 1 == found.start() and found.group().lower() in {"it", "them"})
        ]
        if _FOR_IT.search(clause, 0, found.end()) and not _OWN_CLAUSE.search(clause):
            return found
        if before or _DEMONSTRATIVE.match(clause, found.start()):
            return None
        if found.group().lower() == "they" and _PRONOUN.search(clause, found.end()):
            continue
        is_noun = found.group().lower() in {"that", "this"} and not _stands_alone(
            clause, found, parts
        )
        if is_noun or _is_explained(clause, found, parts):
            return None
        return found
    return None


def _stands_alone(clause: str, found: re.Match[str], parts: Sequence[Part]) -> bool:
    """Is "that" a pronoun, rather than what begins a clause ("Is it true that ...")?"""
    before = [word for word in WORD.finditer(clause) if word.start() < found.start()]
    asking = [w.group() for w in before if not any(p.start < w.end() <= p.end for p in parts)]
    return frame_only(asking)


def _is_explained(clause: str, found: re.Match[str], parts: Sequence[Part]) -> bool:
    """Does what it stands for follow: "does it cost to see a doctor", "it if I am insured"?"""
    if _COVERING.match(clause, found.start()) or _OBJECT.search(clause[: found.start()]):
        return False
    if any(part.kind == "topic" and part.end + 1 == found.start() for part in parts):
        return False
    judged = _JUDGED.match(clause, found.start())
    for word in _EXPLAINED.finditer(clause, found.end()):
        if judged and word.group().lower() not in {"to", "that"}:
            continue
        rest = clause[word.end() :]
        kinds = {part.kind for part in parts if part.start >= word.end()}
        # "to have a baby" explains, "for my wife" asks for whom.
        wanted = {"topic", "amount"} | ({"person"} if word.group().lower() == "to" else set())
        has_topic = bool(kinds & wanted)
        verb = word.group().lower() in {"mean", "worth"} and rest.strip()
        applies = word.group().lower() in {"to", "for"} and _APPLYING.search(
            clause[: word.start()].rstrip()
        )
        if verb or (has_topic and not applies):
            return True
    return False


def _with_pronoun(
    clause: str,
    found: re.Match[str],
    previous: str,
    old: Sequence[Part],
    kinds: set[Kind],
    names: PlanNames,
) -> str:
    topic = _topic(previous, old, kinds)
    if _COVERING.match(clause, found.start()):
        topic = topic if topic and _WHOLE.search(topic) else ""
        mentions = names.mentions(previous)
        if not topic and "plan" not in kinds:
            topic = previous[mentions[0].start : mentions[0].end] if mentions else "the plan"
        asking = re.sub(r"\bdo\s+$", "does ", clause[: found.start()], flags=re.IGNORECASE)
        return question_of(asking + (topic or "the plan") + clause[found.end() :])
    if not topic:
        return _after(previous, clause)
    possessive = re.match(r"['’]s\b", clause[found.end() :])
    if possessive:
        topic, end = f"{topic} is", found.end() + possessive.end()
    else:
        end = found.end()
    return question_of(f"{clause[: found.start()]}{topic}{clause[end:]}")


def _person(clause: str, parts: Sequence[Part], previous: str, old: Sequence[Part]) -> str | None:
    """The clause with "she" as the person of the question before."""
    found = _HE_OR_SHE.search(clause)
    people = [part for part in old if part.kind == "person"]
    if not found or not people or any(part.kind == "person" for part in parts):
        return None
    who = previous[people[0].start : people[0].end]
    return question_of(
        f"{clause[: found.start()]}{who[:1].lower()}{who[1:]}{clause[found.end() :]}"
    )


def _topic(previous: str, old: Sequence[Part], but: set[Kind]) -> str:
    """What the question before is about, as a noun with its circumstances; "" if it is not one."""
    things = [part for part in old if part.kind in {"topic", "amount"}]
    if not things:
        return ""
    between = previous[things[0].start : things[-1].end]
    if len(things) > 2 or re.search(
        r"[.?!;:]|\b(?:i|we|you|if|before|when)\b", between, re.IGNORECASE
    ):
        return ""
    start = things[0].start
    if _DOER.search(previous[:start]):
        noun = _NOUN.search(previous, start, things[0].end)
        if noun is None:
            return ""
        start = noun.start()
    lead = re.search(r"\b(?:the|a|an|my|our)\s+$", previous[:start], re.IGNORECASE)
    said = _PASSING.sub("", previous[lead.start() if lead else start : things[-1].end])
    article = "" if _has_article(said) or things[0].kind == "topic" else "the "
    inside = {part.kind for part in old if start <= part.start < things[-1].end}
    return f"{article}{said}{circumstances(previous, old, but | inside)}"


def _has_article(words: str) -> bool:
    return re.match(r"(?:the|a|an|my|our|any)\b", words, re.IGNORECASE) is not None
