"""Scripted faults, the log of calls, the control endpoint and what outlives the double."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ReadTimeoutError,
)

from tests.doubles.process import PROJECT, double_process
from tests.doubles.s3_vectors import Fault, S3VectorsServer
from tests.doubles.s3_vectors.clients import PLACE, SIGNED, connected, make_index, vector
from tests.doubles.s3_vectors.faults import EVERY

ONE = [vector("a", 1, 0, 0)]


@pytest.fixture
def server() -> Iterator[S3VectorsServer]:
    with S3VectorsServer() as running:
        with connected(running) as client:
            make_index(client)
        running.forget_calls()
        yield running


@pytest.fixture
def client(server: S3VectorsServer) -> Iterator[Any]:
    with connected(server) as one:
        yield one


def kept(server: S3VectorsServer) -> int:
    with connected(server) as client:
        return len(client.list_vectors(**PLACE)["vectors"])


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("TooManyRequestsException", 429),
        ("ServiceUnavailableException", 503),
        ("InternalServerException", 500),
        ("RequestTimeoutException", 408),
        ("ServiceQuotaExceededException", 402),
        ("AccessDeniedException", 403),
        ("ExpiredTokenException", 403),
    ],
)
@pytest.mark.parametrize("applied", [False, True])
def test_an_error_strikes_the_calls_it_was_scripted_for(
    server: S3VectorsServer, client: Any, code: str, status: int, applied: bool
) -> None:
    server.faults.add(code, "PutVectors", first=2, last=3, applied=applied)
    for number in range(4):
        client.list_vector_buckets()
        one = [vector(f"k{number}", 1, 0, 0)]
        if number in {1, 2}:
            with pytest.raises(ClientError) as caught:
                client.put_vectors(**PLACE, vectors=one)
            assert caught.value.response["Error"]["Code"] == code
            assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
        else:
            client.put_vectors(**PLACE, vectors=one)
    assert kept(server) == (4 if applied else 2)
    assert [call.applied for call in server.calls_of("PutVectors")] == [
        True,
        applied,
        applied,
        True,
    ]


def test_a_client_that_tries_again_gets_past_a_fault(server: S3VectorsServer) -> None:
    server.faults.add("ServiceUnavailableException", last=2)
    with connected(server, retries={"total_max_attempts": 3, "mode": "standard"}) as client:
        client.put_vectors(**PLACE, vectors=ONE)
    assert [call.status for call in server.calls] == [503, 503, 200]


@pytest.mark.parametrize(
    ("kind", "raised", "applied"),
    [
        ("reset", ConnectionClosedError, False),
        ("reset", ConnectionClosedError, True),
        ("html", ClientError, False),
    ],
)
def test_a_broken_answer_reaches_the_client_as_what_it_is(
    server: S3VectorsServer, client: Any, kind: str, raised: type[Exception], applied: bool
) -> None:
    server.faults.add(kind, "PutVectors", applied=applied)
    with pytest.raises(raised):
        client.put_vectors(**PLACE, vectors=ONE)
    assert kept(server) == (1 if applied else 0)
    client.put_vectors(**PLACE, vectors=ONE)
    assert kept(server) == 1


@pytest.mark.parametrize("kind", ["half_body", "garbage"])
def test_a_cut_or_garbled_answer_lacks_what_the_model_requires(
    server: S3VectorsServer, client: Any, kind: str
) -> None:
    """boto3 raises nothing here: whoever calls it must look for the members that they need."""
    server.faults.add(kind, last=2)
    client.put_vectors(**PLACE, vectors=ONE)
    assert client.list_vectors(**PLACE).keys() == {"ResponseMetadata"}
    assert client.list_vectors(**PLACE)["vectors"] == [{"key": "a"}]


def test_half_of_a_batch_takes_effect(server: S3VectorsServer, client: Any) -> None:
    batch = [vector(f"k{number}", 1, 0, 0) for number in range(9)]
    server.faults.add("half_applied", last=2)
    with pytest.raises(client.exceptions.ServiceUnavailableException):
        client.put_vectors(**PLACE, vectors=batch)
    with pytest.raises(client.exceptions.ServiceUnavailableException):
        client.delete_vectors(**PLACE, keys=["k0", "k1"])
    assert kept(server) == 3
    assert [call.vectors for call in server.calls[:2]] == [9, 2]
    assert not any(call.applied for call in server.calls[:2])


def test_a_cut_answer_ends_before_its_length(server: S3VectorsServer) -> None:
    server.faults.add("half_body")
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
        httpx.post(f"{server.url}/ListVectorBuckets", headers=SIGNED, json={})


@pytest.mark.parametrize("applied", [False, True])
def test_a_delay_outlasts_a_client_and_ends_with_the_server(applied: bool) -> None:
    started = time.monotonic()
    with S3VectorsServer() as server:
        with connected(server, read_timeout=0.2) as client:
            make_index(client)
            server.faults.add("delay", "PutVectors", seconds=60, applied=applied)
            with pytest.raises(ReadTimeoutError):
                client.put_vectors(**PLACE, vectors=ONE)
        assert kept(server) == (1 if applied else 0)
    assert time.monotonic() - started < 10


def test_a_fault_without_an_operation_strikes_all_until_it_is_cleared(
    server: S3VectorsServer, client: Any
) -> None:
    server.faults.add("InternalServerException", last=EVERY)
    for method in ("list_vector_buckets", "list_vector_buckets"):
        with pytest.raises(client.exceptions.InternalServerException):
            getattr(client, method)()
    server.faults.clear()
    client.list_vector_buckets()


def test_a_fault_of_unknown_kind_is_no_fault(server: S3VectorsServer) -> None:
    with pytest.raises(ValueError, match="unknown kind 'nonsense'"):
        server.faults.add("nonsense")
    assert Fault("reset").last is None


def test_the_log_tells_what_was_sent(server: S3VectorsServer, client: Any) -> None:
    client.put_vectors(**PLACE, vectors=[vector("a", 1, 0, 0), vector("b", 1, 0, 0)])
    with pytest.raises(client.exceptions.ValidationException):
        client.put_vectors(**PLACE, vectors=[vector("c", 1, 0)])
    client.query_vectors(
        **PLACE, topK=1, queryVector={"float32": [1, 0, 0]}, filter={"plan": "PPO"}
    )
    client.delete_vectors(**PLACE, keys=["b"])
    put, refused, query, delete = server.calls
    assert (put.operation, put.keys, put.vectors) == ("PutVectors", ("a", "b"), 2)
    assert put.sent_bytes > 100
    assert (refused.status, refused.error, refused.applied) == (400, "ValidationException", False)
    assert query.actions == ("s3vectors:QueryVectors", "s3vectors:GetVectors")
    assert (delete.keys, delete.status, delete.applied) == (("b",), 200, True)


def test_another_process_scripts_faults_and_reads_the_log(
    server: S3VectorsServer, client: Any
) -> None:
    with httpx.Client(base_url=server.url) as control:
        fault = {"kind": "TooManyRequestsException", "operation": "PutVectors", "last": 2}
        assert control.post("/_double/faults", json=fault).json()["faults"][0]["last"] == 2
        assert control.post("/_double/faults", json=[fault, fault]).is_success
        for wrong in ({"kind": "nonsense"}, {"no": "kind"}, 5):
            assert control.post("/_double/faults", json=wrong).status_code == 400
        with pytest.raises(client.exceptions.TooManyRequestsException):
            client.put_vectors(**PLACE, vectors=ONE)
        assert control.delete("/_double/faults").is_success
        client.put_vectors(**PLACE, vectors=ONE)
        calls = control.get("/_double/calls").json()["calls"]
        assert [(call["operation"], call["keys"], call["status"]) for call in calls] == [
            ("PutVectors", ["a"], 429),
            ("PutVectors", ["a"], 200),
        ]
        assert control.post("/_double/reset").is_success
        assert control.get("/_double/calls").json() == {"calls": []}
        assert control.get("/_double/nothing").status_code == 404
        assert client.list_vector_buckets()["vectorBuckets"] == []


def everything(client: Any) -> tuple[Any, ...]:
    vectors = client.list_vectors(**PLACE, returnData=True, returnMetadata=True)["vectors"]
    index = client.get_index(**PLACE)["index"]
    return vectors, index, client.list_tags_for_resource(resourceArn=index["indexArn"])["tags"]


def test_what_was_kept_in_a_file_outlives_the_double(tmp_path: Path) -> None:
    data = tmp_path / "vectors.journal"
    with S3VectorsServer(data=data) as server, connected(server) as client:
        make_index(client, tags={"model": "minilm"})
        client.put_vectors(**PLACE, vectors=[vector(f"k{n}", 1, n, 0, n=n) for n in range(9)])
        client.delete_vectors(**PLACE, keys=["k3"])
        with pytest.raises(client.exceptions.ValidationException):
            client.put_vectors(**PLACE, vectors=[vector("bad", 0, 0, 0)])
        arn = client.get_index(**PLACE)["index"]["indexArn"]
        client.tag_resource(resourceArn=arn, tags={"chunks": "8"})
        client.untag_resource(resourceArn=arn, tagKeys=["model"])
        before = everything(client)
    with data.open("ab") as file:
        file.write(b'["POST", "/DeleteIndex", 1.0, 500]\n{"vectorBuck')
    with S3VectorsServer(data=data) as server, connected(server) as client:
        assert everything(client) == before
        client.create_vector_bucket(vectorBucketName="further")
    with S3VectorsServer(data=data) as server, connected(server) as client:
        assert everything(client) == before
        assert len(client.list_vector_buckets()["vectorBuckets"]) == 2


def test_the_double_runs_as_a_process_that_may_be_killed(tmp_path: Path) -> None:
    options = ("--data", str(tmp_path / "data"), "--port", "0")
    with double_process("s3_vectors", *options) as url, httpx.Client(base_url=url) as raw:
        body = {"vectorBucketName": "plans"}
        assert raw.post("/CreateVectorBucket", json=body, headers=SIGNED).is_success
    with subprocess.Popen(
        [sys.executable, "-m", "tests.doubles.s3_vectors", *options],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        with httpx.Client(base_url=url, headers=SIGNED) as raw:
            assert raw.post("/GetVectorBucket", json={"vectorBucketName": "plans"}).is_success
            assert raw.post("/CreateVectorBucket", json={"vectorBucketName": "kill"}).is_success
            process.send_signal(signal.SIGKILL)
    with double_process("s3_vectors", *options) as url:
        found = httpx.post(f"{url}/ListVectorBuckets", json={}, headers=SIGNED).json()
        assert {bucket["vectorBucketName"] for bucket in found["vectorBuckets"]} == {
            "plans",
            "kill",
        }


def test_the_environment_leads_boto3_to_the_double(server: S3VectorsServer) -> None:
    assert server.environment["AWS_ENDPOINT_URL_S3VECTORS"] == server.url
