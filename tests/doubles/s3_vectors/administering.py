"""The operations on buckets, indexes and tags."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.doubles.s3_vectors.account import Account, Input
from tests.doubles.s3_vectors.errors import ServiceError, conflict, invalid, not_found
from tests.doubles.s3_vectors.paging import new_token, place_in, position
from tests.doubles.s3_vectors.resources import Bucket, Index, TextConfiguration
from tests.doubles.s3_vectors.vector_rows import VectorRows

MAX_TAGS = 50
"""Of one resource (service model, TagResource)."""
MAX_BUCKETS = 10_000
MAX_INDEXES = 10_000
"""Of an account and of a bucket (AWS user guide, limitations)."""
MAX_TEXT_CONFIGURATIONS = 10
"""Of an index (service model)."""
MAX_RESULTS = 500
"""Greatest page of buckets or indexes (service model); the default is undocumented."""


class Administering:
    """The operations on buckets, indexes and tags of one account."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def create_vector_bucket(self, given: Input, now: float) -> dict[str, Any]:
        name = given["vectorBucketName"]
        if name in self._account.buckets:
            raise conflict("A vector bucket with the specified name already exists")
        if len(self._account.buckets) >= MAX_BUCKETS:
            raise _too_many(f"at most {MAX_BUCKETS} vector buckets")
        arn = self._account.bucket_arn(name)
        mode = "CLASSIC" if self._account.behaviour.classic_buckets else "ENHANCED"
        self._account.buckets[name] = Bucket(
            name, arn, now, _encryption(given), mode, _tags(given.get("tags") or {})
        )
        return {"vectorBucketArn": arn}

    def get_vector_bucket(self, given: Input, now: float) -> dict[str, Any]:
        del now
        return {"vectorBucket": self._account.bucket(given).shown()}

    def list_vector_buckets(self, given: Input, now: float) -> dict[str, Any]:
        del now
        return _page("vectorBuckets", list(self._account.buckets.values()), given)

    def delete_vector_bucket(self, given: Input, now: float) -> dict[str, Any]:
        del now
        bucket = self._account.bucket(given)
        if bucket.indexes:
            raise conflict("The specified vector bucket is not empty")
        del self._account.buckets[bucket.name]
        return {}

    def put_vector_bucket_default_index_mode(self, given: Input, now: float) -> dict[str, Any]:
        del now
        bucket = self._account.bucket(given)
        self._check_mode(given["defaultIndexMode"])
        bucket.default_mode = given["defaultIndexMode"]
        return {}

    def put_vector_bucket_policy(self, given: Input, now: float) -> dict[str, Any]:
        del now
        self._account.bucket(given).policy = given["policy"]
        return {}

    def get_vector_bucket_policy(self, given: Input, now: float) -> dict[str, Any]:
        del now
        policy = self._account.bucket(given).policy
        if policy is None:
            raise not_found("The specified vector bucket has no policy")
        return {"policy": policy}

    def delete_vector_bucket_policy(self, given: Input, now: float) -> dict[str, Any]:
        del now
        self._account.bucket(given).policy = None
        return {}

    def create_index(self, given: Input, now: float) -> dict[str, Any]:
        bucket = self._account.bucket(given)
        name = given["indexName"]
        if name in bucket.indexes:
            raise conflict("An index with the specified name already exists")
        if len(bucket.indexes) >= MAX_INDEXES:
            raise _too_many(f"at most {MAX_INDEXES} indexes in a vector bucket")
        configuration = given.get("metadataConfiguration") or {}
        unfilterable = configuration.get("nonFilterableMetadataKeys") or []
        if len(set(unfilterable)) < len(unfilterable):
            raise invalid("nonFilterableMetadataKeys must be unique", "/metadataConfiguration")
        texts = _texts(configuration.get("textSearchConfigurations") or [], now)
        if texts and bucket.default_mode != "ENHANCED":
            raise invalid("textSearchConfigurations need an index in ENHANCED mode")
        index = Index(
            bucket_name=bucket.name,
            name=name,
            arn=f"{bucket.arn}/index/{name}",
            created=now,
            dimension=given["dimension"],
            metric=given["distanceMetric"],
            mode=bucket.default_mode,
            encryption=_encryption(given, bucket.encryption),
            unfilterable=list(unfilterable),
            texts=texts,
            tags=_tags(given.get("tags") or {}),
            rows=VectorRows(given["dimension"], given["distanceMetric"]),
        )
        bucket.indexes[name] = index
        return {"indexArn": index.arn}

    def get_index(self, given: Input, now: float) -> dict[str, Any]:
        return {"index": self._account.index(given).shown(now)}

    def list_indexes(self, given: Input, now: float) -> dict[str, Any]:
        del now
        bucket = self._account.bucket(given)
        return _page("indexes", list(bucket.indexes.values()), given)

    def delete_index(self, given: Input, now: float) -> dict[str, Any]:
        del now
        index = self._account.index(given)
        del self._account.buckets[index.bucket_name].indexes[index.name]
        return {}

    def update_index_mode(self, given: Input, now: float) -> dict[str, Any]:
        del now
        index = self._account.index(given)
        self._check_mode(given["indexMode"])
        if given["indexMode"] == "CLASSIC" and index.texts:
            raise invalid("An index with text search configurations cannot be CLASSIC")
        index.mode = given["indexMode"]
        return {}

    def update_metadata_configuration(self, given: Input, now: float) -> dict[str, Any]:
        index = self._account.index(given)
        if (given.get("add") is None) == (given.get("delete") is None):
            raise invalid("Specify either add or delete, but not both")
        if index.mode != "ENHANCED":
            raise invalid("The vector index must be in ENHANCED mode")
        if given.get("add") is not None:
            serves_from = now + self._account.behaviour.backfill_seconds
            _add_texts(index, given["add"].get("textSearchConfigurations") or [], serves_from)
        else:
            _delete_texts(index, given["delete"].get("textSearchConfigurations") or [])
        return {"indexArn": index.arn}

    def tag_resource(self, given: Input, now: float) -> dict[str, Any]:
        del now
        resource = self._account.tagged(given["resourceArn"])
        resource.tags = _tags(resource.tags | given["tags"])
        return {}

    def untag_resource(self, given: Input, now: float) -> dict[str, Any]:
        del now
        resource = self._account.tagged(given["resourceArn"])
        for key in given["tagKeys"]:
            resource.tags.pop(key, None)
        return {}

    def list_tags_for_resource(self, given: Input, now: float) -> dict[str, Any]:
        del now
        return {"tags": self._account.tagged(given["resourceArn"]).tags}

    def _check_mode(self, mode: str) -> None:
        if mode == "CLASSIC" and not self._account.behaviour.classic_buckets:
            raise invalid(
                "CLASSIC needs a vector bucket that was created before September 30, 2026"
            )


def _page(name: str, found: Sequence[Bucket | Index], given: Input) -> dict[str, Any]:
    prefix = given.get("prefix") or ""
    scope = {"list": name, "prefix": prefix, "bucket": _named(given)}
    after = place_in(given.get("nextToken"), scope)
    most = given.get("maxResults") or MAX_RESULTS
    places = sorted(
        (position(resource.name), resource.summary())
        for resource in found
        if resource.name.startswith(prefix) and position(resource.name) > after
    )
    answer: dict[str, Any] = {name: [summary for _, summary in places[:most]]}
    if len(places) > most:
        answer["nextToken"] = new_token(scope, places[most - 1][0])
    return answer


def _named(given: Input) -> str | None:
    name: str | None = given.get("vectorBucketName") or given.get("vectorBucketArn")
    return name


def _encryption(given: Input, inherited: Mapping[str, str] | None = None) -> dict[str, str]:
    wanted = given.get("encryptionConfiguration") or inherited or {}
    kind, key = wanted.get("sseType") or "AES256", wanted.get("kmsKeyArn")
    if (kind == "aws:kms") != (key is not None):
        raise invalid("kmsKeyArn is allowed if and only if sseType is aws:kms")
    return {"sseType": kind} | ({"kmsKeyArn": key} if key else {})


def _tags(tags: Mapping[str, str]) -> dict[str, str]:
    if len(tags) > MAX_TAGS:
        raise invalid(f"A resource can have at most {MAX_TAGS} tags, not {len(tags)}", "/tags")
    for key in tags:
        if key.lower().startswith("aws:"):
            raise invalid(f"Tag key '{key}' begins with aws:, which is reserved", "/tags")
    return dict(tags)


def _texts(wanted: Sequence[Input], serves_from: float) -> dict[str, TextConfiguration]:
    texts = {
        text["metadataKey"]: TextConfiguration(
            text["metadataKey"], text.get("language"), serves_from
        )
        for text in wanted
    }
    if len(texts) < len(wanted):
        raise invalid("Specify no more than one text search configuration for each metadata key")
    return texts


def _add_texts(index: Index, wanted: Sequence[Input], serves_from: float) -> None:
    added = _texts(wanted, serves_from)
    if not added:
        raise invalid("add needs at least one text search configuration", "/add")
    for key in added.keys() & index.texts.keys():
        raise conflict(f"Metadata key '{key}' already has a text search configuration")
    if len(added) + len(index.texts) > MAX_TEXT_CONFIGURATIONS:
        raise invalid(f"An index has at most {MAX_TEXT_CONFIGURATIONS} text search configurations")
    index.texts |= added


def _delete_texts(index: Index, unwanted: Sequence[Input]) -> None:
    keys = [text["metadataKey"] for text in unwanted]
    if not keys:
        raise invalid("delete needs at least one text search configuration", "/delete")
    for key in keys:
        if key not in index.texts:
            raise not_found(f"Metadata key '{key}' has no text search configuration")
    for key in keys:
        index.texts.pop(key, None)


def _too_many(what: str) -> ServiceError:
    return ServiceError("ServiceQuotaExceededException", f"Your account can have {what}")
