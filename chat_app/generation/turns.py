"""Turns at something that one may use at a time, first come first served in every round."""

from collections import deque
from collections.abc import Callable
from threading import Event, Lock

LOOK_SECONDS = 0.1
"""How often whoever waits looks whether they still want the turn."""


class Turns:
    """A line at whose head stands whoever has the turn.

    Who takes the next turn gives up the present one and goes to the end of the line, so that in
    every round each gets one turn, however long the others' turns are. Safe for threads.
    """

    def __init__(self) -> None:
        """Begin with nobody in the line."""
        self._lock = Lock()
        self._line: deque[Ticket] = deque()

    def ticket(self) -> "Ticket":
        """A ticket for one thread; it stands in the line from its first ``next_turn``."""
        return Ticket(self._lock, self._line)

    def __len__(self) -> int:
        """How many stand in the line, with the one whose turn it is."""
        with self._lock:
            return len(self._line)


class Ticket:
    """One thread's place in the line. As a context manager it leaves the line at the end.

    Attributes:
        called: set while it is this ticket's turn.
    """

    def __init__(self, lock: Lock, line: "deque[Ticket]") -> None:
        self._lock = lock
        self._line = line
        self.called = Event()

    def next_turn(self, unwanted: Callable[[], bool] = lambda: False) -> bool:
        """Give up the turn, if it is this ticket's, and wait for the next one.

        Args:
            unwanted: asked while waiting; as soon as it says so, the ticket leaves the line.

        Returns:
            Whether it is this ticket's turn; False only when it is no longer wanted.
        """
        with self._lock:
            if self in self._line:
                self._line.remove(self)
            self._line.append(self)
            self.called.clear()
            self._line[0].called.set()
        while not self.called.wait(LOOK_SECONDS):
            if unwanted():
                self.leave()
                return False
        return True

    def leave(self) -> None:
        """Leave the line, and with it the turn; nothing happens to who does not stand in it."""
        with self._lock:
            if self in self._line:
                self._line.remove(self)
            if self._line:
                self._line[0].called.set()

    def __enter__(self) -> "Ticket":
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()
