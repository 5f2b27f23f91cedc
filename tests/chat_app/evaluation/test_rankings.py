import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat_app.evaluation.rankings import first_rank, hit, ndcg, reciprocal_rank

GAINS = st.lists(st.integers(0, 1), max_size=15)
DEPTHS = st.integers(1, 12)


def test_measures_of_a_ranking_are_those_worked_out_by_hand() -> None:
    gains = [0, 1, 0, 0, 1, 0]
    assert first_rank(gains) == 2
    assert [hit(gains, depth) for depth in (1, 3, 5, 10)] == [0, 1, 1, 1]
    assert reciprocal_rank(gains, 10) == 0.5
    ideal = 1 + 1 / math.log2(3) + 1 / 2
    assert ndcg(gains, 3, 10) == pytest.approx((1 / math.log2(3) + 1 / math.log2(6)) / ideal)


def test_what_is_never_found_is_worth_nothing() -> None:
    assert first_rank([0, 0]) is None
    assert first_rank([]) is None
    assert reciprocal_rank([0] * 10 + [1], 10) == 0
    assert ndcg([0] * 10 + [1], 1, 10) == 0
    assert hit([], 5) == 0


@settings(deadline=None, max_examples=50)
@given(GAINS, DEPTHS)
def test_measures_lie_between_0_and_1_and_are_1_for_a_perfect_ranking(
    gains: list[int], depth: int
) -> None:
    relevant = sum(gains) + 1
    measures = (
        hit(gains, depth),
        reciprocal_rank(gains, depth),
        ndcg(gains, relevant, depth),
    )
    assert all(0 <= measure <= 1 for measure in measures)
    assert ndcg([1] * relevant, relevant, depth) == pytest.approx(1)


@settings(deadline=None, max_examples=50)
@given(GAINS, DEPTHS)
def test_a_deeper_look_never_finds_less(gains: list[int], depth: int) -> None:
    assert hit(gains, depth) <= hit(gains, depth + 1)
    assert reciprocal_rank(gains, depth) <= reciprocal_rank(gains, depth + 1)


@settings(deadline=None, max_examples=50)
@given(GAINS.filter(lambda gains: sum(gains) > 0), DEPTHS, st.data())
def test_a_relevant_place_that_rises_never_makes_a_ranking_worse(
    gains: list[int], depth: int, data: st.DataObject
) -> None:
    at = data.draw(st.sampled_from([place for place, gain in enumerate(gains) if gain]))
    to = data.draw(st.integers(0, at))
    better = [*gains[:to], 1, *gains[to:at], *gains[at + 1 :]]
    relevant = sum(gains)
    assert ndcg(better, relevant, depth) >= ndcg(gains, relevant, depth) - 1e-12
    assert reciprocal_rank(better, depth) >= reciprocal_rank(gains, depth)
    assert hit(better, depth) >= hit(gains, depth)
