from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from chat_app.token_reading import TokenReader
from retrieval.embedding.minilm import MiniLM

SENTENCES = (
    "The deductible is $1,500.",
    "",
    "It counts once a year.",
    "¿Está cubierta? 👩‍⚕️ \ud800",
)


@pytest.fixture(scope="module")
def reader() -> TokenReader:
    return TokenReader(MiniLM())


def test_every_sentence_has_a_vector_for_each_of_its_tokens(reader: TokenReader) -> None:
    found = reader(SENTENCES)
    assert [len(own.words) for own in found] == MiniLM().count_tokens(SENTENCES)
    for own in found:
        assert own.vectors.shape == (len(own.words), 768)
        assert np.isfinite(own.vectors).all()
    assert found[0].words[-4:] == ("1", ",", "500", ".")


def test_the_last_layer_is_what_the_embedding_is_the_mean_of(reader: TokenReader) -> None:
    said = "Preventive care is covered in full."
    (found,) = reader([said])
    assert np.linalg.norm(found.vectors[:, 384:], axis=1) == pytest.approx(1, abs=1e-4)
    mean = found.vectors[:, 384:].mean(axis=0)
    # The embedding counts the two special tokens too, so it is near and not equal.
    assert float(MiniLM().embed([said])[0] @ mean / np.linalg.norm(mean)) > 0.95


def test_a_sentence_is_read_in_the_company_of_its_neighbours(reader: TokenReader) -> None:
    (alone,) = reader(["It costs $40."])
    together = reader(["What does a visit cost?", "It costs $40."])[1]
    assert alone.words == together.words
    assert not np.allclose(alone.vectors, together.vectors, atol=0.01)


def test_more_than_the_model_reads_at_once_is_read_in_windows(reader: TokenReader) -> None:
    long = "coinsurance " * 600
    texts = ["A visit costs $40."] * 60 + [long] + ["The end."]
    found = reader(texts)
    assert [len(own.words) for own in found] == MiniLM().count_tokens(texts)


def test_nothing_to_read_is_nothing(reader: TokenReader) -> None:
    assert list(reader([])) == []
    assert [own.vectors.shape for own in reader([""])] == [(0, 768)]


def test_threads_may_share_a_reader() -> None:
    reader = TokenReader(MiniLM())
    texts = [[f"Sentence number {n} of the plan."] for n in range(20)]
    with ThreadPoolExecutor(8) as pool:
        side_by_side = list(pool.map(reader, texts))
    alone = TokenReader(MiniLM())
    for text, found in zip(texts, side_by_side, strict=True):
        assert found[0].vectors == pytest.approx(alone(text)[0].vectors, abs=1e-5)
