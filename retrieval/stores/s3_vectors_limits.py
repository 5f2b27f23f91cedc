"""The limits of S3 Vectors, checked before anything is sent.

Counts and lengths are in botocore's service model (2025-07-15), sizes in the AWS user guide,
"Limitations and restrictions". How the service measures metadata is undocumented: here, as
compact JSON in UTF-8.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from retrieval.documents import Record
from retrieval.errors import StoreError
from retrieval.stores.s3_vectors_rows import OWN_FIELDS, to_metadata

PUT_VECTORS = 500
DELETE_KEYS = 500
GET_KEYS = 100
LIST_VECTORS = 1_000
"""Most vectors or keys of one call."""
TOP_K = 10_000
LEAST_TOP_K = 100
"""Most results of one query, and where that is not offered; the guides differ by region."""
SEGMENTS = 16
"""Most parts that an index is listed in at once."""
MAX_DIMENSION = 4_096
MAX_REQUEST = 20 * 1024 * 1024
"""Bytes of a request."""
MAX_METADATA = 40 * 1024
MAX_FILTERABLE = 2 * 1024
"""Bytes of all metadata of a vector, and of what filters can name of it."""
MAX_FIELDS = 50
"""Metadata fields of a vector."""
NUMBER_BYTES = 26
"""Longest float with its separator, as JSON: ``-1.1754943508222875e-38, ``."""
ENTRY_BYTES = 256
"""More than the names and brackets around one vector take in a request."""


def check_metadata(record: Record) -> None:
    """Can the service keep the record's text and metadata?

    Raises:
        StoreError: it cannot; the message names the record, the field, the size and the limit.
    """
    metadata = to_metadata(record)
    if clash := OWN_FIELDS & record.metadata.keys():
        raise StoreError(
            f"{record.key!r} has a metadata field {min(clash)!r}, a name that is kept for the "
            "text on S3 Vectors: rename the field"
        )
    if len(metadata) > MAX_FIELDS:
        raise StoreError(
            f"{record.key!r} has {len(record.metadata)} metadata fields, S3 Vectors keeps "
            f"{MAX_FIELDS - len(OWN_FIELDS)} beside the text: leave some out"
        )
    if (size := _size(metadata)) > MAX_METADATA:
        raise StoreError(
            f"text and metadata of {record.key!r} take {size:,} bytes ({_largest(metadata)}), "
            f"S3 Vectors keeps {MAX_METADATA:,}: make the chunks smaller or shorten the field"
        )
    fields = {name: value for name, value in metadata.items() if name not in OWN_FIELDS}
    if (size := _size(fields)) > MAX_FILTERABLE:
        raise StoreError(
            f"the filterable metadata of {record.key!r} takes {size:,} bytes "
            f"({_largest(fields)}), S3 Vectors keeps {MAX_FILTERABLE:,}: shorten the field or "
            "leave some out"
        )


def batches(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    """Records in groups that each fit in one request, by number and by size."""
    batch: list[Record] = []
    size = 0
    for record in records:
        # JSON writes a character outside ASCII in 6 bytes, one outside the BMP in 12.
        entry = json.dumps([record.key, to_metadata(record)])
        needed = len(entry) + len(record.vector) * NUMBER_BYTES + ENTRY_BYTES
        if batch and (len(batch) == PUT_VECTORS or size + needed > MAX_REQUEST - ENTRY_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(record)
        size += needed
    if batch:
        yield batch


def check_batch(count: int, most: int, what: str) -> None:
    """Are there no more than one call takes?

    Raises:
        StoreError: there are more.
    """
    if count > most:
        raise StoreError(f"{count:,} {what} in one call, S3 Vectors takes {most:,}: split them")


def _size(metadata: Mapping[str, Any]) -> int:
    return len(json.dumps(metadata, ensure_ascii=False, separators=(",", ":")).encode())


def _largest(metadata: Mapping[str, Any]) -> str:
    name = max(metadata, key=lambda name: _size({name: metadata[name]}))
    shown = "its text or metadata" if name in OWN_FIELDS else f"{name!r}"
    return f"{shown} alone {_size({name: metadata[name]}):,}"
