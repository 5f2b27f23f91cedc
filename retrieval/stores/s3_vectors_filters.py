"""Filters in the filter language of S3 Vectors.

Only forms with one meaning are written. What ``$ne`` and ``$nin`` do with a vector that lacks the
field is undocumented, so each stands beside ``$exists: false``; values of one ``$in`` are of one
kind; an object names one field and one operator (AWS user guide, metadata filtering).
Nothing asks whether a field holds a number, so that the opposite of a range cannot be written.
"""

import json
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from retrieval.documents import Scalar
from retrieval.filters import All, AnyOf, Equals, Filter, Not, OneOf, Range
from retrieval.stores.records import RESERVED
from retrieval.stores.s3_vectors_rows import OWN_FIELDS

MAX_BYTES = 64_000
"""Longest filter that is sent, as JSON; the service's own bound is undocumented. A longer one is
applied here, to all records."""

Clause: TypeAlias = "dict[str, object] | bool"
"""A filter of S3 Vectors; True admits every vector, False none."""


def translate(where: Filter | None) -> Clause:
    """The narrowest filter of the service that admits all that the filter admits.

    It may admit more: the hits are to be checked with ``filters.matches``.
    """
    clause = True if where is None else _clause(where, negated=False)
    too_long = isinstance(clause, dict) and len(json.dumps(clause)) > MAX_BYTES
    return True if too_long else clause


def _clause(where: Filter, *, negated: bool) -> Clause:
    """The clause of a filter or of its opposite: negations are carried to the comparisons."""
    match where:
        case Not(inner):
            return _clause(inner, negated=not negated)
        case All(filters) | AnyOf(filters):
            parts = (_clause(part, negated=negated) for part in filters)
            return _all(parts) if isinstance(where, All) is not negated else _any(parts)
        case Equals(name, value):
            return _one_of(name, [value], negated=negated)
        case OneOf(name, values):
            return _one_of(name, values, negated=negated)
        case Range(name, at_least, at_most):
            return True if negated else _in_range(name, at_least, at_most)


def _one_of(name: str, values: Sequence[Scalar], *, negated: bool) -> Clause:
    """The field has one of the values, or negated: has none of them, or is missing."""
    if not _storable(name):
        return negated
    kinds: dict[type, dict[Scalar, None]] = {}
    for value in values:
        if not isinstance(value, str) or _encodable(value):
            kind = float if type(value) is int else type(value)
            kinds.setdefault(kind, {})[value] = None
    if not negated:
        return _any(_listed(name, list(kind), "$eq", "$in") for kind in kinds.values())
    none = _all(_listed(name, list(kind), "$ne", "$nin") for kind in kinds.values())
    return _any([{name: {"$exists": False}}, none])


def _listed(name: str, values: Sequence[Scalar], single: str, several: str) -> Clause:
    if len(values) == 1:
        return {name: {single: values[0]}}
    return {name: {several: list(values)}}


def _in_range(name: str, at_least: float | None, at_most: float | None) -> Clause:
    if not _storable(name):
        return False
    bounds = {"$gte": at_least, "$lte": at_most}
    return _all({name: {operator: v}} for operator, v in bounds.items() if v is not None)


def _all(parts: Iterable[Clause]) -> Clause:
    parts = list(parts)
    if False in parts:
        return False
    return _joined("$and", [part for part in parts if isinstance(part, dict)], empty=True)


def _any(parts: Iterable[Clause]) -> Clause:
    parts = list(parts)
    if True in parts:
        return True
    return _joined("$or", [part for part in parts if isinstance(part, dict)], empty=False)


def _joined(operator: str, parts: Sequence[dict[str, object]], *, empty: bool) -> Clause:
    if not parts:
        return empty
    return parts[0] if len(parts) == 1 else {operator: list(parts)}


def _storable(name: str) -> bool:
    """Can a record have this field at all?"""
    return not name.startswith(RESERVED) and name not in OWN_FIELDS and _encodable(name)


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
