import threading
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Thread

from hypothesis import given, settings
from hypothesis import strategies as st

from chat_app.generation.turns import Ticket, Turns

LONG = 20.0
"""Seconds that nothing here comes near."""


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + LONG
    while not holds():
        assert time.monotonic() < end, "it never came to hold"
        time.sleep(0.001)


def joined(threads: list[Thread]) -> None:
    for thread in threads:
        thread.join(LONG)
    assert not any(thread.is_alive() for thread in threads)


def in_line(turns: Turns, count: int, work: Callable[[int, Ticket], None]) -> list[Thread]:
    """Threads that stand in the line in the order of their numbers, behind who has the turn."""
    threads = []
    before = len(turns)
    for number in range(count):

        def run(number: int = number) -> None:
            with suppress(LookupError), turns.ticket() as ticket:
                work(number, ticket)

        threads.append(Thread(target=run))
        threads[-1].start()
        until(lambda number=number: len(turns) == before + number + 1)  # type: ignore[misc]
    return threads


@given(st.lists(st.integers(1, 6), min_size=1, max_size=4))
@settings(max_examples=25, deadline=None)
def test_in_each_round_each_gets_one_turn_in_the_order_in_which_they_came(
    wanted: list[int],
) -> None:
    turns, order = Turns(), list[int]()
    inside = threading.Lock()

    def work(number: int, ticket: Ticket) -> None:
        for _ in range(wanted[number]):
            assert ticket.next_turn()
            assert inside.acquire(blocking=False), "two have the turn"
            order.append(number)
            inside.release()

    with turns.ticket() as first:
        assert first.next_turn()
        threads = in_line(turns, len(wanted), work)
    joined(threads)
    rounds = range(max(wanted))
    assert order == [n for i in rounds for n in range(len(wanted)) if wanted[n] > i]
    assert len(turns) == 0


def test_who_is_alone_never_waits() -> None:
    with Turns().ticket() as ticket:
        assert all(ticket.next_turn(lambda: True) for _ in range(1_000))


def test_who_no_longer_wants_the_turn_leaves_the_line_and_the_next_goes_on() -> None:
    turns, got = Turns(), dict[int, bool]()
    stopped = threading.Event()

    def work(number: int, ticket: Ticket) -> None:
        got[number] = ticket.next_turn(stopped.is_set if number == 0 else lambda: False)

    with turns.ticket() as first:
        first.next_turn()
        threads = in_line(turns, 2, work)
        stopped.set()
        until(lambda: len(turns) == 2)
        assert got == {0: False}
    joined(threads)
    assert got == {0: False, 1: True}


def test_who_fails_in_its_turn_does_not_hold_up_the_others() -> None:
    turns, done = Turns(), list[int]()

    def work(number: int, ticket: Ticket) -> None:
        ticket.next_turn()
        done.append(number)
        if number == 0:
            raise LookupError

    with turns.ticket() as first:
        first.next_turn()
        threads = in_line(turns, 3, work)
    joined(threads)
    assert done == [0, 1, 2]


def test_leaving_a_line_that_one_does_not_stand_in_changes_nothing() -> None:
    turns = Turns()
    with turns.ticket() as holder:
        holder.next_turn()
        turns.ticket().leave()
        assert len(turns) == 1
        holder.leave()
        holder.leave()
    assert len(turns) == 0
