"""Filters in Chroma's ``where`` language.

What chromadb 1.5.9 does with a field, found by running it, embedded and as a server alike:

- ``$ne`` and ``$nin`` admit records that lack the field, as ``Not`` does. Nothing negates
  ``$gte`` and ``$lte``, and nothing asks whether a field is there.
- Text, numbers and truth values are kept apart, and 1 equals 1.0, as in ``filters.matches``.
- A fraction is cut to a whole number before it is compared with a whole number: ``$eq: 1.5``
  and ``$gte: 1.5`` admit 1. The translation takes those records out again.
- ``$in`` needs values of one Python type, and one value or more; ``$and`` and ``$or`` need two
  parts or more.
- More than 32,766 values, about 1,000 parts, or 64 levels are an error; 5,000 parts end a server.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from retrieval.documents import Scalar
from retrieval.filters import All, AnyOf, Equals, Filter, Not, OneOf, Range
from retrieval.stores.records import RESERVED

MAX_VALUES = 10_000
MAX_PARTS = 200
"""Far below what fails (see above); a larger filter is applied here, not by Chroma."""

Clause: TypeAlias = "dict[str, object] | bool"
"""A ``where`` of Chroma; True admits every record, False none."""


@dataclass(frozen=True, slots=True)
class ChromaFilter:
    """A filter as far as Chroma can apply it.

    Attributes:
        clause: admits what the filter admits, and possibly more.
        exact: it admits nothing more.
    """

    clause: Clause
    exact: bool


def translate(where: Filter | None) -> ChromaFilter:
    """The narrowest ``where`` that admits all that the filter admits."""
    if where is None:
        return ChromaFilter(clause=True, exact=True)
    if _too_large(where):
        return ChromaFilter(clause=True, exact=False)
    return ChromaFilter(clause=_clause(where, negated=False), exact=not _negates_range(where))


def _clause(where: Filter, *, negated: bool) -> Clause:
    """The clause of a filter or of its opposite: negations are carried to the comparisons."""
    match where:
        case Not(inner):
            return _clause(inner, negated=not negated)
        case All(filters) | AnyOf(filters):
            parts = [_clause(part, negated=negated) for part in filters]
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
    texts = [value for value in values if isinstance(value, str) and _encodable(value)]
    truths = [value for value in values if isinstance(value, bool)]
    numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    whole = [int(number) for number in numbers if number == int(number)]
    fractions = [float(number) for number in numbers if number != int(number)]
    # What Chroma takes a fraction for when it meets a whole number.
    cut = [int(fraction) for fraction in fractions]
    if negated:
        return _all(
            [
                *(_listed(name, "$nin", kind) for kind in (texts, truths, whole) if kind),
                _any([_listed(name, "$nin", fractions), _listed(name, "$in", cut)]),
            ]
        )
    return _any(
        [
            *(_listed(name, "$in", kind) for kind in (texts, truths, whole)),
            _all([_listed(name, "$in", fractions), _listed(name, "$nin", cut)]),
        ]
    )


def _listed(name: str, operator: str, values: Sequence[Scalar]) -> Clause:
    if not values:
        return operator == "$nin"
    return {name: {operator: list(dict.fromkeys(values))}}


def _in_range(name: str, at_least: float | None, at_most: float | None) -> Clause:
    if not _storable(name):
        return False
    parts: list[Clause] = []
    if at_least is not None:
        parts.append({name: {"$gte": at_least}})
        if int(at_least) < at_least:
            parts.append({name: {"$ne": int(at_least)}})
    if at_most is not None:
        parts.append({name: {"$lte": at_most}})
        if int(at_most) > at_most:
            parts.append({name: {"$ne": int(at_most)}})
    return _all(parts)


def _all(parts: Sequence[Clause]) -> Clause:
    if False in parts:
        return False
    return _joined("$and", [part for part in parts if part is not True], empty=True)


def _any(parts: Sequence[Clause]) -> Clause:
    if True in parts:
        return True
    return _joined("$or", [part for part in parts if part is not False], empty=False)


def _joined(operator: str, parts: Sequence[Clause], *, empty: bool) -> Clause:
    if not parts:
        return empty
    return parts[0] if len(parts) == 1 else {operator: list(parts)}


def _negates_range(where: Filter, *, negated: bool = False) -> bool:
    match where:
        case Range():
            return negated
        case Not(inner):
            return _negates_range(inner, negated=not negated)
        case All(filters) | AnyOf(filters):
            return any(_negates_range(part, negated=negated) for part in filters)
        case _:
            return False


def _too_large(where: Filter) -> bool:
    values, parts = _size(where)
    return values > MAX_VALUES or parts > MAX_PARTS


def _size(where: Filter) -> tuple[int, int]:
    """Values and comparisons in a filter."""
    match where:
        case OneOf(_, values):
            return len(values), 1
        case Not(inner):
            return _size(inner)
        case All(filters) | AnyOf(filters):
            sizes = [_size(part) for part in filters]
            return sum(values for values, _ in sizes), sum(parts for _, parts in sizes)
        case _:
            return 1, 1


def _storable(name: str) -> bool:
    """Can a record have this field at all? Chroma keeps its own under the reserved names."""
    return not name.startswith(RESERVED) and _encodable(name)


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
