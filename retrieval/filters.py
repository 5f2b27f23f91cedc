"""One small filter language over metadata, with one meaning in every store.

Six frozen values: ``Equals``, ``OneOf``, ``Range``, ``All``, ``AnyOf``, ``Not``. ``matches`` is
the meaning; a store's own filter must admit exactly the same records. A field that is missing
equals nothing and lies in no range, so its negation holds. Text never equals a number, and a
truth value never equals a number; 1 equals 1.0.

As JSON, a filter is an object of one of these shapes::

    {"field": "policy", "equals": "PPO_PLUS"}
    {"field": "policy", "one_of": ["PPO_PLUS", ""]}
    {"field": "plan_year", "at_least": 2024, "at_most": 2026}
    {"all": [...]}    {"any": [...]}    {"not": {...}}
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from retrieval.documents import Scalar
from retrieval.errors import FilterError

MAX_DEPTH = 16
"""Deepest nesting that is accepted: beyond it a filter is a mistake or an attack."""
MAX_FIELD_LENGTH = 63
"""Longest field name: what S3 Vectors allows for a metadata key (its service model)."""


@dataclass(frozen=True, slots=True)
class Equals:
    """The field is there and equals the value."""

    field: str
    value: Scalar

    def __post_init__(self) -> None:
        _check_field(self.field)
        _check_value(self.field, self.value)


@dataclass(frozen=True, slots=True)
class OneOf:
    """The field is there and equals one of the values; no values admit nothing."""

    field: str
    values: tuple[Scalar, ...]

    def __post_init__(self) -> None:
        _check_field(self.field)
        for value in self.values:
            _check_value(self.field, value)


@dataclass(frozen=True, slots=True)
class Range:
    """The field is there, is a number and lies between the bounds, both included."""

    field: str
    at_least: float | None = None
    at_most: float | None = None

    def __post_init__(self) -> None:
        _check_field(self.field)
        if self.at_least is None and self.at_most is None:
            raise FilterError(f"range over {self.field!r} has no bound: give at_least or at_most")
        for bound in (self.at_least, self.at_most):
            if bound is not None and (isinstance(bound, bool) or not _is_number(bound)):
                raise FilterError(f"range over {self.field!r} needs numbers, not {_shown(bound)}")


@dataclass(frozen=True, slots=True)
class All:
    """Every one of the filters holds; none admit everything."""

    filters: tuple["Filter", ...]

    def __post_init__(self) -> None:
        _check_depth(self)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of the filters holds; none admit nothing."""

    filters: tuple["Filter", ...]

    def __post_init__(self) -> None:
        _check_depth(self)


@dataclass(frozen=True, slots=True)
class Not:
    """The filter does not hold."""

    filter: "Filter"

    def __post_init__(self) -> None:
        _check_depth(self)


Filter: TypeAlias = Equals | OneOf | Range | All | AnyOf | Not


def matches(where: Filter | None, metadata: Mapping[str, Scalar]) -> bool:
    """Does the filter admit a record with this metadata? None admits every record."""
    match where:
        case None:
            return True
        case Equals(name, value):
            return name in metadata and same_value(metadata[name], value)
        case OneOf(name, values):
            # The tuple's own search passes over 10,000 values at once; it takes True for 1.
            found = metadata.get(name)
            return found in values and (
                isinstance(found, str) or any(same_value(metadata[name], v) for v in values)
            )
        case Range(name, at_least, at_most):
            return _in_range(metadata.get(name), at_least, at_most)
        case All(filters):
            return all(matches(f, metadata) for f in filters)
        case AnyOf(filters):
            return any(matches(f, metadata) for f in filters)
        case Not(inner):
            return not matches(inner, metadata)


def same_value(left: Scalar, right: Scalar) -> bool:
    """Equal and of one kind: text, number or truth value."""
    return _kind(left) is _kind(right) and left == right


def to_json(where: Filter) -> dict[str, object]:
    """The filter as plain JSON values; ``from_json`` reads it back."""
    match where:
        case Equals(name, value):
            return {"field": name, "equals": value}
        case OneOf(name, values):
            return {"field": name, "one_of": list(values)}
        case Range(name, at_least, at_most):
            bounds = {"at_least": at_least, "at_most": at_most}
            return {"field": name} | {k: v for k, v in bounds.items() if v is not None}
        case All(filters):
            return {"all": [to_json(f) for f in filters]}
        case AnyOf(filters):
            return {"any": [to_json(f) for f in filters]}
        case Not(inner):
            return {"not": to_json(inner)}


def parse(text: str) -> Filter:
    """Read a filter from JSON text.

    Raises:
        FilterError: the text is not JSON or not a filter; the message names the part.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FilterError(f"the filter is not JSON: {error}") from None
    return from_json(value)


def from_json(value: object, depth: int = 0) -> Filter:
    """Read a filter from plain JSON values.

    Raises:
        FilterError: the value is not a filter; the message names the part.
    """
    if depth > MAX_DEPTH:
        raise FilterError(f"the filter is nested more than {MAX_DEPTH} deep: flatten it")
    if not isinstance(value, dict):
        raise FilterError(f"a filter is a JSON object, not {_shown(value)}")
    keys = set(value)
    if "field" in keys:
        return _comparison_from_json(value, keys - {"field"})
    if len(keys) != 1 or not keys <= {"all", "any", "not"}:
        raise FilterError(f"a filter has a 'field', or one of 'all', 'any', 'not': {_shown(value)}")
    (name, inner), *_ = value.items()
    if name == "not":
        return Not(from_json(inner, depth + 1))
    if not isinstance(inner, list):
        raise FilterError(f"{name!r} needs a list of filters, not {_shown(inner)}")
    parts = tuple(from_json(part, depth + 1) for part in inner)
    return All(parts) if name == "all" else AnyOf(parts)


def _comparison_from_json(value: dict[str, object], keys: set[str]) -> Filter:
    name = value["field"]
    if not isinstance(name, str):
        raise FilterError(f"'field' needs the name of a metadata field, not {_shown(name)}")
    if keys == {"equals"}:
        return Equals(name, _scalar(name, value["equals"]))
    if keys == {"one_of"}:
        values = value["one_of"]
        if not isinstance(values, list):
            raise FilterError(f"'one_of' for {name!r} needs a list, not {_shown(values)}")
        return OneOf(name, tuple(_scalar(name, v) for v in values))
    if keys and keys <= {"at_least", "at_most"}:
        return Range(name, _bound(name, value, "at_least"), _bound(name, value, "at_most"))
    raise FilterError(
        f"the filter on {name!r} needs 'equals', 'one_of', or 'at_least' and 'at_most': "
        f"{_shown(value)}"
    )


def _scalar(name: str, value: object) -> Scalar:
    if not isinstance(value, str | int | float | bool):
        raise FilterError(f"{name!r} needs text, a number or true/false, not {_shown(value)}")
    return value


def _bound(name: str, value: dict[str, object], key: str) -> float | None:
    bound = value.get(key)
    if bound is None:
        return None
    if isinstance(bound, bool) or not isinstance(bound, int | float):
        raise FilterError(f"{key!r} for {name!r} needs a number, not {_shown(bound)}")
    return bound


def _check_depth(where: Filter) -> None:
    if _depth(where) > MAX_DEPTH:
        raise FilterError(f"the filter is nested more than {MAX_DEPTH} deep: flatten it")


def _depth(where: Filter) -> int:
    match where:
        case All(filters) | AnyOf(filters):
            return 1 + max(map(_depth, filters), default=0)
        case Not(inner):
            return 1 + _depth(inner)
        case _:
            return 0


def _check_field(name: str) -> None:
    if not name or len(name) > MAX_FIELD_LENGTH or name.startswith("$"):
        raise FilterError(
            f"{_shown(name)} is no metadata field: 1 to {MAX_FIELD_LENGTH} characters, no '$' first"
        )


def _check_value(name: str, value: Scalar) -> None:
    if not isinstance(value, str | int | float | bool):
        raise FilterError(f"{name!r} needs text, a number or true/false, not {_shown(value)}")
    if isinstance(value, int | float) and not _is_number(value):
        raise FilterError(f"{name!r} needs a finite number within 2^53, not {_shown(value)}")


def _is_number(value: object) -> bool:
    # Beyond 2^53 the stores' floating point would make neighbours equal. NaN is not within it.
    return isinstance(value, int | float) and abs(value) <= 2**53


def _in_range(value: Scalar | None, at_least: float | None, at_most: float | None) -> bool:
    if value is None or isinstance(value, str | bool):
        return False
    return (at_least is None or value >= at_least) and (at_most is None or value <= at_most)


def _kind(value: Scalar) -> type:
    if isinstance(value, bool):
        return bool
    return str if isinstance(value, str) else float


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
