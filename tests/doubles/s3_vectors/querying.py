"""QueryVectors: filter first, then rank by distance, by text or by both."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.doubles.s3_vectors.account import Input
from tests.doubles.s3_vectors.behaviour import Behaviour
from tests.doubles.s3_vectors.errors import invalid
from tests.doubles.s3_vectors.filters import FilterParser
from tests.doubles.s3_vectors.paging import new_token, place_in, position
from tests.doubles.s3_vectors.resources import Index
from tests.doubles.s3_vectors.text_search import fuse
from tests.doubles.s3_vectors.vector_numbers import to_float32


@dataclass(frozen=True, slots=True)
class Ranking:
    """The order of the results and what they scored; ``distance`` and ``text`` by key."""

    keys: list[str]
    distance: Mapping[str, float]
    text: Mapping[str, Mapping[str, float]]
    fused: Mapping[str, float]


def query(index: Index, given: Input, behaviour: Behaviour, now: float) -> dict[str, Any]:
    """The answer to QueryVectors, one page of it.

    Raises:
        ServiceError: ValidationException.
    """
    _check(index, given, behaviour, now)
    scope = {name: value for name, value in given.items() if name != "nextToken"}
    scope["index"] = index.arn
    start = max(0, place_in(given.get("nextToken"), scope))
    ranking = _rank(index, given, behaviour)
    page = ranking.keys[start : start + behaviour.query_page_size]
    end = start + len(page)
    answer: dict[str, Any] = {
        "vectors": [_shown(index, key, ranking, given) for key in page],
        "distanceMetric": index.metric,
    }
    if end < len(ranking.keys):
        answer["nextToken"] = new_token(scope, end)
    return answer


def _check(index: Index, given: Input, behaviour: Behaviour, now: float) -> None:
    if given["topK"] > behaviour.max_top_k:
        raise invalid(f"topK must be at most {behaviour.max_top_k}", "/topK")
    if given.get("queryVector") is None and not given.get("queryTexts"):
        raise invalid("A request must include queryVector, queryTexts, or both")
    if given.get("queryMode") == "CLASSIC" and index.mode == "ENHANCED":
        raise invalid("queryMode CLASSIC is not allowed for an ENHANCED index", "/queryMode")
    if given.get("queryTexts"):
        _check_texts(index, given, now)


def _check_texts(index: Index, given: Input, now: float) -> None:
    if index.mode != "ENHANCED":
        raise invalid("queryTexts need a vector index in ENHANCED mode", "/queryTexts")
    keys = [text["metadataKey"] for text in given["queryTexts"]]
    if len(set(keys)) < len(keys):
        raise invalid("Each entry of queryTexts must target a distinct metadata key", "/queryTexts")
    for key in keys:
        if key not in index.texts:
            raise invalid(f"Metadata key '{key}' is not searchable", "/queryTexts")
        if index.texts[key].status(now) != "ACTIVE":
            raise invalid(f"Text search over '{key}' is still being built", "/queryTexts")


def _rank(index: Index, given: Input, behaviour: Behaviour) -> Ranking:
    rows = _admitted(index, given, behaviour)
    top = given["topK"]
    distance: dict[str, float] = {}
    text: dict[str, dict[str, float]] = {}
    if given.get("queryVector") is not None:
        distance = _nearest(index, given["queryVector"], rows, top)
    if not given.get("queryTexts"):
        return Ranking(list(distance), distance, {}, {})
    text = _best_texts(index, given, rows, top)
    if given.get("queryVector") is None:
        return Ranking(list(text), {}, text, {})
    fused = fuse([list(distance), list(text)])
    keys = sorted(fused, key=lambda key: (-fused[key], position(key)))[:top]
    return Ranking(keys, distance, text, fused)


def _admitted(index: Index, given: Input, behaviour: Behaviour) -> NDArray[np.intp]:
    if given.get("filter") is None:
        return np.arange(len(index.rows))
    admits = FilterParser(index.unfilterable, behaviour).parse(given["filter"])
    return np.array(
        [row for row, vector in enumerate(index.rows) if admits(vector.metadata)], dtype=np.intp
    )


def _nearest(index: Index, given: Input, rows: NDArray[np.intp], top: int) -> dict[str, float]:
    to = to_float32(given, index, "/queryVector")
    distances = index.rows.distances(to, rows)
    if top < len(rows):
        farthest = np.partition(distances, top - 1)[top - 1]
        near = np.flatnonzero(distances <= farthest)
        rows, distances = rows[near], distances[near]
    keys = index.rows.keys_of(rows)
    found = sorted(zip(distances.tolist(), map(position, keys), keys, strict=True))
    return {key: distance for distance, _, key in found[:top]}


def _best_texts(
    index: Index, given: Input, rows: NDArray[np.intp], top: int
) -> dict[str, dict[str, float]]:
    admitted = set(index.rows.keys_of(rows))
    found: dict[str, dict[str, float]] = {}
    for query_text in given["queryTexts"]:
        name = query_text["metadataKey"]
        for key, score in index.texts[name].index_of(index.rows).scores(query_text["text"]).items():
            if key in admitted:
                found.setdefault(key, {})[name] = score
    best = sorted(found, key=lambda key: (-sum(found[key].values()), position(key)))
    return {key: found[key] for key in best[:top]}


def _shown(index: Index, key: str, ranking: Ranking, given: Input) -> dict[str, Any]:
    shown: dict[str, Any] = {"key": key}
    if given.get("returnDistance") and key in ranking.distance:
        shown["distance"] = ranking.distance[key]
    if given.get("returnScores") and ranking.text:
        shown["scores"] = _scores(key, ranking)
    vector = index.rows.get(key)
    if given.get("returnMetadata") and vector is not None:
        shown["metadata"] = vector.metadata
    return shown


def _scores(key: str, ranking: Ranking) -> dict[str, Any]:
    scores: dict[str, Any] = {}
    if key in ranking.text:
        scores["bm25Scores"] = [
            {"metadataKey": name, "score": score} for name, score in ranking.text[key].items()
        ]
    if key in ranking.fused:
        scores["fused"] = ranking.fused[key]
    if key in ranking.distance:
        scores["vectorDistance"] = ranking.distance[key]
    return scores
