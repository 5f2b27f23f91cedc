import threading
import weakref
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.ahead import ahead

SECONDS = 10


class Thing:
    """Something that can be seen to be gone."""


def threads() -> int:
    return sum(thread.name == "ahead" for thread in threading.enumerate())


@settings(deadline=None)
@given(st.lists(st.integers()), st.integers(0, 5))
def test_the_items_come_in_their_order_however_many_are_taken(items: list[int], taken: int) -> None:
    assert list(ahead(items)) == items
    with closing(ahead(items)) as made:
        assert [item for item, _ in zip(made, range(taken), strict=False)] == items[:taken]
    assert threads() == 0


def test_the_next_item_is_made_while_the_last_one_is_worked_on() -> None:
    making_second = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        making_second.set()
        yield 2

    with closing(ahead(items())) as made:
        assert next(made) == 1
        assert making_second.wait(SECONDS)
        assert list(made) == [2]


def test_no_more_than_one_item_is_made_ahead() -> None:
    begun: list[int] = []
    made_second = threading.Event()

    def items() -> Iterator[int]:
        for number in range(1, 9):
            begun.append(number)
            if number == 2:
                made_second.set()
            yield number

    with closing(ahead(items())) as made:
        assert next(made) == 1
        assert made_second.wait(SECONDS)
        assert begun == [1, 2]
        assert next(made) == 2


def test_two_items_are_in_memory_at_most() -> None:
    alive: weakref.WeakSet[Thing] = weakref.WeakSet()
    most = 0

    def items() -> Iterator[Thing]:
        nonlocal most
        for _ in range(20):
            thing = Thing()
            alive.add(thing)
            most = max(most, len(alive))
            yield thing
            del thing

    with closing(ahead(items())) as made:
        for item in made:
            assert isinstance(item, Thing)
            del item
    assert most <= 2


def test_an_error_is_raised_where_its_item_would_have_been_taken() -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("the third")

    with closing(ahead(items())) as made:
        assert next(made) == 1
        assert next(made) == 2
        with pytest.raises(ValueError, match="the third"):
            next(made)
    assert threads() == 0


def test_an_error_of_whoever_takes_the_items_ends_the_thread() -> None:
    def take() -> None:
        with closing(ahead(range(100))) as made:
            for _ in made:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        take()
    assert threads() == 0
