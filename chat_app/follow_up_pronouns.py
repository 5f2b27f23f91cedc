"""A pronoun of a follow-up that stands for what was spoken of before. Pure functions."""

import re
from collections.abc import Sequence

from chat_app.question_parts import WORD, Part, frame_only

_PRONOUN = re.compile(
    r"\b(?:(?:it|they|them|those|these|this|that)\b(?!['’]?s?\s+(?:i|we|you|plan|year|month|one)\b)"
    r"|(?:this|that)\s+one\b)",
    re.IGNORECASE,
)
_DEMONSTRATIVE = re.compile(
    # "that visit" and "this benefit" are things; "that is" and "does this cover" are pronouns.
    r"(?<!can )(?<!could )(?<!did )(?<!do )(?<!does )(?<!will )(?<!would )"
    r"(?:this|that|these|those)\s+(?!(?:one|is|was|are|were|does|do|did|will|would|can|has|have|cover"
    r"|covers|covered|include|includes|included|cost|costs|apply|applies|count|counts|mean|means"
    r"|per|before|after|too|also|the|free|a|an|for|in|on|with|out|at|each|every|by|true|right|all"
    r"|go|goes|change|changes|require|requires|need|needs|last|still|even|if|when|from|only|just"
    r"|afterwards|again|ahead|anyway|back|beforehand|myself|once|online|somehow|together|twice"
    r"|really|then|different|higher|lower|less|more|limited|any|not|as|up|and|or)\b)\w",
    re.IGNORECASE,
)
_COVERING = re.compile(
    r"\b(?:it|they|that|this)\s+(?:also\s+|even\s+|still\s+)?(?:cover|covers|include|includes|pay|pays|reimburse|offer)\b",
    re.IGNORECASE,
)
_INSURER = re.compile(
    r"they\s+(?:also\s+|even\s+|still\s+|usually\s+|always\s+|have\s+to\s+)*(?:accept|answer|approve|ask"
    r"|bill|charge|check|count|decide|deny|handle|notify|pay|process|refund|reimburse|reply|require"
    r"|respond|review|say|send|take|tell|waive|want)\b",
    re.IGNORECASE,
)
"""Those who decide, who are not what was spoken of."""
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
_TO_DO_WITH_IT = re.compile(
    r"\s+(?:\w+\s+){0,2}to\s+\w+\s+(?:it|them|(?:this|that)(?:\s+one)?|those|these)\b",
    re.IGNORECASE,
)
"""What a pronoun stands for, with another in it: "is it cheaper to get that one by mail"."""
_FOR_IT = re.compile(
    r"\b(?:for|with|of|on|about|to|toward|towards)\s+(?:it|that|this|them|those)$", re.IGNORECASE
)
_OWN_CLAUSE = re.compile(r"[.,;]|^(?:if|when|while|because|since)\b", re.IGNORECASE)
"""What a pronoun may stand for in its own sentence stands in another clause of it."""


def open_pronoun(
    clause: str, parts: Sequence[Part], things: Sequence[Part]
) -> re.Match[str] | None:
    """A pronoun that stands for nothing in its own sentence, nor for what follows it.

    Args:
        clause: without the words that lead to it.
        parts: its parts.
        things: those of them that a pronoun can stand for.
    """
    for found in _PRONOUN.finditer(clause):
        before = [
            part
            for part in parts
            if (part in things or part.kind == "amount")
            and part.end <= found.start()
            # "keep it": what stands right before is what is done with it.
            and not (part.end + 1 == found.start() and found.group().lower() in {"it", "them"})
        ]
        if _FOR_IT.search(clause, 0, found.end()) and not _OWN_CLAUSE.search(clause):
            return found
        if before or _DEMONSTRATIVE.match(clause, found.start()):
            return None
        if found.group().lower() == "they" and _are_people(clause, found):
            continue
        if _TO_DO_WITH_IT.match(clause, found.end()):
            continue
        is_noun = found.group().lower() in {"that", "this"} and not _stands_alone(
            clause, found, parts
        )
        if is_noun or _is_explained(clause, found, parts, things):
            return None
        return found
    return None


def _are_people(clause: str, they: re.Match[str]) -> bool:
    """Does "they" stand for those who decide: "do they charge it"?"""
    if covering := _COVERING.match(clause, they.start()):
        return _PRONOUN.match(clause, covering.end() + 1) is not None
    return bool(_INSURER.match(clause, they.start()) or _PRONOUN.search(clause, they.end()))


def _stands_alone(clause: str, found: re.Match[str], parts: Sequence[Part]) -> bool:
    """Is "that" a pronoun, rather than what begins a clause ("Is it true that ...")?"""
    before = [word for word in WORD.finditer(clause) if word.start() < found.start()]
    asking = [w.group() for w in before if not any(p.start < w.end() <= p.end for p in parts)]
    return frame_only(asking)


def _is_explained(
    clause: str, found: re.Match[str], parts: Sequence[Part], things: Sequence[Part]
) -> bool:
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
        # "to have a baby" explains, "for my wife" asks for whom.
        purpose = word.group().lower() == "to"
        people = [part for part in parts if purpose and part.kind == "person"]
        explained = any(part.start >= word.end() for part in (*things, *people))
        verb = word.group().lower() in {"mean", "worth"} and rest.strip()
        applies = word.group().lower() in {"to", "for"} and _APPLYING.search(
            clause[: word.start()].rstrip()
        )
        if verb or (explained and not applies):
            return True
    return False
