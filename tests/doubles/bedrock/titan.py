"""Titan Text Embeddings V2: near vectors for texts that share words.

A text is a bag of stems and, lightly, of pairs of stems. Each has its own row of signs, read from
a hash of it, and the vector is the weighted sum of the rows: the same in every process, and the
256 numbers of a text are the first 256 of its 1024 before scaling, as with the real model.
"""

import hashlib
import json
from collections import Counter
from functools import lru_cache
from itertools import pairwise
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.doubles.bedrock.errors import invalid
from tests.doubles.bedrock.words import STOP_WORDS, stem, tokens, words

DIMENSIONS = (1024, 512, 256)
MOST_TOKENS = 8_192
MOST_CHARACTERS = 50_000
_FIELDS = {"inputText", "dimensions", "normalize", "embeddingTypes"}
_STOP_WORD_WEIGHT = 0.1
_PAIR_WEIGHT = 0.3


def invoke(body: bytes, content_type: str, accept: str) -> tuple[dict[str, Any], int]:
    """Answer one InvokeModel call.

    Returns:
        The answer's body and the number of input tokens.

    Raises:
        ServiceError: ValidationException when the request is not one for this model.
    """
    if content_type.partition(";")[0] not in {"", "application/json"}:
        raise invalid("The provided Content Type is invalid or not supported for this model")
    if accept.partition(";")[0] not in {"", "*/*", "application/json"}:
        raise invalid("The provided Accept Type is invalid or not supported for this model")
    request = _request(body)
    text = request["inputText"]
    count = len(tokens(text))
    if count > MOST_TOKENS:
        raise invalid(
            f"400 Bad Request: Too many input tokens. Max input tokens: {MOST_TOKENS}, "
            f"request input token count: {count}"
        )
    vector = embed(text, request.get("dimensions", 1024), request.get("normalize", True))
    return _answer(vector, request.get("embeddingTypes", ["float"]), count), count


def embed(text: str, dimension: int = 1024, normalize: bool = True) -> NDArray[np.float32]:
    """The vector of a text; float32 (dimension,), of norm 1 when normalised."""
    weights = _weights(text)
    rows = np.stack([_signs(term, dimension) for term in weights])
    vector = np.array(list(weights.values())) @ rows / np.sqrt(dimension)
    scaled: NDArray[np.float64] = vector / np.linalg.norm(vector) if normalize else vector
    return scaled.astype(np.float32)


def _answer(vector: NDArray[np.float32], kinds: list[str], count: int) -> dict[str, Any]:
    by_type: dict[str, list[float] | list[int]] = {}
    if "float" in kinds:
        by_type["float"] = [float(number) for number in vector]
    if "binary" in kinds:
        by_type["binary"] = [int(number > 0) for number in vector]
    whole = {"embedding": by_type["float"]} if "float" in kinds else {}
    return {**whole, "embeddingsByType": by_type, "inputTextTokenCount": count}


def _weights(text: str) -> dict[str, float]:
    found = words(text)
    stems = [stem(word) for word in found]
    light = {stem(word) for word in found if word in STOP_WORDS}
    weights: dict[str, float] = {}
    for term, count in Counter(stems).items():
        weights[term] = (1 + log(count)) * (_STOP_WORD_WEIGHT if term in light else 1)
    heavy = [term for term in stems if term not in light]
    for pair, count in Counter(pairwise(heavy)).items():
        weights[" ".join(pair)] = (1 + log(count)) * _PAIR_WEIGHT
    return weights or {text: 1.0}


@lru_cache(maxsize=100_000)
def _signs(term: str, dimension: int) -> NDArray[np.int8]:
    bits = np.frombuffer(hashlib.shake_128(term.encode()).digest(dimension // 8), dtype=np.uint8)
    return np.unpackbits(bits).astype(np.int8) * 2 - 1


def _request(body: bytes) -> dict[str, Any]:
    try:
        request = json.loads(body)
    except ValueError as error:
        raise _malformed("#: not a JSON text") from error
    if not isinstance(request, dict):
        raise _malformed("#: expected type: JSONObject")
    for name in request.keys() - _FIELDS:
        raise _malformed(f"#: extraneous key [{name}] is not permitted")
    _check_text(request.get("inputText"))
    dimensions = request.get("dimensions", 1024)
    if not isinstance(dimensions, int) or dimensions not in DIMENSIONS:
        raise _malformed(f"#/dimensions: {dimensions} is not a valid enum value")
    if not isinstance(request.get("normalize", True), bool):
        raise _malformed("#/normalize: expected type: Boolean")
    kinds = request.get("embeddingTypes", ["float"])
    if not isinstance(kinds, list) or not kinds or set(kinds) - {"float", "binary"}:
        raise _malformed(f"#/embeddingTypes: {kinds} is not a valid enum value")
    return request


def _check_text(text: object) -> None:
    if text is None:
        raise _malformed("#: required key [inputText] not found")
    if not isinstance(text, str):
        raise _malformed("#/inputText: expected type: String")
    if not text.strip():
        raise _malformed("#/inputText: expected minLength: 1, actual: 0")
    if len(text) > MOST_CHARACTERS:
        raise _malformed(f"#/inputText: expected maxLength: {MOST_CHARACTERS}, actual: {len(text)}")


def _malformed(what: str) -> Exception:
    return invalid(f"Malformed input request: {what}, please reformat your input and try again.")
