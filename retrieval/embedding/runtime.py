"""Runs an exported graph: onnxruntime on the CPU."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from retrieval.embedding.weights import NAME, TOKENIZER_FILE
from retrieval.errors import EmbeddingError

if TYPE_CHECKING:
    import onnxruntime
    import tokenizers

Precision: TypeAlias = Literal["fp32", "int8"]
"""How matrix products are computed; int8 takes half the time and agrees to .996 and better."""

OfToken = TypeVar("OfToken")

GRAPH_FILE = "model.onnx"
GRAPH_FILES: dict[Precision, str] = {"fp32": GRAPH_FILE, "int8": "model.int8.onnx"}
VECTOR, TOKENS = "embedding", "tokens"
"""Outputs of a graph: float32 (n, DIMENSION) of norm 1, and (n, tokens, DIMENSION)."""
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
        self._pool = ThreadPoolExecutor(threads, "embedding")
        self._tokenizer = load_tokenizer(folder / TOKENIZER_FILE)
        self._session = load_session(str(folder / GRAPH_FILES[precision]))

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
        tokens = token_ids(self._tokenizer, texts)
        vectors = np.zeros((len(texts), DIMENSION), dtype=np.float32)

        def run(batch: list[int], ids: NDArray[np.int64]) -> None:
            (vectors[batch],) = self._run(ids, VECTOR)

        self._run_all(tokens, run)
        return vectors

    def embed_spans(
        self, texts: Sequence[str], spans: Sequence[Sequence[tuple[int, int]]]
    ) -> tuple[NDArray[np.float32], list[NDArray[np.float32]]]:
        """The vectors of texts, as ``embed`` gives them, and those of pieces of each in its place.

        Args:
            texts: what to embed.
            spans: of each text, the pieces by character offsets, end exclusive.

        Returns:
            Float32, (n, DIMENSION); and of each text (spans, DIMENSION): the means of the states of
            a piece's own tokens, of norm 1, zero for a piece without a token within the window.

        Raises:
            EmbeddingError: the graph cannot be run.
        """
        tokens, offsets = self._tokenize_with_offsets(texts)
        vectors = np.zeros((len(texts), DIMENSION), dtype=np.float32)
        pieces = [np.zeros((len(each), DIMENSION), dtype=np.float32) for each in spans]

        def run(batch: list[int], ids: NDArray[np.int64]) -> None:
            vectors[batch], states = self._run(ids, VECTOR, TOKENS)
            for position, of_text in zip(batch, states, strict=True):
                pieces[position] = pooled(of_text, offsets[position], spans[position])

        self._run_all(tokens, run)
        return vectors, pieces

    def _run_all(
        self,
        tokens: Sequence[NDArray[np.int64]],
        run: Callable[[list[int], NDArray[np.int64]], None],
    ) -> None:
        """Run all texts, those of one length together; each batch is told its positions."""
        batches = equal_length_batches([len(ids) for ids in tokens], TOKENS_PER_RUN)

        def run_batch(batch: list[int]) -> None:
            run(batch, np.stack([tokens[position] for position in batch]))

        if min(self._threads, len(batches)) <= 1:
            for batch in batches:
                run_batch(batch)
        else:
            list(self._pool.map(run_batch, batches))

    def _tokenize_with_offsets(
        self, texts: Sequence[str]
    ) -> tuple[list[NDArray[np.int64]], list[NDArray[np.int64]]]:
        """Token numbers as ``token_ids`` gives them, and where they stand: (tokens, 2) a text.

        Special tokens stand at 0 to 0.
        """
        tokens, offsets = [], []
        for part in _parts(texts):
            for encoding in self._tokenizer.encode_batch(part):
                tokens.append(np.asarray(_cut(encoding.ids), dtype=np.int64))
                offsets.append(np.asarray(_cut(encoding.offsets), dtype=np.int64))
        return tokens, offsets

    def _run(self, tokens: NDArray[np.int64], *wanted: str) -> list[NDArray[np.float32]]:
        """One run of the graph on tokens (n, length): the outputs that are wanted."""
        try:
            made: list[NDArray[np.float32]] = self._session.run(wanted, {"input_ids": tokens})
        except Exception as error:
            rows, length = tokens.shape
            raise EmbeddingError(
                f"onnxruntime failed on {rows} texts of {length} tokens with {NAME} ({error}): "
                "free some memory and start again"
            ) from error
        return made


def pooled(
    states: NDArray[np.float32], offsets: NDArray[np.int64], spans: Sequence[tuple[int, int]]
) -> NDArray[np.float32]:
    """Means of the states of the tokens that stand within each span, of norm 1; zero for none.

    Args:
        states: of tokens, (tokens, dimension).
        offsets: where they stand, (tokens, 2); those of no character belong to no span.
        spans: by character offsets, end exclusive.
    """
    places = np.asarray(spans, dtype=np.int64).reshape(len(spans), 2, 1)
    starts, ends = offsets[:, 0], offsets[:, 1]
    within = (starts >= places[:, 0]) & (ends <= places[:, 1]) & (ends > starts)
    sums = within.astype(np.float32) @ states
    norms = np.linalg.norm(sums, axis=1, keepdims=True)
    norms[norms == 0] = 1
    return np.asarray(sums / norms, dtype=np.float32)


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


def token_ids(tokenizer: "tokenizers.Tokenizer", texts: Sequence[str]) -> list[NDArray[np.int64]]:
    """Token numbers, [CLS] to [SEP]; a text beyond the window loses its end, not its [SEP]."""
    return [
        np.asarray(_cut(encoding.ids), dtype=np.int64)
        for part in _parts(texts)
        for encoding in tokenizer.encode_batch_fast(part)
    ]


def _parts(texts: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(texts), TOKENIZED_AT_ONCE):
        yield [encodable(text) for text in texts[start : start + TOKENIZED_AT_ONCE]]


def _cut(of_tokens: list[OfToken]) -> list[OfToken]:
    """What is within the window: a longer text loses its end, not its last special token."""
    within = len(of_tokens) <= WINDOW
    return of_tokens if within else of_tokens[: WINDOW - 1] + of_tokens[-1:]


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


def load_session(graph: str | bytes) -> "onnxruntime.InferenceSession":
    """A graph to run, from its file or its content."""
    # Read when the library is loaded: without it, onnxruntime 1.31 looks up its maker's host, even
    # with ``disable_telemetry_events``.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # noqa: TID251 - set, not read
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors: warnings are about choices made here on purpose
    # A run stays on the thread that asks for it: parallelism comes from runs side by side.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
