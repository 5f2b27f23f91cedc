"""The vectors that all-MiniLM-L6-v2 gives the single tokens of a text, each read in its context."""

from collections.abc import Sequence
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from chat_app.alignment import Tokens
from retrieval.embedding.export import exported_precision
from retrieval.embedding.minilm import MiniLM
from retrieval.embedding.runtime import GRAPH_FILES, WINDOW, encodable, load_session, load_tokenizer
from retrieval.embedding.weights import TOKENIZER_FILE
from retrieval.errors import EmbeddingError

if TYPE_CHECKING:
    import onnxruntime
    import tokenizers

KEPT = 48
"""Texts that are remembered, at most 37 MB: each sentence of an answer is laid beside passages."""
LAYERS = (-3, -1)
"""Layer norms, from the end, behind the fifth and the sixth layer: the fifth keeps more of the word
itself. Together they align claims better than either does, and than the fourth with them."""
_FIRST, _LAST = 101, 102
"""[CLS] and [SEP]."""


class TokenReader:
    """Reads with the exported graph of all-MiniLM-L6-v2, before its tokens become one vector.

    Loads at first use, in a second; any number of threads may share one.
    """

    def __init__(self, minilm: MiniLM) -> None:
        """Hold the embedder, whose export is read."""
        self._minilm = minilm
        self._lock = Lock()
        self._loaded: tuple[tokenizers.Tokenizer, onnxruntime.InferenceSession] | None = None
        self._kept = lru_cache(KEPT)(self._read)

    def __call__(self, sentences: Sequence[str], /) -> Sequence[Tokens]:
        """The tokens of each sentence, 768 numbers each; nothing is computed the second time.

        Raises:
            EmbeddingError: the model cannot be had, loaded or run.
        """
        return self._kept(tuple(sentences)) if sentences else ()

    def _read(self, sentences: tuple[str, ...]) -> tuple[Tokens, ...]:
        tokenizer, session = self._opened()
        encodings = tokenizer.encode_batch(
            [encodable(text) for text in sentences], add_special_tokens=False
        )
        numbers = [number for encoding in encodings for number in encoding.ids]
        lengths = [len(encoding) for encoding in encodings]
        runs = [_run(session, numbers[start:end]) for start, end in _windows(lengths)]
        width = len(LAYERS) * self._minilm.dimension
        vectors = np.concatenate([np.zeros((0, width), dtype=np.float32), *runs])
        return tuple(
            Tokens(tuple(text[a:b].lower() for a, b in encoding.offsets), own)
            for text, encoding, own in zip(
                sentences, encodings, np.split(vectors, np.cumsum(lengths)[:-1]), strict=True
            )
        )

    def _opened(self) -> "tuple[tokenizers.Tokenizer, onnxruntime.InferenceSession]":
        with self._lock:
            if self._loaded is None:
                self._minilm.count_tokens([""])  # exports the model where that was never done
                folder = self._minilm.models_folder / self._minilm.name
                tokenizer = load_tokenizer(folder / TOKENIZER_FILE)
                graph = GRAPH_FILES[exported_precision(folder, "int8")]
                self._loaded = tokenizer, _session(str(folder / graph))
            return self._loaded


def _windows(lengths: Sequence[int]) -> list[tuple[int, int]]:
    """Where windows of whole sentences start and end; a longer sentence is cut."""
    most = WINDOW - 2
    found: list[tuple[int, int]] = []
    start = at = 0
    for length in lengths:
        if at + length - start > most and at > start:
            found.append((start, at))
            start = at
        at += length
        while at - start > most:
            found.append((start, start + most))
            start += most
    return [*found, (start, at)] if at > start else found


def _session(path: str) -> "onnxruntime.InferenceSession":
    """The graph with the states behind LAYERS as its only outputs."""
    import onnx

    model = onnx.load(path)
    norms = [node for node in model.graph.node if node.op_type == "LayerNormalization"]
    del model.graph.output[:]
    for layer in LAYERS:
        states = norms[layer].output[0]
        model.graph.output.append(
            onnx.helper.make_tensor_value_info(states, onnx.TensorProto.FLOAT, None)
        )
    return load_session(model.SerializeToString())


def _run(session: "onnxruntime.InferenceSession", numbers: Sequence[int]) -> NDArray[np.float32]:
    """Float32 (tokens, 768): the states of each layer, of norm 1, side by side."""
    tokens = np.array([[_FIRST, *numbers, _LAST]], dtype=np.int64)
    try:
        layers = session.run(None, {"input_ids": tokens})
    except Exception as error:
        raise EmbeddingError(
            f"onnxruntime failed on a text of {len(numbers)} tokens ({error}): "
            "free some memory and start again"
        ) from error
    states = [layer[0, 1:-1] for layer in layers]
    unit = [each / np.linalg.norm(each, axis=1, keepdims=True) for each in states]
    return np.asarray(np.concatenate(unit, axis=1), dtype=np.float32)
