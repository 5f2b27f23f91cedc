"""QueryVectors of the double: filters, distances, texts and pages."""

import math
import random
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.doubles.s3_vectors import S3VectorsServer
from tests.doubles.s3_vectors.clients import PLACE, UNCHECKED, connected, make_index, vector

VALUES = ["PPO", "HMO", "", "1", 1, 2, 2.5, -3, 0, True, False]
FIELDS = ["plan", "year", "flag"]


def rows_of_metadata() -> dict[str, dict[str, Any]]:
    chance = random.Random(7)  # noqa: S311 - data for a test
    rows: dict[str, dict[str, Any]] = {}
    for number in range(150):
        row: dict[str, Any] = {}
        for field in FIELDS:
            if chance.random() < 0.7:
                row[field] = chance.choice(VALUES)
            elif chance.random() < 0.5:
                row[field] = chance.sample(VALUES, chance.randint(0, 3))
        rows[f"k{number}"] = row
    return rows


ROWS = rows_of_metadata()


@pytest.fixture(scope="module", params=[True, False], ids=["ne holds", "ne does not hold"])
def filtering(request: pytest.FixtureRequest) -> Iterator[tuple[Any, bool]]:
    """A client over ``ROWS``, and whether ``$ne`` holds for a missing field."""
    choices = {"ne_matches_missing": request.param, "query_page_size": 1000}
    with (
        S3VectorsServer(many_fields_in_filter=True, **choices) as server,
        connected(server) as client,
    ):
        make_index(client)
        client.put_vectors(
            **PLACE, vectors=[vector(key, 1, 0, 0, **row) for key, row in ROWS.items()]
        )
        yield client, request.param


@pytest.fixture
def client() -> Iterator[Any]:
    with S3VectorsServer() as server, connected(server, **UNCHECKED) as one:
        make_index(one)
        yield one


def same(one: Any, other: Any) -> bool:
    """Equal and of one kind: text, boolean or number."""
    kinds = [
        "boolean" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"
        for value in (one, other)
    ]
    return kinds[0] == kinds[1] and bool(one == other)


def holds(row: Mapping[str, Any], field: str, name: str, value: Any, missing: bool) -> bool:
    """What one operator means, written out once more."""
    if name == "$exists":
        return bool((field in row) == value)
    if field not in row:
        return missing and name in {"$ne", "$nin"}
    held = row[field] if isinstance(row[field], list) else [row[field]]
    if name in {"$eq", "$in"}:
        wanted = [value] if name == "$eq" else value
        return any(same(one, other) for one in held for other in wanted)
    if name in {"$ne", "$nin"}:
        return not holds(row, field, {"$ne": "$eq", "$nin": "$in"}[name], value, missing)
    number: Any = row[field]
    if isinstance(number, str | bool | list):
        return False
    verdicts = {
        "$gt": number > value,
        "$gte": number >= value,
        "$lt": number < value,
        "$lte": number <= value,
    }
    return bool(verdicts[name])


def admits(wanted: Mapping[str, Any], row: Mapping[str, Any], missing: bool) -> bool:
    """What a filter means, written out once more."""
    verdicts = []
    for name, value in wanted.items():
        if name == "$and":
            verdicts.append(all(admits(part, row, missing) for part in value))
        elif name == "$or":
            verdicts.append(any(admits(part, row, missing) for part in value))
        else:
            operators = value if isinstance(value, dict) else {"$eq": value}
            verdicts += [holds(row, name, *each, missing) for each in operators.items()]
    return all(verdicts)


values = st.sampled_from(VALUES)
numbers = st.sampled_from([-3, 0, 1, 2, 2.5, 2.25])
lists = st.lists(values, min_size=1, max_size=3)
operators = st.fixed_dictionaries(
    {},
    optional={
        "$eq": values,
        "$ne": values,
        "$in": lists,
        "$nin": lists,
        "$gt": numbers,
        "$gte": numbers,
        "$lt": numbers,
        "$lte": numbers,
        "$exists": st.booleans(),
    },
).filter(lambda chosen: 0 < len(chosen) < 4)
clauses = st.dictionaries(st.sampled_from(FIELDS), values | operators, min_size=1)


def joined(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(parts, min_size=1, max_size=3)
    return st.dictionaries(st.sampled_from(["$and", "$or"]), several, min_size=1)


@given(wanted=st.recursive(clauses, joined, max_leaves=6))
@settings(max_examples=150, deadline=None)
def test_a_filter_admits_what_it_means(filtering: tuple[Any, bool], wanted: dict[str, Any]) -> None:
    client, missing = filtering
    found = client.query_vectors(
        **PLACE, topK=1000, queryVector={"float32": [1, 0, 0]}, filter=wanted
    )["vectors"]
    expected = {key for key, row in ROWS.items() if admits(wanted, row, missing)}
    assert {item["key"] for item in found} == expected


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"$not": {"plan": "PPO"}},
        {"$eq": "PPO"},
        {"": "PPO"},
        {"plan": None},
        {"plan": ["PPO"]},
        {"plan": {}},
        {"plan": {"eq": "PPO"}},
        {"plan": {"$regex": "P"}},
        {"plan": {"$contains": "PPO"}},
        {"plan": {"$eq": None}},
        {"plan": {"$eq": ["PPO"]}},
        {"plan": {"$ne": {}}},
        {"plan": {"$in": []}},
        {"plan": {"$in": "PPO"}},
        {"plan": {"$nin": [["PPO"]]}},
        {"plan": {"$nin": [None]}},
        {"year": {"$gt": "2024"}},
        {"year": {"$gte": True}},
        {"year": {"$lt": None}},
        {"year": {"$lte": [2024]}},
        {"year": {"$exists": 1}},
        {"year": {"$exists": "true"}},
        {"$and": []},
        {"$or": []},
        {"$and": {"plan": "PPO"}},
        {"$or": ["plan"]},
        {"$and": [{"plan": "PPO"}, {}]},
        {"text": "annual"},
        {"text": {"$exists": True}},
        {"$or": [{"plan": "PPO"}, {"text": {"$ne": ""}}]},
        {"plan": "PPO", "year": 2025},
        {"$and": [{"plan": "PPO"}], "year": 2025},
    ],
)
def test_a_malformed_filter_is_refused(client: Any, wrong: Any) -> None:
    with pytest.raises(client.exceptions.ValidationException, match="Invalid query filter"):
        client.query_vectors(**PLACE, topK=1, queryVector={"float32": [1, 0, 0]}, filter=wrong)


def test_a_filter_that_is_nested_without_end_is_refused(client: Any) -> None:
    deep: dict[str, Any] = {"plan": "PPO"}
    for _ in range(100):
        deep = {"$and": [deep]}
    with pytest.raises(client.exceptions.ValidationException, match="nested"):
        client.query_vectors(**PLACE, topK=1, queryVector={"float32": [1, 0, 0]}, filter=deep)


def test_the_filter_excludes_before_the_ranking(client: Any) -> None:
    near = [vector(f"near-{n}", 1, n / 1000, 0, plan="HMO") for n in range(200)]
    far = [vector(f"far-{n}", -1, n / 1000, 0, plan="PPO") for n in range(3)]
    client.put_vectors(**PLACE, vectors=near + far)
    found = client.query_vectors(
        **PLACE, topK=3, queryVector={"float32": [1, 0, 0]}, filter={"plan": "PPO"}
    )["vectors"]
    assert {item["key"] for item in found} == {"far-0", "far-1", "far-2"}


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_results_are_the_nearest_in_order_with_their_distances(metric: str) -> None:
    rows = np.random.default_rng(3).normal(size=(300, 8)).astype(np.float32)
    asked = rows[17] * 2 + 0.1
    if metric == "cosine":
        norms = np.linalg.norm(rows.astype(float), axis=1) * np.linalg.norm(asked.astype(float))
        expected = 1 - rows.astype(float) @ asked.astype(float) / norms
    else:
        expected = np.linalg.norm(rows.astype(float) - asked.astype(float), axis=1)
    with S3VectorsServer() as server, connected(server) as client:
        make_index(client, 8, metric)
        client.put_vectors(
            **PLACE, vectors=[vector(f"k{n}", *row.tolist()) for n, row in enumerate(rows)]
        )
        client.delete_vectors(**PLACE, keys=[f"k{n}" for n in range(0, 300, 3)])
        answer = client.query_vectors(
            **PLACE, topK=20, queryVector={"float32": asked.tolist()}, returnDistance=True
        )
    assert answer["distanceMetric"] == metric
    left = [number for number in np.argsort(expected).tolist() if number % 3]
    assert [item["key"] for item in answer["vectors"]] == [f"k{number}" for number in left[:20]]
    distances = [item["distance"] for item in answer["vectors"]]
    assert distances == pytest.approx(expected[left[:20]].tolist(), abs=1e-6)


def test_more_than_a_hundred_results_come_in_pages(client: Any) -> None:
    client.put_vectors(**PLACE, vectors=[vector(f"k{n}", 1, n, 0) for n in range(250)])
    asked = {**PLACE, "topK": 230, "queryVector": {"float32": [1, 0, 0]}, "returnDistance": True}
    pages = [page["vectors"] for page in client.get_paginator("query_vectors").paginate(**asked)]
    assert [len(page) for page in pages] == [100, 100, 30]
    assert [item["key"] for page in pages for item in page] == [f"k{n}" for n in range(230)]
    token = client.query_vectors(**asked)["nextToken"]
    with pytest.raises(client.exceptions.ValidationException, match="token"):
        client.query_vectors(**asked | {"topK": 229}, nextToken=token)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"topK": 0}, "between 1"),
        ({"topK": 10_001}, "at most 10000"),
        ({"topK": 1.5}, "integer"),
        ({"queryVector": None}, "queryVector, queryTexts, or both"),
        ({"queryVector": {"float32": [1, 0]}}, "length 3"),
        ({"queryVector": {"float32": [0, 0, 0]}}, "zeros"),
        ({"queryVector": {"float32": [1, 0, float("nan")]}}, "finite"),
        ({"queryMode": "CLASSIC"}, "queryMode"),
        ({"filter": []}, "an object"),
        ({"filter": "plan"}, "an object"),
        ({"queryTexts": []}, "between 1 and 10"),
        ({"queryTexts": [{"text": "x", "metadataKey": "text"}]}, "not searchable"),
        ({"queryTexts": [{"text": "x" * 1025, "metadataKey": "title"}]}, "between 1 and 1024"),
        ({"queryTexts": [{"text": "", "metadataKey": "title"}]}, "between 1 and 1024"),
        ({"queryTexts": [{"text": "x", "metadataKey": "title"}] * 2}, "distinct"),
        ({"nextToken": "x"}, "token"),
    ],
)
def test_a_malformed_query_is_refused(client: Any, wrong: dict[str, Any], said: str) -> None:
    title = {"textSearchConfigurations": [{"metadataKey": "title"}]}
    client.update_metadata_configuration(**PLACE, add=title)
    asked = {"topK": 1, "queryVector": {"float32": [1, 0, 0]}} | wrong
    with pytest.raises(client.exceptions.ValidationException, match=said):
        client.query_vectors(**PLACE, **asked)


def test_extreme_numbers_still_have_distances(client: Any) -> None:
    client.put_vectors(
        **PLACE, vectors=[vector("huge", 3e38, 3e38, 0), vector("tiny", 1e-40, 0, 0)]
    )
    found = client.query_vectors(
        **PLACE, topK=2, queryVector={"float32": [1e-45, 0, 0]}, returnDistance=True
    )["vectors"]
    assert [item["key"] for item in found] == ["tiny", "huge"]
    assert found[1]["distance"] == pytest.approx(1 - 2**-0.5)


def text_index(client: Any) -> None:
    english = {"textSearchConfigurations": [{"metadataKey": "text", "language": "en"}]}
    client.update_metadata_configuration(**PLACE, add=english)
    client.put_vectors(
        **PLACE,
        vectors=[
            vector("checkup", 0, 0, 1, text="Annual checkups are covered", plan="PPO"),
            vector("dental", 1, 0, 0, text="Dental cleaning twice a year", plan="PPO"),
            vector("both", 0, 1, 0, text="A dental checkup and another checkup", plan="HMO"),
            vector("no text", 1, 1, 0, plan="HMO"),
        ],
    )


def test_a_search_of_texts_ranks_by_bm25_and_shows_only_what_shares_a_word(client: Any) -> None:
    text_index(client)
    asked = {"topK": 9, "queryTexts": [{"text": "dental CHECKUP", "metadataKey": "text"}]}
    found = client.query_vectors(**PLACE, **asked, returnScores=True, returnDistance=True)[
        "vectors"
    ]
    assert found[0]["key"] == "both"
    assert {item["key"] for item in found} == {"both", "checkup", "dental"}
    scores = [item["scores"]["bm25Scores"][0]["score"] for item in found]
    assert scores == sorted(scores, reverse=True)
    assert all(set(item) == {"key", "scores"} for item in found)
    filtered = client.query_vectors(**PLACE, **asked, filter={"plan": "PPO"})["vectors"]
    assert {item["key"] for item in filtered} == {"checkup", "dental"}


def test_the_score_of_a_text_is_bm25(client: Any) -> None:
    text_index(client)
    asked = {"topK": 9, "queryTexts": [{"text": "annually", "metadataKey": "text"}]}
    found = client.query_vectors(**PLACE, **asked, returnScores=True)["vectors"]
    rarity = math.log(1 + (3 - 1 + 0.5) / (1 + 0.5))
    length = 0.25 + 0.75 * 4 / 5
    score = pytest.approx(rarity * 2.2 / (1 + 1.2 * length))
    assert found == [
        {"key": "checkup", "scores": {"bm25Scores": [{"metadataKey": "text", "score": score}]}}
    ]


def test_a_hybrid_search_fuses_ranks(client: Any) -> None:
    text_index(client)
    found = client.query_vectors(
        **PLACE,
        topK=2,
        queryVector={"float32": [1, 0.5, 0]},
        queryTexts=[{"text": "checkup", "metadataKey": "text"}],
        returnScores=True,
        returnDistance=True,
    )["vectors"]
    assert {item["key"] for item in found} == {"both", "no text"}
    by_key = {item["key"]: item["scores"] for item in found}
    assert by_key["both"]["fused"] == pytest.approx(1 / 61)
    assert by_key["no text"]["fused"] == pytest.approx(1 / 61)
    assert "vectorDistance" not in by_key["both"]
    assert "bm25Scores" not in by_key["no text"]


def test_a_text_index_follows_every_change(client: Any) -> None:
    text_index(client)
    asked = {"topK": 9, "queryTexts": [{"text": "dental", "metadataKey": "text"}]}
    client.delete_vectors(**PLACE, keys=["both"])
    client.put_vectors(**PLACE, vectors=[vector("dental", 1, 0, 0, text="Vision")])
    assert client.query_vectors(**PLACE, **asked)["vectors"] == []


def test_text_configurations_are_added_and_deleted_within_their_limits(client: Any) -> None:
    keys = [{"metadataKey": f"k{number}"} for number in range(11)]
    refused = client.exceptions.ValidationException

    def change(**what: list[dict[str, str]]) -> None:
        client.update_metadata_configuration(
            **PLACE, **{name: {"textSearchConfigurations": keys} for name, keys in what.items()}
        )

    change(add=keys[:10])
    attempts: list[dict[str, list[dict[str, str]]]] = [
        {},
        {"add": keys[10:]},
        {"add": []},
        {"delete": []},
        {"add": keys[:1] * 2},
    ]
    for wrong in attempts:
        with pytest.raises(refused):
            change(**wrong)
    with pytest.raises(refused, match="not both"):
        change(add=keys[10:], delete=keys[:1])
    with pytest.raises(client.exceptions.ConflictException):
        change(add=keys[:1])
    change(delete=keys[:9])
    with pytest.raises(client.exceptions.NotFoundException):
        change(delete=keys[:1])
    index = client.get_index(**PLACE)["index"]
    assert index["metadataConfiguration"]["textSearchConfigurations"] == [
        {"metadataKey": "k9", "status": "ACTIVE"}
    ]


def test_texts_are_not_searchable_while_they_are_read_in() -> None:
    with S3VectorsServer(backfill_seconds=60) as server, connected(server) as client:
        make_index(client)
        client.update_metadata_configuration(
            **PLACE, add={"textSearchConfigurations": [{"metadataKey": "text"}]}
        )
        shown = client.get_index(**PLACE)["index"]["metadataConfiguration"]
        assert shown["textSearchConfigurations"][0]["status"] == "BUILDING"
        with pytest.raises(client.exceptions.ValidationException, match="being built"):
            client.query_vectors(**PLACE, topK=1, queryTexts=[{"text": "x", "metadataKey": "text"}])
