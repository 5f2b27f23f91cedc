"""What the metadata of one vector may be."""

import json
import math
from collections.abc import Collection, Mapping
from typing import Any

from tests.doubles.s3_vectors.errors import invalid

MAX_BYTES = 40 * 1024
"""Of all metadata of a vector (AWS user guide, limitations)."""
MAX_FILTERABLE_BYTES = 2048
"""Of its filterable part (the service's own error message)."""
MAX_KEYS = 50
"""AWS user guide, limitations."""
MAX_KEY_LENGTH = 63
"""Of the shape MetadataKey in the service model."""


def size_of(metadata: Mapping[str, Any]) -> int:
    """Bytes of the metadata as compact JSON in UTF-8; how AWS counts is undocumented."""
    text = json.dumps(metadata, ensure_ascii=False, separators=(",", ":"))
    return len(text.encode("utf-8", "surrogatepass"))


def check_metadata(key: str, metadata: Mapping[str, Any], unfilterable: Collection[str]) -> int:
    """Refuse metadata that the service refuses, naming the vector's key; its size otherwise.

    Raises:
        ServiceError: ValidationException.
    """

    def refused(reason: str) -> Exception:
        return invalid(f"Invalid record for key '{key}': {reason}")

    if len(metadata) > MAX_KEYS:
        raise refused(f"Metadata object must have at most {MAX_KEYS} keys")
    for name, value in metadata.items():
        if not 1 <= len(name) <= MAX_KEY_LENGTH:
            raise refused(f"Metadata key '{name}' must have 1 to {MAX_KEY_LENGTH} characters")
        if not _is_value(value):
            raise refused(
                f"Metadata value of '{name}' must be a string, number, boolean or a list of those"
            )
    size = size_of(metadata)
    if size > MAX_BYTES:
        raise refused(f"Metadata object must have at most {MAX_BYTES} bytes")
    filterable = {name: value for name, value in metadata.items() if name not in unfilterable}
    if size_of(filterable) > MAX_FILTERABLE_BYTES:
        raise refused(f"Filterable metadata must have at most {MAX_FILTERABLE_BYTES} bytes")
    return size


def is_primitive(value: object) -> bool:
    """Is it a string, a finite number or a boolean?"""
    return isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value))


def _is_value(value: object) -> bool:
    if isinstance(value, list):
        return all(is_primitive(item) for item in value)
    return is_primitive(value)
