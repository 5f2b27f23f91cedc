import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from retrieval.sentence_vectors import SentenceVectors, best_similarities, rounded
from tests.retrieval.stores.store_contract import unit_vectors


def question(seed: int, dimension: int) -> NDArray[np.float32]:
    return unit_vectors(1, dimension, seed)[0]


@given(count=st.integers(0, 9), seed=st.integers(0, 999), scale=st.floats(0.001, 1000))
def test_rounded_vectors_keep_their_direction(count: int, seed: int, scale: float) -> None:
    vectors = np.array(unit_vectors(count, 384, seed), np.float32).reshape(count, 384)
    kept = rounded([(n, n + 1) for n in range(count)], vectors * np.float32(scale))
    asked = question(seed + 1, 384)
    np.testing.assert_allclose(kept.similarities(asked), vectors @ asked, atol=0.002)
    assert kept.directions.dtype == np.int8
    assert kept.spans.tolist() == [[n, n + 1] for n in range(count)]


def test_a_sentence_the_model_did_not_read_is_left_out() -> None:
    vectors = np.array([[1, 0], [0, 0], [0, 1]], dtype=np.float32)
    kept = rounded([(0, 4), (5, 9), (10, 12)], vectors)
    assert kept.spans.tolist() == [[0, 4], [10, 12]]
    assert kept.similarities(np.array([0, 1], np.float32)).tolist() == [0, 1]


def test_of_each_chunk_the_nearest_sentence_counts() -> None:
    first = rounded([(0, 1), (1, 2)], np.array([[1, 0], [0, 1]], np.float32))
    none = rounded([], np.zeros((0, 2), np.float32))
    last = rounded([(0, 1)], np.array([[-1, 0]], np.float32))
    asked = np.array([0.6, 0.8], np.float32)
    best = best_similarities([first, None, none, last], asked)
    assert best == [pytest.approx(0.8), None, None, pytest.approx(-0.6)]


@pytest.mark.parametrize("chunks", [[], [None], [None, None]])
def test_where_no_sentences_are_kept_none_is_nearest(chunks: list[SentenceVectors | None]) -> None:
    assert best_similarities(chunks, question(0, 2)) == [None] * len(chunks)
