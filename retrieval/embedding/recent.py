"""The vectors of the texts that were embedded last, so that no work is done twice for a question.

The guards, the search and the generator read the same question, and popular passages are quoted
again and again.
"""

from collections import OrderedDict
from threading import Lock

import numpy as np
from numpy.typing import NDArray


class RecentVectors:
    """Keeps so many vectors, the least recently used goes first. Safe for threads."""

    def __init__(self, size: int) -> None:
        """Keep nothing yet.

        Args:
            size: most vectors that are kept.
        """
        self._size = size
        self._vectors: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._turn = Lock()

    def get(self, text: str) -> NDArray[np.float32] | None:
        """The vector of a text, if it is still there."""
        with self._turn:
            if text in self._vectors:
                self._vectors.move_to_end(text)
            return self._vectors.get(text)

    def put(self, text: str, vector: NDArray[np.float32]) -> None:
        """Keep the vector of a text."""
        with self._turn:
            self._vectors[text] = vector
            self._vectors.move_to_end(text)
            if len(self._vectors) > self._size:
                self._vectors.popitem(last=False)
