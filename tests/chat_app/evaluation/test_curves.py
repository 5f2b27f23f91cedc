import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat_app.evaluation.curves import auroc, curves

SCORES = st.lists(st.integers(0, 6).map(float), min_size=1, max_size=15)


def test_the_area_counts_pairs_in_the_right_order_and_ties_half() -> None:
    found = auroc([3, 2], [1, 2, 4])
    assert found is not None
    assert found.value == pytest.approx((2 + 1.5) / 6)


def test_a_perfect_score_has_area_1_and_the_opposite_0() -> None:
    perfect, opposite = auroc([2, 3], [0, 1]), auroc([0, 1], [2, 3])
    assert perfect is not None
    assert opposite is not None
    assert perfect.value == 1.0
    assert opposite.value == 0.0


def test_there_is_no_area_without_both_kinds() -> None:
    assert auroc([], [1]) is None
    assert curves([1], []) is None


def test_curves_are_those_worked_out_by_hand() -> None:
    found = curves([3, 2], [2, 1])
    assert found is not None
    assert list(found.roc) == [(0, 0), (0, 0.5), (0.5, 1), (1, 1)]
    assert list(found.precision_recall) == [(0.5, 1), (1, pytest.approx(2 / 3)), (1, 0.5)]


@settings(deadline=None, max_examples=50)
@given(SCORES, SCORES)
def test_the_area_is_the_share_of_pairs_and_what_lies_under_the_curve(
    wrong: list[float], right: list[float]
) -> None:
    found, drawn = auroc(wrong, right), curves(wrong, right)
    assert found is not None
    assert drawn is not None
    wins = sum((w > r) + 0.5 * (w == r) for w in wrong for r in right)
    assert found.value == pytest.approx(wins / (len(wrong) * len(right)))
    under = sum(
        (x2 - x1) * (y1 + y2) / 2
        for (x1, y1), (x2, y2) in zip(drawn.roc, drawn.roc[1:], strict=False)
    )
    assert under == pytest.approx(found.value)
    assert 0 <= found.low <= found.value <= found.high <= 1


@settings(deadline=None, max_examples=50)
@given(SCORES, SCORES)
def test_a_curve_rises_from_nothing_to_everything(wrong: list[float], right: list[float]) -> None:
    drawn = curves(wrong, right)
    assert drawn is not None
    assert drawn.roc[0] == (0.0, 0.0)
    assert drawn.roc[-1] == (1.0, 1.0)
    assert list(drawn.roc) == sorted(drawn.roc)
    assert all(0 <= precision <= 1 for _, precision in drawn.precision_recall)
