"""Filters in the filter language of S3 Vectors.

Only forms with one meaning are written. What ``$ne`` and ``$nin`` do with a vector that lacks the
field is undocumented, so each stands beside ``$exists: false``; values of one ``$in`` are of one
kind; an object names one field and one operator (AWS user guide, metadata filtering).
Nothing asks whether a field holds a number, so that the opposite of a range cannot be written.
"""

import json
from collections.abc import Sequence

from retrieval.documents import Scalar
from retrieval.filters import Filter
from retrieval.stores.clauses import Clause, all_of, any_of, clause_of, is_encodable
from retrieval.stores.records import RESERVED

MAX_BYTES = 64_000
"""Longest filter that is sent, as JSON; the service's own bound is undocumented. A longer one is
applied here, to all records."""


def translate(where: Filter | None) -> Clause:
    """The narrowest filter of the service that admits all that the filter admits.

    It may admit more: the hits are to be checked with ``filters.matches``.
    """
    clause = True if where is None else clause_of(where, _Dialect())
    too_long = isinstance(clause, dict) and len(json.dumps(clause)) > MAX_BYTES
    return True if too_long else clause


class _Dialect:
    """How S3 Vectors compares a field."""

    def one_of(self, name: str, values: Sequence[Scalar], *, negated: bool) -> Clause:
        """The field has one of the values, or negated: has none of them, or is missing."""
        if not _storable(name):
            return negated
        kinds: dict[type, dict[Scalar, None]] = {}
        for value in values:
            if not isinstance(value, str) or is_encodable(value):
                kind = float if type(value) is int else type(value)
                kinds.setdefault(kind, {})[value] = None
        if not negated:
            return any_of(_listed(name, list(kind), "$eq", "$in") for kind in kinds.values())
        none = all_of(_listed(name, list(kind), "$ne", "$nin") for kind in kinds.values())
        return any_of([{name: {"$exists": False}}, none])

    def in_range(self, name: str, at_least: float | None, at_most: float | None) -> Clause:
        """The field is a number within the bounds."""
        if not _storable(name):
            return False
        bounds = {"$gte": at_least, "$lte": at_most}
        return all_of({name: {operator: v}} for operator, v in bounds.items() if v is not None)


def _listed(name: str, values: Sequence[Scalar], single: str, several: str) -> Clause:
    if len(values) == 1:
        return {name: {single: values[0]}}
    return {name: {several: list(values)}}


def _storable(name: str) -> bool:
    """Can a record have this field at all?"""
    return not name.startswith(RESERVED) and is_encodable(name)
