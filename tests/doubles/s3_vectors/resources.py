"""Buckets and indexes: what they hold, and how the service shows them."""

from dataclasses import dataclass, field
from typing import Any

from tests.doubles.s3_vectors.text_search import TextIndex
from tests.doubles.s3_vectors.vector_rows import VectorRows


@dataclass(slots=True)
class TextConfiguration:
    """Full-text search over one metadata key, serving from a time on (epoch seconds)."""

    metadata_key: str
    language: str | None
    serves_from: float = 0.0
    built: tuple[int, TextIndex] | None = None

    def index_of(self, rows: VectorRows) -> TextIndex:
        """The text index over these rows, built again when they have changed."""
        if self.built is None or self.built[0] != rows.version:
            texts = ((vector.key, vector.metadata.get(self.metadata_key)) for vector in rows)
            self.built = (rows.version, TextIndex(texts, self.language))
        return self.built[1]

    def shown(self, now: float) -> dict[str, Any]:
        """As GetIndex shows it."""
        shown = {"metadataKey": self.metadata_key, "status": self.status(now)}
        return shown | ({"language": self.language} if self.language else {})

    def status(self, now: float) -> str:
        """ACTIVE once its texts are searchable."""
        return "ACTIVE" if now >= self.serves_from else "BUILDING"


@dataclass(slots=True)
class Index:
    """One vector index."""

    bucket_name: str
    name: str
    arn: str
    created: float
    dimension: int
    metric: str
    mode: str
    encryption: dict[str, str]
    unfilterable: list[str]
    texts: dict[str, TextConfiguration]
    tags: dict[str, str]
    rows: VectorRows

    def summary(self) -> dict[str, Any]:
        """As ListIndexes shows it."""
        return {
            "vectorBucketName": self.bucket_name,
            "indexName": self.name,
            "indexArn": self.arn,
            "creationTime": self.created,
        }

    def shown(self, now: float) -> dict[str, Any]:
        """As GetIndex shows it."""
        configuration: dict[str, Any] = {}
        if self.unfilterable:
            configuration["nonFilterableMetadataKeys"] = self.unfilterable
        if self.texts:
            configuration["textSearchConfigurations"] = [
                text.shown(now) for text in self.texts.values()
            ]
        return {
            **self.summary(),
            "dataType": "float32",
            "dimension": self.dimension,
            "distanceMetric": self.metric,
            "encryptionConfiguration": self.encryption,
            "indexMode": self.mode,
            **({"metadataConfiguration": configuration} if configuration else {}),
        }


@dataclass(slots=True)
class Bucket:
    """One vector bucket."""

    name: str
    arn: str
    created: float
    encryption: dict[str, str]
    default_mode: str
    tags: dict[str, str]
    policy: str | None = None
    indexes: dict[str, Index] = field(default_factory=dict)

    def summary(self) -> dict[str, Any]:
        """As ListVectorBuckets shows it."""
        return {
            "vectorBucketName": self.name,
            "vectorBucketArn": self.arn,
            "creationTime": self.created,
        }

    def shown(self) -> dict[str, Any]:
        """As GetVectorBucket shows it."""
        return {
            **self.summary(),
            "encryptionConfiguration": self.encryption,
            "defaultIndexMode": self.default_mode,
        }
