"""Filters applied to whole columns of metadata at once."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from retrieval.documents import Scalar
from retrieval.filters import All, AnyOf, Equals, Filter, Not, OneOf, Range, matches

Mask = NDArray[np.bool_]


class Column:
    """One field of all rows: which of its distinct values each row has, or none."""

    def __init__(self) -> None:
        self._values: list[Scalar] = []
        self._codes_of: dict[Scalar | tuple[str, Scalar], int] = {}
        self._codes = np.zeros(0, np.int32)

    def extend(self, rows: int) -> None:
        """Make it this long; the new rows lack the field."""
        added = np.full(rows - len(self._codes), -1, np.int32)
        self._codes = np.append(self._codes, added)

    def fill(self, rows: Sequence[int], values: Iterable[Scalar]) -> None:
        """Give rows their values."""
        codes = []
        for value in values:
            typed = _typed(value)
            code = self._codes_of.get(typed)
            if code is None:
                code = self._codes_of[typed] = len(self._values)
                self._values.append(value)
            codes.append(code)
        self._codes[list(rows)] = codes

    def one_of(self, values: Iterable[Scalar]) -> Mask:
        """The rows with one of these values."""
        codes = {self._codes_of.get(_typed(value), -1) for value in values} - {-1}
        if len(codes) == 1:
            return np.asarray(self._codes == codes.pop(), bool)
        return self._with(list(codes))

    def within(self, bounds: Range) -> Mask:
        """The rows whose value is a number within the bounds."""
        return self._with(
            [code for code, v in enumerate(self._values) if matches(bounds, {bounds.field: v})]
        )

    def _with(self, codes: Sequence[int]) -> Mask:
        # The last one stands for a missing field, whose code is -1.
        wanted = np.zeros(len(self._values) + 1, bool)
        wanted[np.array(codes, np.int64)] = True
        return np.asarray(wanted[self._codes], bool)


def fields_of(where: Filter) -> list[str]:
    """The fields that a filter names, each once."""
    match where:
        case Equals(name, _) | OneOf(name, _) | Range(name, _, _):
            return [name]
        case Not(inner):
            return fields_of(inner)
        case All(filters) | AnyOf(filters):
            return list(dict.fromkeys(name for part in filters for name in fields_of(part)))


def admits(where: Filter, columns: Mapping[str, Column], rows: int) -> Mask:
    """Which rows a filter admits: ``filters.matches`` of each row at once.

    Args:
        where: the filter.
        columns: of the fields that it names, each of all rows.
        rows: how many there are.
    """
    match where:
        case Equals(name, value):
            return columns[name].one_of([value])
        case OneOf(name, values):
            return columns[name].one_of(values)
        case Range(name, _, _):
            return columns[name].within(where)
        case Not(inner):
            return ~admits(inner, columns, rows)
        case All(filters):
            return _joined(np.logical_and, [admits(part, columns, rows) for part in filters], rows)
        case AnyOf(filters):
            return _joined(np.logical_or, [admits(part, columns, rows) for part in filters], rows)


def _joined(join: np.ufunc, masks: Sequence[Mask], rows: int) -> Mask:
    """Of no masks, what the operation leaves all as they are with."""
    return np.asarray(join.reduce(masks) if masks else np.full(rows, join.identity), bool)


def _typed(value: Scalar) -> Scalar | tuple[str, Scalar]:
    """Equal for values that a filter takes for the same: 1 and 1.0, but not True or "1"."""
    if isinstance(value, str):
        return value
    return ("truth" if isinstance(value, bool) else "number"), value
