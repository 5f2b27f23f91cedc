import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from retrieval.embedding.recent import RecentVectors


@given(st.lists(st.sampled_from("abcdef")), st.integers(1, 4))
def test_the_latest_texts_are_kept_and_never_more_than_the_size(
    texts: list[str], size: int
) -> None:
    recent = RecentVectors(size)
    for number, text in enumerate(texts):
        recent.put(text, np.full(2, number, np.float32))
    latest = list(dict.fromkeys(reversed(texts)))[:size]
    for text in "abcdef":
        vector = recent.get(text)
        assert (vector is not None) == (text in latest)
        if vector is not None:
            assert vector[0] == max(n for n, other in enumerate(texts) if other == text)


def test_what_is_read_is_kept_longer() -> None:
    recent = RecentVectors(2)
    recent.put("a", np.zeros(1, np.float32))
    recent.put("b", np.zeros(1, np.float32))
    recent.get("a")
    recent.put("c", np.zeros(1, np.float32))
    assert recent.get("b") is None
    assert recent.get("a") is not None
