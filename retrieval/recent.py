"""What was used last, by its key, so that no work is done twice for a question.

The guards, the search and the generator read the same question, and popular passages are found and
quoted again and again.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Recent(Generic[Key, Value]):
    """Keeps so many values, the least recently used goes first. Safe for threads."""

    def __init__(self, size: int) -> None:
        """Keep nothing yet.

        Args:
            size: most values that are kept.
        """
        self._size = size
        self._values: OrderedDict[Key, Value] = OrderedDict()
        self._turn = Lock()

    def get(self, key: Key) -> Value | None:
        """The value of a key, if it is still there."""
        with self._turn:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def put(self, key: Key, value: Value) -> None:
        """Keep the value of a key."""
        self._keep({key: value})

    def completed(
        self, keys: Iterable[Key], read: Callable[[list[Key]], Mapping[Key, Value]]
    ) -> dict[Key, Value]:
        """The values that are kept, and those that are read of the other keys and kept from now on.

        Args:
            keys: those wanted, each once.
            read: called with the keys that are not kept, where there are any; may leave some out.
        """
        values, missing = {}, []
        with self._turn:
            for key in keys:
                if key in self._values:
                    self._values.move_to_end(key)
                    values[key] = self._values[key]
                else:
                    missing.append(key)
        if missing:
            new = read(missing)
            self._keep(new)
            values.update(new)
        return values

    def _keep(self, new: Mapping[Key, Value]) -> None:
        with self._turn:
            for key, value in new.items():
                self._values[key] = value
                self._values.move_to_end(key)
            while len(self._values) > self._size:
                self._values.popitem(last=False)
