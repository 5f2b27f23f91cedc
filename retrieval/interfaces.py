"""What indexing and searching ask of an embedder and of a vector store."""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from retrieval.documents import Record, Scalar, Vector
from retrieval.filters import Filter
from retrieval.keywords import Held
from retrieval.sentence_vectors import SentenceVectors
from retrieval.usage import Meter


class Embedder(Protocol):
    """Turns texts into unit vectors. The same model serves documents and questions."""

    @property
    def name(self) -> str:
        """The model's public name, such as ``all-MiniLM-L6-v2``."""

    @property
    def dimension(self) -> int:
        """Numbers in a vector."""

    @property
    def window(self) -> int:
        """Most tokens of a text that the model reads, its own special tokens included."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, without special tokens and without cutting."""

    def embed(self, texts: Sequence[str], meter: Meter | None = None) -> NDArray[np.float32]:
        """Embed texts; float32, (n, dimension), rows of norm 1, in the order of the texts.

        Args:
            texts: what to embed.
            meter: counts the tokens of models that are paid for.

        Raises:
            EmbeddingError: the model cannot be loaded or run.
        """


@runtime_checkable
class SpanEmbedder(Protocol):
    """What an embedder offers beside ``Embedder`` that knows how each piece of a text reads."""

    def embed_spans(
        self, texts: Sequence[str], spans: Sequence[Sequence[tuple[int, int]]]
    ) -> tuple[NDArray[np.float32], list[NDArray[np.float32]]]:
        """The vectors of texts as ``embed`` gives them, and those of pieces of each text.

        A piece's vector is of its words as they are meant where they stand. It costs nothing more.

        Args:
            texts: what to embed.
            spans: of each text, the pieces by character offsets, end exclusive.

        Returns:
            Float32, (n, dimension), rows of norm 1; and of each text (pieces, dimension): rows of
            norm 1, zero for a piece that the model does not read.

        Raises:
            EmbeddingError: the model cannot be loaded or run.
        """


@dataclass(frozen=True, slots=True)
class Contract:
    """What an index was built with.

    Attributes:
        model: the embedder's name.
        dimension: numbers in a vector.
        fingerprint: the embedder's vector of ``contract.FINGERPRINT_SENTENCE``.
    """

    model: str
    dimension: int
    fingerprint: tuple[float, ...]


class Hit(NamedTuple):
    """A stored chunk and its cosine similarity to the query, -1 to 1."""

    key: str
    text: str
    metadata: Mapping[str, Scalar]
    similarity: float


class HybridStore(Protocol):
    """What a store offers beside ``VectorStore`` that searches by words itself."""

    def query_hybrid(
        self, vector: Vector, text: str, limit: int, where: Filter | None = None
    ) -> list[Hit]:
        """The records best by vector or by words among those the filter admits, each once.

        Hits carry their similarity to the vector, and come in the order of the store's own fusion.
        """


@dataclass(frozen=True, slots=True)
class DocumentRecords:
    """A document as the vector store holds it, with the hash of its commit mark."""

    name: str
    hash: str
    records: Sequence[Record]


class KeywordIndex(Protocol):
    """The words of an index beside its vectors. What it holds is derived from the vector store."""

    def version(self) -> str:
        """The version of the vector store that the words were read from; "" before the first."""

    def documents(self) -> dict[str, str]:
        """Name and hash of the documents whose words are held."""

    def put(self, documents: Sequence[DocumentRecords]) -> None:
        """Hold the words of documents, in place of what was held of them: of all or of none."""

    def remove(self, names: Iterable[str]) -> None:
        """Forget documents."""

    def set_version(self, version: str) -> None:
        """Note that all of this version of the vector store is held."""

    def search(self, wanted: Sequence[str], limit: int, where: Filter | None = None) -> list[str]:
        """Keys of the chunks that hold the terms best, best first.

        Some may be of chunks that the filter does not admit.
        """

    def scope(self, where: Filter | None) -> Hashable:
        """What of a filter narrows a search; the same for filters that narrow it alike."""

    def within(self, where: Filter | None, most: int) -> dict[str, Held] | None:
        """The words of all chunks that the filter admits; None where they are more than so many.

        Some may be of chunks that the filter does not admit.
        """

    def held(self, keys: Sequence[str]) -> dict[str, Held]:
        """The words of chunks; those that are not known are left out."""


@dataclass(frozen=True, slots=True)
class KeptSentences:
    """The sentences of a chunk, under its key and the hash of the text they were made of."""

    key: str
    embedded_hash: str
    sentences: SentenceVectors


class SentenceIndex(Protocol):
    """The vectors of sentences beside those of chunks. What is missing costs speed and rank alone.

    What cannot be kept or read is no error, but missing.
    """

    def get(self, wanted: Mapping[str, str]) -> dict[str, SentenceVectors]:
        """The sentences of chunks; those that are not kept, or of another text, are left out.

        Args:
            wanted: key and ``embedded_hash`` of chunks.
        """

    def put(self, kept: Iterable[KeptSentences]) -> None:
        """Keep the sentences of chunks, in place of what was kept under their keys."""

    def remove(self, keys: Iterable[str]) -> None:
        """Forget chunks."""

    def clear(self) -> None:
        """Forget all chunks."""


class VectorStore(Protocol):
    """Keeps records and finds the nearest ones.

    All of the methods raise StoreUnavailableError when the store cannot be reached or opened.
    An embedded store may be read by several processes and written by one at a time.
    """

    def read_contract(self) -> Contract | None:
        """What the index was built with, or None when there is no index yet."""

    def create(self, contract: Contract) -> None:
        """Make an empty index under this contract; an index that is there is replaced."""

    def put(self, records: Sequence[Record]) -> None:
        """Store records; those with a key that is there are replaced. All are durable on return.

        Raises:
            VectorError: a vector has the wrong dimension or is not finite; nothing was stored.
            StoreError: the index was not created.
        """

    def get(self, keys: Sequence[str]) -> list[Record]:
        """The records of these keys, in their order; keys that are not there are skipped."""

    def compare(self, keys: Sequence[str], vector: Vector) -> list[Hit]:
        """The records of these keys and how near they are, as ``query`` would give them.

        In the order of the keys; keys that are not there are skipped.

        Raises:
            VectorError: the vector has the wrong dimension or is not finite.
        """

    def delete(self, keys: Sequence[str]) -> None:
        """Remove these keys; keys that are not there are no error."""

    def query(self, vector: Vector, limit: int, where: Filter | None = None) -> list[Hit]:
        """The nearest records among those the filter admits, by falling similarity, then key.

        Returns min(limit, admitted records) hits: the filter applies before the ranking.

        Raises:
            VectorError: the vector has the wrong dimension or is not finite.
        """

    def scan(self, where: Filter | None = None) -> Iterator[tuple[str, Mapping[str, Scalar]]]:
        """Key and metadata of every record the filter admits, by key, read page by page."""

    def count(self, where: Filter | None = None) -> int:
        """How many records the filter admits; 0 when there is no index yet."""

    def version(self) -> str:
        """Differs once records were put or removed, by whatever process; cheap to read."""

    def close(self) -> None:
        """Release files and connections; the store is not used afterwards."""


class Reranker(Protocol):
    """Reads each passage together with the question, to order the best of what was found."""

    def scores(self, question: str, passages: Sequence[str]) -> list[float]:
        """How well each passage answers the question: one finite number each, higher is closer.

        They compare passages of one question, and have no bounds.

        Args:
            question: what is asked.
            passages: what may answer it.

        Raises:
            RerankingError: the model cannot be had, loaded or run.
        """
