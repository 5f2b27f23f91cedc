"""Many things, some at once."""

import itertools
from collections.abc import Iterable, Iterator
from typing import TypeVar

PAGE = 1_000
"""Records read at once; SQLite, below Chroma too, takes at most 32,766 keys."""

T = TypeVar("T")


def pages(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items, so many at once; the last page may be shorter.

    Args:
        items: to be cut up.
        size: items of a page, at least 1.
    """
    remaining = iter(items)
    while page := list(itertools.islice(remaining, size)):
        yield page
