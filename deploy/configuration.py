"""What can be chosen about the stack: CDK context values, checked before anything is made."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

EMBEDDING_MODEL = "amazon.titan-embed-text-v2:0"

OWN_ACCOUNT = "account"
"""The principal that stands for whoever the administrators of this account let assume roles."""

Threshold = Annotated[float, Field(ge=0, le=0.99)]
"""Least score of contextual grounding; Bedrock refuses 1, which would block everything."""

_NAME = re.compile(r"[a-z][a-z_]*")
"""How our own context values are spelt; those of CDK hold ``:``, ``@`` or ``-``."""


class ConfigurationError(Exception):
    """A context value cannot be used; the message names it and what it accepts."""


def _number(value: object) -> object:
    # On the command line every context value is text, and Literal compares exactly.
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def _names(value: object) -> object:
    return tuple(filter(None, re.split(r"[\s,]+", value))) if isinstance(value, str) else value


class Configuration(BaseModel):
    """What the stack is made of.

    Attributes:
        bucket: name of the vector bucket; unique within account and region.
        index: name of the vector index in it.
        dimension: numbers in a vector, one that Titan V2 offers.
        model: id of the Nova model that writes answers, or of a system-defined inference profile
            of one (``us.amazon.nova-micro-v1:0``).
        model_regions: the regions a geographic profile sends calls to, the stack's own included.
        guardrail: name of the guardrail.
        grounding: least score of an answer against its passages, 0 to 0.99.
        relevance: least score of an answer against its question, 0 to 0.99.
        trusted_principal: who may take the roles: ``account`` for this account, a service such as
            ``ecs-tasks.amazonaws.com``, or the ARN of one role or user.
        allow_rebuild: whether the role that indexes may delete and create the index itself.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    # 3 to 63: botocore's model of s3vectors; letters: the naming rules of its user guide.
    bucket: str = Field(default="benefits-chat", pattern=r"^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$")
    index: str = Field(default="plans", pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")
    dimension: Annotated[Literal[256, 512, 1024], BeforeValidator(_number)] = 1024
    model: str = Field(
        default="amazon.nova-micro-v1:0",
        pattern=r"^([a-z]{2,6}(-[a-z]{2,6})?\.)?amazon\.nova-[a-z0-9-]+:[0-9]+$",
    )
    model_regions: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$")], ...],
        BeforeValidator(_names),
    ] = ()
    # 1 to 50 of these: botocore's model of CreateGuardrail.
    guardrail: str = Field(default="benefits-chat", pattern=r"^[0-9a-zA-Z_-]{1,50}$")
    grounding: Threshold = 0.7
    relevance: Threshold = 0.5
    trusted_principal: str = Field(
        default=OWN_ACCOUNT,
        pattern=r"^(account|[a-z][a-z0-9-]*\.amazonaws\.com"
        r"|arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/[\w+=,.@/-]+)$",
    )
    allow_rebuild: bool = False

    @property
    def profile(self) -> str | None:
        """``us``, ``eu``, ``global`` ... of an inference profile; None for a model itself."""
        prefix, found, _ = self.model.partition(".amazon.")
        return prefix if found else None

    @property
    def foundation_model(self) -> str:
        """The id of the model, without the prefix of a profile."""
        return "amazon." + self.model.rpartition("amazon.")[2]

    @model_validator(mode="after")
    def _regions_fit(self) -> Self:
        geographic = self.profile not in {None, "global"}
        if geographic and not self.model_regions:
            raise ValueError(
                f"{self.model} is an inference profile: give model_regions too, such as "
                "us-east-1,us-west-2 (`aws bedrock get-inference-profile "
                f"--inference-profile-identifier {self.model}` lists them)"
            )
        if self.model_regions and not geographic:
            raise ValueError(
                f"model_regions belongs to a geographic inference profile, and {self.model} is "
                "none: leave it out, or name the profile"
            )
        return self


def read_configuration(context: Mapping[str, Any]) -> Configuration:
    """Check the context values that are ours; what is left out has its default.

    Raises:
        ConfigurationError: a value cannot be used, or a name is unknown.
    """
    ours = {name: value for name, value in context.items() if _NAME.fullmatch(name)}
    try:
        return Configuration(**ours)
    except ValidationError as error:
        raise ConfigurationError(_message(error)) from None


def _message(error: ValidationError) -> str:
    first = error.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    if first["type"] == "extra_forbidden":
        known = ", ".join(Configuration.model_fields)
        return f"there is no context value {name!r}: the names are {known}"
    said = first["msg"].removeprefix("Value error, ")
    if not name:
        return said
    value = str(first["input"])[:80]
    return f"the context value {name}={value!r} cannot be used: {said[:1].lower()}{said[1:]}"
