"""Settings of retrieval, from ``BENEFITS_CHAT_*`` environment variables and ``.env``.

This module and ``chat_app.settings`` alone read the environment.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeAlias, TypeVar

from pydantic import AnyHttpUrl, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError as SourceError

from retrieval.errors import SettingsError
from retrieval.glossary import DEFAULT_FILE

PREFIX = "BENEFITS_CHAT_"

World: TypeAlias = Literal["local", "aws"]
AnySettings = TypeVar("AnySettings", bound="RetrievalSettings")


class RetrievalSettings(BaseSettings):
    """What retrieval needs to know.

    Attributes:
        world: chooses embedder, store, and in the chat generator and guardrails, together; each
            can be chosen by itself all the same.
        embedder: the embedding model; ``minilm`` runs here, ``titan`` on Bedrock.
        store: where vectors live; ``memory`` is exact and keeps its index in one file.
        data_dir: folder of the index and of all that is kept beside it.
        chroma_url: address of a Chroma server; without it, Chroma is embedded in ``data_dir``.
        glossary: YAML file of the words members and documents use for the same thing.
        model_dir: where exported model weights are kept; by default beside the installation.
        reranker: folder or name of a cross-encoder that orders the best of what a search finds; by
            default none does.
        rerank_depth: how many passages it scores.
        vector_bucket: S3 vector bucket.
        vector_index: index in the bucket.
        vector_mode: ``enhanced`` has S3 Vectors search by words too; ``classic`` is what buckets
            made before October 2026 offer.
        titan_model: model id of Titan Text Embeddings V2, or the ARN of an inference profile.
        titan_dimension: numbers in a vector of Titan.
        aws_region: ``AWS_REGION``; without it boto3's own configuration says where.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )

    world: World = "local"
    embedder: Literal["minilm", "titan"] = "minilm"
    store: Literal["memory", "chroma", "s3_vectors"] = "chroma"
    data_dir: Path = Field(default=Path(".benefits-chat"))
    chroma_url: AnyHttpUrl | None = None
    model_dir: Path | None = None
    glossary: Path = DEFAULT_FILE
    reranker: str = ""
    rerank_depth: int = Field(default=20, ge=2, le=100)
    vector_bucket: str = "benefits-chat"
    vector_index: str = "plans"
    vector_mode: Literal["classic", "enhanced"] = "classic"
    titan_model: str = "amazon.titan-embed-text-v2:0"
    titan_dimension: Literal[256, 512, 1024] = 1024
    aws_region: str | None = Field(default=None, validation_alias="AWS_REGION")

    IN_AWS: ClassVar[Mapping[str, str]] = {"embedder": "titan", "store": "s3_vectors"}
    """What the AWS world chooses where nothing else does."""

    @model_validator(mode="before")
    @classmethod
    def _chosen_by_world(cls, given: dict[str, Any]) -> dict[str, Any]:
        return {**cls.IN_AWS, **given} if given.get("world") == "aws" else given

    @field_validator("titan_dimension", mode="before")
    @classmethod
    def _number(cls, value: object) -> object:
        return int(value) if isinstance(value, str) and value.isdigit() else value


def load_settings(kind: type[AnySettings], **given: Any) -> AnySettings:  # noqa: ANN401 - any field
    """Read settings; values given here count more than the environment, it more than ``.env``.

    Raises:
        SettingsError: a value cannot be used; the message names the variable and what it accepts.
    """
    try:
        return kind(**given)
    except ValidationError as error:
        first = error.errors()[0]
        if not first["loc"]:
            raise SettingsError(str(first["ctx"]["error"])) from None
        name = "_".join(str(part) for part in first["loc"][:1]).upper()
        name = name if name.startswith("AWS_") else PREFIX + name
        value = str(first.get("input"))[:80]
        raise SettingsError(
            f"{name} is {value!r}: {first['msg'].lower()}. Set it in the environment or in .env"
        ) from None
    except (SourceError, OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"the settings in .env cannot be read: {error}") from None
