"""PutVectors, GetVectors, ListVectors and DeleteVectors of the double."""

from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.doubles.s3_vectors import S3VectorsServer
from tests.doubles.s3_vectors.clients import PLACE, SIGNED, UNCHECKED, connected, make_index, vector


@pytest.fixture(scope="module")
def server() -> Iterator[S3VectorsServer]:
    with S3VectorsServer() as running:
        yield running


@pytest.fixture(scope="module")
def shared(server: S3VectorsServer) -> Iterator[Any]:
    """A client of an index that refusals leave as it is: with the vector ``kept`` alone."""
    with connected(server, **UNCHECKED) as one:
        make_index(one)
        one.put_vectors(**PLACE, vectors=[vector("kept", 1, 2, 3, text="long")])
        yield one


@pytest.fixture
def client() -> Iterator[Any]:
    with S3VectorsServer() as server, connected(server) as one:
        make_index(one)
        yield one


def message_of(client: Any, method: str, **given: Any) -> str:
    with pytest.raises(client.exceptions.ValidationException) as caught:
        getattr(client, method)(**PLACE, **given)
    return str(caught.value.response["Error"]["Message"])


def every_page(client: Any, **given: Any) -> list[list[dict[str, Any]]]:
    pages = client.get_paginator("list_vectors").paginate(**PLACE, **given)
    return [page["vectors"] for page in pages]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (vector("", 1, 0, 0), "between 1 and 1024"),
        (vector("k" * 1025, 1, 0, 0), "between 1 and 1024"),
        (vector("bad", 1, 0), "'bad': vector must have length 3, but has 2"),
        (vector("bad", 1, 0, 0, 0), "length 3"),
        (vector("bad"), "length 3"),
        (vector("bad", 0, 0, 0), "zeros"),
        (vector("bad", 1e-50, 0, 0), "zeros"),
        (vector("bad", 1, float("nan"), 0), "finite"),
        (vector("bad", 1, float("inf"), 0), "finite"),
        (vector("bad", 1, 1e39, 0), "finite"),
        (vector("bad", 1, True, 0), "list of numbers"),
        ({"key": "bad", "data": {}}, "union"),
        ({"key": "bad"}, "/vectors/0/data"),
        ({"data": {"float32": [1, 0, 0]}}, "/vectors/0/key"),
        (vector("bad", 1, 0, 0, plan=None), "'bad': Metadata value of 'plan'"),
        (vector("bad", 1, 0, 0, plan={"name": "x"}), "string, number, boolean"),
        (vector("bad", 1, 0, 0, plan=[["x"]]), "string, number, boolean"),
        (vector("bad", 1, 0, 0, plan=[None]), "string, number, boolean"),
        (vector("bad", 1, 0, 0, **{"k" * 64: 1}), "1 to 63"),
        (vector("bad", 1, 0, 0, **{f"k{n}": n for n in range(51)}), "at most 50 keys"),
        (vector("bad", 1, 0, 0, plan="x" * (2049 - 11)), "at most 2048 bytes"),
        (vector("bad", 1, 0, 0, plan="é" * 1024), "at most 2048 bytes"),
        (vector("bad", 1, 0, 0, text="x" * (40_961 - 11)), "at most 40960 bytes"),
    ],
)
def test_a_vector_that_the_service_cannot_keep_is_refused_with_its_whole_batch(
    shared: Any, wrong: dict[str, Any], said: str
) -> None:
    good = vector("good", 1, 0, 0)
    assert said in message_of(shared, "put_vectors", vectors=[wrong, good])
    assert every_page(shared) == [[{"key": "kept"}]]


@pytest.mark.parametrize("number", ["NaN", "1e999", "1" + "0" * 400, '"1"', "null", "[1]", "{}"])
def test_json_that_no_client_writes_is_refused(server: S3VectorsServer, number: str) -> None:
    item = f'{{"key": "bad", "data": {{"float32": [1, 0, {number}]}}}}'
    body = f'{{"vectorBucketName": "plans", "indexName": "chunks", "vectors": [{item}]}}'
    answer = httpx.post(f"{server.url}/PutVectors", headers=SIGNED, content=body)
    assert answer.status_code == 400
    assert answer.headers["x-amzn-ErrorType"] == "ValidationException"


@pytest.mark.parametrize(
    ("method", "wrong", "said"),
    [
        ("put_vectors", {"vectors": []}, "between 1 and 500"),
        ("put_vectors", {"vectors": [vector(f"{n}", 1, 0, 0) for n in range(501)]}, "not 501"),
        ("put_vectors", {"vectors": [vector("twin", 1, 0, 0)] * 2}, "distinct"),
        ("put_vectors", {"vectors": None}, "/vectors"),
        ("delete_vectors", {"keys": []}, "between 1 and 500"),
        ("delete_vectors", {"keys": [str(n) for n in range(501)]}, "not 501"),
        ("delete_vectors", {"keys": [""]}, "between 1 and 1024"),
        ("get_vectors", {"keys": []}, "between 1 and 100"),
        ("get_vectors", {"keys": [str(n) for n in range(101)]}, "not 101"),
        ("get_vectors", {"keys": ["k" * 1025]}, "between 1 and 1024"),
        ("get_vectors", {"keys": ["kept"], "returnData": "yes"}, "boolean"),
        ("list_vectors", {"maxResults": 1001}, "between 1 and 1000"),
        ("list_vectors", {"maxResults": 0}, "between 1 and 1000"),
        ("list_vectors", {"segmentCount": 17, "segmentIndex": 0}, "between 1 and 16"),
        ("list_vectors", {"segmentCount": 2}, "together"),
        ("list_vectors", {"segmentIndex": 0}, "together"),
        ("list_vectors", {"segmentCount": 2, "segmentIndex": 2}, "less than segmentCount"),
        ("list_vectors", {"nextToken": "nonsense"}, "token"),
        ("list_vectors", {"nextToken": "töken"}, "token"),
        ("list_vectors", {"nextToken": ""}, "between 1 and 2048"),
    ],
)
def test_a_request_outside_the_limits_is_refused(
    shared: Any, method: str, wrong: dict[str, Any], said: str
) -> None:
    assert said in message_of(shared, method, **wrong)


def test_a_request_of_more_than_20_megabytes_is_refused(shared: Any) -> None:
    large = [vector(f"{n}", 1, 0, 0, text="x" * 40_900) for n in range(500)]
    assert "20971520 bytes" in message_of(shared, "put_vectors", vectors=[*large, *large[:20]])


def test_a_failed_validation_names_each_field(shared: Any) -> None:
    with pytest.raises(ClientError) as caught:
        shared.list_vectors(**PLACE, maxResults=0, segmentCount=17, segmentIndex=0)
    assert [field["path"] for field in caught.value.response["fieldList"]] == [
        "/maxResults",
        "/segmentCount",
    ]


def test_metadata_at_the_limits_is_kept(client: Any) -> None:
    metadata = {
        "plan": "x" * (2048 - len('{"plan":""}')),
        "text": "y" * (40_960 - 2048 - len(',"text":""')),
    }
    many = {f"k{number}": number for number in range(50)}
    values = {"a": "é", "b": 1.5, "c": True, "d": ["x", 1, False], "e": [], "f": 2**53, "g": ""}
    rows: list[dict[str, Any]] = [metadata, many, values, {}]
    client.put_vectors(
        **PLACE, vectors=[vector(f"k{n}", 1, 0, 0, **row) for n, row in enumerate(rows)]
    )
    for number, row in enumerate(rows):
        found = client.get_vectors(**PLACE, keys=[f"k{number}"], returnMetadata=True)
        assert found["vectors"] == [{"key": f"k{number}", "metadata": row}]


def test_a_euclidean_index_keeps_a_vector_of_zeros(client: Any) -> None:
    place = {"vectorBucketName": "plans", "indexName": "euclid"}
    client.create_index(**place, dataType="float32", dimension=2, distanceMetric="euclidean")
    client.put_vectors(**place, vectors=[vector("zero", 0, 0)])
    found = client.query_vectors(
        **place, topK=1, queryVector={"float32": [3, 4]}, returnDistance=True
    )
    assert found["vectors"] == [{"key": "zero", "distance": 5.0}]


finite = st.floats(width=32, allow_nan=False, allow_infinity=False)


@given(numbers=st.lists(finite, min_size=3, max_size=3).filter(any))
@settings(max_examples=60, deadline=None)
def test_float32_numbers_come_back_exactly(shared: Any, numbers: list[float]) -> None:
    shared.put_vectors(**PLACE, vectors=[vector("kept", *numbers)])
    found = shared.get_vectors(**PLACE, keys=["kept"], returnData=True)["vectors"][0]
    assert found["data"]["float32"] == numbers


def test_longer_numbers_come_back_rounded_to_float32(client: Any) -> None:
    client.put_vectors(**PLACE, vectors=[vector("a", 0.1, 1 / 3, 1e-40)])
    found = client.list_vectors(**PLACE, returnData=True)["vectors"][0]["data"]["float32"]
    assert found == np.array([0.1, 1 / 3, 1e-40], dtype=np.float32).tolist()
    assert found != [0.1, 1 / 3, 1e-40]


def test_a_key_put_again_is_overwritten_and_missing_keys_are_passed_over(client: Any) -> None:
    client.put_vectors(**PLACE, vectors=[vector("a", 1, 0, 0, n=1), vector("b", 0, 1, 0, n=2)])
    client.put_vectors(**PLACE, vectors=[vector("a", 0, 0, 1, n=3)])
    found = client.get_vectors(**PLACE, keys=["a", "none", "a"], returnMetadata=True)["vectors"]
    assert found == [{"key": "a", "metadata": {"n": 3}}]
    client.delete_vectors(**PLACE, keys=["a", "none", "a"])
    assert every_page(client) == [[{"key": "b"}]]
    found = client.query_vectors(**PLACE, topK=5, queryVector={"float32": [0, 0, 1]})["vectors"]
    assert found == [{"key": "b"}]


@given(
    kept=st.sets(st.text(min_size=1, max_size=5), min_size=1, max_size=60),
    count=st.integers(1, 16),
    size=st.integers(1, 20),
)
@settings(max_examples=25, deadline=None)
def test_segments_partition_the_keys(kept: set[str], count: int, size: int) -> None:
    with S3VectorsServer() as server, connected(server) as client:
        make_index(client)
        client.put_vectors(**PLACE, vectors=[vector(key, 1, 0, 0) for key in kept])
        found: list[str] = []
        for segment in range(count):
            for page in every_page(
                client, maxResults=size, segmentCount=count, segmentIndex=segment
            ):
                assert len(page) <= size
                found += [item["key"] for item in page]
        assert sorted(found) == sorted(kept)


def test_keys_are_listed_in_pages_in_a_stable_order_that_is_not_sorted(client: Any) -> None:
    keys = [f"k{number:04}" for number in range(1200)]
    for start in range(0, 1200, 400):
        client.put_vectors(
            **PLACE, vectors=[vector(key, 1, 0, 0) for key in keys[start : start + 400]]
        )
    pages = [[item["key"] for item in page] for page in every_page(client)]
    assert [len(page) for page in pages] == [500, 500, 200]
    listed = [key for page in pages for key in page]
    assert listed not in (keys, keys[::-1])
    assert sorted(listed) == keys
    assert listed == [item["key"] for page in every_page(client, maxResults=7) for item in page]


def test_a_page_ends_after_a_megabyte_was_read(client: Any) -> None:
    client.put_vectors(
        **PLACE, vectors=[vector(f"k{n}", 1, 0, 0, text="x" * 38_000) for n in range(60)]
    )
    assert [len(page) for page in every_page(client, maxResults=1000)] == [27, 27, 6]


def test_deleting_while_listing_passes_nothing_over(client: Any) -> None:
    keys = {f"k{number}" for number in range(50)}
    client.put_vectors(**PLACE, vectors=[vector(key, 1, 0, 0) for key in keys])
    seen: set[str] = set()
    for page in every_page_lazily(client):
        seen |= set(page)
        client.delete_vectors(**PLACE, keys=page)
    assert seen == keys
    assert every_page(client) == [[]]


def every_page_lazily(client: Any) -> Iterator[list[str]]:
    for page in client.get_paginator("list_vectors").paginate(**PLACE, maxResults=7):
        yield [item["key"] for item in page["vectors"]]


def test_a_token_continues_no_other_request(client: Any) -> None:
    client.put_vectors(**PLACE, vectors=[vector(f"k{n}", 1, 0, 0) for n in range(9)])
    token = client.list_vectors(**PLACE, maxResults=2)["nextToken"]
    segment = {"segmentCount": 2, "segmentIndex": 1}
    assert "token" in message_of(client, "list_vectors", nextToken=token, **segment)
    forged = ("A" if token[0] != "A" else "B") + token[1:]
    assert "token" in message_of(client, "list_vectors", nextToken=forged)


def test_writing_faster_than_the_index_allows_is_throttled() -> None:
    with S3VectorsServer(vectors_per_second=10) as server, connected(server) as client:
        make_index(client)
        client.put_vectors(**PLACE, vectors=[vector(f"k{n}", 1, 0, 0) for n in range(10)])
        with pytest.raises(client.exceptions.TooManyRequestsException):
            client.put_vectors(**PLACE, vectors=[vector("k10", 1, 0, 0)])
