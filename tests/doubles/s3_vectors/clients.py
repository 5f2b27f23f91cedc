"""Real boto3 clients of the double."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from tests.doubles.s3_vectors.server import S3VectorsServer

UNCHECKED = {"parameter_validation": False}
"""Settings of a client that sends whatever it is given, so that the server has to refuse it."""


@contextmanager
def connected(server: S3VectorsServer, **settings: Any) -> Iterator[Any]:
    """A client that tries once, unless the settings (of botocore's Config) say otherwise."""
    chosen = {"retries": {"total_max_attempts": 1}} | settings
    client = _session().client(
        "s3vectors",
        endpoint_url=server.url,
        region_name=chosen.pop("region_name", server.behaviour.region),
        aws_access_key_id=chosen.pop("access_key_id", server.behaviour.access_key_id),
        aws_secret_access_key="testing",  # noqa: S106 - the double has no secret
        config=Config(**chosen),
    )
    try:
        yield client
    finally:
        client.close()


@cache
def _session() -> boto3.Session:
    return boto3.Session()


def make_index(client: Any, dimension: int = 3, metric: str = "cosine", **further: Any) -> None:
    """The bucket ``plans`` and in it the index ``chunks``, with ``text`` not filterable."""
    client.create_vector_bucket(vectorBucketName="plans")
    settings = {"metadataConfiguration": {"nonFilterableMetadataKeys": ["text"]}} | further
    client.create_index(
        **PLACE, dataType="float32", dimension=dimension, distanceMetric=metric, **settings
    )


def vector(key: str, *numbers: float, **metadata: Any) -> dict[str, Any]:
    """One vector for PutVectors."""
    return {"key": key, "data": {"float32": list(numbers)}, "metadata": metadata}


PLACE = {"vectorBucketName": "plans", "indexName": "chunks"}
"""Where ``make_index`` puts its index."""

SIGNED = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=testing/20270101/us-east-1/s3vectors/"
    f"aws4_request, SignedHeaders=host, Signature={'0' * 64}"
}
"""Headers of a request that no client would send, but that is let in."""
