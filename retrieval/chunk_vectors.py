"""Chunks -> their vectors and, from the same run of the model, those of their sentences."""

from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.documents import Chunk, Vector
from retrieval.interfaces import Embedder, SpanEmbedder
from retrieval.sentence_vectors import SentenceVectors, rounded
from retrieval.sentences import Span, sentences
from retrieval.usage import Meter


@dataclass(frozen=True, slots=True)
class Embedded:
    """What the model makes of a chunk.

    Attributes:
        vector: of the whole.
        sentences: of its own, its lead's are another chunk's; None where they are not known.
    """

    vector: Vector
    sentences: SentenceVectors | None = None


def embed_chunks(embedder: Embedder, chunks: Sequence[Chunk], meter: Meter) -> list[Embedded]:
    """Embed chunks, one each.

    Args:
        embedder: makes the vectors.
        chunks: to embed.
        meter: counts what is paid for.

    Raises:
        EmbeddingError: the model cannot be loaded or run.
    """
    texts = [chunk.embedded_text for chunk in chunks]
    return [Embedded(vector) for vector in embedder.embed(texts, meter)]


def embed_with_sentences(embedder: SpanEmbedder, chunks: Sequence[Chunk]) -> list[Embedded]:
    """Embed chunks, one each, with their own sentences.

    Raises:
        EmbeddingError: the model cannot be loaded or run.
    """
    texts = [chunk.embedded_text for chunk in chunks]
    spans = [own_sentences(chunk) for chunk in chunks]
    vectors, pieces = embedder.embed_spans(
        texts,
        [
            _shifted(of_chunk, len(text) - len(chunk.text))
            for chunk, text, of_chunk in zip(chunks, texts, spans, strict=True)
        ],
    )
    return [
        Embedded(vector, rounded(of_chunk, of_pieces))
        for vector, of_chunk, of_pieces in zip(vectors, spans, pieces, strict=True)
    ]


def own_sentences(chunk: Chunk) -> list[Span]:
    """Where the sentences behind a chunk's lead stand in its text."""
    lead = len(chunk.text) - len(chunk.own_text)
    return [span for span in sentences(chunk.text) if span.start >= lead]


def _shifted(spans: Sequence[Span], by: int) -> list[Span]:
    return [Span(start + by, end + by) for start, end in spans]
