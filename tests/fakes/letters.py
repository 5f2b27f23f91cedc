"""An embedder whose vectors count letters, so that "nearest" can be told by eye."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from retrieval.usage import Meter

ALPHABET = "abcdefghijklmnopqrstuvwxyz"


class LetterCounts:
    """Vector of a text: how often each letter stands in it, scaled to norm 1; tokens are words."""

    def __init__(self, name: str = "letter-counts", window: int = 64) -> None:
        self.name = name
        self.dimension = len(ALPHABET)
        self.window = window
        self.embedded: list[str] = []

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def embed(self, texts: Sequence[str], meter: Meter | None = None) -> NDArray[np.float32]:
        self.embedded.extend(texts)
        if meter:
            meter.add(self.name, input_tokens=sum(self.count_tokens(texts)))
        counts = np.array(
            [[text.lower().count(letter) for letter in ALPHABET] for text in texts],
            dtype=np.float32,
        ).reshape(len(texts), self.dimension)
        counts[~counts.any(axis=1), 0] = 1
        vectors: NDArray[np.float32] = counts / np.linalg.norm(counts, axis=1, keepdims=True)
        return vectors
