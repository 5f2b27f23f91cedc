import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat_app.evaluation.guard_rows import Span
from chat_app.evaluation.masks import Caught, Mask, judge
from chat_app.evaluation.personal_summary import f2

TEXT = "Call Ada King at 555-0100 today."
NAME, PHONE = Span("NAME", 5, 13), Span("PHONE", 17, 25)


def test_a_span_is_caught_whole_in_part_or_not_at_all() -> None:
    whole, _ = judge(TEXT, "Call [NAME] at [PHONE] today.", [NAME, PHONE])
    assert whole == [Caught("NAME", True, True), Caught("PHONE", True, True)]
    part, _ = judge(TEXT, "Call [NAME] King at 555-0100 today.", [NAME, PHONE])
    assert part == [Caught("NAME", False, True), Caught("PHONE", False, False)]


def test_a_mask_that_hides_no_labelled_span_is_a_false_alarm() -> None:
    _, masks = judge(TEXT, "[VERB] Ada King at [PHONE 2] today.", [NAME, PHONE])
    assert masks == [Mask("[VERB]", ()), Mask("[PHONE ]", ("PHONE",))]


def test_a_text_that_is_not_masked_hides_nothing() -> None:
    caught, masks = judge(TEXT, TEXT, [NAME])
    assert caught == [Caught("NAME", False, False)]
    assert masks == []


def test_f2_is_the_one_worked_out_by_hand() -> None:
    assert f2(0.8, 0.5) == pytest.approx(5 * 0.4 / (4 * 0.5 + 0.8))
    assert f2(0, 0) == 0


WORDS = st.lists(st.from_regex(r"[a-z]{1,6}", fullmatch=True), min_size=1, max_size=12)


@settings(deadline=None, max_examples=50)
@given(WORDS, st.data())
def test_what_a_mask_stands_for_is_caught_and_nothing_else(
    words: list[str], data: st.DataObject
) -> None:
    hidden = data.draw(st.sets(st.integers(0, len(words) - 1)))
    text = " ".join(words)
    masked = " ".join("[X]" if at in hidden else word for at, word in enumerate(words))
    starts = [len(" ".join(words[:at])) + (at > 0) for at in range(len(words))]
    spans = [Span(str(at), s, s + len(words[at])) for at, s in enumerate(starts)]
    caught, masks = judge(text, masked, spans)
    assert {int(c.type) for c in caught if c.whole} >= hidden or len(set(words)) < len(words)
    assert sum(c.whole for c in caught) == len(hidden)
    assert bool(masks) == bool(hidden)
