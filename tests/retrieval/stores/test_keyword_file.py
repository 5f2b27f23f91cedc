import sqlite3
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval import keywords
from retrieval.documents import Record, Scalar
from retrieval.errors import StoreUnavailableError
from retrieval.filters import All, AnyOf, Equals, Not, OneOf
from retrieval.interfaces import DocumentRecords
from retrieval.keywords import terms
from retrieval.stores.keyword_file import KeywordFile


def record(key: str, text: str, **fields: Scalar) -> Record:
    about: dict[str, Scalar] = {"title": "", "section": "", "policy": "", "plan_year": 0}
    return Record(key, text, about | fields, np.ones(2, np.float32))


def held(name: str, *records: Record) -> DocumentRecords:
    return DocumentRecords(name, f"hash of {name}", records)


@pytest.fixture
def words(tmp_path: Path) -> KeywordFile:
    return KeywordFile(tmp_path / "words.sqlite3")


def test_nothing_is_found_before_anything_is_put(words: KeywordFile) -> None:
    assert (words.version(), words.documents(), words.search(["copay"], 5)) == ("", {}, [])
    assert words.held(["a"]) == {}
    assert words.within(None, 5) == {}


def test_the_passage_that_holds_more_of_the_terms_comes_first(words: KeywordFile) -> None:
    words.put(
        [
            held("a", record("a0", "A specialist visit has a copay."), record("a1", "A copay.")),
            held("b", record("b0", "Enroll in November.")),
        ]
    )
    assert words.search(terms("specialist copay"), 5) == ["a0", "a1"]
    assert words.search(terms("specialist copay"), 1) == ["a0"]
    assert words.search(terms("dental"), 5) == []
    assert words.search([], 5) == []


def test_title_and_section_are_searched_too(words: KeywordFile) -> None:
    words.put([held("a", record("a0", "You pay $40.", title="PPO Plus", section="Copays"))])
    assert words.search(terms("PPO copay"), 5) == ["a0"]


def test_a_document_that_is_put_again_is_replaced_and_one_removed_is_gone(
    words: KeywordFile,
) -> None:
    words.put([held("a", record("a0", "copay"), record("a1", "copay"))])
    words.put([held("a", record("a0", "deductible"))])
    assert words.search(["copay"], 5) == []
    assert words.search(["deduct"], 5) == ["a0"]
    words.remove(["a", "never there"])
    assert words.search(["deduct"], 5) == []
    assert words.documents() == {}
    assert words.held(["a0"]) == {}


def test_what_is_put_is_there_for_the_next_process(words: KeywordFile, tmp_path: Path) -> None:
    words.put([held("a", record("a0", "copay"))])
    words.set_version("7")
    words.close()
    again = KeywordFile(tmp_path / "words.sqlite3")
    assert (again.version(), again.documents()) == ("7", {"a": "hash of a"})
    assert again.search(["copay"], 5) == ["a0"]


def test_either_all_documents_of_a_put_are_held_or_none(words: KeywordFile) -> None:
    words.put([held("a", record("a0", "copay"))])
    with pytest.raises(StoreUnavailableError):
        words.put([held("b", record("b0", "copay")), held("c", record("a0", "the key of another"))])
    assert words.documents() == {"a": "hash of a"}
    assert words.search(["copay"], 5) == ["a0"]


@pytest.mark.parametrize(
    ("where", "keys"),
    [
        (None, {"p24", "p25", "h25", "all"}),
        (Equals("policy", "PPO"), {"p24", "p25"}),
        (OneOf("policy", ("PPO", "")), {"p24", "p25", "all"}),
        (OneOf("plan_year", (2025, 0)), {"p25", "h25", "all"}),
        (OneOf("plan_year", (2025.0,)), {"p25", "h25"}),
        (OneOf("plan_year", ("2025",)), set()),
        (All((OneOf("policy", ("HMO", "")), OneOf("plan_year", (2025, 0)))), {"h25", "all"}),
        (Equals("policy", "EPO"), set()),
        # What is not narrowed here, the vector store decides on.
        (Not(Equals("policy", "PPO")), {"p24", "p25", "h25", "all"}),
        (AnyOf((Equals("policy", "PPO"), Equals("policy", "HMO"))), {"p24", "p25", "h25", "all"}),
        (Equals("source", "x"), {"p24", "p25", "h25", "all"}),
    ],
)
def test_a_search_is_narrowed_to_policy_and_year(
    words: KeywordFile, where: object, keys: set[str]
) -> None:
    plans = {"p24": ("PPO", 2024), "p25": ("PPO", 2025), "h25": ("HMO", 2025), "all": ("", 0)}
    words.put(
        [
            held(key, record(key, "copay", policy=policy, plan_year=year))
            for key, (policy, year) in plans.items()
        ]
    )
    assert set(words.search(["copay"], 9, where)) == keys  # type: ignore[arg-type]
    assert set(words.within(where, 4) or ()) == keys  # type: ignore[arg-type]
    assert words.within(where, len(keys) - 1) is None if keys else True  # type: ignore[arg-type]


def test_filters_that_narrow_alike_have_one_scope(words: KeywordFile) -> None:
    plan, year = OneOf("policy", ("PPO", "")), OneOf("plan_year", (2025, 0))
    alike = [
        All((plan, year)),
        All((year, plan, Equals("document", "a.pdf"))),
        All((OneOf("policy", ("", "PPO")), OneOf("plan_year", (2025.0, 0)))),
    ]
    assert len({words.scope(where) for where in alike}) == 1
    others = [None, plan, year, All((plan, Equals("plan_year", 2025)))]
    assert len({words.scope(where) for where in [*alike, *others]}) == 5


ODD = ["1,500", "don't", "l\u2019assurance", "naïve", "保険", "a-b", "x_y", 'say "no"', "*", "NOT"]
TEXTS = st.lists(st.sampled_from(["copay", "plan", "visit", "40", *ODD]), max_size=12)


@settings(deadline=None)
@given(st.lists(TEXTS.map(" ".join), min_size=1, max_size=6), TEXTS.map(" ".join))
def test_the_counts_are_those_of_the_texts(texts: list[str], question: str) -> None:
    words = KeywordFile(None)
    words.put([held(str(n), record(f"k{n}", text)) for n, text in enumerate(texts)])
    wanted = terms(question)
    held_words = words.held([*(f"k{n}" for n in range(len(texts))), "unknown"])
    assert list(held_words) == [f"k{n}" for n in range(len(texts))]
    cut = [Counter(terms(text)) for text in texts]
    for found, counts in zip(held_words.values(), cut, strict=True):
        assert Counter(found.tolist()) == {
            int(keywords.held([term])[0]): n for term, n in counts.items()
        }
    holders = {f"k{n}" for n, c in enumerate(cut) if any(term in c for term in wanted)}
    assert set(words.search(wanted, 10)) == holders


def test_a_file_of_another_program_is_named_with_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "words.sqlite3"
    path.write_bytes(b"not a database, but long enough to be looked at" * 50)
    with pytest.raises(StoreUnavailableError, match=r"word index .*words.sqlite3.*delete the file"):
        KeywordFile(path).version()


def test_a_file_of_another_format_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "words.sqlite3"
    words = KeywordFile(path)
    words.put([held("a", record("a0", "copay"))])
    words.set_version("1")
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 1")
    connection.execute("ALTER TABLE chunks DROP COLUMN held")
    connection.commit()
    connection.close()
    for reader in (words, KeywordFile(path)):
        assert (reader.version(), reader.documents(), reader.held(["a0"])) == ("", {}, {})
        assert reader.search(["copay"], 5) == []
    words.put([held("b", record("b0", "copay"))])
    for reader in (words, KeywordFile(path)):
        assert reader.search(["copay"], 5) == ["b0"]
        assert reader.documents() == {"b": "hash of b"}


def test_a_file_of_other_tables_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "words.sqlite3"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE other (x)")
    connection.commit()
    with pytest.raises(StoreUnavailableError, match="delete the file"):
        KeywordFile(path).put([held("a", record("a0", "copay"))])
    assert connection.execute("SELECT count(*) FROM other").fetchone() == (0,)
    connection.close()


def test_a_file_of_other_tables_holds_no_words(tmp_path: Path) -> None:
    path = tmp_path / "words.sqlite3"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE other (x)")
    connection.commit()
    connection.close()
    assert KeywordFile(path).search(["copay"], 5) == []
