"""A record as S3 Vectors keeps it, and back.

The text and the metadata to the letter stand in two fields that filters cannot name. Beside them
every metadata field stands by itself, for filters. Numbers are read back from the letter: in JSON
a service may write 1.0 as 1.
"""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from retrieval.documents import Record, Scalar

TEXT_FIELD = "benefits_chat_text"
METADATA_FIELD = "benefits_chat_metadata"
OWN_FIELDS = frozenset({TEXT_FIELD, METADATA_FIELD})
"""Metadata keys of ours; the index declares them as not filterable when it is made."""


def to_row(record: Record) -> dict[str, Any]:
    """The record as a vector of ``PutVectors``; float32 as floats that give the same float32."""
    return {
        "key": record.key,
        "data": {"float32": np.asarray(record.vector, np.float32).tolist()},
        "metadata": to_metadata(record),
    }


def to_metadata(record: Record) -> dict[str, Any]:
    """What is stored beside the vector."""
    exactly = json.dumps(dict(record.metadata), ensure_ascii=False, separators=(",", ":"))
    return dict(record.metadata) | {TEXT_FIELD: record.text, METADATA_FIELD: exactly}


def to_record(row: Mapping[str, Any]) -> Record:
    """The record of a vector that was read with its data and metadata."""
    vector = np.array(row["data"]["float32"], dtype=np.float32)
    return Record(row["key"], text_of(row), metadata_of(row), vector)


def text_of(row: Mapping[str, Any]) -> str:
    """The text of a vector that was read with its metadata; empty when another program put it."""
    return str(_fields(row).get(TEXT_FIELD, ""))


def metadata_of(row: Mapping[str, Any]) -> dict[str, Scalar]:
    """The metadata of a vector that was read with it."""
    fields = _fields(row)
    if METADATA_FIELD in fields:
        exactly: dict[str, Scalar] = json.loads(fields[METADATA_FIELD])
        return exactly
    return {name: value for name, value in fields.items() if name not in OWN_FIELDS}


def _fields(row: Mapping[str, Any]) -> Mapping[str, Any]:
    fields: Mapping[str, Any] = row.get("metadata") or {}
    return fields
