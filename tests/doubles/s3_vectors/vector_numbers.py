"""The numbers of a vector as the service keeps them: float32, finite, of the index's dimension."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.doubles.s3_vectors.account import Input
from tests.doubles.s3_vectors.errors import ServiceError, invalid
from tests.doubles.s3_vectors.resources import Index


def to_float32(
    given: Input, index: Index, path: str, key: str | None = None
) -> NDArray[np.float32]:
    """The numbers of one VectorData as float32 (dimension,).

    Args:
        given: the union ``{"float32": [...]}``.
        index: whose dimension and metric hold.
        path: of the union in the request.
        key: of the vector, where it has one.

    Raises:
        ServiceError: ValidationException for another dimension, NaN, infinity (also from a number
            too large for float32), or nothing but zeros under the cosine metric.
    """
    values: list[Any] = given["float32"]
    if len(values) != index.dimension:
        raise _refused(
            f"vector must have length {index.dimension}, but has {len(values)}", path, key
        )
    with np.errstate(over="ignore"):
        numbers = np.array([_float(value) for value in values]).astype(np.float32)
    if not np.isfinite(numbers).all():
        raise _refused("vector must hold finite numbers, not NaN or Infinity", path, key)
    if index.metric == "cosine" and not numbers.any():
        raise _refused("vector must not be all zeros for the cosine metric", path, key)
    return numbers


def _float(value: float) -> float:
    """JSON has whole numbers without end; those beyond float64 are infinite."""
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _refused(reason: str, path: str, key: str | None) -> ServiceError:
    about = "Query" if key is None else f"Invalid record for key '{key}':"
    return invalid(f"{about} {reason}", path)
