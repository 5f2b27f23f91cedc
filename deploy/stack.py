"""The stack: a vector index, a guardrail, and the two roles of the application."""

from aws_cdk import BootstraplessSynthesizer, CfnDeletionPolicy, CfnOutput, CfnResource, Stack
from aws_cdk import aws_bedrock as bedrock
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3vectors as s3vectors
from constructs import Construct

from deploy.configuration import Configuration
from deploy.guardrail import fingerprint, guardrail_properties
from deploy.permissions import chat_statements, indexing_statements, principal
from retrieval.stores.s3_vectors_rows import OWN_FIELDS


class BenefitsChatStack(Stack):
    """All that the AWS world needs, for one account and region."""

    def __init__(self, scope: Construct, name: str, configuration: Configuration) -> None:
        """Declare the resources; region and account are those it is deployed to.

        Args:
            scope: the app.
            name: of the stack.
            configuration: names, sizes and who is trusted.
        """
        # There are no assets, so nothing has to be bootstrapped before deploying.
        super().__init__(
            scope,
            name,
            description="Benefits Chat: vector index, guardrail and roles",
            synthesizer=BootstraplessSynthesizer(),
        )
        self._configuration = configuration
        index = self._index()
        guardrail, version = self._guardrail()
        chat = self._role(
            "Chat",
            "Answers questions: reads the index, never writes it",
            chat_statements(self, configuration, index, guardrail),
        )
        indexing = self._role(
            "Indexing",
            "Indexes documents: reads and writes the vectors of the index",
            indexing_statements(self, configuration, index),
        )
        self._print_environment(guardrail, version)
        CfnOutput(self, "ChatRoleArn", value=chat.role_arn)
        CfnOutput(self, "IndexingRoleArn", value=indexing.role_arn)

    def _index(self) -> s3vectors.CfnIndex:
        configuration = self._configuration
        bucket = s3vectors.CfnVectorBucket(
            self,
            "VectorBucket",
            vector_bucket_name=configuration.bucket,
            encryption_configuration=s3vectors.CfnVectorBucket.EncryptionConfigurationProperty(
                sse_type="AES256"
            ),
        )
        index = s3vectors.CfnIndex(
            self,
            "VectorIndex",
            vector_bucket_name=configuration.bucket,
            index_name=configuration.index,
            data_type="float32",
            dimension=configuration.dimension,
            distance_metric="cosine",
            metadata_configuration=s3vectors.CfnIndex.MetadataConfigurationProperty(
                # Filterable metadata may have 2,048 bytes a vector; texts are longer.
                non_filterable_metadata_keys=sorted(OWN_FIELDS)
            ),
        )
        index.add_resource_dependency(bucket)
        for resource in (bucket, index):
            _keep_when_replaced(resource)
        return index

    def _guardrail(self) -> tuple[bedrock.CfnGuardrail, bedrock.CfnGuardrailVersion]:
        properties = guardrail_properties(self._configuration)
        guardrail = bedrock.CfnGuardrail(
            self,
            "Guardrail",
            name=self._configuration.guardrail,
            description="What Benefits Chat is not asked and does not say",
            **properties,
        )
        # A version is a copy that never changes: another description makes another version.
        version = bedrock.CfnGuardrailVersion(
            self,
            "GuardrailVersion",
            guardrail_identifier=guardrail.attr_guardrail_id,
            description=f"policy {fingerprint(properties)}",
        )
        _keep_when_replaced(version)
        return guardrail, version

    def _role(self, name: str, purpose: str, statements: list[iam.PolicyStatement]) -> iam.Role:
        role = iam.Role(
            self, f"{name}Role", description=purpose, assumed_by=principal(self._configuration)
        )
        iam.ManagedPolicy(
            self, f"{name}Policy", description=purpose, statements=statements, roles=[role]
        )
        return role

    def _print_environment(
        self, guardrail: bedrock.CfnGuardrail, version: bedrock.CfnGuardrailVersion
    ) -> None:
        """Outputs whose values are the lines to set in the environment or in ``.env``."""
        configuration = self._configuration
        variables: dict[str, object] = {
            "AWS_REGION": self.region,
            "BENEFITS_CHAT_WORLD": "aws",
            "BENEFITS_CHAT_VECTOR_BUCKET": configuration.bucket,
            "BENEFITS_CHAT_VECTOR_INDEX": configuration.index,
            "BENEFITS_CHAT_TITAN_DIMENSION": configuration.dimension,
            "BENEFITS_CHAT_MODEL": configuration.model,
            "BENEFITS_CHAT_GUARDRAIL_ID": guardrail.attr_guardrail_id,
            "BENEFITS_CHAT_GUARDRAIL_VERSION": version.attr_version,
        }
        for variable, value in variables.items():
            output = "Set" + variable.removeprefix("BENEFITS_CHAT_").title().replace("_", "")
            CfnOutput(self, output, value=f"{variable}={value}")


def _keep_when_replaced(resource: CfnResource) -> None:
    """Removed with the stack; kept when an update makes another in its place."""
    resource.cfn_options.deletion_policy = CfnDeletionPolicy.DELETE
    resource.cfn_options.update_replace_policy = CfnDeletionPolicy.RETAIN
