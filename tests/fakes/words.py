"""An embedder for which texts that share words are near."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from retrieval.keywords import terms
from retrieval.usage import Meter


class WordVectors:
    """Counts stemmed words, each at its own place of the vector, scaled to norm 1."""

    name = "word-vectors"
    dimension = 512
    window = 256

    def __init__(self) -> None:
        self._places: dict[str, int] = {}

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def embed(self, texts: Sequence[str], meter: Meter | None = None) -> NDArray[np.float32]:
        if meter:
            meter.add(self.name, input_tokens=sum(self.count_tokens(texts)))
        vectors = np.full((len(texts), self.dimension), 1e-6, dtype=np.float32)
        for row, text in enumerate(texts):
            for term in terms(text):
                vectors[row, self._places.setdefault(term, len(self._places))] += 1
        scaled: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return scaled
