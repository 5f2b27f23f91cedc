import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from retrieval.recent import Recent


@given(st.lists(st.sampled_from("abcdef")), st.integers(1, 4))
def test_the_latest_texts_are_kept_and_never_more_than_the_size(
    texts: list[str], size: int
) -> None:
    recent = Recent[str, NDArray[np.float32]](size)
    for number, text in enumerate(texts):
        recent.put(text, np.full(2, number, np.float32))
    latest = list(dict.fromkeys(reversed(texts)))[:size]
    for text in "abcdef":
        vector = recent.get(text)
        assert (vector is not None) == (text in latest)
        if vector is not None:
            assert vector[0] == max(n for n, other in enumerate(texts) if other == text)


def test_what_is_read_is_kept_longer() -> None:
    recent = Recent[str, NDArray[np.float32]](2)
    recent.put("a", np.zeros(1, np.float32))
    recent.put("b", np.zeros(1, np.float32))
    recent.get("a")
    recent.put("c", np.zeros(1, np.float32))
    assert recent.get("b") is None
    assert recent.get("a") is not None


@given(st.lists(st.sets(st.integers(0, 9))), st.integers(1, 12))
def test_what_is_wanted_comes_whole_and_is_read_once_while_it_is_kept(
    wanted: list[set[int]], size: int
) -> None:
    recent = Recent[int, str](size)
    for keys in wanted:
        asked: list[int] = []

        def read(missing: list[int], asked: list[int] = asked) -> dict[int, str]:
            asked += missing
            return {key: str(key) for key in missing if key}  # 0 is nowhere

        kept = {key for key in keys if recent.get(key) is not None}
        assert recent.completed(keys, read) == {key: str(key) for key in keys if key}
        assert set(asked) == keys - kept
        assert len(asked) == len(set(asked))
