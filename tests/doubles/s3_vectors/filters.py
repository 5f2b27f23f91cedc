"""The filter language of QueryVectors: parsed strictly, then asked of each vector's metadata.

Operators of one field are joined by "and", and so are fields of one object where
``many_fields_in_filter`` allows them. ``$eq`` and ``$in`` hold for
a list when they hold for one of its elements, ``$ne`` and ``$nin`` are their negations. Text never
equals a number and a boolean never equals a number. Greater and less hold for numbers only.
``$ne`` and ``$nin`` of a field that is missing are undocumented: ``ne_matches_missing`` decides.
"""

import operator
from collections.abc import Callable, Collection, Mapping
from typing import Any

from tests.doubles.s3_vectors.behaviour import Behaviour
from tests.doubles.s3_vectors.errors import ServiceError, invalid
from tests.doubles.s3_vectors.metadata import is_primitive

Predicate = Callable[[Mapping[str, Any]], bool]
MAX_DEPTH = 64
"""Deepest nesting that is read; AWS's own bound is undocumented."""

_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}


class FilterParser:
    """Turns the filter of one request into a predicate.

    Args:
        unfilterable: metadata keys that a filter may not name.
        behaviour: decides about fields that are missing and several fields in one object.
    """

    def __init__(self, unfilterable: Collection[str], behaviour: Behaviour) -> None:
        self._unfilterable = unfilterable
        self._missing = behaviour.ne_matches_missing
        self._many = behaviour.many_fields_in_filter

    def parse(self, given: object, depth: int = 0) -> Predicate:
        """The predicate over metadata that a filter means.

        Raises:
            ServiceError: ValidationException, where the filter is malformed.
        """
        if depth > MAX_DEPTH:
            raise _malformed(f"it is nested deeper than {MAX_DEPTH}")
        if not isinstance(given, Mapping) or not given:
            raise _malformed("a filter must be an object with at least one key")
        if len(given) > 1 and not self._many:
            raise _malformed("an object must have one key: join filters with $and")
        parts = [self._clause(name, value, depth) for name, value in given.items()]
        return parts[0] if len(parts) == 1 else lambda metadata: all(p(metadata) for p in parts)

    def _clause(self, name: str, value: object, depth: int) -> Predicate:
        if name in {"$and", "$or"}:
            return self._joined(name, value, depth)
        if name.startswith("$") or not name:
            raise _malformed(f"'{name}' is not an operator that joins filters")
        if name in self._unfilterable:
            raise _malformed(f"metadata key '{name}' is not filterable")
        if isinstance(value, Mapping):
            return self._field(name, value)
        return self._field(name, {"$eq": value})

    def _joined(self, name: str, value: object, depth: int) -> Predicate:
        if not isinstance(value, list) or not value:
            raise _malformed(f"{name} needs a list with at least one filter")
        parts = [self.parse(part, depth + 1) for part in value]
        if name == "$and":
            return lambda metadata: all(part(metadata) for part in parts)
        return lambda metadata: any(part(metadata) for part in parts)

    def _field(self, field: str, operators: Mapping[str, Any]) -> Predicate:
        if not operators:
            raise _malformed(f"'{field}' has no operator")
        parts = [self._operator(field, name, value) for name, value in operators.items()]
        return parts[0] if len(parts) == 1 else lambda metadata: all(p(metadata) for p in parts)

    def _operator(self, field: str, name: str, value: object) -> Predicate:
        match name:
            case "$eq":
                return _one_of(field, [_primitive(name, value)])
            case "$ne":
                return self._none_of(field, [_primitive(name, value)])
            case "$in":
                return _one_of(field, _primitives(name, value))
            case "$nin":
                return self._none_of(field, _primitives(name, value))
            case "$exists":
                return _exists(field, value)
            case "$gt" | "$gte" | "$lt" | "$lte":
                return _compared(field, name, value)
            case _:
                raise _malformed(f"'{name}' is not an operator")

    def _none_of(self, field: str, values: list[Any]) -> Predicate:
        held = _one_of(field, values)
        missing = self._missing
        return lambda metadata: not held(metadata) if field in metadata else missing


def _one_of(field: str, values: list[Any]) -> Predicate:
    wanted = {_comparable(value) for value in values}

    def holds(metadata: Mapping[str, Any]) -> bool:
        if field not in metadata:
            return False
        held = metadata[field]
        if isinstance(held, list):
            return any(_comparable(item) in wanted for item in held)
        return _comparable(held) in wanted

    return holds


def _comparable(value: Any) -> tuple[str, Any]:
    """Booleans apart from numbers, numbers together whatever their type."""
    if isinstance(value, bool):
        return "boolean", value
    return ("text", value) if isinstance(value, str) else ("number", value)


def _exists(field: str, value: object) -> Predicate:
    if not isinstance(value, bool):
        raise _malformed("$exists needs true or false")
    return lambda metadata: (field in metadata) is value


def _compared(field: str, name: str, bound: object) -> Predicate:
    if not _is_number(bound):
        raise _malformed(f"{name} needs a number")
    compare = _COMPARISONS[name]

    def holds(metadata: Mapping[str, Any]) -> bool:
        held = metadata.get(field)
        return _is_number(held) and compare(held, bound)

    return holds


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and is_primitive(value)


def _primitive(name: str, value: object) -> Any:
    if not is_primitive(value):
        raise _malformed(f"{name} needs a string, a number or a boolean")
    return value


def _primitives(name: str, value: object) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise _malformed(f"{name} needs a list with at least one value")
    return [_primitive(name, item) for item in value]


def _malformed(reason: str) -> ServiceError:
    return invalid(f"Invalid query filter: {reason}", "/filter")
