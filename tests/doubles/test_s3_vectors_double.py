import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from botocore import UNSIGNED
from botocore.exceptions import ClientError

from tests.doubles.s3_vectors import S3VectorsServer
from tests.doubles.s3_vectors.clients import PLACE, SIGNED, UNCHECKED, connected, make_index, vector

BUCKET_ARN = "arn:aws:s3vectors:us-east-1:123456789012:bucket/plans"
INDEX_ARN = f"{BUCKET_ARN}/index/chunks"
NEW_INDEX = {"dataType": "float32", "dimension": 3, "distanceMetric": "cosine"}


@pytest.fixture
def server() -> Iterator[S3VectorsServer]:
    with S3VectorsServer() as running:
        yield running


@pytest.fixture
def client(server: S3VectorsServer) -> Iterator[Any]:
    with connected(server, **UNCHECKED) as one:
        make_index(one)
        yield one


def refusal(client: Any, method: str, **given: Any) -> tuple[int, str, str]:
    """Status, code and message of a call that must be refused with a modelled exception."""
    with pytest.raises(ClientError) as caught:
        getattr(client, method)(**given)
    answer = caught.value.response
    code = answer["Error"]["Code"]
    assert type(caught.value).__name__ in {code, "ClientError"}
    return answer["ResponseMetadata"]["HTTPStatusCode"], code, answer["Error"]["Message"]


def test_a_bucket_and_an_index_are_shown_as_they_were_made(client: Any) -> None:
    bucket = client.get_vector_bucket(vectorBucketName="plans")["vectorBucket"]
    assert bucket["vectorBucketArn"] == BUCKET_ARN
    assert bucket["defaultIndexMode"] == "ENHANCED"
    assert bucket["encryptionConfiguration"] == {"sseType": "AES256"}
    index = client.get_index(**PLACE)["index"]
    assert index.pop("creationTime") >= bucket["creationTime"]
    assert index == {
        "vectorBucketName": "plans",
        "indexName": "chunks",
        "indexArn": INDEX_ARN,
        "dataType": "float32",
        "dimension": 3,
        "distanceMetric": "cosine",
        "metadataConfiguration": {"nonFilterableMetadataKeys": ["text"]},
        "encryptionConfiguration": {"sseType": "AES256"},
        "indexMode": "ENHANCED",
    }


def test_arns_address_as_names_do(client: Any) -> None:
    client.put_vectors(indexArn=INDEX_ARN, vectors=[vector("a", 1, 0, 0)])
    assert client.get_vectors(**PLACE, keys=["a"])["vectors"] == [{"key": "a"}]
    assert client.get_index(indexArn=INDEX_ARN)["index"]["indexName"] == "chunks"
    assert len(client.list_indexes(vectorBucketArn=BUCKET_ARN)["indexes"]) == 1
    client.delete_index(indexArn=INDEX_ARN)
    client.delete_vector_bucket(vectorBucketArn=BUCKET_ARN)
    assert client.list_vector_buckets()["vectorBuckets"] == []


def test_buckets_and_indexes_are_listed_in_pages_with_a_prefix(client: Any) -> None:
    names = {f"plan-{number:02}" for number in range(7)}
    for name in names:
        client.create_vector_bucket(vectorBucketName=name)
        client.create_index(vectorBucketName="plans", indexName=name, **NEW_INDEX)
    buckets = client.get_paginator("list_vector_buckets").paginate(prefix="plan-", maxResults=3)
    pages = [[bucket["vectorBucketName"] for bucket in page["vectorBuckets"]] for page in buckets]
    assert [len(page) for page in pages] == [3, 3, 1]
    assert {name for page in pages for name in page} == names
    indexes = client.get_paginator("list_indexes").paginate(
        vectorBucketName="plans", PaginationConfig={"PageSize": 3}
    )
    found = [index["indexName"] for page in indexes for index in page["indexes"]]
    assert sorted(found) == sorted([*names, "chunks"])


@pytest.mark.parametrize(
    ("method", "given"),
    [
        ("create_vector_bucket", {"vectorBucketName": "plans"}),
        ("create_index", {**PLACE, **NEW_INDEX}),
        ("delete_vector_bucket", {"vectorBucketName": "plans"}),
    ],
)
def test_what_is_there_already_or_not_empty_conflicts(
    client: Any, method: str, given: dict[str, Any]
) -> None:
    assert refusal(client, method, **given)[:2] == (409, "ConflictException")


@pytest.mark.parametrize(
    ("method", "given"),
    [
        ("get_vector_bucket", {"vectorBucketName": "none"}),
        ("get_vector_bucket", {"vectorBucketArn": BUCKET_ARN.replace("1:1", "1:9")}),
        ("delete_vector_bucket", {"vectorBucketName": "none"}),
        ("list_indexes", {"vectorBucketName": "none"}),
        ("create_index", {"vectorBucketName": "none", "indexName": "abc", **NEW_INDEX}),
        ("get_index", {"vectorBucketName": "plans", "indexName": "none"}),
        ("get_index", {"indexArn": INDEX_ARN.replace("us-east-1", "us-east-2")}),
        ("delete_index", {"vectorBucketName": "plans", "indexName": "none"}),
        ("put_vectors", {"indexArn": f"{INDEX_ARN}2", "vectors": [vector("a", 1, 0, 0)]}),
        ("get_vectors", {"indexArn": f"{INDEX_ARN}2", "keys": ["a"]}),
        ("list_vectors", {"indexArn": f"{INDEX_ARN}2"}),
        ("list_tags_for_resource", {"resourceArn": f"{INDEX_ARN}2"}),
        ("get_vector_bucket_policy", {"vectorBucketName": "plans"}),
    ],
)
def test_what_is_missing_is_not_found(client: Any, method: str, given: dict[str, Any]) -> None:
    assert refusal(client, method, **given)[:2] == (404, "NotFoundException")


KMS = "arn:aws:kms:us-east-1:123456789012:key/1"


@pytest.mark.parametrize(
    ("method", "given", "said"),
    [
        ("create_vector_bucket", {}, "/vectorBucketName"),
        ("create_vector_bucket", {"vectorBucketName": "ab"}, "between 3 and 63"),
        ("create_vector_bucket", {"vectorBucketName": "a" * 64}, "between 3 and 63"),
        ("create_vector_bucket", {"vectorBucketName": "Plans"}, "pattern"),
        ("create_vector_bucket", {"vectorBucketName": "plans_1"}, "pattern"),
        ("create_vector_bucket", {"vectorBucketName": "-plans"}, "pattern"),
        ("create_vector_bucket", {"vectorBucketName": "b12", "tags": {"a": "!"}}, "pattern"),
        ("create_vector_bucket", {"vectorBucketName": "b12", "tags": {"": "b"}}, "between 1"),
        ("create_vector_bucket", {"vectorBucketName": "b12", "tags": {"aws:a": "b"}}, "reserved"),
        (
            "create_vector_bucket",
            {"vectorBucketName": "b12", "encryptionConfiguration": {"kmsKeyArn": KMS}},
            "if and only if",
        ),
        ("get_vector_bucket", {}, "either"),
        (
            "get_vector_bucket",
            {"vectorBucketName": "plans", "vectorBucketArn": BUCKET_ARN},
            "not both",
        ),
        ("get_index", {"indexName": "chunks"}, "either"),
        ("get_index", {**PLACE, "indexArn": INDEX_ARN}, "not both"),
        ("get_index", {"indexArn": "arn:aws:s3vectors:nowhere"}, "pattern"),
        ("list_vector_buckets", {"maxResults": 501}, "between 1 and 500"),
        ("list_indexes", {"vectorBucketName": "plans", "nextToken": "x"}, "token"),
        ("tag_resource", {"resourceArn": "arn:aws:s3:::plans", "tags": {"a": "b"}}, "not the ARN"),
        ("tag_resource", {"resourceArn": INDEX_ARN, "tags": {"a" * 129: "b"}}, "128"),
        ("tag_resource", {"resourceArn": INDEX_ARN, "tags": {"a": "b" * 257}}, "256"),
        (
            "tag_resource",
            {"resourceArn": INDEX_ARN, "tags": {f"k{n}": "" for n in range(51)}},
            "50 tags",
        ),
    ],
)
def test_malformed_requests_about_buckets_indexes_and_tags_are_refused(
    client: Any, method: str, given: dict[str, Any], said: str
) -> None:
    status, code, message = refusal(client, method, **given)
    assert (status, code) == (400, "ValidationException")
    assert said in message


@pytest.mark.parametrize(
    "wrong",
    [
        {"dimension": 0},
        {"dimension": 4097},
        {"dimension": "3"},
        {"dimension": True},
        {"dataType": "float64"},
        {"distanceMetric": "dot"},
        {"indexName": "no spaces"},
        {"metadataConfiguration": {"nonFilterableMetadataKeys": [f"k{n}" for n in range(11)]}},
        {"metadataConfiguration": {"nonFilterableMetadataKeys": ["k" * 64]}},
        {"metadataConfiguration": {"nonFilterableMetadataKeys": [""]}},
        {"metadataConfiguration": {"nonFilterableMetadataKeys": ["k", "k"]}},
        {"metadataConfiguration": {"textSearchConfigurations": [{"metadataKey": "k"}] * 2}},
        {"metadataConfiguration": {"textSearchConfigurations": [{"language": "en"}]}},
        {
            "metadataConfiguration": {
                "textSearchConfigurations": [{"metadataKey": "k", "language": "xx"}]
            }
        },
    ],
)
def test_an_index_that_the_service_cannot_make_is_refused(
    client: Any, wrong: dict[str, Any]
) -> None:
    given = {"vectorBucketName": "plans", "indexName": "other", **NEW_INDEX} | wrong
    assert refusal(client, "create_index", **given)[:2] == (400, "ValidationException")


def test_tags_are_added_replaced_and_removed(client: Any) -> None:
    client.tag_resource(resourceArn=INDEX_ARN, tags={"model": "titan v2", "größe": "1024"})
    client.tag_resource(resourceArn=INDEX_ARN, tags={"model": "minilm", "sum": "a+b=c/d@e:f_g.h-i"})
    assert client.list_tags_for_resource(resourceArn=INDEX_ARN)["tags"] == {
        "model": "minilm",
        "größe": "1024",
        "sum": "a+b=c/d@e:f_g.h-i",
    }
    client.untag_resource(resourceArn=INDEX_ARN, tagKeys=["model", "sum", "missing"])
    assert client.list_tags_for_resource(resourceArn=INDEX_ARN)["tags"] == {"größe": "1024"}
    assert client.list_tags_for_resource(resourceArn=BUCKET_ARN)["tags"] == {}


def test_a_policy_and_the_default_mode_of_a_bucket_are_kept(client: Any) -> None:
    client.put_vector_bucket_policy(vectorBucketName="plans", policy="{}")
    assert client.get_vector_bucket_policy(vectorBucketName="plans")["policy"] == "{}"
    client.delete_vector_bucket_policy(vectorBucketName="plans")
    mode = {"vectorBucketName": "plans", "defaultIndexMode": "CLASSIC"}
    assert refusal(client, "put_vector_bucket_default_index_mode", **mode)[0] == 400


def test_an_old_bucket_makes_classic_indexes_that_become_enhanced() -> None:
    with S3VectorsServer(classic_buckets=True) as server, connected(server) as client:
        make_index(client)
        client.put_vectors(**PLACE, vectors=[vector("a", 1, 0, 0, text="annual checkup")])
        assert client.get_index(**PLACE)["index"]["indexMode"] == "CLASSIC"
        text = {"textSearchConfigurations": [{"metadataKey": "text"}]}
        searchable = {"indexName": "new", **NEW_INDEX, "metadataConfiguration": text}
        made = refusal(client, "create_index", vectorBucketName="plans", **searchable)
        assert "ENHANCED" in made[2]
        wanted = [{"metadataKey": "text", "text": "checkup"}]
        assert "ENHANCED" in refusal(client, "update_metadata_configuration", **PLACE, add=text)[2]
        assert "ENHANCED" in refusal(client, "query_vectors", **PLACE, topK=1, queryTexts=wanted)[2]
        client.update_index_mode(**PLACE, indexMode="ENHANCED")
        client.update_metadata_configuration(**PLACE, add=text)
        found = client.query_vectors(**PLACE, topK=1, queryTexts=wanted)["vectors"]
        assert found == [{"key": "a"}]
        client.put_vector_bucket_default_index_mode(
            vectorBucketName="plans", defaultIndexMode="ENHANCED"
        )
        client.create_index(vectorBucketName="plans", indexName="new", **NEW_INDEX)
        new = client.get_index(vectorBucketName="plans", indexName="new")["index"]
        assert new["indexMode"] == "ENHANCED"


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"signature_version": UNSIGNED}, "MissingAuthenticationTokenException"),
        ({"access_key_id": "somebody"}, "UnrecognizedClientException"),
        ({"region_name": "eu-central-1"}, "InvalidSignatureException"),
    ],
)
def test_who_is_not_known_is_forbidden(
    server: S3VectorsServer, settings: dict[str, Any], code: str
) -> None:
    with connected(server, **settings) as client:
        assert refusal(client, "list_vector_buckets")[:2] == (403, code)


def test_another_region_is_let_in_where_the_test_says_so() -> None:
    with (
        S3VectorsServer(check_region=False) as server,
        connected(server, region_name="eu-central-1") as client,
    ):
        assert client.list_vector_buckets()["vectorBuckets"] == []


@pytest.mark.parametrize(
    ("method", "given"),
    [
        ("get_vectors", {"keys": ["a"]}),
        ("list_vectors", {"returnMetadata": True}),
        ("list_vectors", {"returnData": True}),
        ("query_vectors", {"filter": {"a": 1}}),
        ("query_vectors", {"returnMetadata": True}),
    ],
)
def test_reading_needs_the_permission_to_get_vectors(method: str, given: dict[str, Any]) -> None:
    denied = frozenset({"s3vectors:GetVectors"})
    query = {"topK": 1, "queryVector": {"float32": [1, 0, 0]}} if method[0] == "q" else {}
    with S3VectorsServer(denied_actions=denied) as server, connected(server) as client:
        make_index(client)
        status, code, message = refusal(client, method, **PLACE, **query, **given)
        assert (status, code) == (403, "AccessDeniedException")
        assert "s3vectors:GetVectors" in message
        if method != "get_vectors":
            getattr(client, method)(**PLACE, **query)


def test_requests_that_no_client_sends_are_refused(server: S3VectorsServer) -> None:
    with httpx.Client(base_url=server.url) as raw:
        unknown = raw.post("/Nonsense", headers=SIGNED)
        assert unknown.headers["x-amzn-ErrorType"] == "UnknownOperationException"
        assert unknown.status_code == 404
        for body in (b"{", b"[]", b"[" * 100_000):
            wrong = raw.post("/ListVectorBuckets", headers=SIGNED, content=body)
            assert wrong.headers["x-amzn-ErrorType"] == "SerializationException"
        assert raw.post("/ListVectorBuckets", content=b"{").status_code == 403
        garbled = raw.post("/ListVectorBuckets", headers={"Authorization": "Bearer x"})
        assert garbled.status_code == 403


def test_one_connection_carries_many_calls_from_many_threads(server: S3VectorsServer) -> None:
    with connected(server) as client:
        make_index(client)

        def fill(thread: int) -> None:
            for number in range(20):
                client.put_vectors(**PLACE, vectors=[vector(f"{thread}-{number}", 1, thread, 0)])

        threads = [threading.Thread(target=fill, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(client.list_vectors(**PLACE)["vectors"]) == 160
        assert sum(call.vectors for call in server.calls_of("PutVectors")) == 160
