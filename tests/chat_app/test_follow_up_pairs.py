"""A follow-up finds the same passage as its standalone form, over the sample documents.

The 80 held-out pairs were written in four rounds of 20, each after the rules had been frozen and
before they were changed again. On its first run a round found 15, 15, 16 and 17 of 20.

The 79 varied pairs come from five further rounds of 20, written to be as unlike each other as
members are; pairs of each round over other documents are not kept here. The first of these rounds
was worked on. The others found 14, 13, 12 and 9 of 20 on their first run, of which the rules as
they were before found 11, 8, 8 and 8.

Of the 84 free pairs, 17 stand by themselves after another topic. The first 30 were looked at while
messages that no rule reads came to be asked behind the question before, which found 25 of them
instead of 18. The next 30 were not: 17 on their first run, before and after. The last 24 were
written after that and found 20 on their first run instead of 18.

The 150 plain pairs were written as members type them, in five rounds, the rules being worked on
between: 19 of 20, 21 of 30, 32 of 40, 25 of 40 and 14 of 20 on their first run. A careful reader
who wrote the standalone forms of these 150 by hand, from the conversation alone, had 140 of them
find the same passage: more is not to be had by reading alone.

The 380 further pairs come from a round of 20 and nine of 40: 15, then 35, 27, 32, 38, 33, 32, 34,
36 and 36 on their first run. Of 70 pairs over real Summaries of Benefits and Coverage, which are
not kept here, 27 of 30 and 34 of 40 found it on their first run.

The 70 asked pairs come from rounds of 30 and 40, which found 24 and 31 on their first run. The 120
ordinary pairs come from three rounds, which found 35, 35 and 33 of 40; pairs of the same rounds
over the Northwind documents, not kept here, found 35, 27 and 27 of 40.
"""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from chat_app.answers import Answer, Finished, Question, Searched, Turn
from chat_app.assistant import Assistant
from chat_app.chat_view import further_turns
from chat_app.generation.quotes import QuotesChatModel
from chat_app.plans import PlanBook
from chat_app.writing import Writer
from retrieval.loading.finding import find
from retrieval.settings import RetrievalSettings
from retrieval.wiring import open_retrieval

SAMPLES = Path(__file__).parents[2] / "samples"
PAIRS = Path(__file__).parents[1] / "samples"
Found = list[tuple[Any, str]]


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    retrieval = open_retrieval(RetrievalSettings(data_dir=tmp_path_factory.mktemp("index")))
    retrieval.indexer().index(list(find([SAMPLES])))
    book = PlanBook((entry.policy, entry.plan_year) for entry in retrieval.catalog.entries())
    quotes = QuotesChatModel(embed=retrieval.embedder.embed)
    writer, today = Writer(quotes), date(2026, 6, 1)
    return Assistant(retrieval.searcher(), writer, lambda: book, today=lambda: today)


def ask(assistant: Assistant, row: dict[str, Any], text: str, *turns: Turn) -> tuple[Answer, Found]:
    asked = Question(text, tuple(row.get("policies", ())), row.get("plan_year"), turns, True)
    events = list(assistant.answer(asked))
    found = [(e.plan, e.matches[0].key) for e in events if isinstance(e, Searched) and e.matches]
    assert isinstance(events[-1], Finished)
    return events[-1].answer, found


def rests_on(answer: Answer) -> list[tuple[str, str]]:
    """Document and words of the first quote."""
    return [(citation.passage.document, citation.quote) for citation in answer.citations[:1]]


def same(assistant: Assistant, row: dict[str, Any]) -> bool:
    """Is the same passage found first for each plan, or the answer begun with the same quote?"""
    turns: tuple[Turn, ...] = ()
    for message in row["turns"]:
        answer, _ = ask(assistant, row, message, *turns)
        turns = further_turns(turns, answer)
    answer, found = ask(assistant, row, row["follow_up"], *turns)
    expected, expected_found = ask(assistant, row, row["standalone"])
    quoted = rests_on(answer)
    return found == expected_found or (bool(quoted) and quoted == rests_on(expected))


@pytest.mark.parametrize(
    ("name", "found"),
    # Two fewer than were found when this was written: near ties fall otherwise elsewhere.
    [
        ("follow_ups", 38),
        ("follow_ups_held_out", 77),
        ("follow_ups_varied", 62),
        ("follow_ups_free", 65),
        ("follow_ups_plain", 127),
        ("follow_ups_further", 355),
        ("follow_ups_asked", 60),
        ("follow_ups_ordinary", 105),
    ],
)
def test_follow_ups_come_to_the_passage_of_their_standalone_form(
    assistant: Assistant, name: str, found: int
) -> None:
    lines = (PAIRS / f"{name}.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    missed = [row["id"] for row in rows if not same(assistant, row)]
    assert len(rows) - len(missed) >= found, missed
