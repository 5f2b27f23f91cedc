"""What every store asks of records and queries, so that an index can move between stores."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from retrieval.documents import Record, Scalar, Vector
from retrieval.errors import StoreError, VectorError
from retrieval.filters import MAX_FIELD_LENGTH
from retrieval.interfaces import Contract, Hit

NORMS = (1e-6, 1e6)
"""Lengths of a usable vector: beyond them float32 squares under- or overflow, and a vector of
length 0 has no direction."""
RESERVED = ("$", "#", "chroma:", "benefits_chat_")
"""How a metadata field may not begin: ``$`` are operators of filters; Chroma keeps the others."""
MAX_KEY = 1_024
"""Longest key, in characters: what S3 Vectors allows."""
DIGITS = 6
"""Decimals of a similarity. The stores' own rounding differs in the seventh, so that without
this equal vectors would not tie."""


def checked_records(records: Sequence[Record], contract: Contract | None) -> list[Record]:
    """The records to write: of those with the same key, the last.

    Args:
        records: of one ``put``.
        contract: of the index, or None when it was not created.

    Raises:
        StoreError: the index was not created, or a key, text or metadata cannot be stored.
        VectorError: a vector cannot be stored.
    """
    if contract is None:
        raise StoreError("there is no index to write to yet: create it first")
    for record in records:
        if not 1 <= len(record.key) <= MAX_KEY:
            raise StoreError(
                f"the key {record.key[:80]!r} has {len(record.key):,} characters, 1 to "
                f"{MAX_KEY:,} are kept: shorten the document's name"
            )
        _check_text("the key", record.key, record.key)
        check_vector(record.vector, contract, f"the vector of {record.key!r}")
        _check_text("the text", record.text, record.key)
        for name, value in record.metadata.items():
            _check_field(name, value, record.key)
    return list({record.key: record for record in records}.values())


def check_vector(vector: Vector, contract: Contract, name: str) -> None:
    """Is the vector of the index's dimension, finite and not zero?

    Raises:
        VectorError: it is not; the message begins with the name.
    """
    if np.shape(vector) != (contract.dimension,):
        raise VectorError(
            f"{name} has the shape {np.shape(vector)}, the index holds vectors of "
            f"{contract.dimension} numbers: embed with {contract.model}"
        )
    norm = float(np.linalg.norm(np.asarray(vector, dtype=np.float64)))
    if not NORMS[0] <= norm <= NORMS[1]:
        raise VectorError(
            f"{name} has the length {norm:g}, needed is about 1: embed the text again"
        )


def nearest(
    keys: Sequence[str], vectors: NDArray[np.float32], query: Vector, limit: int
) -> list[tuple[str, float]]:
    """Exact cosine ranking.

    Args:
        keys: one a row of ``vectors``.
        vectors: (n, dimension), rows of any length but 0.
        query: (dimension,).
        limit: most that are returned.

    Returns:
        Key and similarity, -1 to 1, by falling similarity, then key.
    """
    # In this thread alone, as a product of matrices is not: BLAS waits for its threads.
    products = np.vecdot(vectors, query / np.linalg.norm(query))
    roughly = products / np.linalg.norm(vectors, axis=1)
    if limit < len(keys):
        # Within 1e-5 the product does not tell which of two rows is closer.
        roughly_least = np.partition(roughly, -limit)[-limit] - 1e-5
        candidates = np.flatnonzero(roughly >= roughly_least).tolist()
    else:
        candidates = list(range(len(keys)))
    exactly = cosines(vectors[candidates], query).tolist()
    return by_falling([(keys[i], value) for i, value in zip(candidates, exactly, strict=True)])[
        :limit
    ]


def compared(records: Sequence[Record], query: Vector) -> list[Hit]:
    """Records with their similarity to a vector, in their order."""
    if not records:
        return []
    values = cosines(np.stack([record.vector for record in records]), np.asarray(query))
    return [
        Hit(record.key, record.text, record.metadata, value)
        for record, value in zip(records, values.tolist(), strict=True)
    ]


def ranked(similarities: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
    """Rounded to what stores agree on, by falling similarity, then key."""
    agreed = _rounded(np.array([value for _, value in similarities])).tolist()
    return by_falling([(key, value) for (key, _), value in zip(similarities, agreed, strict=True)])


def by_falling(similarities: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
    """Keys and similarities by falling similarity, then key."""
    return sorted(similarities, key=lambda pair: (-pair[1], pair[0]))


def cosines(vectors: NDArray[np.float32], query: Vector) -> NDArray[np.float64]:
    """Cosine of each row, -1 to 1, rounded to what stores agree on.

    It is the same for equal rows wherever they stand: ``einsum`` sums each in the same order, as
    BLAS does not promise.
    """
    rows, direction = vectors.astype(np.float64), query.astype(np.float64)
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows) * np.einsum("j,j->", direction, direction))
    return _rounded(np.einsum("ij,j->i", rows, direction) / lengths)


def _rounded(similarities: NDArray[np.float64]) -> NDArray[np.float64]:
    return similarities.round(DIGITS).clip(-1, 1)


def _check_field(name: str, value: Scalar, key: str) -> None:
    if not 1 <= len(name) <= MAX_FIELD_LENGTH or name.startswith(RESERVED):
        raise StoreError(
            f"{key!r} has a metadata field {name[:80]!r}: a field has 1 to {MAX_FIELD_LENGTH} "
            f"characters and does not begin with {', '.join(RESERVED)}; rename it"
        )
    _check_text("a metadata field", name, key)
    if isinstance(value, str):
        _check_text(f"the metadata field {name!r}", value, key)
    elif not isinstance(value, bool) and not (math.isfinite(value) and abs(value) <= 2**53):
        raise StoreError(
            f"{key!r} has {value!r} as {name!r}: a number is finite and within 2^53; "
            "store it as text"
        )


def _check_text(what: str, text: str, key: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise StoreError(
            f"{what} of {key!r} holds half a character (a lone surrogate): load the file again"
        ) from None
