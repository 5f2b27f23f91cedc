"""The buckets of one account in one region, and how requests address them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.doubles.s3_vectors.behaviour import Behaviour
from tests.doubles.s3_vectors.errors import invalid, not_found
from tests.doubles.s3_vectors.resources import Bucket, Index

Input = Mapping[str, Any]


@dataclass(slots=True)
class Account:
    """What the service holds for one account."""

    behaviour: Behaviour
    buckets: dict[str, Bucket] = field(default_factory=dict)

    def bucket_arn(self, name: str) -> str:
        """The ARN of a bucket of this name, there or not."""
        return f"arn:aws:s3vectors:{self.behaviour.region}:{self.behaviour.account}:bucket/{name}"

    def bucket(self, given: Input) -> Bucket:
        """The bucket that a request names by name or by ARN.

        Raises:
            ServiceError: ValidationException where it names none or both, NotFoundException.
        """
        name, arn = given.get("vectorBucketName"), given.get("vectorBucketArn")
        if (name is None) == (arn is None):
            raise invalid("Must specify either vectorBucketName or vectorBucketArn but not both")
        return self._bucket_at(arn or self.bucket_arn(str(name)))

    def index(self, given: Input) -> Index:
        """The index that a request names by bucket and index name, or by ARN.

        Raises:
            ServiceError: ValidationException where it names none or both, NotFoundException.
        """
        bucket, name, arn = (
            given.get(member) for member in ("vectorBucketName", "indexName", "indexArn")
        )
        by_name = bucket is not None and name is not None
        by_part_of_a_name = (bucket is None) != (name is None)
        if by_part_of_a_name or by_name == (arn is not None):
            raise invalid(
                "Must specify either indexArn or both vectorBucketName and indexName, but not both"
            )
        return self._index_at(arn or f"{self.bucket_arn(str(bucket))}/index/{name}")

    def tagged(self, arn: str) -> Bucket | Index:
        """The bucket or index of this ARN.

        Raises:
            ServiceError: ValidationException where it is no such ARN, NotFoundException.
        """
        if not arn.startswith("arn:") or ":bucket/" not in arn:
            raise invalid(f"'{arn}' is not the ARN of a vector bucket or index", "/resourceArn")
        return self._index_at(arn) if "/index/" in arn else self._bucket_at(arn)

    def _bucket_at(self, arn: str) -> Bucket:
        bucket = self.buckets.get(arn.rpartition("/")[2])
        if bucket is None or bucket.arn != arn:
            raise not_found("The specified vector bucket could not be found")
        return bucket

    def _index_at(self, arn: str) -> Index:
        bucket_arn, _, name = arn.partition("/index/")
        index = self._bucket_at(bucket_arn).indexes.get(name)
        if index is None:
            raise not_found("The specified index could not be found")
        return index
