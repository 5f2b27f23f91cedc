"""Settings of the chat application: those of retrieval, generator and guardrails."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field, SecretStr, model_validator

from retrieval.settings import RetrievalSettings


class Settings(RetrievalSettings):
    """What the whole application needs to know.

    Attributes:
        generator: what writes answers; ``quotes`` needs no model, ``transformers`` runs one in this
            process, ``ollama`` and ``openai`` ask a server of that protocol.
        model: of the generator: on Bedrock an id, or id or ARN of an inference profile; for
            ``transformers`` a folder or the name of a downloaded model; for a server, its name
            there. Empty for the generator's default.
        model_url: address of the ``ollama`` or ``openai`` server.
        model_key: what the ``openai`` server wants to be sent as API key.
        model_device: what ``transformers`` runs on.
        model_precision: of the weights of ``transformers``; ``auto`` suits the device.
        model_context: tokens that an ``ollama`` model is to read and write at once.
        planner: what splits a question that needs several searches: ``rules``, or the ``model``
            by calling tools.
        planner_steps: most tools that the model calls for one question.
        planner_seconds: longest planning of one question.
        planner_tokens: most tokens that the model reads and writes while it plans.
        prompt_tokens: budget of a prompt; passages that do not fit are left out, the last first.
        answer_tokens: most tokens of an answer.
        answer_seconds: longest wait for a piece of an answer; by default 30, and 300 for a model
            on a machine of one's own, which may read a prompt for minutes.
        generator_failure: what a model that cannot be reached means: ``refuse`` to answer with
            an error that says why, or answer with ``quotes`` and say so.
        guardrails: what judges questions, passages and answers: ``local`` guards, a ``bedrock``
            guardrail, or nothing beside the guards of one's own (``off``).
        topics: YAML file of the subjects that are refused and of the signs of a crisis.
        entailment_model: folder or name of a cross-encoder that must find each sentence entailed by
            a passage it cites; by default none is asked.
        entailment_score: least probability of that.
        crisis_words: file with what a member in crisis is told.
        guards: further guards, as ``module:Class``, separated by commas; they run last.
        guard_seconds: longest wait for one check of one guard.
        guardrail_id: id or ARN of the Bedrock guardrail.
        guardrail_version: its version, or ``DRAFT``.
        guardrail_grounding: least grounding score of an answer, beside the guardrail's own.
        guardrail_relevance: least relevance score of an answer, beside the guardrail's own.
        guardrail_failure: what a guard that cannot decide means: ``refuse`` or ``go_on``.
    """

    generator: Literal["quotes", "bedrock", "transformers", "ollama", "openai"] = "quotes"
    model: str = ""
    model_url: str = ""
    model_key: SecretStr = SecretStr("")
    model_device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    model_precision: Literal["auto", "float32", "bfloat16", "int8"] = "auto"
    model_context: int = Field(default=8_192, ge=1_024, le=1_000_000)
    planner: Literal["rules", "model"] = "rules"
    planner_steps: int = Field(default=8, ge=1, le=50)
    planner_seconds: float = Field(default=60, ge=1, le=3_600)
    planner_tokens: int = Field(default=30_000, ge=1_000, le=1_000_000)
    prompt_tokens: int = Field(default=6_000, ge=1_000, le=200_000)
    answer_tokens: int = Field(default=800, ge=50, le=10_000)
    answer_seconds: float | None = Field(default=None, ge=1, le=3_600)
    generator_failure: Literal["refuse", "quotes"] = "refuse"
    guardrails: Literal["local", "bedrock", "off"] = "local"
    topics: Path | None = None
    crisis_words: Path | None = None
    entailment_model: str = ""
    entailment_score: float = Field(default=0.5, ge=0, le=1)
    guards: str = ""
    guard_seconds: float = Field(default=30, ge=0.1, le=600)
    guardrail_id: str = ""
    guardrail_version: str = "DRAFT"
    guardrail_grounding: float | None = Field(default=None, ge=0, le=1)
    guardrail_relevance: float | None = Field(default=None, ge=0, le=1)
    guardrail_failure: Literal["refuse", "go_on"] = "refuse"

    IN_AWS: ClassVar[Mapping[str, str]] = {**RetrievalSettings.IN_AWS, "generator": "bedrock"}

    @model_validator(mode="before")
    @classmethod
    def _guardrails_where_there_are_some(cls, given: dict[str, object]) -> dict[str, object]:
        named = given.get("world") == "aws" and given.get("guardrail_id")
        return {"guardrails": "bedrock", **given} if named else given

    @model_validator(mode="after")
    def _openai_needs_its_server(self) -> "Settings":
        if self.generator == "openai" and not self.model_url:
            raise ValueError(
                "BENEFITS_CHAT_GENERATOR is 'openai', which needs BENEFITS_CHAT_MODEL_URL, such as "
                "http://127.0.0.1:8080/v1, and BENEFITS_CHAT_MODEL"
            )
        return self

    @model_validator(mode="after")
    def _bedrock_needs_its_guardrail(self) -> "Settings":
        if self.guardrails == "bedrock" and not self.guardrail_id:
            raise ValueError(
                "BENEFITS_CHAT_GUARDRAILS is 'bedrock', which needs BENEFITS_CHAT_GUARDRAIL_ID"
            )
        return self
