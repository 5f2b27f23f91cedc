import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.embedding.minilm import MiniLM
from retrieval.embedding.runtime import WINDOW, encodable, pooled
from retrieval.interfaces import SpanEmbedder
from retrieval.sentences import Span, sentences

PASSAGE = (
    "Préventive care is free. 保険は適用されますか。 Enroll within 31 days of hire; then you wait. "
    "Specialist visits cost a $40 copay \N{FACE WITH MEDICAL MASK} in-network."
)
TEXTS = [
    PASSAGE,
    "Copay",
    "",
    "The plan pays its share after the deductible. " * 20,
    "covered " * 400,
    "broken \ud800 text. And more of it.",
]


def spans_of(text: str) -> list[Span]:
    return sentences(encodable(text))


@pytest.fixture(params=["fp32", "int8"])
def either(request: pytest.FixtureRequest, embedder: MiniLM, int8: MiniLM) -> MiniLM:
    return embedder if request.param == "fp32" else int8


def test_it_gives_spans_and_the_texts_have_the_vectors_they_have_without(either: MiniLM) -> None:
    assert isinstance(either, SpanEmbedder)
    spans = [spans_of(text) for text in TEXTS]
    vectors, pieces = either.embed_spans(TEXTS, spans)
    np.testing.assert_allclose(vectors, either.embed(TEXTS), atol=1e-5)
    assert [each.shape for each in pieces] == [(len(each), 384) for each in spans]
    assert all(each.dtype == np.float32 for each in pieces)
    for each in pieces[:4]:
        np.testing.assert_allclose(np.linalg.norm(each, axis=1), 1, atol=1e-5)


def test_no_texts_load_nothing() -> None:
    vectors, pieces = MiniLM().embed_spans([], [])
    assert (vectors.shape, pieces) == ((0, 384), [])


def test_a_sentence_is_near_what_it_says_though_read_in_its_passage(either: MiniLM) -> None:
    spans = sentences(PASSAGE)
    _, (pieces,) = either.embed_spans([PASSAGE], [spans])
    alone = either.embed([PASSAGE[start:end] for start, end in spans])
    assert (pieces @ alone.T).argmax(axis=1).tolist() == list(range(len(spans)))


def test_int8_agrees_with_fp32_on_spans(embedder: MiniLM, int8: MiniLM) -> None:
    spans = [sentences(text) for text in TEXTS[:4]]
    exact, rounded = (each.embed_spans(TEXTS[:4], spans)[1] for each in (embedder, int8))
    for one, other in zip(exact, rounded, strict=True):
        assert (one * other).sum(axis=1).min(initial=1) >= 0.98


def test_what_is_beyond_the_window_has_no_vector(either: MiniLM) -> None:
    text = "covered " * 300
    within, beyond = (0, 8 * (WINDOW - 2)), (8 * (WINDOW - 2), len(text))
    _, (pieces,) = either.embed_spans([text], [[within, beyond, (3, 3)]])
    assert np.linalg.norm(pieces, axis=1) == pytest.approx([1, 0, 0], abs=1e-5)


@given(
    texts=st.lists(st.sampled_from(TEXTS) | st.text(max_size=40), min_size=1, max_size=8),
    cut=st.integers(0, 8),
)
@settings(max_examples=20, deadline=None)
def test_the_vector_of_a_span_depends_on_its_text_alone(
    embedder: MiniLM, texts: list[str], cut: int
) -> None:
    spans = [spans_of(text) for text in texts]
    _, together = embedder.embed_spans(texts, spans)
    apart = [
        *embedder.embed_spans(texts[:cut], spans[:cut])[1],
        *embedder.embed_spans(texts[cut:], spans[cut:])[1],
    ]
    for one, other in zip(together, apart, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


@given(text=st.text(max_size=60) | st.sampled_from(TEXTS), at=st.integers(0, 60))
@settings(max_examples=40, deadline=None)
def test_two_halves_of_a_text_share_out_its_tokens(embedder: MiniLM, text: str, at: int) -> None:
    tokens, offsets = embedder._loaded()._tokenize_with_offsets([text])
    inside = offsets[0][offsets[0][:, 1] > offsets[0][:, 0]]
    assert len(tokens[0]) == len(offsets[0])
    assert len(inside) == len(tokens[0]) - 2
    assert inside.size == 0 or (inside[:, 1].max() <= len(text) and inside.min() >= 0)
    states = np.eye(len(tokens[0]), dtype=np.float32)
    halves = pooled(states, offsets[0], [(0, at), (at, len(text))])
    held = [set(np.flatnonzero(half)) for half in halves]
    assert not held[0] & held[1]
    cut = {n for n, (start, end) in enumerate(offsets[0].tolist()) if start < at < end}
    assert held[0] | held[1] | cut == set(range(1, len(tokens[0]) - 1))


def test_a_span_is_the_mean_of_the_tokens_within_it() -> None:
    states = np.array([[9, 9], [1, 0], [0, 1], [0, 3], [9, 9]], np.float32)
    offsets = np.array([[0, 0], [0, 3], [4, 6], [6, 9], [0, 0]])
    made = pooled(states, offsets, [(0, 3), (4, 9), (0, 9), (1, 3)])
    expected = np.array([[1, 0], [0, 1], [1 / 17**0.5, 4 / 17**0.5], [0, 0]], np.float32)
    np.testing.assert_allclose(made, expected, atol=1e-6)
