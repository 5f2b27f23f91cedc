"""Pickers, choices, starters, search steps and sources as plain values."""

from collections.abc import Sequence

import pytest

from chat_app import chat_view as view
from chat_app.answers import Answer, Citation, Plan, Searched, Stepped, Turn
from chat_app.plans import PlanBook
from retrieval.errors import QuestionError
from tests.fakes.documents import match

BOOK = PlanBook([("PPO_PLUS", 2024), ("PPO_PLUS", 2023), ("HMO_SELECT", 2024), (None, None)])


def no_pdf(_document: str) -> None:
    return None


def items(properties: dict[str, object]) -> list[dict[str, object]]:
    found = properties["items"]
    assert isinstance(found, list)
    return found


def names(options: Sequence[view.Option]) -> list[str]:
    return [option.name for option in options]


def test_the_plan_picker_begins_with_no_choice() -> None:
    assert names(view.plan_options(BOOK)) == ["Choose plan", "All plans", "HMO Select", "PPO Plus"]


def test_the_year_picker_shows_the_latest_first() -> None:
    assert names(view.year_options(BOOK)) == ["Current year", "2024", "2023"]


def test_with_one_plan_and_year_there_is_nothing_to_pick() -> None:
    book = PlanBook([("PPO_PLUS", 2024)])
    assert view.plan_options(book) == []
    assert view.year_options(book) == []


def test_more_plans_than_are_answered_at_once_offer_no_all() -> None:
    book = PlanBook([(f"PLAN_{letter}", 2024) for letter in "ABCDEFG"])
    assert "All plans" not in names(view.plan_options(book))


@pytest.mark.parametrize(
    ("picked", "policies", "year", "asks"),
    [
        ({}, (), None, True),
        ({"plan": view.ASK, "year": view.CURRENT}, (), None, True),
        ({"plan": view.ALL}, (), None, False),
        ({"plan": "plan:PPO_PLUS", "year": "2023"}, ("PPO_PLUS",), 2023, True),
        ({"plan": "plan:all"}, ("all",), None, True),
        ({"year": "²"}, (), None, True),
    ],
)
def test_pickers_become_a_question(
    picked: dict[str, str], policies: tuple[str, ...], year: int | None, asks: bool
) -> None:
    asked = view.question("Is it free?", picked)
    assert (asked.policies, asked.plan_year, asked.ask_which_plan) == (policies, year, asks)


@pytest.mark.parametrize(
    ("reply", "picked"),
    [
        ("PPO Plus", {"plan": "plan:PPO_PLUS"}),
        ("ppo_plus", {"plan": "plan:PPO_PLUS"}),
        ("I have the PPO", {"plan": "plan:PPO_PLUS"}),
        ("I'm in HMO Select 2024", {"plan": "plan:HMO_SELECT", "year": "2024"}),
        ("PPO Plus 2019", {"plan": "plan:PPO_PLUS", "year": "2019"}),
        ("What is the PPO Plus deductible?", {}),
        ("PPO Plus deductible", {}),
        ("PPO Plus or HMO Select", {}),
        ("What is my deductible?", {}),
        ("no idea", {}),
        ("", {}),
    ],
)
def test_a_reply_that_only_names_a_plan_picks_it(reply: str, picked: dict[str, str]) -> None:
    assert view.named_plan(reply, BOOK) == picked


def test_the_choice_has_a_button_a_plan_and_one_for_all() -> None:
    answer = Answer("Is it free?", choices=(Plan("HMO_SELECT", 2024), Plan("PPO_PLUS", 2024)))
    assert view.plan_choice("Is it free?", answer) == {
        "question": "Is it free?",
        "plans": [
            {"id": "plan:HMO_SELECT", "label": "HMO Select"},
            {"id": "plan:PPO_PLUS", "label": "PPO Plus"},
            {"id": "all", "label": "All plans"},
        ],
    }


def test_the_starters_compare_plans_that_are_there() -> None:
    label, asked = view.starters(BOOK)[-1]
    assert label == "Compare HMO Select and PPO Plus"
    assert asked == "Compare the deductible and the specialist visit of HMO Select and PPO Plus"
    assert len(view.starters(PlanBook(()))) == 3


def test_a_search_is_named_by_what_it_searched_and_its_time() -> None:
    one = Searched(Plan("PPO_PLUS", 2024), {}, (), 12.34)
    other = Searched(Plan("HMO_SELECT", 2024), {}, (), 1.0)
    common = Searched(None, {}, (), 0.31)
    assert view.search_name([one, one]) == "PPO Plus 2024 in 25 ms"
    assert view.search_name([one, other]) == "2 plans in 13 ms"
    assert view.search_name([common]) == "the documents common to all plans in 0.3 ms"


def test_the_details_of_a_search_say_filter_time_and_passages_with_nothing_active() -> None:
    found = match(
        "text", title="Plan [x](y)", section="Plan [x](y) > Visits", page=3, policy="PPO_PLUS"
    )
    where = {
        "all": [
            {"field": "policy", "one_of": ["PPO_PLUS", ""]},
            {"field": "plan_year", "one_of": [2024, 0]},
        ]
    }
    search = Searched(Plan("PPO_PLUS", 2024), where, (found,), 12.3)
    assert view.search_details([search]) == (
        "**PPO Plus 2024**: 1 passage in 12 ms\n\n"
        "Filter: policy is PPO\\_PLUS or common, and plan\\_year is 2024 or any\n\n"
        "1. PPO Plus · Plan \\[x\\](y) · page 3 · Visits (0.50)"
    )


def test_what_was_searched_for_is_shown_where_it_is_not_the_question() -> None:
    search = Searched(None, {}, (), 12.3, "What do I pay for *surgery*?")
    assert "in 12 ms for “What do I pay for \\*surgery\\*?”" in view.search_details([search])


def test_a_tool_is_shown_with_its_arguments_and_the_beginning_of_what_it_brought() -> None:
    arguments = {"plans": ["PPO Plus", "HMO"], "topic": "MRI | <b>"}
    step = Stepped("compare", arguments, "word " * 200, 31.0)
    details = view.search_details([step])
    assert details.startswith("**Compare** (plans: PPO Plus, HMO; topic: MRI")
    assert "<b>" not in details.replace("\\<b\\>", "")
    assert details.endswith("word ...")
    assert len(details) < 450
    assert view.search_name([step]) == "the plan documents"


def test_a_filter_of_another_form_is_shown_as_json() -> None:
    details = view.search_details([Searched(None, {"not": {"field": "language"}}, (), 1.0)])
    assert '{"not"\\: {"field"\\: "language"}}' in details.replace('": ', '"\\: ')


def test_a_cited_source_marks_the_quote_between_its_surroundings() -> None:
    passage = match(
        "Before. The quote. After.",
        title="Summary",
        policy="PPO_PLUS",
        plan_year=2024,
        page=2,
        section="Summary > Visits > Specialists",
        start=100,
        end=125,
    )
    shown = view.cited_sources([Citation(1, passage, 108, 118)], {"plan.txt": "/sources/x"}.get)
    assert shown == {
        "heading": "Sources",
        "near": False,
        "items": [
            {
                "number": 1,
                "label": "PPO Plus 2024 · Summary · page 2 · Specialists",
                "title": "Summary",
                "plan": "PPO Plus",
                "year": "2024",
                "page": 2,
                "section": "Visits › Specialists",
                "file": "plan.txt",
                "before": "Before. ",
                "quote": "The quote.",
                "after": " After.",
                "pdf": "/sources/x",
            }
        ],
    }


def test_a_near_passage_common_to_all_plans_marks_nothing() -> None:
    (item,) = items(view.near_sources([match("Text.", title="Holidays")], no_pdf))
    assert (item["label"], item["year"]) == ("All plans · Holidays", "Every year")
    assert (item["before"], item["quote"], item["after"]) == ("", "", "Text.")
    assert item["pdf"] is None


def test_a_title_that_names_the_plan_is_not_preceded_by_it() -> None:
    passage = match("Text.", title="PPO Plus Summary 2024", policy="PPO_PLUS", plan_year=2024)
    (item,) = items(view.near_sources([passage], no_pdf))
    assert item["label"] == "PPO Plus Summary 2024"


def test_the_address_of_a_source_holds_no_path() -> None:
    assert view.source_address("../a b/ä?.pdf") == "/sources/..%2Fa%20b%2F%C3%A4%3F.pdf"


def test_an_error_becomes_a_sentence_in_which_nothing_is_active() -> None:
    error = QuestionError("the question is empty:\nwrite <b>something</b>")
    shown = "The question is empty: write \\<b\\>something\\</b\\>."
    assert view.error_markdown(error) == shown


def test_the_picker_follows_the_one_plan_that_was_answered_for() -> None:
    answered = Answer("Is it free on the PPO?", plans=(Plan("PPO_PLUS", 2024),))
    asked = view.question("Is it free on the PPO?", {"year": "2024"})
    assert view.plan_in_play(asked, answered) == {"plan": "plan:PPO_PLUS", "year": "2024"}
    chosen = view.question("Is it free?", {"plan": "plan:PPO_PLUS"})
    assert view.plan_in_play(chosen, answered) == {}
    every = view.question("Is it free on the PPO?", {"plan": view.ALL})
    assert view.plan_in_play(every, answered) == {}


def test_no_plan_is_in_play_where_all_plans_are_picked() -> None:
    (turn,) = turns = (Turn("Is it free on the PPO?", "Yes.", (Plan("PPO_PLUS", 2024),)),)
    assert view.turns_before(view.question("And glasses?", {}), turns) == turns
    (seen,) = view.turns_before(view.question("And glasses?", {"plan": view.ALL}), turns)
    assert (seen.question, seen.plans) == (turn.question, ())


def test_a_turn_holds_the_plan_in_play_or_the_plans_that_were_offered() -> None:
    plans = (Plan("HMO_SELECT", 2024), Plan("PPO_PLUS", 2024))
    (one,) = view.further_turns((), Answer("Is it free?", plans=plans[:1]))
    (asked,) = view.further_turns((), Answer("Is it?", reason="which_plan", choices=plans))
    assert (one.plans, one.offered) == (plans[:1], ())
    assert (asked.plans, asked.offered) == ((), plans)
    assert view.further_turns((one,), Answer("x", reason="guardrail")) == (one,)
