"""Making the next thing while the last one is worked on."""

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Semaphore, Thread
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class _Failed:
    error: BaseException


class _End:
    """Nothing follows."""


class _Producer(Generic[Item]):
    """Takes items from an iterable in a thread of its own, one ahead of those taken from it."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._items = items
        self._made: SimpleQueue[Item | _Failed | _End] = SimpleQueue()
        self._room = Semaphore(0)
        self._wanted = True
        self._thread = Thread(target=self._make, name="ahead", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def take(self) -> Item | _Failed | _End:
        item = self._made.get()
        self._room.release()
        return item

    def stop(self) -> None:
        """Make nothing further; waits until what is being made is done."""
        self._wanted = False
        self._room.release()
        self._thread.join()

    def _make(self) -> None:
        try:
            for item in self._items:
                self._made.put(item)
                # The next one is begun when this one was taken: two are in memory, never three.
                del item
                self._room.acquire()
                if not self._wanted:
                    return
        except BaseException as error:  # noqa: BLE001 - raised where the items are taken
            self._made.put(_Failed(error))
        else:
            self._made.put(_End())


def ahead(items: Iterable[Item]) -> Generator[Item, None, None]:
    """The items in their order, each made by another thread while the one before is worked on.

    Two items are in memory at a time: the one that was taken and the one that is being made. An
    error in making an item is raised where that item would have been taken. Who stops early waits
    for the item that is being made.

    Args:
        items: iterated in the other thread.
    """
    producer = _Producer(items)
    producer.start()
    try:
        while not isinstance(item := producer.take(), _End):
            if isinstance(item, _Failed):
                raise item.error
            yield item
            del item
    finally:
        producer.stop()
