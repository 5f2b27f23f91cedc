import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_app.alignment import FREE_TOKENS, Closeness, ReadTokens, phrases
from chat_app.evidence import Evidence, read_passages
from chat_app.token_reading import TokenReader
from retrieval.embedding.minilm import MiniLM
from tests.fakes.documents import match

VISIT = "A visit to the doctor costs $40. The plan pays for two eye exams a year."


@pytest.fixture(scope="module")
def read() -> ReadTokens:
    return TokenReader(MiniLM())


def evidence(*texts: str, title: str = "") -> list[Evidence]:
    return read_passages([match(text, title=title) for text in texts])


def test_a_sentence_is_fully_close_to_itself(read: ReadTokens) -> None:
    said = "A visit to the doctor costs $40."
    assert Closeness(read)(said, evidence(said)) == pytest.approx(1, abs=1e-4)


def test_other_words_for_the_same_are_closer_than_another_matter(read: ReadTokens) -> None:
    close = Closeness(read)
    same = close("Seeing a physician is $40.", evidence(VISIT))
    assert same > close("Parking at the stadium is free on Sundays.", evidence(VISIT)) + 0.2


def test_an_added_claim_counts_although_the_rest_is_borne_out(read: ReadTokens) -> None:
    close, said = Closeness(read), "A visit to the doctor costs $40"
    assert close(f"{said}.", evidence(VISIT)) > close(
        f"{said} because the state subsidises clinics.", evidence(VISIT)
    )


def test_the_question_says_what_a_pronoun_means(read: ReadTokens) -> None:
    said, held = "It costs $40.", evidence(VISIT)
    asked = Closeness(read, "What does a visit to the doctor cost?")(said, held)
    assert asked > Closeness(read, "How much is a ticket to the moon?")(said, held)


def test_a_sentence_may_rest_on_several_passages(read: ReadTokens) -> None:
    close, stay = Closeness(read), "A stay in hospital costs $500."
    said = "A visit to the doctor costs $40 and a stay in hospital $500."
    both = close(said, evidence(VISIT, stay))
    assert both > max(close(said, evidence(text)) for text in (VISIT, stay))


def test_the_title_of_a_passage_counts(read: ReadTokens) -> None:
    said = "Members of the Silver plan pay $40 for a visit."
    titled = Closeness(read)(said, evidence(VISIT, title="Silver plan"))
    assert titled > Closeness(read)(said, evidence(VISIT))


def test_what_exceeds_one_passage_must_be_met_better(read: ReadTokens) -> None:
    said = "A visit to the doctor costs $40."
    long = evidence(" ".join([said] * (FREE_TOKENS // 2)))
    assert Closeness(read)(said, long) < 0.95


@pytest.mark.parametrize("said", ["", " ", "?", "...", "the", "👩‍⚕️"])
def test_a_sentence_without_words_is_no_error(said: str, read: ReadTokens) -> None:
    assert -1 <= Closeness(read)(said, evidence(VISIT)) <= 1.0001


def test_nothing_is_close_to_no_passage(read: ReadTokens) -> None:
    assert Closeness(read)("It costs $40.", []) == 0
    assert Closeness(read)("It costs $40.", evidence("")) == 0


@given(st.integers(1, 30))
def test_phrases_are_one_a_token_and_of_norm_one(count: int) -> None:
    vectors = np.random.default_rng(count).normal(size=(count, 8)).astype(np.float32)
    found = phrases(vectors)
    assert found.shape == vectors.shape
    assert np.linalg.norm(found, axis=1) == pytest.approx(1, abs=1e-4)
    middle = count // 2
    mean = vectors[max(0, middle - 1) : middle + 2].mean(axis=0)
    assert found[middle] == pytest.approx(mean / np.linalg.norm(mean), abs=1e-4)
