"""What filter languages with ``$and``, ``$or`` and operators on fields have in common."""

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeAlias

from retrieval.documents import Scalar
from retrieval.filters import All, AnyOf, Equals, Filter, Not, OneOf, Range

Clause: TypeAlias = "dict[str, object] | bool"
"""A filter of such a language; True admits every record, False none."""


class Dialect(Protocol):
    """How a language compares a field. A clause may admit more than is meant, never less."""

    def one_of(self, name: str, values: Sequence[Scalar], *, negated: bool) -> Clause:
        """The field has one of the values, or negated: has none of them, or is missing."""

    def in_range(self, name: str, at_least: float | None, at_most: float | None) -> Clause:
        """The field is a number within the bounds."""


def clause_of(where: Filter, dialect: Dialect, *, negated: bool = False) -> Clause:
    """The clause of a filter or of its opposite: negations are carried to the comparisons.

    The opposite of a range is not written, as nothing asks whether a field holds a number.
    """
    match where:
        case Not(inner):
            return clause_of(inner, dialect, negated=not negated)
        case All(filters) | AnyOf(filters):
            parts = [clause_of(part, dialect, negated=negated) for part in filters]
            return all_of(parts) if isinstance(where, All) is not negated else any_of(parts)
        case Equals(name, value):
            return dialect.one_of(name, [value], negated=negated)
        case OneOf(name, values):
            return dialect.one_of(name, values, negated=negated)
        case Range(name, at_least, at_most):
            return True if negated else dialect.in_range(name, at_least, at_most)


def all_of(parts: Iterable[Clause]) -> Clause:
    """Admits what every part admits."""
    kept = list(parts)
    if False in kept:
        return False
    return _joined("$and", [part for part in kept if isinstance(part, dict)], empty=True)


def any_of(parts: Iterable[Clause]) -> Clause:
    """Admits what some part admits."""
    kept = list(parts)
    if True in kept:
        return True
    return _joined("$or", [part for part in kept if isinstance(part, dict)], empty=False)


def is_encodable(text: str) -> bool:
    """Can it be written in UTF-8 at all? Lone surrogates cannot, so no record holds them."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _joined(operator: str, parts: Sequence[dict[str, object]], *, empty: bool) -> Clause:
    if not parts:
        return empty
    return parts[0] if len(parts) == 1 else {operator: list(parts)}
