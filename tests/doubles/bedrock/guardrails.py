"""Guardrails: what each forbids or masks, and what it finds in a text."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_PII = {
    "EMAIL": r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
    "US_SOCIAL_SECURITY_NUMBER": r"\b\d{3}-\d{2}-\d{4}\b",
    "CREDIT_DEBIT_CARD_NUMBER": r"\b(?:\d[ -]?){13,16}\b",
    "PHONE": r"(?<!\w)(?:\+?1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}\b",
    "URL": r"\bhttps?://[^\s<>\"]+",
    "IP_ADDRESS": r"\b(?:\d{1,3}\.){3}\d{1,3}\b",
}
"""Kinds of personal data that the double can see, by form alone. Names need the real service."""

_TAKEN = {"BLOCK": "BLOCKED", "ANONYMIZE": "ANONYMIZED"}


@dataclass(frozen=True, slots=True)
class Guardrail:
    """What a guardrail does.

    Attributes:
        identifier: lower-case letters and digits.
        versions: the versions that can be asked for.
        topics: name of a denied topic -> words and phrases that give it away.
        words: words and phrases that are blocked.
        filters: content filter such as PROMPT_ATTACK (input only) -> phrases that set it off.
        pii: kind of personal data -> BLOCK or ANONYMIZE.
        regexes: name, pattern, BLOCK or ANONYMIZE.
        grounding: least GROUNDING score, 0 to 0.99; None without that check.
        relevance: least RELEVANCE score; None without that check.
        blocked_input: what is said in place of a question.
        blocked_output: what is said in place of an answer.
    """

    identifier: str
    versions: Sequence[str] = ("DRAFT", "1")
    topics: Mapping[str, Sequence[str]] = field(default_factory=dict)
    words: Sequence[str] = ()
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    pii: Mapping[str, str] = field(default_factory=dict)
    regexes: Sequence[tuple[str, str, str]] = ()
    grounding: float | None = None
    relevance: float | None = None
    blocked_input: str = "Sorry, the guardrail does not allow this question."
    blocked_output: str = "Sorry, the guardrail does not allow this answer."

    def __post_init__(self) -> None:
        unseen = self.pii.keys() - _PII.keys()
        if unseen:
            raise ValueError(f"the double cannot see {', '.join(sorted(unseen))}")
        actions = {*self.pii.values(), *(action for _, _, action in self.regexes)}
        if actions - _TAKEN.keys():
            raise ValueError(f"actions are BLOCK and ANONYMIZE, not {sorted(actions)}")

    @property
    def checks_context(self) -> bool:
        """Whether an answer needs its source and question for this guardrail."""
        return self.grounding is not None or self.relevance is not None


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found in texts.

    Attributes:
        assessment: the policies of an assessment, in the service's shape.
        blocked: whether a policy blocks.
        masked: the texts after masking, in order.
    """

    assessment: dict[str, Any]
    blocked: bool
    masked: tuple[str, ...]


def find(guardrail: Guardrail, texts: Sequence[str], source: str, full: bool) -> Findings:
    """What the policies other than contextual grounding find in texts.

    Args:
        guardrail: the policies.
        texts: what to look at.
        source: INPUT or OUTPUT; prompt attacks are looked for in input only.
        full: whether topics and filters that found nothing are told too.
    """
    whole = "\n".join(texts)
    entities = list(_entities(guardrail, whole))
    regexes = list(_regexes(guardrail, whole))
    lists = {
        "topicPolicy": {"topics": _told(_topics(guardrail, whole), full)},
        "contentPolicy": {"filters": _told(_filters(guardrail, whole, source), full)},
        "wordPolicy": {"customWords": list(_words(guardrail, whole)), "managedWordLists": []},
        "sensitiveInformationPolicy": {"piiEntities": entities, "regexes": regexes},
    }
    assessment = {name: policy for name, policy in lists.items() if any(policy.values())}
    actions = {
        entry["action"]
        for policy in assessment.values()
        for entries in policy.values()
        for entry in entries
    }
    return Findings(assessment, "BLOCKED" in actions, tuple(_mask(guardrail, t) for t in texts))


def _told(entries: Iterable[dict[str, Any]], full: bool) -> list[dict[str, Any]]:
    return [entry for entry in entries if full or entry["detected"]]


def _topics(guardrail: Guardrail, text: str) -> Iterator[dict[str, Any]]:
    for name, phrases in guardrail.topics.items():
        seen = any(_matches(phrase, text) for phrase in phrases)
        action = "BLOCKED" if seen else "NONE"
        yield {"name": name, "type": "DENY", "action": action, "detected": seen}


def _filters(guardrail: Guardrail, text: str, source: str) -> Iterator[dict[str, Any]]:
    for kind, phrases in guardrail.filters.items():
        if source == "OUTPUT" and kind == "PROMPT_ATTACK":
            continue
        seen = any(_matches(phrase, text) for phrase in phrases)
        yield {
            "type": kind,
            "confidence": "HIGH" if seen else "NONE",
            "filterStrength": "HIGH",
            "action": "BLOCKED" if seen else "NONE",
            "detected": seen,
        }


def _words(guardrail: Guardrail, text: str) -> Iterator[dict[str, Any]]:
    for word in guardrail.words:
        for match in _matches(word, text):
            yield {"match": match, "action": "BLOCKED", "detected": True}


def _entities(guardrail: Guardrail, text: str) -> Iterator[dict[str, Any]]:
    for kind, action in guardrail.pii.items():
        for match in _found(_PII[kind], text):
            yield {"match": match, "type": kind, "action": _TAKEN[action], "detected": True}


def _regexes(guardrail: Guardrail, text: str) -> Iterator[dict[str, Any]]:
    for name, pattern, action in guardrail.regexes:
        for match in _found(pattern, text):
            yield {
                "name": name,
                "match": match,
                "regex": pattern,
                "action": _TAKEN[action],
                "detected": True,
            }


def _mask(guardrail: Guardrail, text: str) -> str:
    for kind, action in guardrail.pii.items():
        if action == "ANONYMIZE":
            text = re.sub(_PII[kind], f"{{{kind}}}", text)
    for name, pattern, action in guardrail.regexes:
        if action == "ANONYMIZE":
            text = re.sub(pattern, f"{{{name}}}", text)
    return text


def _matches(phrase: str, text: str) -> list[str]:
    spaced = r"\s+".join(re.escape(word) for word in phrase.split())
    return re.findall(rf"(?<!\w){spaced}(?!\w)", text, re.IGNORECASE)


def _found(pattern: str, text: str) -> list[str]:
    return [match[0] for match in re.finditer(pattern, text)]
