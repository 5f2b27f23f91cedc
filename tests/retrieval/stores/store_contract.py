"""What every vector store must do. A store's test class inherits from one of these.

``StoreContract`` asks for a fixture ``store``; ``DurableStoreContract`` for a fixture ``place``
and a method ``open``; ``SharedStoreContract`` also writes from another process.
"""

import itertools
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval.documents import Record, Scalar, Vector
from retrieval.errors import StoreError, VectorError
from retrieval.filters import (
    MAX_DEPTH,
    All,
    AnyOf,
    Equals,
    Filter,
    Not,
    OneOf,
    Range,
    matches,
    parse,
    to_json,
)
from retrieval.interfaces import Contract, VectorStore

DIMENSION = 4
CONTRACT = Contract("letter-counts", DIMENSION, (0.1, -0.2, 1 / 3, 0.9))
X, Y, Z, W = np.eye(4, dtype=np.float32)
ENVIRONMENT = {"PYTHONPATH": str(Path(__file__).parents[3])}


def record(key: str, vector: Vector = X, text: str = "text", **metadata: Scalar) -> Record:
    return Record(key, text, metadata, vector)


def other_process(*arguments: str) -> list[str]:
    """The command that runs one operation of ``other_process.py``."""
    return [sys.executable, str(Path(__file__).with_name("other_process.py")), *arguments]


def keys(store: VectorStore, where: Filter | None = None) -> list[str]:
    return [key for key, _ in store.scan(where)]


def found(store: VectorStore, vector: Vector, limit: int, where: Filter | None = None) -> list[str]:
    return [hit.key for hit in store.query(vector, limit, where)]


def unit_vectors(count: int, dimension: int = DIMENSION, seed: int = 0) -> list[Vector]:
    rows = np.random.default_rng(seed).normal(size=(count, dimension))
    return list((rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32))


def exactly_nearest(
    records: Sequence[Record], vector: Vector, limit: int, where: Filter | None = None
) -> list[str]:
    """The order by its definition: one record at a time, in double precision."""

    def cosine(r: Record) -> float:
        a, b = r.vector.astype(float), vector.astype(float)
        return round(float(a @ b / np.sqrt((a @ a) * (b @ b))), 6)

    admitted = [r for r in records if matches(where, r.metadata)]
    return [r.key for r in sorted(admitted, key=lambda r: (-cosine(r), r.key))][:limit]


NAMES = ("text", "whole", "fraction", "truth", "mixed", "plan year", "a.b", "ключ", "never")
VALUES: Mapping[str, tuple[Scalar, ...]] = {
    "text": ("", "a", "b", "1", "True", "é", "e\u0301", "A"),
    "whole": (-2, -1, 0, 1, 2, 3, 2**53, -(2**53)),
    "fraction": (-1.5, -1.0, -0.5, 0.0, 0.1, 0.5, 1.0, 1.5, 1e-9),
    "truth": (True, False),
}
MIXED = tuple(itertools.chain(*VALUES.values()))


@cache
def mixed_records(count: int) -> list[Record]:
    """Records whose fields are missing or of mixed types, the same in each run."""
    random = Random(7)  # noqa: S311 - the same in each run
    vectors = unit_vectors(count)
    records = []
    for number in range(count):
        metadata = {
            name: random.choice(VALUES.get(name, MIXED))
            for name in NAMES[:-1]
            if random.random() < 0.4
        }
        records.append(Record(f"key-{number:04d}", f"text {number}", metadata, vectors[number]))
    return records


@cache
def admitted_by(where: str) -> frozenset[str]:
    """Keys of ``mixed_records(2_000)`` that a filter, as JSON, admits by its definition."""
    meaning = parse(where)
    return frozenset(r.key for r in mixed_records(2_000) if matches(meaning, r.metadata))


_bounds = st.sampled_from([-1.5, -1, -0.5, 0, 0.0, 0.1, 0.5, 1, 1.0, 1.5, 2, 3, 2.0**53])
_values = st.sampled_from(MIXED)
_names = st.sampled_from(NAMES)
_leaves = st.one_of(
    st.builds(Equals, _names, _values),
    st.builds(OneOf, _names, st.lists(_values, max_size=6).map(tuple)),
    st.builds(Range, _names, _bounds, st.none() | _bounds),
    st.builds(Range, _names, st.none(), _bounds),
)
FILTERS: st.SearchStrategy[Filter] = st.recursive(
    _leaves,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(All, st.lists(inner, max_size=4).map(tuple)),
        st.builds(AnyOf, st.lists(inner, max_size=4).map(tuple)),
    ),
    max_leaves=8,
)


TEXTS = [
    "a/b\\c?d#e%20",
    "🏥💊 family 👨‍👩‍👧‍👦",
    "خطة التأمين الصحي",
    "e\u0301\u0327 combining",
    "é",
    "e\u0301",
    "line\nbreak\ttab\r\n",
    "nul\x00inside",
    "k" * 1_000,
    "ü" * 1_000,
    "' OR 1=1 --",
    " spaces ",
    "True",
    "1",
]
UNUSABLE_VECTORS = [
    np.zeros(DIMENSION, np.float32),
    np.array([np.nan, 0, 0, 1], np.float32),
    np.array([np.inf, 0, 0, 1], np.float32),
    np.ones(DIMENSION + 1, np.float32),
    np.ones(DIMENSION - 1, np.float32),
    np.ones((1, DIMENSION), np.float32),
    np.ones(0, np.float32),
]
UNUSABLE_RECORDS = [
    record("bad", text="half \ud800"),
    record("bad", value="half \ud800"),
    record("bad", value=float("nan")),
    record("bad", value=float("inf")),
    record("bad", value=2**53 + 1),
    record("half \ud800"),
    record(""),
    record("k" * 1_025),
    Record("bad", "text", {"": 1}, X),
    Record("bad", "text", {"$x": 1}, X),
    Record("bad", "text", {"chroma:document": "x"}, X),
    Record("bad", "text", {"x" * 64: 1}, X),
]
NUMBERED: Mapping[str, Scalar] = {
    "one": 1,
    "one_float": 1.0,
    "one_text": "1",
    "true": True,
    "zero": 0,
    "false": False,
    "empty": "",
    "one_half_more": 1.5,
    "minus": -1,
}
"""Records by key, each with this value as ``n``; beside them ``nothing``, without ``n``."""
FILTERS_OF_NUMBERED: list[tuple[Filter, str]] = [
    (Equals("n", 1), "one one_float"),
    (Equals("n", 1.0), "one one_float"),
    (Equals("n", "1"), "one_text"),
    (Equals("n", True), "true"),
    (Equals("n", ""), "empty"),
    (Equals("n", 0), "zero"),
    (Equals("n", False), "false"),
    (Equals("n", 1.5), "one_half_more"),
    (Equals("missing", ""), ""),
    (OneOf("n", ()), ""),
    (OneOf("n", (1, "1", True)), "one one_float one_text true"),
    (OneOf("n", (1.5, 1)), "one one_float one_half_more"),
    (OneOf("n", (1.5, 0.5)), "one_half_more"),
    (Range("n", 1, 1), "one one_float"),
    (Range("n", 0, 2), "one one_float one_half_more zero"),
    (Range("n", 1.2), "one_half_more"),
    (Range("n", None, 0.5), "minus zero"),
    (Range("n", -1.5, -0.5), "minus"),
    (Range("n", -0.5, 0.5), "zero"),
    (All(()), "*"),
    (AnyOf(()), ""),
    (Not(All(())), ""),
    (Not(AnyOf(())), "*"),
    (All((Range("n", 0, 2), Not(Equals("n", 1)))), "one_half_more zero"),
    (AnyOf((Equals("n", 0), Equals("n", "1"))), "one_text zero"),
    (All((Equals("n", 1),)), "one one_float"),
    (Not(OneOf("n", (1, "1", True, "", 0, False, 1.5, -1))), "nothing"),
    (Not(Range("n", -9, 9)), "empty false nothing one_text true"),
    (Not(Not(Equals("n", 0))), "zero"),
    (Not(OneOf("n", ())), "*"),
    (Equals("missing", 1), ""),
    (Not(Equals("missing", 1)), "*"),
    (Equals("n", "half \ud800"), ""),
    (Not(Equals("n", "half \ud800")), "*"),
    (Equals("#document", "text"), ""),
    (Equals("chroma:document", "text"), ""),
    (Not(Equals("chroma:document", "text")), "*"),
    (Range("chroma:document", 0), ""),
]
"""Filters and the keys they admit; ``*`` stands for all."""


class StoreContract:
    """For every store: ``store`` is empty and not created."""

    random_filters = 500

    @pytest.fixture
    def store(self) -> VectorStore | Iterator[VectorStore]:
        raise NotImplementedError

    @pytest.fixture
    def index(self, store: VectorStore) -> VectorStore:
        store.create(CONTRACT)
        return store

    # Before an index is created

    def test_without_an_index_there_is_nothing_to_read(self, store: VectorStore) -> None:
        assert store.read_contract() is None
        assert store.count() == 0
        assert store.count(Equals("a", 1)) == 0
        assert list(store.scan()) == []
        assert store.get(["a"]) == []
        assert store.query(X, 5) == []
        assert store.compare(["a"], X) == []
        store.delete(["a"])

    def test_without_an_index_nothing_can_be_written(self, store: VectorStore) -> None:
        with pytest.raises(StoreError, match="create"):
            store.put([record("a")])
        assert store.read_contract() is None

    def test_an_empty_index_holds_nothing(self, index: VectorStore) -> None:
        assert index.count() == 0
        assert index.count(Not(Equals("a", 1))) == 0
        assert list(index.scan()) == []
        assert index.query(X, 5) == []
        assert index.query(X, 5, Equals("a", 1)) == []
        assert index.get(["a"]) == []

    def test_the_contract_is_read_back_to_the_digit(self, store: VectorStore) -> None:
        fingerprint = (1 / 3, -0.1, 5e-324, 1.0, *unit_vectors(1, 1020)[0].tolist())
        contract = Contract("Modell „größer“ ✓", len(fingerprint), fingerprint)
        store.create(contract)
        assert store.read_contract() == contract

    def test_creating_replaces_an_index_and_its_contract(self, index: VectorStore) -> None:
        index.put([record("a", policy="A")])
        other = Contract("other", 2, (0.0, 1.0))
        index.create(other)
        assert index.read_contract() == other
        assert index.count() == 0
        assert index.get(["a"]) == []
        index.put([record("b", np.array([1, 0], np.float32))])
        assert keys(index) == ["b"]

    # Writing and reading

    def test_a_record_is_read_back_whole(self, index: VectorStore) -> None:
        vector = unit_vectors(1)[0]
        metadata: dict[str, Scalar] = {
            "text": "",
            "zero": 0,
            "whole": 1,
            "fraction": 1.0,
            "no": False,
            "yes": True,
            "large": 2**53,
            "tiny": 5e-324,
            "long": "x" * 1_500,
            "with space": 1,
            "with.dot": 2,
            "ключ": "значение",
            "'\"": "'\"",
        }
        index.put([Record("key", "the text", metadata, vector)])
        [back] = index.get(["key"])
        assert (back.key, back.text) == ("key", "the text")
        assert {k: (type(v), v) for k, v in back.metadata.items()} == {
            k: (type(v), v) for k, v in metadata.items()
        }
        assert back.vector.dtype == np.float32
        np.testing.assert_allclose(back.vector, vector, rtol=0, atol=1e-6)
        [(key, fields)] = index.scan()
        assert (key, dict(fields)) == ("key", metadata)
        [hit] = index.query(vector, 1)
        assert (hit.key, hit.text, dict(hit.metadata)) == ("key", "the text", metadata)
        assert hit.similarity == 1.0

    def test_any_text_can_be_key_text_and_value(self, index: VectorStore) -> None:
        index.put([record(text, X, text, value=text) for text in TEXTS])
        for text in TEXTS:
            [back] = index.get([text])
            assert (back.key, back.text, back.metadata["value"]) == (text, text, text)
            assert keys(index, Equals("value", text)) == [text]
            assert [hit.text for hit in index.query(X, 1, Equals("value", text))] == [text]
        assert keys(index) == sorted(TEXTS)
        index.delete(TEXTS[1:])
        assert keys(index) == TEXTS[:1]

    def test_empty_text_and_no_metadata_are_kept(self, index: VectorStore) -> None:
        index.put([record("a", X, "")])
        assert [(r.text, dict(r.metadata)) for r in index.get(["a"])] == [("", {})]
        assert [(h.text, dict(h.metadata)) for h in index.query(X, 1)] == [("", {})]
        assert [dict(fields) for _, fields in index.scan()] == [{}]

    def test_get_keeps_the_order_and_skips_what_is_not_there(self, index: VectorStore) -> None:
        index.put([record("a"), record("b"), record("c")])
        assert [r.key for r in index.get(["c", "unknown", "a", "c"])] == ["c", "a", "c"]

    def test_the_version_differs_after_each_change_and_only_then(self, index: VectorStore) -> None:
        seen = [index.version()]
        changes: list[Callable[[], None]] = [
            lambda: index.put([record("a"), record("b")]),
            lambda: index.put([record("a", text="new")]),
            lambda: index.delete(["a"]),
            lambda: index.create(CONTRACT),
        ]
        for change in changes:
            change()
            assert index.version() not in seen
            seen.append(index.version())
            index.query(X, 1), index.get(["b"]), index.count()
            assert index.version() == seen[-1]

    def test_empty_lists_do_nothing(self, index: VectorStore) -> None:
        index.put([record("a")])
        index.put([])
        index.delete([])
        assert index.get([]) == []
        assert keys(index) == ["a"]

    def test_putting_a_key_again_replaces_all_of_it(self, index: VectorStore) -> None:
        index.put([record("a", X, "old", kept=1, gone="x", changed=1), record("b", Y)])
        index.put([record("a", Z, "new", kept=1, changed="text")])
        [back] = index.get(["a"])
        assert (back.text, dict(back.metadata)) == ("new", {"kept": 1, "changed": "text"})
        assert index.count() == 2
        assert keys(index, Equals("gone", "x")) == []
        assert keys(index, Equals("changed", 1)) == []
        assert [(h.key, h.similarity) for h in index.query(Z, 1)] == [("a", 1.0)]
        assert [(h.key, h.similarity) for h in index.query(X, 2)] == [("a", 0.0), ("b", 0.0)]
        index.put([record("a", Z, "newest")])
        assert [dict(r.metadata) for r in index.get(["a"])] == [{}]

    def test_of_equal_keys_in_one_put_the_last_wins(self, index: VectorStore) -> None:
        index.put([record("a", X, "first", n=1), record("b"), record("a", Y, "last", m=2)])
        assert index.count() == 2
        assert [(r.text, dict(r.metadata)) for r in index.get(["a"])] == [("last", {"m": 2})]
        assert found(index, Y, 1) == ["a"]

    def test_what_is_deleted_is_gone_everywhere(self, index: VectorStore) -> None:
        index.put([record("a", X, n=1), record("b", Y, n=1), record("c", Z, n=1)])
        index.delete(["b", "unknown", "b"])
        assert index.count() == index.count(Equals("n", 1)) == 2
        assert keys(index) == ["a", "c"]
        assert index.get(["b"]) == []
        assert found(index, Y, 5) == ["a", "c"]
        index.delete(["b"])
        index.put([record("b", W)])
        assert found(index, W, 1) == ["b"]

    def test_the_callers_later_changes_do_not_reach_the_store(self, index: VectorStore) -> None:
        vector, metadata = X.copy(), {"n": 1}
        index.put([Record("a", "text", metadata, vector)])
        vector[:] = Y
        metadata["n"] = 2
        assert [dict(r.metadata) for r in index.get(["a"])] == [{"n": 1}]
        assert index.query(X, 1)[0].similarity == 1.0

    # What cannot be stored

    def test_an_unusable_vector_is_refused_and_nothing_stored(self, index: VectorStore) -> None:
        index.put([record("there")])
        for vector in UNUSABLE_VECTORS:
            with pytest.raises(VectorError):
                index.put([record("a"), record("bad", vector), record("there", Y)])
            with pytest.raises(VectorError):
                index.query(vector, 1)
            with pytest.raises(VectorError):
                index.compare(["there"], vector)
        assert keys(index) == ["there"]
        assert found(index, X, 1) == ["there"]

    def test_an_unusable_record_is_refused_and_nothing_stored(self, index: VectorStore) -> None:
        for bad in UNUSABLE_RECORDS:
            with pytest.raises(StoreError):
                index.put([record("good"), bad])
        assert index.count() == 0

    # Searching

    def test_hits_come_by_falling_similarity(self, index: VectorStore) -> None:
        index.put(
            [
                record("far", -X),
                record("near", np.array([0.8, 0.6, 0, 0], np.float32)),
                record("same", X),
                record("across", Y),
            ]
        )
        hits = index.query(X, 10)
        assert [(h.key, h.similarity) for h in hits] == [
            ("same", 1.0),
            ("near", 0.8),
            ("across", 0.0),
            ("far", -1.0),
        ]

    def test_ties_come_by_key_and_the_limit_cuts_among_them(self, index: VectorStore) -> None:
        order = [f"k{number:03d}" for number in range(40)]
        order = order[::3] + order[2::3] + order[1::3]
        vector = unit_vectors(1)[0]
        index.put([record(key, vector) for key in order] + [record("a-far", -vector)])
        query = unit_vectors(2)[1]
        for limit in (1, 7, 40):
            expected = sorted(order)[:limit]
            if query @ vector > 0:
                assert found(index, query, limit) == expected
            assert found(index, vector, limit) == expected
        assert len({hit.similarity for hit in index.query(vector, 40)}) == 1

    def test_the_length_of_vectors_does_not_matter(self, index: VectorStore) -> None:
        near = np.array([0.6, 0.8, 0, 0], np.float32)
        index.put([record("b", 2 * X), record("a", X), record("long", 100 * near)])
        assert [(h.key, h.similarity) for h in index.query(50 * X, 3)] == [
            ("a", 1.0),
            ("b", 1.0),
            ("long", 0.6),
        ]

    def test_compared_records_are_as_near_as_a_query_finds_them(self, index: VectorStore) -> None:
        index.put([record(f"k{n}", 3 * v, n=n) for n, v in enumerate(unit_vectors(6))])
        hits = {hit.key: hit for hit in index.query(50 * Y, 6)}
        wanted = ["k4", "unknown", "k0", "k4", "k5"]
        assert index.compare(wanted, 50 * Y) == [hits[key] for key in wanted if key in hits]
        assert index.compare([], Y) == []

    def test_there_are_as_many_hits_as_limit_and_filter_allow(self, index: VectorStore) -> None:
        index.put([record(f"k{n}", v, odd=n % 2) for n, v in enumerate(unit_vectors(6))])
        for limit in (1, 2, 3, 4, 6, 7, 1_000):
            assert len(index.query(X, limit)) == min(limit, 6)
            assert len(index.query(X, limit, Equals("odd", 1))) == min(limit, 3)

    def test_a_limit_of_nothing_finds_nothing(self, index: VectorStore) -> None:
        index.put([record("a")])
        assert index.query(X, 0) == []

    def test_the_filter_applies_before_the_ranking(self, index: VectorStore) -> None:
        vectors = unit_vectors(300, seed=5)
        nearest_first = sorted(vectors, key=lambda v: -float(v @ X))
        records = [
            record(f"k{n:03d}", v, policy="LAST" if n >= 295 else "FIRST")
            for n, v in enumerate(nearest_first)
        ]
        index.put(records)
        assert found(index, X, 10, Equals("policy", "LAST")) == [f"k{n}" for n in range(295, 300)]

    # Filters

    def test_each_filter_admits_what_it_means(self, index: VectorStore) -> None:
        index.put([record(key, n=value) for key, value in NUMBERED.items()] + [record("nothing")])
        for where, expected in FILTERS_OF_NUMBERED:
            admitted = sorted([*NUMBERED, "nothing"]) if expected == "*" else expected.split()
            assert keys(index, where) == admitted, where
            assert index.count(where) == len(admitted), where
            assert sorted(found(index, X, 100, where)) == admitted, where

    def test_a_filter_may_list_ten_thousand_values_and_more(self, index: VectorStore) -> None:
        index.put([record("a", n="v5"), record("b", n="v39999"), record("c", n="other")])
        for count in (10_000, 40_000):
            where = OneOf("n", tuple(f"v{number}" for number in range(count)))
            expected = [k for k, n in (("a", 5), ("b", 39_999)) if n < count]
            assert keys(index, where) == expected
            assert keys(index, Not(where)) == sorted({"a", "b", "c"} - set(expected))
            assert found(index, X, 5, where) == expected

    def test_a_filter_may_be_wide_and_deep(self, index: VectorStore) -> None:
        index.put([record("a", n=5), record("b", n=7_000)])
        wide = AnyOf(tuple(Equals("n", number) for number in range(6_000)))
        assert keys(index, wide) == ["a"]
        deep: Filter = Equals("n", 5)
        for _ in range(MAX_DEPTH // 2 - 1):
            deep = Not(All((deep, Not(Equals("n", 7_000)))))
        assert keys(index, deep) == [
            k for k in "ab" if matches(deep, {"n": 5 if k == "a" else 7_000})
        ]

    def test_random_filters_admit_what_they_mean(self, index: VectorStore) -> None:
        records = mixed_records(2_000)
        index.put(records)
        query = unit_vectors(1, seed=3)[0]
        nearest_first = exactly_nearest(records, query, len(records))

        @given(where=FILTERS)
        @settings(
            max_examples=self.random_filters,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        def check(where: Filter) -> None:
            admitted = admitted_by(json.dumps(to_json(where)))
            if len(admitted) > 600:  # reading them takes long; the others show as much
                assert index.count(where) == len(admitted)
                assert keys(index, Not(where)) == [r.key for r in records if r.key not in admitted]
                return
            assert keys(index, where) == sorted(admitted)
            nearest = [key for key in nearest_first if key in admitted][:3]
            assert found(index, query, 3, where) == nearest

        check()

    def test_a_plan_never_finds_another_plans_text(self, index: VectorStore) -> None:
        vectors = unit_vectors(1_000, seed=1)
        policies = [f"PLAN_{number}" for number in range(50)] + [""]
        index.put(
            [
                record(f"k{n:04d}", v, policy=policies[n % 51], plan_year=2024 + n % 3)
                for n, v in enumerate(vectors)
            ]
        )
        for number, query in enumerate(unit_vectors(1_000, seed=2)):
            policy = policies[number % 50]
            hits = index.query(query, 5, OneOf("policy", (policy, "")))
            assert len(hits) == 5
            assert {hit.metadata["policy"] for hit in hits} <= {policy, ""}

    # Size

    def test_thousands_of_records_are_read_page_by_page(self, index: VectorStore) -> None:
        vectors = unit_vectors(5_000, seed=4)
        records = [record(f"k{n:05d}", v, n=n, even=n % 2 == 0) for n, v in enumerate(vectors)]
        index.put(list(reversed(records)))
        assert index.count() == 5_000
        assert index.count(Equals("even", True)) == 2_500
        assert list(index.scan()) == [(r.key, dict(r.metadata)) for r in records]
        assert [k for k, _ in index.scan(Range("n", 990, 3_010))] == [
            r.key for r in records[990:3_011]
        ]
        back = index.get([r.key for r in reversed(records)])
        assert [r.key for r in back] == [r.key for r in reversed(records)]
        for query in unit_vectors(20, seed=6):
            assert found(index, query, 60) == exactly_nearest(records, query, 60)
        index.delete([r.key for r in records if r.metadata["even"]])
        assert index.count() == 2_500
        assert index.count(Equals("even", True)) == 0
        remaining = [r for r in records if not r.metadata["even"]]
        query = unit_vectors(1, seed=7)[0]
        assert found(index, query, 60) == exactly_nearest(remaining, query, 60)

    def test_a_scan_may_be_left_and_the_index_changed_meanwhile(self, index: VectorStore) -> None:
        index.put([record(f"k{n:04d}") for n in range(1_500)])
        scan = index.scan()
        assert next(scan)[0] == "k0000"
        index.delete([f"k{n:04d}" for n in range(1_400, 1_500)])
        index.put([record("k0001", text="new")])
        assert 1_399 <= len(list(scan)) <= 1_499
        assert len(keys(index)) == 1_400


class DurableStoreContract(StoreContract):
    """For stores that outlive the process."""

    def open(self, place: str) -> VectorStore:
        raise NotImplementedError

    @pytest.fixture
    def place(self) -> str:
        raise NotImplementedError

    @pytest.fixture
    def store(self, place: str) -> Iterator[VectorStore]:
        store = self.open(place)
        yield store
        store.close()

    def test_all_is_there_after_closing_and_opening(self, index: VectorStore, place: str) -> None:
        records = mixed_records(300)
        index.put(records)
        index.delete([r.key for r in records[:10]])
        before = index.query(X, 20)
        index.close()
        again = self.open(place)
        try:
            assert again.read_contract() == CONTRACT
            assert list(again.scan()) == [(r.key, dict(r.metadata)) for r in records[10:]]
            assert again.query(X, 20) == before
            [back] = again.get([records[20].key])
            np.testing.assert_allclose(back.vector, records[20].vector, rtol=0, atol=1e-6)
            again.put([record("new", Y)])
            assert again.count() == 291
        finally:
            again.close()

    def test_two_stores_of_one_process_see_each_others_writes(
        self, index: VectorStore, place: str
    ) -> None:
        other = self.open(place)
        try:
            index.put([record("a", X)])
            assert keys(other) == ["a"]
            other.put([record("b", Y)])
            assert found(index, Y, 1) == ["b"]
            index.delete(["a"])
            assert found(other, X, 5) == ["b"]
            other.create(Contract("other", 2, (0.0, 1.0)))
            assert index.read_contract() == Contract("other", 2, (0.0, 1.0))
            assert index.count() == 0
        finally:
            other.close()

    def test_threads_may_read_while_another_writes(self, index: VectorStore) -> None:
        from concurrent.futures import ThreadPoolExecutor

        vectors = unit_vectors(200)
        index.put([record("first", X, n=-1)])

        def write(number: int) -> int:
            index.put([record(f"k{number}", vectors[number], n=number)])
            return 1

        def read(_: int) -> int:
            return len(index.query(X, 1_000, Range("n", -5)))

        with ThreadPoolExecutor(4) as pool:
            writes = pool.map(write, range(30))
            reads = pool.map(read, range(60))
            assert sum(writes) == 30
            assert all(1 <= count <= 31 for count in reads)
        assert index.count() == 31


class SharedStoreContract(DurableStoreContract):
    """For stores that several processes use at once; ``place`` is for ``other_process.py``."""

    def elsewhere(self, place: str, operation: str, *arguments: str) -> None:
        """Run one operation in another process, to its end."""
        subprocess.run(other_process(place, operation, *arguments), check=True, env=ENVIRONMENT)

    def test_what_another_process_writes_is_seen_at_once(
        self, index: VectorStore, place: str
    ) -> None:
        index.put([record("a", X, n=1), record("b", Y, n=1), record("c", Z, n=1)])
        assert found(index, W, 10) == ["a", "b", "c"]
        version = index.version()
        self.elsewhere(place, "put", "new", "0 0 0 1")
        assert index.version() != version
        assert found(index, W, 1) == ["new"]
        assert keys(index, Equals("from", "elsewhere")) == ["new"]
        self.elsewhere(place, "put", "a", "0 0 0 -1")
        assert [(h.key, h.text) for h in index.query(-W, 1)] == [("a", "put elsewhere")]
        assert [dict(r.metadata) for r in index.get(["a"])] == [{"from": "elsewhere"}]
        self.elsewhere(place, "delete", "b")
        assert keys(index) == ["a", "c", "new"]
        assert found(index, Y, 10) == ["c", "new", "a"] or index.count() == 3
        index.put([record("b", Y, n=2)])
        assert found(index, Y, 1) == ["b"]

    def test_an_index_created_anew_by_another_process_is_seen(
        self, index: VectorStore, place: str
    ) -> None:
        index.put([record("a", X)])
        self.elsewhere(place, "create", "another model")
        contract = index.read_contract()
        assert contract is not None
        assert contract.model == "another model"
        assert index.count() == 0
        assert index.query(X, 5) == []
        index.put([record("b", X)])
        assert found(index, X, 5) == ["b"]

    def test_a_reader_reads_well_while_another_process_writes(
        self, index: VectorStore, place: str
    ) -> None:
        index.put([record("mine", X, policy="MINE")])
        with subprocess.Popen(other_process(place, "fill", "1500"), env=ENVIRONMENT) as writer:
            seen = [0]
            while writer.poll() is None:
                assert found(index, X, 5, Equals("policy", "MINE")) == ["mine"]
                seen.append(index.count(Equals("from", "elsewhere")))
        assert writer.returncode == 0
        assert seen == sorted(seen)
        assert index.count() == 1_501
