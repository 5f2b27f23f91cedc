"""The labelled questions about the samples: what they expect stands in the documents they name."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from samples.build.sources import figures_of, read_figures
from tests.samples.reading import DOCUMENTS, HANDBOOK, MAIN, YEARS, leaves, states, words

QUESTIONS = [
    json.loads(line)
    for line in (Path(__file__).parent / "questions.jsonl").read_text(encoding="utf-8").splitlines()
]
ANSWERABLE = [row for row in QUESTIONS if row["answerable"]]


def question_ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["id"] for row in rows]


def test_there_are_questions_enough_of_both_kinds_and_no_id_twice() -> None:
    assert len(ANSWERABLE) >= 60
    assert len(QUESTIONS) - len(ANSWERABLE) >= 12
    assert len(set(question_ids(QUESTIONS))) == len(QUESTIONS)


@pytest.mark.parametrize("row", QUESTIONS, ids=question_ids(QUESTIONS))
def test_a_question_has_known_fields_and_names_known_plans(row: dict[str, Any]) -> None:
    known = {"id", "question", "policies", "plan_year", "answerable", "expected", "relevant"}
    assert row.keys() <= known
    assert set(row.get("policies", [])) <= MAIN.keys()
    assert row.get("plan_year", 2025) in YEARS
    assert ("expected" in row) == ("relevant" in row) == row["answerable"]


@pytest.mark.parametrize("row", ANSWERABLE, ids=question_ids(ANSWERABLE))
def test_what_an_answer_must_show_stands_in_the_documents_named(row: dict[str, Any]) -> None:
    sources = [relevant["source"] for relevant in row["relevant"]]
    assert set(sources) <= set(DOCUMENTS)
    for source in sources:
        if source != HANDBOOK:
            policy, year, _ = source.split("/")
            assert policy in row["policies"]
            assert int(year) == row["plan_year"] == row["expected"]["plan_year"]
    stated = {s: [c for c in row["expected"]["contains"] if states(words(s), c)] for s in sources}
    assert all(stated.values()), "each document named holds a part of the answer"
    assert {c for found in stated.values() for c in found} == set(row["expected"]["contains"])


@pytest.mark.parametrize("row", ANSWERABLE, ids=question_ids(ANSWERABLE))
def test_an_amount_in_an_answer_is_one_of_the_source_figures(row: dict[str, Any]) -> None:
    figures = {figure for _, figure in leaves(read_figures("enrollment")["both"])}
    for policy in row.get("policies", []):
        both_years = figures_of(read_figures(policy.lower()), row["plan_year"])
        figures |= {figure for _, figure in leaves(both_years)}
    amounts = [c for c in row["expected"]["contains"] if re.fullmatch(r"\$[\d,.]+|\d+%", c)]
    assert [figure for figure in amounts if figure not in figures] == []


def test_questions_use_the_words_of_members() -> None:
    jargon = {"coinsurance", "preventive", "allowed amount", "prior authorization", "formulary"}
    asked = " ".join(row["question"].lower() for row in QUESTIONS)
    assert {word for word in jargon if word in asked} == set()
