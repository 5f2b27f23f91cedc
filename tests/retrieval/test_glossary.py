from pathlib import Path

import pytest

from retrieval.errors import SettingsError
from retrieval.glossary import Glossary, Synonym, load_glossary


def test_a_word_of_members_brings_the_words_of_documents() -> None:
    expanded = load_glossary().expanded("Is my annual checkup free?")
    assert expanded.startswith("Is my annual checkup free? (")
    assert "preventive care" in expanded
    assert "covered at 100%" in expanded


@pytest.mark.parametrize("question", ["Any checkups?", "any CHECKUP", "(checkup)"])
def test_words_are_found_in_any_case_and_number(question: str) -> None:
    assert Glossary({"checkup": ["physical"]}).synonyms(question) == (
        Synonym("checkup", ("physical",)),
    )


@pytest.mark.parametrize("question", ["precheckup", "checkuppp", "error", "differ"])
def test_a_part_of_a_word_is_no_word(question: str) -> None:
    assert Glossary({"checkup": ["physical"], "er": ["emergency"]}).synonyms(question) == ()


def test_the_longest_phrase_counts() -> None:
    glossary = Glossary({"doctor": ["physician"], "eye doctor": ["vision care"]})
    assert [s.asked for s in glossary.synonyms("an eye doctor")] == ["eye doctor"]


def test_what_the_question_says_already_is_not_added() -> None:
    assert Glossary({"copay": ["copay"]}).expanded("the copay?") == "the copay?"


def test_an_empty_glossary_changes_nothing() -> None:
    assert Glossary({}).expanded("a question") == "a question"


@pytest.mark.parametrize(
    "text",
    [
        "asked: [a]",
        "- asked: [a]",
        "- asked: a\n  written: [b]",
        "- asked: []\n  written: [b]",
        "- [a, b]",
        "- asked: [1]\n  written: [b]",
        "- asked: [a\n",
        "\x00",
    ],
)
def test_a_malformed_glossary_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "glossary.yaml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=r"glossary\.yaml"):
        load_glossary(file)


def test_a_missing_glossary_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.yaml cannot be read"):
        load_glossary(tmp_path / "none.yaml")
