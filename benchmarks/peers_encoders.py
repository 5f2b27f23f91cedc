"""The model alone on the product's chunks: no reading, no chunking, no store.

``python -m benchmarks.peers_encoders torch`` runs sentence-transformers at the batch size that is
fastest here, ``... onnx`` the product's runtime.
"""

import sys
import time
from collections.abc import Callable, Sequence

from benchmarks.peers_job import Asked, Job, run
from benchmarks.peers_product import chunk_texts
from retrieval.embedding.minilm import MiniLM

BATCH_SIZES = (1, 8, 32, 128)
PROBE = 128
"""Chunks on which the batch sizes are tried."""


class Encoder:
    """An encoder, loaded, and the chunks to embed."""

    def __init__(self, job: Job, encode: Callable[[Sequence[str]], object]) -> None:
        """Cut the files; that does not count."""
        self._texts = chunk_texts(job.root)
        self._encode = encode
        encode(["warm"])

    def index(self, job: Job) -> None:
        """Embed every chunk."""
        self._encode(self._texts)

    def ask(self, asked: Asked) -> int:
        """Embed a question."""
        self._encode([asked.text])
        return 0

    def texts(self) -> Sequence[str]:
        """The chunks."""
        return self._texts

    def further(self, questions: Sequence[Asked]) -> dict[str, float]:
        """Nothing else."""
        return {}


def torch_encoder(job: Job) -> Encoder:
    """sentence-transformers at its best batch size."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(job.weights, device="cpu", local_files_only=True)
    probe = chunk_texts(job.root)[:PROBE]

    def encode(texts: Sequence[str], size: int) -> object:
        return model.encode(list(texts), batch_size=size, show_progress_bar=False)

    def seconds(size: int) -> float:
        started = time.perf_counter()
        encode(probe, size)
        return time.perf_counter() - started

    encode(probe[:8], 8)
    best = min(BATCH_SIZES, key=seconds)
    return Encoder(job, lambda texts: encode(texts, best))


def onnx_encoder(job: Job) -> Encoder:
    """The product's runtime."""
    return Encoder(job, MiniLM().embed)


if __name__ == "__main__":
    run({"torch": torch_encoder, "onnx": onnx_encoder}[sys.argv[1]])
