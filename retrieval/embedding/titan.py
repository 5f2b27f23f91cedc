"""Amazon Titan Text Embeddings V2 on Bedrock: one call a text, many calls side by side."""

import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import closing
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from retrieval.aws import aws_failures, make_client
from retrieval.embedding.runtime import encodable, load_tokenizer
from retrieval.embedding.weights import TOKENIZER_FILE, find_weights
from retrieval.errors import EmbeddingError
from retrieval.recent import Recent
from retrieval.usage import Meter

if TYPE_CHECKING:
    import tokenizers

MODEL = "amazon.titan-embed-text-v2:0"
DIMENSIONS = (256, 512, 1024)
WINDOW = 8192
"""Tokens that the model reads; it refuses a longer text instead of cutting it."""
MAX_CHARACTERS = 50_000
"""Of a text; both limits stand in the Bedrock user guide."""

CONCURRENCY = 16
READ_SECONDS = 20.0
"""A call takes about 0.1 s: whoever waits for a question's vector waits no minutes."""
RECENT = 4_096
"""Vectors that are kept, 17 MB: questions, and the sentences of passages that are often quoted."""


class Titan:
    """Titan Text Embeddings V2 as an ``interfaces.Embedder``.

    Connects at first use. Any number of threads may share one.

    Attributes:
        name: the model's id, without the ARN that it may have been given by.
        dimension: numbers in a vector.
        window: tokens of a text that the model reads.
    """

    window = WINDOW

    def __init__(
        self,
        model: str = MODEL,
        dimension: int = 1024,
        region: str | None = None,
        *,
        concurrency: int = CONCURRENCY,
        read_seconds: float = READ_SECONDS,
    ) -> None:
        """Choose the model; nothing is connected or loaded yet.

        Args:
            model: id of Titan V2, or the ARN of an inference profile of it.
            dimension: 256, 512 or 1024 numbers in a vector.
            region: of Bedrock; None for what boto3 finds in its configuration.
            concurrency: most calls side by side in one ``embed``, at least 1.
            read_seconds: longest wait for an answer.

        Raises:
            ValueError: no such dimension, or no concurrency.
        """
        if dimension not in DIMENSIONS:
            raise ValueError(f"Titan has vectors of 256, 512 or 1024 numbers, not {dimension}")
        if concurrency < 1:
            raise ValueError(f"{concurrency} calls side by side are none: 1 is the least")
        self.name = model.rpartition("/")[2]
        self.dimension = dimension
        self._model = model
        self._region = region
        self._concurrency = concurrency
        self._read_seconds = read_seconds
        self._recent: Recent[str, NDArray[np.float32]] = Recent(RECENT)
        self._lock = Lock()
        self._client: Any = None
        self._tokenizer: tokenizers.Tokenizer | None = None

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text in the words of all-MiniLM-L6-v2: an estimate.

        Titan's own vocabulary is not published. With MiniLM's, documents are cut at the same
        places as in the local world, so that an index keeps its chunks when it moves.

        Raises:
            EmbeddingError: MiniLM's vocabulary is not on this machine and cannot be downloaded.
        """
        if not texts:
            return []
        encodings = self._loaded().encode_batch_fast(
            [encodable(text) for text in texts], add_special_tokens=False
        )
        return [len(encoding) for encoding in encodings]

    def embed(self, texts: Sequence[str], meter: Meter | None = None) -> NDArray[np.float32]:
        """Embed texts; float32, (n, dimension), rows of norm 1, in the order of the texts.

        Equal texts are sent once, and texts of the last calls not again. After a failure no
        further text is sent.

        Args:
            texts: what to embed.
            meter: counts the tokens of the texts that were sent, as Bedrock counted them.

        Raises:
            EmbeddingError: a text is empty or too long, and nothing was sent; or Bedrock failed.
        """
        sent = [encodable(text) for text in texts]
        known = {text: self._recent.get(text) for text in dict.fromkeys(sent)}
        missing = [text for text, vector in known.items() if vector is None]
        self._check(missing)
        known.update(self._embed_all(missing, meter or Meter()))
        rows = [known[text] for text in sent]
        return np.array(rows, dtype=np.float32).reshape(len(sent), self.dimension)

    def _check(self, texts: Sequence[str]) -> None:
        """Refuse what Bedrock would refuse, before anything is paid for."""
        for text in texts:
            if not text.strip():
                raise EmbeddingError("an empty text has no vector: leave it out")
            if len(text) > MAX_CHARACTERS:
                raise _too_long(text, f"{len(text):,} characters", f"{MAX_CHARACTERS:,}")
        # A token is a character or more.
        long = [text for text in texts if len(text) > WINDOW]
        for text, count in zip(long, self.count_tokens(long), strict=True):
            if count > WINDOW:
                raise _too_long(text, f"about {count:,} tokens", f"{WINDOW:,}")

    def _embed_all(
        self, texts: Sequence[str], meter: Meter
    ) -> Iterable[tuple[str, NDArray[np.float32]]]:
        if len(texts) <= 1:
            return [(text, self._embed_one(text, meter)) for text in texts]
        with ThreadPoolExecutor(min(self._concurrency, len(texts)), "titan") as pool:
            calls = [pool.submit(self._embed_one, text, meter) for text in texts]
            try:
                done, _ = wait(calls, return_when=FIRST_EXCEPTION)
                for call in done:
                    call.result()
            finally:
                pool.shutdown(cancel_futures=True)
            return zip(texts, (call.result() for call in calls), strict=True)

    def _embed_one(self, text: str, meter: Meter) -> NDArray[np.float32]:
        body = {"inputText": text, "dimensions": self.dimension, "normalize": True}
        with aws_failures(f"{self._model} could not embed {_named(text)}", EmbeddingError):
            answer = self._connected().invoke_model(
                modelId=self._model,
                body=json.dumps(body),
                contentType="application/json",
                accept="application/json",
            )
            with closing(answer["body"]) as stream:
                said = stream.read()
        vector, tokens = self._read(said)
        meter.add(self.name, input_tokens=tokens)
        self._recent.put(text, vector)
        return vector

    def _read(self, said: bytes) -> tuple[NDArray[np.float32], int]:
        """The vector, of norm 1, and the tokens of an answer."""
        try:
            answer: Mapping[str, Any] = json.loads(said)
            vector = np.asarray(answer["embedding"], dtype=np.float64)
            tokens = int(answer["inputTextTokenCount"])
        except (ValueError, TypeError, KeyError) as error:
            raise EmbeddingError(
                f"{self.name} answered something that is no vector: check that "
                "BENEFITS_CHAT_TITAN_MODEL names Titan Text Embeddings V2, and try again"
            ) from error
        norm = float(np.linalg.norm(vector))
        if vector.shape != (self.dimension,) or not 0 < norm < np.inf:
            raise EmbeddingError(
                f"{self.name} answered a vector that cannot be used (shape {vector.shape}, norm "
                f"{norm:.3g}; {self.dimension} numbers of norm 1 were asked for): try again"
            )
        return (vector / norm).astype(np.float32), tokens

    def _loaded(self) -> "tokenizers.Tokenizer":
        """The vocabulary of MiniLM alone: neither torch nor onnxruntime is loaded."""
        with self._lock:
            if self._tokenizer is None:
                self._tokenizer = load_tokenizer(find_weights(lambda _: None) / TOKENIZER_FILE)
            return self._tokenizer

    def _connected(self) -> Any:  # noqa: ANN401 - boto3's clients are made at run time
        with self._lock:
            if self._client is None:
                self._client = make_client(
                    "bedrock-runtime",
                    self._region,
                    connections=self._concurrency,
                    read_seconds=self._read_seconds,
                )
            return self._client


def _too_long(text: str, size: str, limit: str) -> EmbeddingError:
    return EmbeddingError(f"{_named(text)} has {size}, Titan reads {limit}: split it")


def _named(text: str) -> str:
    return f"the text that begins {' '.join(text[:200].split())[:60]!r}"
