"""Amazon Bedrock Guardrails as a guard: ApplyGuardrail on the question and on the whole answer."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from chat_app.errors import GuardError
from chat_app.guards.hooks import Allowed, Guard, Masked, Refused, Verdict
from retrieval.aws import aws_failures, make_client
from retrieval.usage import Meter

ITEM = "bedrock-guardrail"
"""In the price table."""

MAX_SOURCE, MAX_QUERY, MAX_CONTENT = 100_000, 1_000, 5_000
"""Characters that contextual grounding takes in a call; quotas of Bedrock Guardrails."""

READ_SECONDS = 10.0
"""A call takes 0.2 to 2 s."""
ATTEMPTS = 4

_UNITS = {
    "contentPolicyUnits": "content_units",
    "topicPolicyUnits": "topic_units",
    "sensitiveInformationPolicyUnits": "personal_data_units",
    "contextualGroundingPolicyUnits": "grounding_units",
}
"""What ApplyGuardrail counts -> the unit in the price table; the others are free."""

_UNMASKABLE = (
    "The guardrail masked something in this text, and it cannot be told where: nothing of it is "
    "used. Please ask in other words, without personal data."
)
_UNEXPLAINED = "The guardrail does not allow this. Please ask in other words."


@dataclass(frozen=True, slots=True)
class _Limit:
    """A least score of our own, and what is said below it."""

    score: Literal["grounding", "relevance"]
    least: float | None
    message: str


class BedrockGuard(Guard):
    """Asks a guardrail about questions and about whole answers.

    What it masks goes on masked, and what it stops is answered in its own words. Connects at first
    use. Any number of threads may share one.
    """

    name = "bedrock"
    whole_answer = True

    def __init__(
        self,
        guardrail: str,
        version: str = "DRAFT",
        region: str | None = None,
        *,
        min_grounding: float | None = None,
        min_relevance: float | None = None,
        read_seconds: float = READ_SECONDS,
    ) -> None:
        """Choose a guardrail.

        Args:
            guardrail: its id or ARN.
            version: a number, or DRAFT.
            region: of Bedrock; None for what boto3 finds in its configuration.
            min_grounding: least score of an answer against its passages, 0 to 1, beside the
                guardrail's own; None for that alone.
            min_relevance: least score of an answer against its question, likewise.
            read_seconds: longest wait for an answer.
        """
        self._guardrail = guardrail
        self._version = version
        self._region = region
        self._read_seconds = read_seconds
        self._limits = (
            _Limit(
                "grounding",
                min_grounding,
                "I found an answer, but the plan documents do not support it clearly enough "
                "({score:.2f} of the {least:.2f} asked for), so I am not showing it.",
            ),
            _Limit(
                "relevance",
                min_relevance,
                "I found text in the plan documents, but it does not answer this question clearly "
                "enough ({score:.2f} of the {least:.2f} asked for), so I am not showing it.",
            ),
        )

    def check_question(self, question: str, meter: Meter) -> Verdict:
        """Judge what the user wrote.

        Raises:
            GuardError: the guardrail could not be asked, or answered nonsense.
        """
        # As guard_content, it meets the policies against attacks and on personal data too.
        qualifiers = ["query", "guard_content"] if len(question) <= MAX_QUERY else ["guard_content"]
        return self._ask("INPUT", [_block(question, *qualifiers)], (question,), meter)

    def check_answer(
        self, sentences: Sequence[str], question: str, passages: Sequence[str], meter: Meter
    ) -> Verdict:
        """Judge an answer against its passages and its question.

        Of passages beyond MAX_SOURCE characters the last are left out, and of a question beyond
        MAX_QUERY its end: that can lower scores, never raise them. An answer beyond MAX_CONTENT is
        judged in parts, the least score of which counts.

        Raises:
            GuardError: the guardrail could not be asked, answered nonsense or has no score for a
                threshold; or a sentence is longer than MAX_CONTENT.
        """
        context = [
            *(_block(text, "grounding_source") for text in _within(passages, MAX_SOURCE)),
            *(_block(text, "query") for text in _within([question], MAX_QUERY)),
        ]
        texts: list[str] = []
        scores: dict[str, float] = {}
        for part in _parts(sentences):
            blocks = [_block(sentence, "guard_content") for sentence in part if sentence.strip()]
            verdict = self._ask("OUTPUT", [*context, *blocks], part, meter) if blocks else Allowed()
            for name, score in verdict.scores.items():
                scores[name] = min(score, scores.get(name, score))
            if isinstance(verdict, Refused):
                return Refused(verdict.message, scores)
            texts += verdict.texts if isinstance(verdict, Masked) else part
        if any(text.strip() for text in sentences) and (message := self._too_low(scores)):
            return Refused(message, scores)
        return Allowed(scores) if texts == list(sentences) else Masked(tuple(texts), scores)

    def _ask(
        self,
        source: Literal["INPUT", "OUTPUT"],
        content: Sequence[Mapping[str, Any]],
        texts: Sequence[str],
        meter: Meter,
    ) -> Verdict:
        """The guardrail's verdict on texts, which stand in the content in this order."""
        named = f"the guardrail {self._guardrail}"
        try:
            with aws_failures(f"{named} could not be asked", GuardError):
                answer = self._connected.apply_guardrail(
                    guardrailIdentifier=self._guardrail,
                    guardrailVersion=self._version,
                    source=source,
                    content=content,
                    outputScope="FULL",  # else scores come only where they are too low
                )
            usage = answer["usage"]
            meter.add(ITEM, **{unit: usage.get(name, 0) for name, unit in _UNITS.items()})
            return _verdict(answer, texts, len(content))
        # botocore, too, stumbles over an answer of another shape.
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise GuardError(
                f"{named} answered something that is no verdict: try again; if it lasts, check "
                "that no proxy and no AWS_ENDPOINT_URL stands in the way"
            ) from error

    def _too_low(self, scores: Mapping[str, float]) -> str:
        """What the user is told of a score below a threshold of ours; empty when none is."""
        for limit in self._limits:
            if limit.least is None:
                continue
            if limit.score not in scores:
                raise GuardError(
                    f"the guardrail {self._guardrail} gave no {limit.score} score: add a "
                    f"contextual grounding check to it, or set no threshold for {limit.score}"
                )
            if scores[limit.score] < limit.least:
                return limit.message.format(score=scores[limit.score], least=limit.least)
        return ""

    @cached_property
    def _connected(self) -> Any:  # noqa: ANN401 - boto3's clients are made at run time
        return make_client(
            "bedrock-runtime", self._region, read_seconds=self._read_seconds, attempts=ATTEMPTS
        )


def _block(text: str, *qualifiers: str) -> dict[str, Any]:
    return {"text": {"text": text, "qualifiers": list(qualifiers)}}


def _within(texts: Sequence[str], limit: int) -> Iterator[str]:
    """The first texts, as far as they go into so many characters; the first one is cut."""
    left = limit
    for number, text in enumerate(text for text in texts if text.strip()):
        if number and len(text) > left:
            return
        yield text[:left]
        left -= len(text)


def _parts(sentences: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The sentences in order, in parts of at most MAX_CONTENT characters.

    Raises:
        GuardError: one sentence alone is longer.
    """
    part: list[str] = []
    size = 0
    for sentence in sentences:
        if len(sentence) > MAX_CONTENT:
            raise GuardError(
                f"a sentence of {len(sentence):,} characters cannot be checked, as guardrails "
                f"take {MAX_CONTENT:,}: ask for something shorter"
            )
        if size + len(sentence) > MAX_CONTENT:
            yield tuple(part)
            part, size = [], 0
        part.append(sentence)
        size += len(sentence)
    if part:
        yield tuple(part)


def _verdict(answer: Mapping[str, Any], texts: Sequence[str], blocks: int) -> Verdict:
    """What an answer means for texts that were the last of so many blocks."""
    assessments = answer["assessments"]
    scores = {
        str(judged["type"]).lower(): float(judged["score"])
        for assessment in assessments
        for judged in assessment.get("contextualGroundingPolicy", {}).get("filters", ())
    }
    if answer["action"] == "NONE":
        return Allowed(scores)
    if answer["action"] != "GUARDRAIL_INTERVENED":
        raise ValueError(answer["action"])
    outputs = [str(output["text"]) for output in answer["outputs"]]
    if set(_actions(assessments)) - {"NONE"} != {"ANONYMIZED"}:
        return Refused("\n".join(outputs).strip() or _UNEXPLAINED, scores)
    sent = sum(bool(text.strip()) for text in texts)  # blank texts are never sent
    # One output a block: of those that were guarded, or, as some servers answer, of all of them.
    if len(outputs) not in {sent, blocks}:
        return Refused(_UNMASKABLE, scores)
    masked = iter(outputs[-sent:])
    return Masked(tuple(next(masked) if text.strip() else text for text in texts), scores)


def _actions(assessed: object) -> Iterator[str]:
    """All that the policies did: BLOCKED, ANONYMIZED or NONE."""
    if isinstance(assessed, Mapping):
        if isinstance(assessed.get("action"), str):
            yield assessed["action"]
        for value in assessed.values():
            yield from _actions(value)
    elif isinstance(assessed, Sequence) and not isinstance(assessed, str):
        for value in assessed:
            yield from _actions(value)
