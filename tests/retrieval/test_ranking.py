import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.keywords import K1, B, bm25, held, keyword_scores, terms
from retrieval.ranking import distinct, fuse, nearness
from tests.fakes.documents import match


def test_words_meet_whatever_their_ending() -> None:
    assert terms("Screenings are covered") == terms("screening covers")


def test_amounts_are_words_and_little_words_are_not() -> None:
    assert terms("Is it $1,500 or 20%?") == ["1,500", "20"]


def test_the_passage_that_shares_the_rare_word_scores_highest() -> None:
    passages = ["the plan covers visits", "the plan covers acupuncture", "the plan covers labs"]
    scores = keyword_scores(terms("does the plan cover acupuncture"), passages)
    assert max(scores) == scores[1]


def test_no_shared_word_scores_zero() -> None:
    assert keyword_scores(["mona", "lisa"], ["deductible", ""]) == [0.0, 0.0]
    assert keyword_scores(["anyth"], []) == []


def test_keywords_change_the_order_by_their_weight() -> None:
    near, worded, far = 0.9, 0.8, 0.1
    by_meaning = fuse([near, worded, far], [0, 1, 0], 0.0)
    assert by_meaning == sorted(by_meaning, reverse=True)
    first, second, third = fuse([near, worded, far], [0, 1, 0], 0.5)
    assert second > first > third


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(0, 50)), max_size=20), st.floats(0, 1))
def test_fused_scores_lie_between_0_and_1_and_what_is_better_twice_is_not_worse(
    pairs: list[tuple[float, float]], weight: float
) -> None:
    scores = fuse([m for m, _ in pairs], [k for _, k in pairs], weight)
    assert all(-1e-9 <= score <= 1 + 1e-9 for score in scores)
    for (meaning, keyword), score in zip(pairs, scores, strict=True):
        for (other_meaning, other_keyword), other in zip(pairs, scores, strict=True):
            if meaning >= other_meaning and keyword >= other_keyword:
                assert score >= other - 1e-9


WORDS = st.lists(st.sampled_from(["copay", "visit", "plan", "40"]), max_size=8)


@given(WORDS, st.lists(WORDS, max_size=5))
def test_bm25_is_that_of_its_formula(wanted: list[str], passages: list[list[str]]) -> None:
    scores = bm25(wanted, [held(words) for words in passages])
    mean = sum(map(len, passages)) / max(1, len(passages))
    for words, score in zip(passages, scores, strict=True):
        expected = 0.0
        for term in set(wanted) & set(words):
            holding = sum(term in other for other in passages)
            rarity = math.log(1 + (len(passages) - holding + 0.5) / (holding + 0.5))
            norm = K1 * (1 - B + B * len(words) / mean)
            expected += rarity * words.count(term) * (K1 + 1) / (words.count(term) + norm)
        assert score == pytest.approx(expected)


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
