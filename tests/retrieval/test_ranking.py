import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.keywords import keyword_scores, terms
from retrieval.ranking import distinct, fuse, nearness
from tests.fakes.documents import match


def test_words_meet_whatever_their_ending() -> None:
    assert terms("Screenings are covered") == terms("screening covers")


def test_amounts_are_words_and_little_words_are_not() -> None:
    assert terms("Is it $1,500 or 20%?") == ["1,500", "20"]


def test_the_passage_that_shares_the_rare_word_scores_highest() -> None:
    passages = ["the plan covers visits", "the plan covers acupuncture", "the plan covers labs"]
    scores = keyword_scores("does the plan cover acupuncture", passages)
    assert max(scores) == scores[1]


def test_no_shared_word_scores_zero() -> None:
    assert keyword_scores("Mona Lisa", ["deductible", ""]) == [0.0, 0.0]
    assert keyword_scores("anything", []) == []


def test_keywords_change_the_order_by_their_weight() -> None:
    near, worded = match("a", similarity=0.9), match("b", similarity=0.8)
    far = match("c", similarity=0.1)
    assert [m.text for m in fuse([near, worded, far], [0, 1, 0], 0.0)] == ["a", "b", "c"]
    assert [m.text for m in fuse([near, worded, far], [0, 1, 0], 0.5)] == ["b", "a", "c"]


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(0, 50)), max_size=20), st.floats(0, 1))
def test_fused_scores_lie_between_0_and_1_and_fall(
    pairs: list[tuple[float, float]], weight: float
) -> None:
    found = [match("t", f"d-chunk-{i:04d}", similarity=s) for i, (s, _) in enumerate(pairs)]
    scores = [m.score for m in fuse(found, [k for _, k in pairs], weight)]
    assert scores == sorted(scores, reverse=True)
    assert all(-1e-9 <= score <= 1 + 1e-9 for score in scores)


LONG = "You pay a copay of $20 for each visit to a doctor of the network in the plan year"


def test_the_same_words_are_kept_once_for_a_plan() -> None:
    first, second = match(LONG, policy="P"), match(f"{LONG}.", policy="P")
    assert distinct([first, second], 5) == [first]


def test_the_same_words_of_two_plans_or_years_are_both_kept() -> None:
    found = [match(LONG, policy="P"), match(LONG, policy="Q"), match(LONG, policy="P", plan_year=1)]
    assert distinct(found, 5) == found


def test_other_figures_are_never_duplicates() -> None:
    found = [match(LONG), match(LONG.replace("$20", "$30"))]
    assert distinct(found, 5) == found


@given(
    similarities=st.lists(st.floats(-1, 1), max_size=9),
    known=st.lists(st.booleans(), min_size=9, max_size=9),
)
def test_without_sentences_nearness_is_similarity_and_with_them_it_keeps_their_order(
    similarities: list[float], known: list[bool]
) -> None:
    assert nearness(similarities, [None] * len(similarities)) == similarities
    sentences = [s if k else None for s, k in zip(similarities, known, strict=False)]
    mixed = nearness(similarities, sentences)
    assert len(mixed) == len(similarities)
    ordered = [m for s, m, k in sorted(zip(similarities, mixed, known, strict=False)) if k]
    assert ordered == sorted(ordered)


def test_the_nearest_sentence_counts_as_much_as_the_whole() -> None:
    assert nearness([0.2, 0.6, 0.4], [0.9, 0.1, 0.5]) == pytest.approx([0.5, 0.5, 0.5])
    assert nearness([0.2, 0.6, 0.4], [0.9, 0.1, None]) == pytest.approx([0.5, 0.5, 0.5])
    assert nearness([0.2, 0.6], [0.9, 0.9]) == pytest.approx([0, 0.5])
