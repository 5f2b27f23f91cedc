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

from retrieval.documents import Scalar
from retrieval.filters import All, AnyOf, Filter, Not, OneOf, Range
from retrieval.stores.clauses import Clause, all_of, any_of, clause_of, is_encodable
from retrieval.stores.records import RESERVED

MAX_VALUES = 10_000
MAX_PARTS = 200
"""Far below what fails (see above); a larger filter is applied here, not by Chroma."""


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
    return ChromaFilter(clause=clause_of(where, _Dialect()), exact=not _negates_range(where))


class _Dialect:
    """How Chroma compares a field."""

    def one_of(self, name: str, values: Sequence[Scalar], *, negated: bool) -> Clause:
        """The field has one of the values, or negated: has none of them, or is missing."""
        if not _storable(name):
            return negated
        texts = [value for value in values if isinstance(value, str) and is_encodable(value)]
        truths = [value for value in values if isinstance(value, bool)]
        numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
        whole = [int(number) for number in numbers if number == int(number)]
        fractions = [float(number) for number in numbers if number != int(number)]
        # What Chroma takes a fraction for when it meets a whole number.
        cut = [int(fraction) for fraction in fractions]
        if negated:
            return all_of(
                [
                    *(_listed(name, "$nin", kind) for kind in (texts, truths, whole) if kind),
                    any_of([_listed(name, "$nin", fractions), _listed(name, "$in", cut)]),
                ]
            )
        return any_of(
            [
                *(_listed(name, "$in", kind) for kind in (texts, truths, whole)),
                all_of([_listed(name, "$in", fractions), _listed(name, "$nin", cut)]),
            ]
        )

    def in_range(self, name: str, at_least: float | None, at_most: float | None) -> Clause:
        """The field is a number within the bounds."""
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
        return all_of(parts)


def _listed(name: str, operator: str, values: Sequence[Scalar]) -> Clause:
    if not values:
        return operator == "$nin"
    return {name: {operator: list(dict.fromkeys(values))}}


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
    return not name.startswith(RESERVED) and is_encodable(name)
