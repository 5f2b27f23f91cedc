"""Runs an exported graph: onnxruntime on the CPU."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from retrieval.embedding.weights import NAME, TOKENIZER_FILE
from retrieval.errors import EmbeddingError

if TYPE_CHECKING:
    import onnxruntime
    import tokenizers

Precision: TypeAlias = Literal["fp32", "int8"]
"""How matrix products are computed; int8 takes half the time and agrees to .996 and better."""

GRAPH_FILE = "model.onnx"
GRAPH_FILES: dict[Precision, str] = {"fp32": GRAPH_FILE, "int8": "model.int8.onnx"}
DIMENSION = 384
WINDOW = 256
"""Tokens that the model reads, [CLS] and [SEP] included; its ``sentence_bert_config.json``."""

TOKENS_PER_RUN = 512
"""Most tokens in a run of several texts.

Runs of 512 tokens against one text at a time: sentences (24 tokens on average) 1.7 times faster,
chunks (175 tokens) the same. Larger runs gain nothing.
"""

TOKENIZED_AT_ONCE = 1_024
"""Texts: the tokenizer's own account of a token takes some hundred bytes, which for all sentences
of a large document together would be more than the document."""

_LONE_SURROGATES = dict.fromkeys(range(0xD800, 0xE000), "\N{REPLACEMENT CHARACTER}")


class Runtime:
    """A loaded graph with its tokenizer. Any number of threads may share one."""

    def __init__(self, folder: Path, threads: int, precision: Precision = "fp32") -> None:
        """Load a graph and the tokenizer of a folder that ``export`` wrote; about 0.2 s.

        Args:
            folder: holds the graph and TOKENIZER_FILE.
            threads: runs side by side, at least 1.
            precision: chooses the graph.
        """
        self._threads = threads
        self._tokenizer = load_tokenizer(folder / TOKENIZER_FILE)
        self._session = _load_session(folder / GRAPH_FILES[precision])

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, without special tokens and without cutting."""
        return [
            len(encoding)
            for part in _parts(texts)
            for encoding in self._tokenizer.encode_batch_fast(part, add_special_tokens=False)
        ]

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Float32, (n, DIMENSION), rows of norm 1, in the order of the texts.

        Raises:
            EmbeddingError: the graph cannot be run.
        """
        tokens = self._tokenize(texts)
        batches = equal_length_batches([len(ids) for ids in tokens], TOKENS_PER_RUN)
        vectors = np.zeros((len(texts), DIMENSION), dtype=np.float32)

        def run(batch: list[int]) -> None:
            vectors[batch] = self._run(np.stack([tokens[position] for position in batch]))

        if min(self._threads, len(batches)) <= 1:
            for batch in batches:
                run(batch)
        else:
            with ThreadPoolExecutor(min(self._threads, len(batches))) as pool:
                list(pool.map(run, batches))
        return vectors

    def _tokenize(self, texts: Sequence[str]) -> list[NDArray[np.int64]]:
        """Token numbers, [CLS] to [SEP]; a text beyond the window loses its end, not its [SEP]."""
        return [
            np.asarray(_cut(encoding.ids), dtype=np.int64)
            for part in _parts(texts)
            for encoding in self._tokenizer.encode_batch_fast(part)
        ]

    def _run(self, tokens: NDArray[np.int64]) -> NDArray[np.float32]:
        """One run of the graph: tokens (n, length) to vectors (n, DIMENSION)."""
        try:
            (vectors,) = self._session.run(None, {"input_ids": tokens})
        except Exception as error:
            rows, length = tokens.shape
            raise EmbeddingError(
                f"onnxruntime failed on {rows} texts of {length} tokens with {NAME} ({error}): "
                "free some memory and start again"
            ) from error
        return np.asarray(vectors, dtype=np.float32)


def equal_length_batches(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Group the positions of texts of one and the same length, longest first.

    Nothing is ever padded, so the graph needs no attention mask and a text's vector does not
    depend on its neighbours. Two one-thread runs side by side over these batches do 1.3 times the
    work of one two-thread run over padded batches of 32.

    Args:
        lengths: tokens of each text.
        budget: most tokens in a batch of more than one text.

    Returns:
        Batches of positions; each position is in exactly one.
    """
    by_length = sorted(range(len(lengths)), key=lambda position: -lengths[position])
    batches: list[list[int]] = []
    for length, group in groupby(by_length, key=lambda position: lengths[position]):
        positions = list(group)
        size = max(1, budget // length)
        batches += [positions[start : start + size] for start in range(0, len(positions), size)]
    return batches


def _parts(texts: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(texts), TOKENIZED_AT_ONCE):
        yield [encodable(text) for text in texts[start : start + TOKENIZED_AT_ONCE]]


def _cut(ids: list[int]) -> list[int]:
    return ids if len(ids) <= WINDOW else ids[: WINDOW - 1] + ids[-1:]


def encodable(text: str) -> str:
    """The text without lone surrogates, which broken files contain and no tokenizer takes."""
    return text if text.isascii() else text.translate(_LONE_SURROGATES)


def load_tokenizer(path: Path) -> "tokenizers.Tokenizer":
    """The tokenizer in a file ``tokenizer.json``, set to count whole texts without special ones."""
    import tokenizers

    tokenizer = tokenizers.Tokenizer.from_file(str(path))
    # The file asks for 128 tokens and padding to 128; sentence-transformers overrides that too.
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _load_session(path: Path) -> "onnxruntime.InferenceSession":
    # Read when the library is loaded: without it, onnxruntime 1.31 looks up its maker's host, even
    # with ``disable_telemetry_events``.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # noqa: TID251 - set, not read
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors: warnings are about choices made here on purpose
    # A run stays on the thread that asks for it: parallelism comes from runs side by side.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
