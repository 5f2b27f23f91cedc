"""What each role may do: one list of actions for each, on exactly the resources of the stack."""

from aws_cdk import Stack
from aws_cdk import aws_bedrock as bedrock
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3vectors as s3vectors

from deploy.configuration import EMBEDDING_MODEL, OWN_ACCOUNT, Configuration

READ_VECTORS = (
    # GetVectors also admits filters and metadata in QueryVectors and ListVectors.
    "s3vectors:GetIndex",
    "s3vectors:GetVectors",
    "s3vectors:ListTagsForResource",
    "s3vectors:ListVectors",
    "s3vectors:QueryVectors",
)
"""The index's contract stands in its tags."""

WRITE_VECTORS = ("s3vectors:DeleteVectors", "s3vectors:PutVectors", "s3vectors:TagResource")

REBUILD_INDEX = ("s3vectors:CreateIndex", "s3vectors:DeleteIndex")

INVOKE = ("bedrock:InvokeModel",)

INVOKE_AND_STREAM = ("bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream")
"""Those of Converse and ConverseStream."""


def principal(configuration: Configuration) -> iam.IPrincipal:
    """Who may take the roles."""
    trusted = configuration.trusted_principal
    if trusted == OWN_ACCOUNT:
        return iam.AccountRootPrincipal()
    if trusted.startswith("arn:"):
        return iam.ArnPrincipal(trusted)
    return iam.ServicePrincipal(trusted)


def chat_statements(
    stack: Stack,
    configuration: Configuration,
    index: s3vectors.CfnIndex,
    guardrail: bedrock.CfnGuardrail,
) -> list[iam.PolicyStatement]:
    """To answer: read the index, embed the question, write the answer, guard both."""
    return [
        _allow("ReadVectors", READ_VECTORS, [index.attr_index_arn]),
        _embed(stack),
        *_generate(stack, configuration),
        _allow("Guard", ("bedrock:ApplyGuardrail",), [guardrail.attr_guardrail_arn]),
    ]


def indexing_statements(
    stack: Stack, configuration: Configuration, index: s3vectors.CfnIndex
) -> list[iam.PolicyStatement]:
    """To index and copy: read and write the index, embed the documents."""
    statements = [
        _allow("ReadVectors", READ_VECTORS, [index.attr_index_arn]),
        _allow("WriteVectors", WRITE_VECTORS, [index.attr_index_arn]),
        _embed(stack),
    ]
    if configuration.allow_rebuild:
        statements.append(_allow("RebuildIndex", REBUILD_INDEX, [index.attr_index_arn]))
    return statements


def _embed(stack: Stack) -> iam.PolicyStatement:
    return _allow("Embed", INVOKE, [_foundation_model(stack, EMBEDDING_MODEL, stack.region)])


def _generate(stack: Stack, configuration: Configuration) -> list[iam.PolicyStatement]:
    """The model, or its profile and, through the profile alone, the model where that calls it."""
    model = configuration.foundation_model
    if configuration.profile is None:
        return [
            _allow("Generate", INVOKE_AND_STREAM, [_foundation_model(stack, model, stack.region)])
        ]
    profile = stack.format_arn(
        service="bedrock", resource="inference-profile", resource_name=configuration.model
    )
    # A global profile asks for the model in the stack's region and for the one of no region.
    regions = configuration.model_regions or (stack.region, "")
    return [
        _allow("Generate", INVOKE_AND_STREAM, [profile]),
        _allow(
            "GenerateThroughProfile",
            INVOKE_AND_STREAM,
            [_foundation_model(stack, model, region) for region in regions],
            {"StringEquals": {"bedrock:InferenceProfileArn": profile}},
        ),
    ]


def _foundation_model(stack: Stack, model: str, region: str) -> str:
    return stack.format_arn(
        service="bedrock",
        region=region,
        account="",
        resource="foundation-model",
        resource_name=model,
    )


def _allow(
    sid: str,
    actions: tuple[str, ...],
    resources: list[str],
    conditions: dict[str, dict[str, str]] | None = None,
) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        sid=sid, actions=list(actions), resources=resources, conditions=conditions
    )
