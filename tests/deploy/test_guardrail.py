import re
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.session import get_session
from botocore.validate import ParamValidator

from deploy import guardrail_policy as policy
from tests.deploy.synthesis import Template


@pytest.fixture(scope="session")
def guardrail(template: Template) -> dict[str, Any]:
    return template.only("AWS::Bedrock::Guardrail")


def test_each_policy_is_there(guardrail: dict[str, Any]) -> None:
    assert {name for name in guardrail if name.endswith("PolicyConfig")} == {
        "ContentPolicyConfig",
        "ContextualGroundingPolicyConfig",
        "SensitiveInformationPolicyConfig",
        "TopicPolicyConfig",
    }


def test_the_service_accepts_every_value(guardrail: dict[str, Any]) -> None:
    model = bedrock().operation_model("CreateGuardrail").input_shape
    asked = lower_camel(guardrail)
    assert not ParamValidator().validate(asked, model).generate_report()
    assert list(faults(asked, model)) == []


def test_every_content_filter_of_the_service_is_on_for_questions(
    guardrail: dict[str, Any],
) -> None:
    filters = {f["Type"]: f for f in guardrail["ContentPolicyConfig"]["FiltersConfig"]}
    assert set(filters) == set(bedrock().shape_for("GuardrailContentFilterType").enum)
    assert all(f["InputStrength"] != "NONE" for f in filters.values())


def test_prompt_attacks_are_looked_for_in_questions_only(guardrail: dict[str, Any]) -> None:
    (attack,) = [
        f for f in guardrail["ContentPolicyConfig"]["FiltersConfig"] if f["Type"] == "PROMPT_ATTACK"
    ]
    assert (attack["InputStrength"], attack["OutputStrength"]) == ("HIGH", "NONE")


def test_topics_are_declined_in_questions_and_documents_may_speak_of_them(
    guardrail: dict[str, Any],
) -> None:
    topics = guardrail["TopicPolicyConfig"]["TopicsConfig"]
    assert len({topic["Name"] for topic in topics}) == len(topics) >= 3
    for topic in topics:
        assert (topic["Type"], topic["InputAction"], topic["InputEnabled"]) == (
            "DENY",
            "BLOCK",
            True,
        )
        assert (topic["OutputAction"], topic["OutputEnabled"]) == ("NONE", False)


def test_scores_are_asked_for_and_within_what_bedrock_takes(
    templates: dict[str, Template],
) -> None:
    for name, expected in (("default", (0.7, 0.5)), ("chosen", (0.85, 0))):
        config = templates[name].only("AWS::Bedrock::Guardrail")["ContextualGroundingPolicyConfig"]
        scores = {f["Type"]: f for f in config["FiltersConfig"]}
        assert (scores["GROUNDING"]["Threshold"], scores["RELEVANCE"]["Threshold"]) == expected
        assert all(0 <= f["Threshold"] <= 0.99 for f in scores.values())
        assert all(f["Action"] == "BLOCK" and f["Enabled"] for f in scores.values())


@pytest.mark.parametrize(
    "kind",
    [
        "CREDIT_DEBIT_CARD_NUMBER",
        "US_BANK_ACCOUNT_NUMBER",
        "US_PASSPORT_NUMBER",
        "US_SOCIAL_SECURITY_NUMBER",
    ],
)
def test_numbers_that_identify_a_person_are_masked_both_ways(
    guardrail: dict[str, Any], kind: str
) -> None:
    entity = entities(guardrail)[kind]
    assert entity["InputAction"] == entity["OutputAction"] == "ANONYMIZE"
    assert entity["InputEnabled"]
    assert entity["OutputEnabled"]


@pytest.mark.parametrize("kind", ["ADDRESS", "EMAIL", "PHONE"])
def test_what_plan_documents_print_stays_readable_in_answers(
    guardrail: dict[str, Any], kind: str
) -> None:
    entity = entities(guardrail)[kind]
    assert (entity["InputAction"], entity["InputEnabled"]) == ("ANONYMIZE", True)
    assert (entity["OutputAction"], entity["OutputEnabled"]) == ("NONE", False)


def test_what_questions_and_answers_are_about_is_never_masked(guardrail: dict[str, Any]) -> None:
    assert not {"AGE", "NAME", "URL"} & set(entities(guardrail))


def test_no_kind_of_personal_data_is_named_twice(guardrail: dict[str, Any]) -> None:
    named = guardrail["SensitiveInformationPolicyConfig"]["PiiEntitiesConfig"]
    assert len(entities(guardrail)) == len(named)


@pytest.mark.parametrize(
    ("question", "masked"),
    [
        ("My member ID is lost, is W1234567 valid?", None),
        ("Where do I find my member ID card number?", None),
        ("member number 2026", None),
        ("My member ID: ABC123456789, is my checkup free?", "member ID: ABC123456789"),
        ("Member number 00-123456-01 please", "Member number 00-123456-01"),
        ("member id #W1234567", "member id #W1234567"),
    ],
)
def test_a_members_number_is_found_and_other_words_are_not(
    question: str, masked: str | None
) -> None:
    found = re.search(policy.MEMBER_NUMBER, question)
    assert (found.group() if found else None) == masked


@pytest.mark.parametrize("message", [policy.BLOCKED_QUESTION, policy.BLOCKED_ANSWER])
def test_what_is_said_instead_is_kind_and_says_what_to_do(message: str) -> None:
    assert message.startswith("I'm sorry")
    assert message.endswith(".")
    assert "please" in message.lower()
    assert "call the number on your member ID card" in message


def test_another_policy_makes_another_version(templates: dict[str, Template]) -> None:
    said = {
        name: templates[name].only("AWS::Bedrock::GuardrailVersion")["Description"]
        for name in ("default", "again", "chosen")
    }
    assert said["default"] == said["again"] != said["chosen"]


def entities(guardrail: dict[str, Any]) -> dict[str, Any]:
    config = guardrail["SensitiveInformationPolicyConfig"]["PiiEntitiesConfig"]
    return {entity["Type"]: entity for entity in config}


def bedrock() -> Any:
    return get_session().get_service_model("bedrock")


def lower_camel(value: Any) -> Any:
    """CloudFormation's properties as the arguments of the API's own call."""
    if isinstance(value, list):
        return [lower_camel(each) for each in value]
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: lower_camel(each) for key, each in value.items()}
    return value


def faults(value: Any, shape: Any) -> Iterator[str]:
    """Lengths, patterns and enumerations, which botocore states and does not check."""
    if shape.type_name == "structure":
        for key, each in value.items():
            yield from faults(each, shape.members[key])
        return
    for each in value if shape.type_name == "list" else ():
        yield from faults(each, shape.member)
    if isinstance(value, str) and not written_so(value, shape):
        yield f"{shape.name}: {value}"
    size = len(value) if isinstance(value, str | list) else value
    if not shape.metadata.get("min", size) <= size <= shape.metadata.get("max", size):
        yield f"{shape.name}: {size}"


def written_so(value: str, shape: Any) -> bool:
    known = getattr(shape, "enum", None)
    pattern = shape.metadata.get("pattern", "(?s:.*)")
    return (not known or value in known) and re.fullmatch(pattern, value) is not None
