"""S3 Vectors on AWS itself against the one contract; off unless a bucket for it is named."""

import os
import uuid
from collections.abc import Iterator

import boto3
import pytest

from retrieval.interfaces import VectorStore
from retrieval.stores.s3_vectors import S3VectorsStore
from tests.retrieval.stores.store_contract import DurableStoreContract

BUCKET = os.environ.get("S3_VECTORS_LIVE_BUCKET", "")  # noqa: TID251 - of the tests
"""A vector bucket on AWS in which these tests make indexes."""
if not BUCKET:
    pytest.skip(
        "set S3_VECTORS_LIVE_BUCKET to a vector bucket on AWS to run against it",
        allow_module_level=True,
    )


@pytest.mark.live
@pytest.mark.enable_socket
class TestOnAws(DurableStoreContract):
    random_filters = 50  # each is some ten calls that are paid for

    @pytest.fixture
    def place(self) -> Iterator[str]:
        name = f"test-{uuid.uuid4().hex}"
        yield name
        boto3.client("s3vectors").delete_index(vectorBucketName=BUCKET, indexName=name)

    def open(self, place: str) -> VectorStore:
        return S3VectorsStore(BUCKET, place)
