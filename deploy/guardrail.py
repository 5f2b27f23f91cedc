"""The guardrail policy as CloudFormation properties."""

from hashlib import sha256
from typing import Any

from aws_cdk import aws_bedrock as bedrock

from deploy import guardrail_policy as policy
from deploy.configuration import Configuration

_Guardrail = bedrock.CfnGuardrail


def guardrail_properties(configuration: Configuration) -> dict[str, Any]:
    """The arguments of ``CfnGuardrail`` that say what is stopped and what is said then."""
    return {
        "blocked_input_messaging": policy.BLOCKED_QUESTION,
        "blocked_outputs_messaging": policy.BLOCKED_ANSWER,
        "content_policy_config": _Guardrail.ContentPolicyConfigProperty(
            filters_config=_content_filters()
        ),
        "topic_policy_config": _Guardrail.TopicPolicyConfigProperty(topics_config=_topics()),
        "sensitive_information_policy_config": (
            _Guardrail.SensitiveInformationPolicyConfigProperty(
                pii_entities_config=_personal_data(), regexes_config=[_member_number()]
            )
        ),
        "contextual_grounding_policy_config": (
            _Guardrail.ContextualGroundingPolicyConfigProperty(
                filters_config=[
                    _score("GROUNDING", configuration.grounding),
                    _score("RELEVANCE", configuration.relevance),
                ]
            )
        ),
    }


def fingerprint(properties: dict[str, Any]) -> str:
    """Twelve hexadecimal digits that differ whenever the properties do."""
    return sha256(repr(properties).encode()).hexdigest()[:12]


def _content_filters() -> list[_Guardrail.ContentFilterConfigProperty]:
    return [
        _Guardrail.ContentFilterConfigProperty(
            type=kind, input_strength=questions, output_strength=answers
        )
        for kind, (questions, answers) in policy.STRENGTHS.items()
    ]


def _topics() -> list[_Guardrail.TopicConfigProperty]:
    """On questions only: what plan documents say of health or law is theirs to say."""
    return [
        _Guardrail.TopicConfigProperty(
            name=topic.name,
            definition=topic.definition,
            examples=list(topic.examples),
            type="DENY",
            input_action="BLOCK",
            input_enabled=True,
            output_action="NONE",
            output_enabled=False,
        )
        for topic in policy.TOPICS
    ]


def _personal_data() -> list[_Guardrail.PiiEntityConfigProperty]:
    return [
        *(_entity(kind, "ANONYMIZE", "ANONYMIZE") for kind in policy.MASKED),
        *(_entity(kind, "ANONYMIZE", "NONE") for kind in policy.MASKED_IN_QUESTIONS),
        *(_entity(kind, "BLOCK", "BLOCK") for kind in policy.REFUSED),
    ]


def _entity(kind: str, questions: str, answers: str) -> _Guardrail.PiiEntityConfigProperty:
    return _Guardrail.PiiEntityConfigProperty(
        type=kind,
        action=questions,
        input_action=questions,
        input_enabled=True,
        output_action=answers,
        output_enabled=answers != "NONE",
    )


def _member_number() -> _Guardrail.RegexConfigProperty:
    return _Guardrail.RegexConfigProperty(
        name="member-number",
        description="The number of a member, as on an ID card",
        pattern=policy.MEMBER_NUMBER,
        action="ANONYMIZE",
        input_action="ANONYMIZE",
        input_enabled=True,
        output_action="NONE",
        output_enabled=False,
    )


def _score(kind: str, threshold: float) -> _Guardrail.ContextualGroundingFilterConfigProperty:
    return _Guardrail.ContextualGroundingFilterConfigProperty(
        type=kind, threshold=threshold, action="BLOCK", enabled=True
    )
