"""What a record and a contract look like in Chroma, in a folder and on a server alike."""

import json
from collections.abc import Mapping

import numpy as np

from retrieval.documents import Scalar, Vector
from retrieval.errors import StoreUnavailableError
from retrieval.interfaces import Contract

HNSW = {
    # Of vectors of length 1 the same order as "cosine", which rounds what it stores: of 2,000
    # vectors 28 % did not come back bit for bit.
    "space": "ip",
    "ef_construction": 300,
    "ef_search": 800,
    "max_neighbors": 48,
    # Records that wait in the log, to be added to the graph whenever a process opens the index:
    # with Chroma's 1,000 the first question took .2 to .6 s longer, with 256 .04 s.
    "sync_threshold": 256,
}
"""How the graph of nearest neighbours is built and searched.

Measured as the share of the 50 nearest that is found among 20,000 vectors of 384 numbers, 30 % of
them copies as plans repeat each other's wording (50 copies of each), of all and of a tenth to a
half of them: 1.0000; after 40 % were deleted 1.0000; with 300 copies of each .9998 and more.
Chroma's own values find .97 to 1.0, and after the deletions nothing at all for 12 % of questions.
"""
LENGTH = "benefits-chat: the length this vector had before it was scaled to 1"
"""Metadata field of a vector that was not of length 1. Its name is longer than any that a filter
or a document can give (``filters.MAX_FIELD_LENGTH``)."""
LENGTH_TOLERANCE = 1e-5
"""How far the length of an embedder's vector is from 1 at most: float32 rounds to 1e-7."""


def contract_of(metadata: Mapping[str, object], collection: str, place: str) -> Contract:
    """The contract that a collection's metadata records.

    Raises:
        StoreUnavailableError: it records none.
    """
    try:
        value = json.loads(str(metadata["contract"]))
        return Contract(value["model"], value["dimension"], tuple(value["fingerprint"]))
    except (KeyError, TypeError, ValueError):
        raise StoreUnavailableError(
            f"the collection {collection!r} in {place} is no index of "
            "Benefits Chat: remove or rename it, then run `benefits-chat index PATH`"
        ) from None


def direction(vector: Vector) -> Vector:
    """The vector with length 1: itself, to the bit, when that is its length."""
    length = float(np.linalg.norm(vector))
    near_one = abs(length - 1) <= LENGTH_TOLERANCE
    return np.asarray(vector if near_one else vector / length, np.float32)


def length_of(vector: Vector) -> dict[str, float]:
    """What is stored beside a vector that is not of length 1."""
    length = float(np.linalg.norm(vector))
    return {} if abs(length - 1) <= LENGTH_TOLERANCE else {LENGTH: length}


def own(fields: Mapping[str, Scalar] | None) -> Mapping[str, Scalar]:
    """The metadata as it was given."""
    if not fields or LENGTH not in fields:
        return fields or {}
    return {name: value for name, value in fields.items() if name != LENGTH}


def whole(vector: Vector, fields: Mapping[str, Scalar]) -> Vector:
    """The vector with the length that it was given with."""
    length = fields.get(LENGTH)
    return vector if length is None else np.asarray(vector * np.float32(length), np.float32)
