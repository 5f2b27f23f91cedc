"""What is particular to S3 Vectors: limits, tags, faults, adoption and search by words."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import boto3
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval import aws as retrieval_aws
from retrieval.documents import Record
from retrieval.errors import SettingsError, StoreError, StoreUnavailableError, VectorError
from retrieval.filters import Equals, Not, OneOf
from retrieval.interfaces import Contract
from retrieval.stores import s3_vectors_client, s3_vectors_made, s3_vectors_tags
from retrieval.stores.s3_vectors import S3VectorsStore
from retrieval.stores.s3_vectors_filters import translate
from retrieval.stores.s3_vectors_index import S3VectorsIndex
from retrieval.stores.s3_vectors_limits import MAX_REQUEST, batches
from retrieval.stores.s3_vectors_rows import METADATA_FIELD, TEXT_FIELD
from retrieval.stores.s3_vectors_tags import contract_of_tags, contract_tags, version_of_tags
from tests.doubles.s3_vectors import S3VectorsServer
from tests.retrieval.stores.store_contract import (
    CONTRACT,
    DIMENSION,
    ENVIRONMENT,
    X,
    Y,
    Z,
    found,
    keys,
    record,
    unit_vectors,
)

EVERY = 2**31
READS = {"GetIndex", "ListTagsForResource", "ListVectors", "GetVectors", "QueryVectors"}
NAMES = {"vectorBucketName": "test-bucket", "indexName": "plans"}


@pytest.fixture
def server(aws: Callable[[str], None]) -> Iterator[S3VectorsServer]:
    with S3VectorsServer() as server:
        aws(server.url)
        yield server


@pytest.fixture
def store(server: S3VectorsServer) -> Iterator[S3VectorsStore]:
    store = S3VectorsStore("test-bucket", "plans", parallel=4)
    yield store
    store.close()


@pytest.fixture
def index(store: S3VectorsStore) -> S3VectorsStore:
    store.create(CONTRACT)
    return store


@pytest.fixture
def two_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrieval_aws, "ATTEMPTS", 2)


def client() -> Any:
    return boto3.client("s3vectors", region_name="us-east-1")


def writes(server: S3VectorsServer) -> list[str]:
    return [call.operation for call in server.calls if call.operation not in READS]


def made_beforehand(**choices: Any) -> None:
    """An index without our tags, as a deployment makes it."""
    client().create_vector_bucket(vectorBucketName="test-bucket")
    given = {
        **NAMES,
        "dataType": "float32",
        "dimension": DIMENSION,
        "distanceMetric": "cosine",
        "metadataConfiguration": {"nonFilterableMetadataKeys": [TEXT_FIELD, METADATA_FIELD]},
    }
    client().create_index(**(given | choices))


class TestBeforeTheFirstUse:
    def test_nothing_is_called(self, server: S3VectorsServer) -> None:
        S3VectorsStore("test-bucket", "plans").close()
        assert server.calls == []

    def test_boto3_is_not_imported(self) -> None:
        program = (
            "import sys\n"
            "from retrieval.stores.s3_vectors import S3VectorsStore\n"
            "S3VectorsStore('test-bucket', 'plans').close()\n"
            "sys.exit(' '.join({'boto3', 'botocore', 'chromadb'} & sys.modules.keys()) or None)"
        )
        subprocess.run([sys.executable, "-c", program], check=True, env=ENVIRONMENT)

    @pytest.mark.parametrize("name", ["ab", "Upper", "under_score", "-first", "last-", "x" * 64])
    def test_a_name_that_aws_refuses_is_refused(self, name: str) -> None:
        with pytest.raises(SettingsError, match="cannot be the name of the vector bucket"):
            S3VectorsStore(name, "plans")
        with pytest.raises(SettingsError, match="cannot be the name of the index"):
            S3VectorsStore("test-bucket", name)


class TestLimits:
    """Each is refused before anything is written, also when it is the last of many records."""

    @pytest.mark.parametrize(
        ("bad", "message"),
        [
            (record("k" * 1_025), "1,025 characters, 1 to 1,024"),
            (record("bad", text="x" * 41_000), r"'bad' take 41,\d+ bytes .* keeps 40,960"),
            (record("bad", long="x" * 41_000), r"'bad' take 8\d,\d+ bytes .* keeps 40,960"),
            (record("bad", note="x" * 2_038), r"'bad' takes 2,049 bytes \('note' alone 2,049"),
            (record("bad", note="x" * 2_049), r"'bad' takes 2,060 bytes \('note' alone 2,060"),
            (
                Record("bad", "text", {f"f{n}": "x" * 100 for n in range(20)}, X),
                r"filterable metadata of 'bad' takes 2,\d+ bytes \('f\d+' alone 1\d\d\)",
            ),
            (Record("bad", "text", {f"f{n}": n for n in range(49)}, X), "49 metadata fields"),
            (Record("bad", "text", {TEXT_FIELD: "mine"}, X), f"field '{TEXT_FIELD}'"),
            (Record("bad", "text", {"x" * 64: 1}, X), "1 to 63 characters"),
        ],
    )
    def test_a_record_beyond_a_limit_is_named_and_nothing_sent(
        self, index: S3VectorsStore, server: S3VectorsServer, bad: Record, message: str
    ) -> None:
        server.forget_calls()
        with pytest.raises(StoreError, match=message):
            index.put([*(record(f"good-{n}") for n in range(600)), bad])
        assert writes(server) == []

    @pytest.mark.parametrize(
        "vector",
        [
            np.zeros(DIMENSION, np.float32),
            np.full(DIMENSION, np.nan, np.float32),
            np.full(DIMENSION, np.inf, np.float32),
            np.ones(DIMENSION + 1, np.float32),
        ],
    )
    def test_a_bad_vector_is_named_and_nothing_sent(
        self, index: S3VectorsStore, server: S3VectorsServer, vector: Any
    ) -> None:
        server.forget_calls()
        with pytest.raises(VectorError, match="the vector of 'bad'"):
            index.put([*(record(f"good-{n}") for n in range(600)), record("bad", vector)])
        assert writes(server) == []

    def test_what_just_fits_is_taken_by_the_service(self, index: S3VectorsStore) -> None:
        fields = {"policy": "x" * 2_035}
        index.put(
            [
                record("k" * 1_024),
                Record("most fields", "", {f"f{n}": n for n in range(48)}, X),
                Record("filterable", "", fields, X),
                Record("all", "x" * 40_800, {}, X),
            ]
        )
        assert index.count() == 4
        assert index.get(["filterable"])[0].metadata == fields

    def test_501_records_go_in_two_batches(
        self, index: S3VectorsStore, server: S3VectorsServer
    ) -> None:
        index.put([record(f"k{n:03d}") for n in range(501)])
        assert sorted(call.vectors for call in server.calls_of("PutVectors")) == [1, 500]
        index.delete([f"k{n:03d}" for n in range(501)])
        assert sorted(call.vectors for call in server.calls_of("DeleteVectors")) == [1, 500]
        assert index.count() == 0

    def test_501_in_one_call_are_refused_before_it_is_sent(self, server: S3VectorsServer) -> None:
        calls = s3_vectors_client.S3VectorsClient("the index", None, 1)
        index = S3VectorsIndex(calls, "test-bucket", "plans")
        with pytest.raises(StoreError, match="501 vectors in one call, S3 Vectors takes 500"):
            index.put_batch([record(f"k{n}") for n in range(501)])
        with pytest.raises(StoreError, match="501 keys in one call, S3 Vectors takes 500"):
            index.delete_batch([f"k{n}" for n in range(501)])
        assert server.calls == []

    def test_no_request_is_larger_than_20_mib(
        self, store: S3VectorsStore, server: S3VectorsServer
    ) -> None:
        vectors = unit_vectors(300, 4_096)
        store.create(Contract("large", 4_096, (1.0,)))
        store.put([record(f"k{n}", v, "ü" * 10_000) for n, v in enumerate(vectors)])
        sent = server.calls_of("PutVectors")
        assert 1 < len(sent) <= 3
        assert max(call.sent_bytes for call in sent) <= MAX_REQUEST
        assert store.count() == 300

    @given(st.lists(st.integers(0, 40_000), max_size=40), st.sampled_from("aü💊\x00"))
    def test_batches_hold_every_record_once_in_order(self, sizes: list[int], letter: str) -> None:
        records = [record(f"k{n}", text=letter * (s // 12)) for n, s in enumerate(sizes)]
        assert [r for batch in batches(records) for r in batch] == records

    def test_a_model_that_is_too_large_is_refused(self, store: S3VectorsStore) -> None:
        with pytest.raises(StoreError, match="4,097 numbers, S3 Vectors keeps 1 to 4,096"):
            store.create(Contract("too large", 4_097, (1.0,)))


class TestTags:
    @given(
        st.text(max_size=40).filter(lambda s: s.encode("utf-8", "ignore").decode() == s),
        st.lists(st.floats(allow_nan=False), max_size=60),
    )
    def test_any_contract_comes_back_to_the_digit(self, model: str, numbers: list[float]) -> None:
        contract = Contract(model, 4, tuple(numbers))
        tags = contract_tags(contract)
        back = contract_of_tags(tags)
        assert back == contract
        assert all(len(value) <= 256 for value in tags.values())

    @pytest.mark.parametrize("dimension", [1, 384, 1_024, 4_096])
    def test_a_fingerprint_of_six_decimals_fits_in_50_tags(
        self, store: S3VectorsStore, dimension: int
    ) -> None:
        [vector] = unit_vectors(1, dimension)
        numbers = tuple(round(float(number), 6) for number in vector)
        store.create(Contract("amazon.titan-embed-text-v2:0", dimension, numbers))
        again = S3VectorsStore("test-bucket", "plans")
        assert again.read_contract() == store.read_contract()
        again.close()

    def test_what_cannot_fit_is_refused_before_anything_is_made(
        self, store: S3VectorsStore, server: S3VectorsServer
    ) -> None:
        [vector] = unit_vectors(1, 4_096)
        with pytest.raises(StoreError, match="50 tags"):
            store.create(Contract("m", 4_096, tuple((vector.astype(float) / 3).tolist())))
        assert server.calls == []

    def test_contract_and_version_are_one_call_once_the_index_is_known(
        self, index: S3VectorsStore, server: S3VectorsServer
    ) -> None:
        index.read_contract()
        server.forget_calls()
        index.read_contract()
        index.version()
        assert [c.operation for c in server.calls] == ["ListTagsForResource"] * 2

    def test_a_search_is_one_call(self, index: S3VectorsStore, server: S3VectorsServer) -> None:
        index.put([record("a", X)])
        server.forget_calls()
        assert found(index, X, 5) == ["a"]
        assert [c.operation for c in server.calls] == ["QueryVectors"]

    def test_damaged_tags_are_named_with_a_remedy(self, index: S3VectorsStore) -> None:
        arn = client().get_index(**NAMES)["index"]["indexArn"]
        client().tag_resource(resourceArn=arn, tags={"benefits-chat:dimension": "four"})
        with pytest.raises(StoreUnavailableError, match=r"damaged tags .* --rebuild"):
            index.read_contract()
        index.create(CONTRACT)
        assert index.read_contract() == CONTRACT

    def test_tags_of_others_are_kept(self, index: S3VectorsStore) -> None:
        arn = client().get_index(**NAMES)["index"]["indexArn"]
        client().tag_resource(resourceArn=arn, tags={"cost-centre": "benefits"})
        index.put([record("a")])
        index.create(CONTRACT)
        assert client().list_tags_for_resource(resourceArn=arn)["tags"]["cost-centre"] == "benefits"


class TestWhereAServerHasNoTags:
    """Servers that speak the vector operations alone: tags stand in an index beside."""

    @pytest.fixture
    def server(self, aws: Callable[[str], None]) -> Iterator[S3VectorsServer]:
        with S3VectorsServer() as server:
            aws(server.url)
            for operation in ("ListTagsForResource", "TagResource"):
                server.faults.add("UnknownOperationException", operation, last=EVERY)
            yield server

    def test_the_contract_and_version_are_kept_all_the_same(self, index: S3VectorsStore) -> None:
        before = index.version()
        index.put([record("a")])
        again = S3VectorsStore("test-bucket", "plans")
        assert again.read_contract() == CONTRACT
        assert again.version() == index.version() != before
        other = Contract("other", 2, (0.0, 1.0))
        again.create(other)
        assert (index.read_contract(), index.count()) == (other, 0)
        again.close()

    def test_an_index_that_is_gone_is_gone(self, index: S3VectorsStore) -> None:
        client().delete_index(**NAMES)
        assert index.read_contract() is None
        assert index.version() == ""


class TestVersion:
    @pytest.mark.usefixtures("two_attempts")
    def test_a_change_that_was_cut_off_is_never_taken_for_the_end(
        self, index: S3VectorsStore, server: S3VectorsServer
    ) -> None:
        server.faults.add("AccessDeniedException", "PutVectors", last=EVERY)
        with pytest.raises(StoreUnavailableError):
            index.put([record("a")])
        assert index.version() != index.version()
        server.faults.clear()
        index.put([record("a")])
        assert index.version() == index.version()

    def test_a_writer_that_is_gone_is_not_waited_for(self, monkeypatch: pytest.MonkeyPatch) -> None:
        tags = s3_vectors_tags.version_tag(changing=True)
        assert version_of_tags(tags) != version_of_tags(tags)
        later = time.time() + s3_vectors_tags.SETTLED_SECONDS + 1
        monkeypatch.setattr(time, "time", lambda: later)
        assert version_of_tags(tags) == version_of_tags(tags)


class TestMaking:
    def test_an_empty_index_made_beforehand_is_adopted(
        self, store: S3VectorsStore, server: S3VectorsServer
    ) -> None:
        made_beforehand()
        assert store.read_contract() is None
        assert store.count() == 0
        with pytest.raises(StoreError, match="create it first"):
            store.put([record("a")])
        server.forget_calls()
        store.create(CONTRACT)
        assert set(writes(server)) == {"TagResource"}
        store.put([record("a")])
        assert store.read_contract() == CONTRACT
        assert keys(store) == ["a"]

    @pytest.mark.parametrize("index_is_ours", [True, False])
    def test_a_role_that_may_not_make_indexes_can_create_and_rebuild(
        self, aws: Callable[[str], None], index_is_ours: bool
    ) -> None:
        denied = {"CreateIndex", "DeleteIndex", "CreateVectorBucket", "UntagResource"}
        with S3VectorsServer() as server:
            aws(server.url)
            made_beforehand()
            for operation in denied:
                server.faults.add("AccessDeniedException", operation, last=EVERY)
            store = S3VectorsStore("test-bucket", "plans")
            if index_is_ours:
                store.create(Contract("before", DIMENSION, tuple([0.25] * 500)))
                store.put([record(f"k{n}") for n in range(700)])
            store.create(CONTRACT)
            assert (store.read_contract(), store.count()) == (CONTRACT, 0)
            store.close()

    def test_an_index_with_vectors_of_somebody_else_is_refused(self, store: S3VectorsStore) -> None:
        made_beforehand()
        theirs = {"key": "theirs", "data": {"float32": [1.0, 0.0, 0.0, 0.0]}}
        client().put_vectors(**NAMES, vectors=[theirs])
        for use in (lambda: store.create(CONTRACT), store.read_contract, store.count):
            with pytest.raises(StoreError, match=r"(another program|no index of).*name another"):
                use()
        assert len(client().list_vectors(**NAMES)["vectors"]) == 1

    @pytest.mark.parametrize(
        ("choices", "reason"),
        [
            ({"dimension": 8}, "8 numbers a vector, not 4"),
            ({"distanceMetric": "euclidean"}, "measures by euclidean"),
            ({"metadataConfiguration": {}}, "lets filters see"),
        ],
    )
    def test_an_index_of_others_that_does_not_fit_is_refused(
        self, store: S3VectorsStore, choices: dict[str, Any], reason: str
    ) -> None:
        made_beforehand(**choices)
        with pytest.raises(StoreError, match=reason):
            store.create(CONTRACT)

    def test_a_name_that_is_just_being_deleted_is_waited_for(
        self, store: S3VectorsStore, server: S3VectorsServer
    ) -> None:
        server.faults.add("ConflictException", "CreateIndex", first=2)
        store.create(CONTRACT)
        assert store.read_contract() == CONTRACT

    def test_a_name_that_stays_taken_is_an_error(
        self, store: S3VectorsStore, server: S3VectorsServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(s3_vectors_made, "DELETED_SECONDS", 0.1)
        server.faults.add("ConflictException", "CreateIndex", last=EVERY)
        with pytest.raises(StoreUnavailableError):
            store.create(CONTRACT)

    def test_killed_while_it_was_made_anew_the_old_contract_stands_over_fewer_records(
        self, index: S3VectorsStore, server: S3VectorsServer
    ) -> None:
        index.put([record(f"k{n}") for n in range(600)])
        server.faults.add("AccessDeniedException", "DeleteVectors", first=2, last=EVERY)
        with pytest.raises(StoreUnavailableError):
            index.create(Contract("other", DIMENSION, (1.0,)))
        assert index.read_contract() == CONTRACT
        server.faults.clear()
        index.create(Contract("other", DIMENSION, (1.0,)))
        assert index.count() == 0


@pytest.mark.usefixtures("two_attempts")
class TestFaults:
    """What goes wrong on the way: nothing is lost or doubled, and the message has a remedy."""

    def records(self, count: int = 1_200) -> list[Record]:
        return [record(f"k{n:04d}", v, n=n) for n, v in enumerate(unit_vectors(count))]

    @pytest.mark.parametrize(
        "fault",
        [
            {"kind": "TooManyRequestsException", "last": 2},
            {"kind": "ServiceUnavailableException"},
            {"kind": "InternalServerException", "applied": True},
            {"kind": "RequestTimeoutException"},
            {"kind": "reset"},
            {"kind": "reset", "applied": True},
            {"kind": "html"},
        ],
    )
    def test_a_passing_fault_loses_and_doubles_nothing(
        self, index: S3VectorsStore, server: S3VectorsServer, fault: dict[str, Any]
    ) -> None:
        records = self.records()
        server.faults.add(operation="PutVectors", **fault)
        index.put(records)
        assert list(index.scan()) == [(r.key, dict(r.metadata)) for r in records]

    def test_a_put_that_fails_half_way_says_so_and_is_completed_by_the_next(
        self, index: S3VectorsStore, server: S3VectorsServer
    ) -> None:
        records = self.records(2_600)
        server.faults.add("ServiceUnavailableException", "PutVectors", first=3, last=EVERY)
        with pytest.raises(StoreUnavailableError, match="1,000 of 2,600 records were stored; run"):
            index.put(records)
        assert index.count() == 1_000
        server.faults.clear()
        index.put(records)
        assert keys(index) == [r.key for r in records]

    @pytest.mark.parametrize(
        ("kind", "remedy"),
        [
            ("AccessDeniedException", "Give the role the permission"),
            ("ExpiredTokenException", "expired: sign in again"),
            ("UnrecognizedClientException", "does not accept the credentials"),
            ("TooManyRequestsException", "try again in a minute"),
            ("ServiceUnavailableException", "try again in a minute"),
            ("RequestTimeoutException", "try again in a minute"),
            ("reset", "try again"),
            ("html", "try again"),
            ("garbage", "AWS_ENDPOINT_URL"),
            ("half_body", "try again|AWS_ENDPOINT_URL"),
        ],
    )
    def test_a_lasting_fault_has_a_remedy_and_never_looks_like_no_index(
        self,
        index: S3VectorsStore,
        server: S3VectorsServer,
        kind: str,
        remedy: str,
    ) -> None:
        index.put([record("a")])
        server.faults.add(kind, last=EVERY)
        fresh = S3VectorsStore("test-bucket", "plans")
        for use in (
            fresh.read_contract,
            fresh.version,
            fresh.count,
            lambda: fresh.query(X, 1),
            lambda: index.query(X, 1),
            lambda: index.get(["a"]),
            lambda: list(index.scan()),
        ):
            with pytest.raises(StoreUnavailableError, match=remedy) as failure:
                use()
            assert "'plans'" in str(failure.value)
        fresh.close()
        server.faults.clear()
        assert keys(index) == ["a"]

    def test_a_region_that_the_key_was_not_signed_for_has_a_remedy(
        self, index: S3VectorsStore
    ) -> None:
        elsewhere = S3VectorsStore("test-bucket", "plans", region="eu-central-1")
        with pytest.raises(StoreUnavailableError, match="AWS_REGION"):
            elsewhere.read_contract()
        elsewhere.close()

    def test_no_answer_in_time_has_a_remedy(
        self,
        index: S3VectorsStore,
        server: S3VectorsServer,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        impatient = partial(retrieval_aws.make_client, read_seconds=0.2)
        monkeypatch.setattr(s3_vectors_client, "make_client", impatient)
        server.faults.add("delay", last=EVERY, seconds=1.0)
        fresh = S3VectorsStore("test-bucket", "plans")
        with pytest.raises(StoreUnavailableError, match="did not answer in time"):
            fresh.read_contract()
        fresh.close()

    def test_no_server_has_a_remedy(self, aws: Callable[[str], None]) -> None:
        with S3VectorsServer() as gone:
            aws(gone.url)
        store = S3VectorsStore("test-bucket", "plans")
        with pytest.raises(StoreUnavailableError, match="check the network"):
            store.read_contract()
        store.close()

    def test_an_index_that_was_deleted_meanwhile_holds_nothing(self, index: S3VectorsStore) -> None:
        index.put([record("a")])
        assert found(index, X, 1) == ["a"]
        client().delete_index(**NAMES)
        assert index.query(X, 1) == []
        assert index.count() == 0
        assert index.read_contract() is None

    def test_an_index_that_goes_while_records_are_put_is_an_error_with_a_remedy(
        self, index: S3VectorsStore, server: S3VectorsServer
    ) -> None:
        server.faults.add("NotFoundException", "PutVectors", last=EVERY)
        with pytest.raises(StoreUnavailableError, match=r"BENEFITS_CHAT_VECTOR_INDEX.*0 of 1 rec"):
            index.put([record("a")])

    def test_a_refusal_is_not_tried_again(
        self, index: S3VectorsStore, server: S3VectorsServer
    ) -> None:
        server.forget_calls()
        server.faults.add("ValidationException", "PutVectors", last=EVERY)
        with pytest.raises(StoreError, match="refused"):
            index.put([record("a")])
        assert len(server.calls_of("PutVectors")) == 1


class TestThrottling:
    def test_more_than_the_service_takes_in_a_second_is_waited_for(
        self, aws: Callable[[str], None]
    ) -> None:
        with S3VectorsServer(vectors_per_second=1_000) as server:
            aws(server.url)
            store = S3VectorsStore("test-bucket", "plans")
            store.create(CONTRACT)
            store.put([record(f"k{n:04d}") for n in range(3_000)])
            assert store.count() == 3_000
            assert any(call.status == 429 for call in server.calls_of("PutVectors"))
            store.close()


class TestSearching:
    def test_more_than_a_query_returns_is_still_found(self, index: S3VectorsStore) -> None:
        vectors = unit_vectors(10_300, seed=3)
        index.put([record(f"k{n:05d}", v, n=n) for n, v in enumerate(vectors)])
        assert len(index.query(X, 10_200)) == 10_200
        rare = Not(OneOf("n", tuple(range(10_200))))
        assert sorted(found(index, X, 100, rare)) == [f"k{n}" for n in range(10_200, 10_300)]

    def test_where_a_query_returns_100_at_most_the_rest_is_read(
        self, aws: Callable[[str], None]
    ) -> None:
        with S3VectorsServer(max_top_k=100) as server:
            aws(server.url)
            store = S3VectorsStore("test-bucket", "plans")
            store.create(CONTRACT)
            vectors = unit_vectors(300, seed=3)
            store.put([record(f"k{n:03d}", v, n=n) for n, v in enumerate(vectors)])
            nearest = found(store, X, 300)
            assert len(nearest) == 300
            server.forget_calls()
            assert found(store, X, 100) == nearest[:100]
            assert [call.operation for call in server.calls] == ["QueryVectors"]
            store.close()

    def test_negations_are_written_with_one_meaning(self) -> None:
        assert json.loads(json.dumps(translate(Not(Equals("n", 1))))) == {
            "$or": [{"n": {"$exists": False}}, {"n": {"$ne": 1}}]
        }

    def test_a_vector_that_another_program_put_is_read_as_it_is(
        self, index: S3VectorsStore
    ) -> None:
        theirs = {
            "key": "theirs",
            "data": {"float32": [1.0, 0.0, 0.0, 0.0]},
            "metadata": {"policy": "A"},
        }
        client().put_vectors(**NAMES, vectors=[theirs])
        [hit] = index.query(X, 5, Equals("policy", "A"))
        assert (hit.key, hit.text, hit.metadata) == ("theirs", "", {"policy": "A"})
        assert list(index.scan()) == [("theirs", {"policy": "A"})]


class TestSearchingByWordsToo:
    @pytest.fixture(params=[False, True], ids=["new bucket", "bucket of before"])
    def enhanced(
        self, request: pytest.FixtureRequest, aws: Callable[[str], None]
    ) -> Iterator[S3VectorsStore]:
        with S3VectorsServer(classic_buckets=request.param) as server:
            aws(server.url)
            store = S3VectorsStore("test-bucket", "plans", mode="enhanced")
            store.create(CONTRACT)
            store.put(
                [
                    record("near", X, "preventive care is covered", policy="A"),
                    record("word", Y, "wheelchair rental and repair", policy="A"),
                    record("neither", Z, "vision hardware", policy="B"),
                ]
            )
            yield store
            store.close()

    def test_the_words_lift_what_the_vector_does_not_find(self, enhanced: S3VectorsStore) -> None:
        hits = enhanced.query_hybrid(X, "wheelchair", 2)
        assert {(h.key, h.similarity) for h in hits} == {("near", 1.0), ("word", 0.0)}
        assert {h.text for h in hits} == {
            "preventive care is covered",
            "wheelchair rental and repair",
        }

    def test_the_filter_comes_first(self, enhanced: S3VectorsStore) -> None:
        hits = enhanced.query_hybrid(X, "wheelchair", 5, Equals("policy", "B"))
        assert [h.key for h in hits] == ["neither"]

    def test_a_hit_of_the_words_alone_has_its_similarity(self, enhanced: S3VectorsStore) -> None:
        others = [record(f"x{n:03d}", v, "other") for n, v in enumerate(unit_vectors(200))]
        enhanced.put([*others, record("opposite", -X, "prosthesis")])
        hits = {h.key: h.similarity for h in enhanced.query_hybrid(X, "prosthesis", 5)}
        assert hits["opposite"] == -1.0

    def test_a_question_of_any_length_is_searched(self, enhanced: S3VectorsStore) -> None:
        assert enhanced.query_hybrid(X, "wheelchair " * 400, 3)
        assert enhanced.query_hybrid(X, "  ", 3) == []

    def test_a_classic_index_says_that_it_cannot(self, index: S3VectorsStore) -> None:
        index.put([record("a")])
        with pytest.raises(StoreError, match=r"not searchable|ENHANCED"):
            index.query_hybrid(X, "wheelchair", 3)
