import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat_app.evaluation.places import gains, is_source, meets
from chat_app.evaluation.rows import Label
from tests.chat_app.evaluation.labelled import label, match


@pytest.mark.parametrize(
    ("source", "labelled", "same"),
    [
        ("PPO/2026/plan.pdf", "PPO/2026/plan.pdf", True),
        ("PPO/2026/plan.pdf", "plan.pdf", True),
        ("PPO/2026/plan.pdf", "2026/plan.pdf", True),
        ("PPO\\2026\\plan.pdf", "2026/plan.pdf", True),
        ("PPO/2026/my-plan.pdf", "plan.pdf", False),
        ("plan.pdf", "PPO/2026/plan.pdf", False),
        ("PPO/2026/plan.pdf", "PPO/2026", False),
    ],
)
def test_a_source_is_named_by_its_path_or_the_end_of_it(
    source: str, labelled: str, same: bool
) -> None:
    assert is_source(source, labelled) is same


def test_a_passage_that_spans_pages_stands_on_both() -> None:
    passage = match("plan.pdf", 3, 4)
    assert [meets(passage, label("plan.pdf", page)) for page in (2, 3, 4, 5)] == [
        False,
        True,
        True,
        False,
    ]


def test_each_page_stands_in_the_ranking_once() -> None:
    found = [match("a.pdf", 1), match("a.pdf", 1), match("b.pdf", 1), match("a.pdf", 2)]
    assert gains(found, [label("a.pdf", 2)]) == [0, 0, 1]


def test_each_document_stands_in_the_ranking_once() -> None:
    found = [match("a.pdf", 1), match("a.pdf", 2), match("b.pdf", 1)]
    assert gains(found, [Label(document="b.pdf")]) == [0, 1]
    assert gains(found, [label("b.pdf")]) == [0, 1]


def test_the_relevant_page_of_a_passage_that_spans_two_is_not_set_behind_the_other() -> None:
    assert gains([match("a.pdf", 3, 4)], [label("a.pdf", 4)]) == [1, 0]


def test_a_page_of_another_document_or_of_none_is_not_relevant() -> None:
    assert gains([match("b.pdf", 2), match("a.md")], [label("a.pdf", 2)]) == [0, 0]
    assert gains([match("a.md")], [label("a.md", 2)]) == [0]


def test_labels_of_pages_and_of_whole_documents_stand_side_by_side() -> None:
    found = [match("a.pdf", 1), match("b.md"), match("b.md"), match("a.pdf", 2)]
    assert gains(found, [label("a.pdf", 2), label("b.md")]) == [0, 1, 1]


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.tuples(st.sampled_from(["a", "x/a", "b"]), st.integers(0, 4), st.integers(0, 2))),
    st.sets(st.tuples(st.sampled_from(["a", "b"]), st.sampled_from([None, 1, 2, 3]))),
)
def test_no_more_is_found_than_is_labelled(
    found: list[tuple[str, int, int]], labelled: set[tuple[str, int | None]]
) -> None:
    matches = [match(source, page, page + more) for source, page, more in found]
    ranking = gains(matches, [label(*one) for one in labelled])
    assert sum(ranking) <= len(labelled)
    assert set(ranking) <= {0, 1}
