"""Applies a guardrail to blocks of content, for ApplyGuardrail and inside Converse."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from tests.doubles.bedrock.errors import ServiceError, invalid
from tests.doubles.bedrock.guardrails import Findings, Guardrail, find
from tests.doubles.bedrock.words import overlap

ACCOUNT = "123456789012"
# Characters that contextual grounding takes: quotas of Amazon Bedrock Guardrails.
_MOST_CHARACTERS = {"grounding_source": 100_000, "query": 1_000, "guard_content": 5_000}
_UNIT = 1_000
_BLOCKED = "Guardrail blocked."
_MASKED = "Guardrail masked."


@dataclass(frozen=True, slots=True)
class Block:
    """A text and what it is for: grounding_source, query, guard_content; nothing is the last."""

    text: str
    qualifiers: tuple[str, ...] = ()

    @property
    def guarded(self) -> bool:
        return not self.qualifiers or "guard_content" in self.qualifiers


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a guardrail says to texts.

    Attributes:
        action: NONE or GUARDRAIL_INTERVENED.
        reason: what it did, in words.
        outputs: the texts to use in place of the guarded ones; empty when the action is NONE.
        assessment: one assessment in the service's shape.
    """

    action: str
    reason: str
    outputs: tuple[str, ...]
    assessment: dict[str, Any]

    @property
    def blocked(self) -> bool:
        return self.reason == _BLOCKED

    @property
    def masked(self) -> bool:
        return self.reason == _MASKED


def lookup(guardrails: Mapping[str, Guardrail], identifier: str, version: str) -> Guardrail:
    """The guardrail of an id or ARN.

    Raises:
        ServiceError: ResourceNotFoundException when there is no such guardrail or version.
    """
    guardrail = guardrails.get(identifier.rpartition("/")[2])
    if guardrail is None or version not in guardrail.versions:
        message = "The guardrail identifier or version provided in the request does not exist."
        raise ServiceError("ResourceNotFoundException", message)
    return guardrail


def judge(
    guardrail: Guardrail, blocks: Sequence[Block], source: str, version: str, full: bool
) -> Ruling:
    """Look at blocks of content.

    Texts with no qualifier or with guard_content meet every policy; texts that are only
    grounding_source or query are what the answer is compared with. Without ``full``, what found
    nothing is not told, so that a score is told only where it is too low.
    """
    guarded = [block.text for block in blocks if block.guarded]
    found = find(guardrail, guarded, source, full)
    scores = _scores(guardrail, blocks, source)
    blocked = found.blocked or any(score["detected"] for score in scores)
    told = [score for score in scores if full or score["detected"]]
    assessment = dict(found.assessment)
    if told:
        assessment["contextualGroundingPolicy"] = {"filters": told}
    assessment["invocationMetrics"] = _metrics(guardrail, blocks, guarded, bool(scores))
    assessment["appliedGuardrailDetails"] = _details(guardrail, version)
    return _ruling(guardrail, found, tuple(guarded), assessment, (source, blocked))


def require_context(guardrail: Guardrail, blocks: Sequence[Block]) -> None:
    """Refuse an answer that cannot be checked against its source and question.

    Raises:
        ServiceError: ValidationException when one is missing or too long.
    """
    if not guardrail.checks_context:
        return
    given = {
        "grounding_source": _characters(blocks, "grounding_source"),
        "query": _characters(blocks, "query"),
        "guard_content": sum(len(block.text) for block in blocks if block.guarded),
    }
    missing = [name for name, characters in given.items() if not characters]
    if missing:
        raise invalid(f"Contextual grounding needs content qualified {' and '.join(missing)}.")
    for name, characters in given.items():
        if characters > _MOST_CHARACTERS[name]:
            raise invalid(
                f"Content qualified {name} has {characters} characters; contextual grounding "
                f"takes {_MOST_CHARACTERS[name]}."
            )


def _ruling(
    guardrail: Guardrail,
    found: Findings,
    guarded: tuple[str, ...],
    assessment: dict[str, Any],
    verdict: tuple[str, bool],
) -> Ruling:
    source, blocked = verdict
    if blocked:
        message = guardrail.blocked_input if source == "INPUT" else guardrail.blocked_output
        return Ruling("GUARDRAIL_INTERVENED", _BLOCKED, (message,), assessment)
    if found.masked != guarded:
        return Ruling("GUARDRAIL_INTERVENED", _MASKED, found.masked, assessment)
    return Ruling("NONE", "No action.", (), assessment)


def _scores(guardrail: Guardrail, blocks: Sequence[Block], source: str) -> list[dict[str, Any]]:
    """The scores of an answer: words of it in the source, words of the question in it."""
    sources = _joined(blocks, "grounding_source")
    query = _joined(blocks, "query")
    answer = " ".join(block.text for block in blocks if block.guarded)
    if source == "INPUT" or not (guardrail.checks_context and sources and query and answer):
        return []
    scores = (
        ("GROUNDING", guardrail.grounding, overlap(answer, sources)),
        ("RELEVANCE", guardrail.relevance, overlap(query, f"{answer} {sources}")),
    )
    return [
        {
            "type": kind,
            "threshold": threshold,
            "score": round(score, 2),
            "action": "BLOCKED" if score < threshold else "NONE",
            "detected": score < threshold,
        }
        for kind, threshold, score in scores
        if threshold is not None
    ]


def _metrics(
    guardrail: Guardrail, blocks: Sequence[Block], guarded: Sequence[str], context: bool
) -> dict[str, Any]:
    characters = sum(len(text) for text in guarded)
    total = sum(len(block.text) for block in blocks)
    return {
        "guardrailProcessingLatency": 1,
        "usage": usage(guardrail, characters, total if context else 0),
        "guardrailCoverage": {"textCharacters": {"guarded": characters, "total": total}},
    }


def usage(guardrail: Guardrail, guarded: int, grounded: int) -> dict[str, int]:
    """Text units, of 1,000 characters begun, of each policy that the guardrail has."""
    units = ceil(guarded / _UNIT)
    return {
        "topicPolicyUnits": units if guardrail.topics else 0,
        "contentPolicyUnits": units if guardrail.filters else 0,
        "wordPolicyUnits": units if guardrail.words else 0,
        "sensitiveInformationPolicyUnits": units if guardrail.pii else 0,
        "sensitiveInformationPolicyFreeUnits": units if guardrail.regexes else 0,
        "contextualGroundingPolicyUnits": ceil(grounded / _UNIT),
    }


def _details(guardrail: Guardrail, version: str) -> dict[str, Any]:
    arn = f"arn:aws:bedrock:us-east-1:{ACCOUNT}:guardrail/{guardrail.identifier}"
    return {
        "guardrailId": guardrail.identifier,
        "guardrailVersion": version,
        "guardrailArn": arn,
        "guardrailOrigin": ["REQUEST"],
        "guardrailOwnership": "SELF",
    }


def _joined(blocks: Sequence[Block], qualifier: str) -> str:
    return " ".join(block.text for block in blocks if qualifier in block.qualifiers)


def _characters(blocks: Sequence[Block], qualifier: str) -> int:
    return sum(len(block.text) for block in blocks if qualifier in block.qualifiers)
