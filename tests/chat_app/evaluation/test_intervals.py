import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat_app.evaluation.intervals import mean, paired, percentile, share, sign_test

NUMBERS = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30)


def test_the_interval_of_a_share_is_wilsons() -> None:
    found = share(8, 10)
    assert found.value == 0.8
    assert (found.low, found.high) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert share(80, 100).low > found.low
    assert share(0, 20).low == 0
    assert share(0, 20).high == pytest.approx(0.1611, abs=1e-4)
    assert share(20, 20).high == 1


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 500), st.data())
def test_a_share_lies_in_its_interval_and_more_hits_never_lower_it(
    n: int, data: st.DataObject
) -> None:
    hits = data.draw(st.integers(0, n - 1))
    one, more = share(hits, n), share(hits + 1, n)
    assert 0 <= one.low <= one.value <= one.high <= 1
    assert (more.low, more.value, more.high) >= (one.low, one.value, one.high)


@settings(deadline=None, max_examples=50)
@given(NUMBERS)
def test_a_mean_and_a_percentile_lie_in_their_intervals_and_among_the_values(
    values: list[float],
) -> None:
    for found in (mean(values), percentile(values, 50), percentile(values, 95)):
        assert found.low <= found.value <= found.high
        assert min(values) - 1e-6 <= found.low
        assert found.high <= max(values) + 1e-6
        assert found.n == len(values)


def test_the_interval_of_a_mean_is_near_the_normal_one_and_the_same_each_time() -> None:
    values = [float(number % 2) for number in range(400)]
    found = mean(values)
    assert (found.low, found.high) == pytest.approx((0.451, 0.549), abs=0.005)
    assert mean(values) == found


def test_the_sign_test_is_the_binomial_one() -> None:
    assert sign_test(8, 1) == pytest.approx(2 * (1 + 9) / 512)
    assert sign_test(1, 8) == sign_test(8, 1)
    assert sign_test(0, 0) == 1
    assert sign_test(3, 3) == 1


def test_shares_are_compared_by_the_pairs_that_differ() -> None:
    before = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    after = [1.0, 1.0, 1.0, 1.0, 0.0, 0.0]
    found = paired(before, after)
    assert found.estimate.value == pytest.approx(2 / 6)
    assert (found.higher, found.lower) == (3, 1)
    assert found.p == sign_test(3, 1)


def test_means_are_compared_by_flipping_signs() -> None:
    found = paired([1.0, 2.0, 3.0], [1.5, 2.5, 3.5])
    assert found.estimate.value == pytest.approx(0.5)
    assert found.p == pytest.approx(2 / 8, abs=0.02)
    assert paired([0.1, 0.2], [0.1, 0.2]).p == 1


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.floats(0, 9), st.floats(0, 9)), min_size=1, max_size=20))
def test_a_comparison_turned_around_has_the_opposite_difference(
    pairs: list[tuple[float, float]],
) -> None:
    before, after = [a for a, _ in pairs], [b for _, b in pairs]
    there, back = paired(before, after), paired(after, before)
    assert there.estimate.value == pytest.approx(-back.estimate.value)
    assert (there.higher, there.lower) == (back.lower, back.higher)
    assert 0 < there.p <= 1
