import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.session import get_session

from chat_app.generator_wiring import BEDROCK_MODEL
from chat_app.settings import Settings
from retrieval.stores.s3_vectors_rows import OWN_FIELDS, TEXT_FIELD
from tests.deploy.synthesis import CONTEXTS, Template

MADE = [name for name in CONTEXTS if name != "refused"]
ROLES = ("ChatRole", "IndexingRole")
READS = {"GetIndex", "GetVectors", "ListTagsForResource", "ListVectors", "QueryVectors"}
WRITES = {"DeleteVectors", "PutVectors", "TagResource"}
REBUILDS = {"CreateIndex", "DeleteIndex"}
TITAN = "foundation-model/amazon.titan-embed-text-v2:0"


def test_every_context_gives_a_template_and_says_where(templates: dict[str, Template]) -> None:
    for name in MADE:
        assert templates[name].status == 0, templates[name].said
        assert templates[name].said.splitlines()[-1] == f"The template is in {templates[name].file}"


def test_the_app_gives_no_warning(templates: dict[str, Template]) -> None:
    assert "[warning]" not in templates["default"].said.lower(), templates["default"].said


def test_a_context_value_that_cannot_be_used_ends_in_one_line(
    templates: dict[str, Template],
) -> None:
    refused = templates["refused"]
    assert refused.status == 1
    assert not refused.file.exists()
    assert "Traceback" not in refused.said
    assert refused.said.splitlines()[-1] == (
        "Error: the context value dimension='384' cannot be used: input should be 256, 512 or 1024"
    )


def test_the_same_context_gives_the_same_template(templates: dict[str, Template]) -> None:
    assert templates["default"].file.read_bytes() == templates["again"].file.read_bytes()


def test_cfn_lint_has_nothing_to_say(templates: dict[str, Template]) -> None:
    files = [str(templates[name].file) for name in MADE]
    linter = str(Path(sys.executable).with_name("cfn-lint"))
    command = [linter, "--non-zero-exit-code", "warning", "--", *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_template_needs_no_bootstrapping_and_no_parameters(template: Template) -> None:
    assert set(template.body) == {"Description", "Resources", "Outputs"}


def test_the_index_is_what_titan_and_the_store_need(templates: dict[str, Template]) -> None:
    for name, dimension in (("default", 1024), ("chosen", 512)):
        index = templates[name].only("AWS::S3Vectors::Index")
        assert index["Dimension"] == dimension
        assert index["DistanceMetric"] == "cosine"
        assert index["DataType"] == "float32"
        hidden = index["MetadataConfiguration"]["NonFilterableMetadataKeys"]
        assert TEXT_FIELD in hidden
        assert set(hidden) == OWN_FIELDS


def test_the_index_is_made_in_the_bucket_and_after_it(template: Template) -> None:
    (bucket_name,) = template.resources("AWS::S3Vectors::VectorBucket")
    (index,) = template.resources("AWS::S3Vectors::Index").values()
    bucket = template.only("AWS::S3Vectors::VectorBucket")
    assert index["Properties"]["VectorBucketName"] == bucket["VectorBucketName"]
    assert index["DependsOn"] == [bucket_name]


def test_the_bucket_is_encrypted(template: Template) -> None:
    bucket = template.only("AWS::S3Vectors::VectorBucket")
    assert bucket["EncryptionConfiguration"] == {"SseType": "AES256"}


def test_an_update_never_deletes_vectors_or_a_version_in_use(template: Template) -> None:
    for kind in ("S3Vectors::VectorBucket", "S3Vectors::Index", "Bedrock::GuardrailVersion"):
        (resource,) = template.resources(f"AWS::{kind}").values()
        assert (resource["UpdateReplacePolicy"], resource["DeletionPolicy"]) == ("Retain", "Delete")


def test_the_defaults_are_those_of_the_application(template: Template) -> None:
    defaults = {name: field.default for name, field in Settings.model_fields.items()}
    index = template.only("AWS::S3Vectors::Index")
    assert index["VectorBucketName"] == defaults["vector_bucket"]
    assert index["IndexName"] == defaults["vector_index"]
    assert index["Dimension"] == defaults["titan_dimension"]
    assert f"foundation-model/{defaults['titan_model']}" == TITAN
    assert models(template, "ChatRole")[1].endswith(f"/{BEDROCK_MODEL}")


def test_names_are_within_what_the_services_accept(templates: dict[str, Template]) -> None:
    for name in MADE:
        index = templates[name].only("AWS::S3Vectors::Index")
        accept("s3vectors", "VectorBucketName", index["VectorBucketName"])
        accept("s3vectors", "IndexName", index["IndexName"])
        accept("s3vectors", "Dimension", index["Dimension"])


def test_nothing_is_allowed_on_everything(templates: dict[str, Template]) -> None:
    for name in MADE:
        for role in ROLES:
            for statement in templates[name].statements(role):
                assert statement["Effect"] == "Allow"
                assert not {"NotAction", "NotResource"} & set(statement)
                for value in texts(statement["Action"] + statement["Resource"]):
                    assert "*" not in value, statement


def test_policies_hang_on_the_two_roles_only(templates: dict[str, Template]) -> None:
    for name in MADE:
        stack = templates[name]
        assert len(stack.resources("AWS::IAM::Role")) == len(ROLES)
        assert len(stack.resources("AWS::IAM::ManagedPolicy")) == len(ROLES)
        assert not stack.resources("AWS::IAM::Policy")
        for role in stack.resources("AWS::IAM::Role").values():
            assert set(role["Properties"]) == {"AssumeRolePolicyDocument", "Description"}


def test_the_chat_reads_and_never_writes(templates: dict[str, Template]) -> None:
    for name in MADE:
        vectors = {a for a in templates[name].actions("ChatRole") if a.startswith("s3vectors:")}
        assert vectors == {f"s3vectors:{action}" for action in READS}


def test_indexing_writes_vectors_but_not_the_index_itself(template: Template) -> None:
    actions = template.actions("IndexingRole")
    assert actions == {f"s3vectors:{a}" for a in READS | WRITES} | {"bedrock:InvokeModel"}


def test_only_allow_rebuild_lets_indexing_replace_the_index(
    templates: dict[str, Template],
) -> None:
    rebuilds = {f"s3vectors:{action}" for action in REBUILDS}
    assert rebuilds <= templates["chosen"].actions("IndexingRole")
    assert not rebuilds & templates["chosen"].actions("ChatRole")
    assert not rebuilds & templates["global"].actions("IndexingRole")


def test_every_action_on_vectors_is_one_of_the_service(templates: dict[str, Template]) -> None:
    known = get_session().get_service_model("s3vectors").operation_names
    for role in ROLES:
        for action in templates["chosen"].actions(role):
            service, _, operation = action.partition(":")
            assert service != "s3vectors" or operation in known


def test_each_statement_names_the_resource_its_actions_are_for(
    templates: dict[str, Template],
) -> None:
    for name in MADE:
        stack = templates[name]
        (index,) = stack.resources("AWS::S3Vectors::Index")
        (guardrail,) = stack.resources("AWS::Bedrock::Guardrail")
        for role in ROLES:
            for statement in stack.statements(role):
                if statement["Action"][0].startswith("s3vectors:"):
                    assert statement["Resource"] == [{"Fn::GetAtt": [index, "IndexArn"]}]
                elif statement["Action"] == ["bedrock:ApplyGuardrail"]:
                    assert statement["Resource"] == [{"Fn::GetAtt": [guardrail, "GuardrailArn"]}]
                else:
                    assert all(":bedrock:" in arn(each) for each in statement["Resource"])


def test_indexing_calls_titan_and_no_other_model(templates: dict[str, Template]) -> None:
    for name in MADE:
        assert models(templates[name], "IndexingRole") == [f"arn:P:bedrock:R::{TITAN}"]


def test_the_chat_calls_titan_and_the_model_in_the_region_of_the_stack(template: Template) -> None:
    assert models(template, "ChatRole") == [
        f"arn:P:bedrock:R::{TITAN}",
        "arn:P:bedrock:R::foundation-model/amazon.nova-micro-v1:0",
    ]


def test_a_geographic_profile_brings_the_model_in_its_regions(
    templates: dict[str, Template],
) -> None:
    assert models(templates["chosen"], "ChatRole") == [
        f"arn:P:bedrock:R::{TITAN}",
        "arn:P:bedrock:R:A:inference-profile/us.amazon.nova-2-lite-v1:0",
        "arn:P:bedrock:us-east-1::foundation-model/amazon.nova-2-lite-v1:0",
        "arn:P:bedrock:us-west-2::foundation-model/amazon.nova-2-lite-v1:0",
    ]


def test_a_global_profile_brings_the_model_of_no_region(templates: dict[str, Template]) -> None:
    assert models(templates["global"], "ChatRole")[1:] == [
        "arn:P:bedrock:R:A:inference-profile/global.amazon.nova-2-lite-v1:0",
        "arn:P:bedrock:R::foundation-model/amazon.nova-2-lite-v1:0",
        "arn:P:bedrock:::foundation-model/amazon.nova-2-lite-v1:0",
    ]


def test_the_model_behind_a_profile_is_reached_through_it_alone(
    templates: dict[str, Template],
) -> None:
    for name in ("chosen", "global"):
        statements = {s["Sid"]: s for s in templates[name].statements("ChatRole")}
        (profile,) = statements["Generate"]["Resource"]
        through = statements["GenerateThroughProfile"]["Condition"]
        assert through == {"StringEquals": {"bedrock:InferenceProfileArn": profile}}


def test_the_chat_may_stream(templates: dict[str, Template]) -> None:
    for name in MADE:
        assert "bedrock:InvokeModelWithResponseStream" in templates[name].actions("ChatRole")


@pytest.mark.parametrize(
    ("name", "trusted"),
    [
        ("default", {"AWS": "arn:P:iam::A:root"}),
        ("chosen", {"Service": "ecs-tasks.amazonaws.com"}),
        ("global", {"AWS": "arn:aws:iam::123456789012:role/service/chat"}),
    ],
)
def test_only_the_principal_asked_for_is_trusted(
    templates: dict[str, Template], name: str, trusted: dict[str, str]
) -> None:
    for role in templates[name].resources("AWS::IAM::Role").values():
        (statement,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        assert (statement["Effect"], statement["Action"]) == ("Allow", "sts:AssumeRole")
        assert {kind: arn(who) for kind, who in statement["Principal"].items()} == trusted


def test_the_outputs_are_the_lines_to_set(template: Template) -> None:
    lines = [arn(output["Value"]) for output in template.body["Outputs"].values()]
    assert [line for line in lines if "=" in line] == [
        "AWS_REGION=R",
        "BENEFITS_CHAT_WORLD=aws",
        "BENEFITS_CHAT_VECTOR_BUCKET=benefits-chat",
        "BENEFITS_CHAT_VECTOR_INDEX=plans",
        "BENEFITS_CHAT_TITAN_DIMENSION=1024",
        "BENEFITS_CHAT_MODEL=amazon.nova-micro-v1:0",
        "BENEFITS_CHAT_GUARDRAIL_ID=Guardrail.GuardrailId",
        "BENEFITS_CHAT_GUARDRAIL_VERSION=GuardrailVersion.Version",
    ]


def accept(service: str, shape: str, value: Any) -> None:
    """Whether a value is within the limits that the service's own model states."""
    limits = get_session().get_service_model(service).shape_for(shape).metadata
    size = len(value) if isinstance(value, str) else value
    assert limits.get("min", size) <= size <= limits.get("max", size), (shape, value)
    assert re.fullmatch(limits.get("pattern", ".*"), str(value)), (shape, value)


def models(stack: Template, role: str) -> list[str]:
    return [
        arn(resource)
        for statement in stack.statements(role)
        if statement["Action"][0].startswith("bedrock:InvokeModel")
        for resource in statement["Resource"]
    ]


def arn(value: Any) -> str:
    """A value of a template as text: P, R and A for partition, region and account."""
    short = {"AWS::Partition": "P", "AWS::Region": "R", "AWS::AccountId": "A"}
    if isinstance(value, str):
        return value
    if "Ref" in value:
        return short.get(value["Ref"], str(value["Ref"]))
    if "Fn::GetAtt" in value:
        return ".".join(map(str, value["Fn::GetAtt"]))
    separator, parts = value["Fn::Join"]
    return str(separator).join(map(arn, parts))


def texts(value: Any) -> Iterator[str]:
    yield from re.findall(r'"((?:[^"\\]|\\.)*)"', json.dumps(value))
