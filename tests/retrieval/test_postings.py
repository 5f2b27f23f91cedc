import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.keywords import bm25, held
from retrieval.postings import Postings

TERMS = st.lists(st.sampled_from(["copay", "visit", "deduct", "40", "plan"]), max_size=9)


@given(st.lists(TERMS, max_size=7), TERMS, st.integers(1, 8))
def test_postings_score_and_choose_as_bm25_does(
    passages: list[list[str]], wanted: list[str], limit: int
) -> None:
    words = {f"p{n}": held(passage) for n, passage in enumerate(passages)}
    searched = Postings(words).search(wanted, limit)
    expected = bm25(wanted, list(words.values()))
    assert searched.scores(list(words)) == pytest.approx(expected)
    ranked = sorted(zip(expected, words, strict=True), key=lambda pair: (-pair[0], pair[1]))
    best = searched.best()
    scores = dict(zip(words, expected, strict=True))
    assert [scores[key] for key in best] == pytest.approx(
        [score for score, _ in ranked if score > 0][:limit]
    )


@given(st.lists(TERMS, min_size=2, max_size=7), TERMS)
def test_scores_among_some_do_not_depend_on_the_others(
    passages: list[list[str]], wanted: list[str]
) -> None:
    words = {f"p{n}": held(passage) for n, passage in enumerate(passages)}
    some = list(words)[1:]
    expected = bm25(wanted, [words[key] for key in some])
    assert Postings(words).search(wanted, 1).scores(some) == pytest.approx(expected)


def test_equal_passages_are_ranked_by_key_and_what_is_unknown_scores_nothing() -> None:
    words = {key: held(["copay"]) for key in ("c", "a", "b")}
    searched = Postings(words).search(["copay", "copay", "dental"], 2)
    assert searched.best() == ["a", "b"]
    assert searched.scores(["unknown", "a"])[0] == 0.0
    assert Postings({}).search(["copay"], 3).best() == []
    assert len(Postings(words)) == 3
    assert np.isfinite(searched.scores(["unknown"])).all()
