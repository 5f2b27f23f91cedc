import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from threading import Barrier

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.embedding.minilm import MiniLM, _load, _models_folder
from retrieval.embedding.runtime import equal_length_batches
from retrieval.errors import EmbeddingError
from retrieval.interfaces import Embedder

SENTENCES = [
    "Is my annual checkup free?",
    "Preventive care is covered at 100% from network providers.",
    "Emergency room visits cost a $250 copay, waived if you are admitted.",
    "",
    "Copay",
    "Which plan has the lower out-of-pocket maximum for a family of four in 2025?",
    "保険は適用されますか",
    "The plan pays its share after the deductible. " * 12,
    "Orthodontia, crowns and bridges are major dental services. " * 40,
]

ANSWER_ONE_QUESTION = """
import sys
from pathlib import Path
from retrieval.embedding.minilm import MiniLM, _load, _models_folder

embedder = MiniLM(Path(sys.argv[1]), notify=print)
assert embedder.embed(["Is my annual checkup free?"]).shape == (1, 384)
assert embedder.count_tokens(["Is my annual checkup free?"]) == [7]
heavy = {"torch", "sentence_transformers", "transformers", "onnx", "huggingface_hub"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""

REFERENCE = """
import json, sys
import numpy as np
from sentence_transformers import SentenceTransformer
from retrieval.embedding.weights import find_weights

model = SentenceTransformer(str(find_weights(print)), device="cpu", local_files_only=True)
texts = json.loads(sys.stdin.read())
np.save(sys.argv[1], model.encode(texts, show_progress_bar=False))
"""


def run_python(code: str, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_it_is_an_embedder_and_says_what_the_model_is() -> None:
    embedder: Embedder = MiniLM()
    assert (embedder.name, embedder.dimension, embedder.window) == ("all-MiniLM-L6-v2", 384, 256)


def test_vectors_are_float32_of_norm_1_one_a_text(embedder: MiniLM) -> None:
    vectors = embedder.embed(SENTENCES)
    assert vectors.shape == (len(SENTENCES), 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_no_texts_give_no_vectors_and_load_nothing(tmp_path: Path) -> None:
    embedder = MiniLM(tmp_path / "never made")
    vectors = embedder.embed([])
    assert vectors.shape == (0, 384)
    assert vectors.dtype == np.float32
    assert embedder.count_tokens([]) == []
    assert not (tmp_path / "never made").exists()


def test_it_agrees_with_sentence_transformers_on_varied_text(
    embedder: MiniLM, tmp_path: Path
) -> None:
    texts = [
        *SENTENCES,
        "   \n\t ",
        "x" * 5000,
        "word " * 1000,
        "a, b; c. " * 555,
        "Ünïcödé Straße İstanbul ﬁne ½ e\u0301 \u200b\ufffd\x00\x07 👩‍⚕️🏥",
        "[CLS] [SEP] [MASK] [PAD] ##ing",
        "Покрывает ли план лечение зубов? هل العلاج مشمول؟ 보험이 적용되나요?",
        *("covered " * count for count in (1, 2, 253, 254, 255, 256)),
        *(" ".join(SENTENCES[:count]) for count in range(1, 9)),
        *(str(number) * (number % 17 + 1) for number in range(40)),
    ]
    child = run_python(REFERENCE, str(tmp_path / "expected.npy"), stdin=json.dumps(texts))
    assert child.returncode == 0, child.stderr
    expected = np.load(tmp_path / "expected.npy")
    found = embedder.embed(texts)
    assert float((expected * found).sum(axis=1).min()) >= 0.9999
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_process_that_answers_imports_no_torch_and_prints_nothing(models: Path) -> None:
    child = run_python(ANSWER_ONE_QUESTION, str(models))
    assert (child.returncode, child.stdout, child.stderr) == (0, "", "")


def test_int8_agrees_with_fp32(embedder: MiniLM, int8: MiniLM) -> None:
    cosines = (embedder.embed(SENTENCES) * int8.embed(SENTENCES)).sum(axis=1)
    assert float(cosines.min()) >= 0.98
    assert float(np.median(cosines)) >= 0.998
    assert float(cosines.max()) < 0.99999  # or int8 was not what ran


def test_in_int8_too_a_vector_depends_on_its_text_alone(int8: MiniLM) -> None:
    # Of equal length, so that they share runs.
    texts = [f"Plan {number} pays for visits to a doctor." for number in range(300)]
    together = int8.embed(texts)
    apart = np.concatenate([int8.embed([text]) for text in texts[:40]])
    np.testing.assert_allclose(together[:40], apart, atol=1e-5)


@given(
    texts=st.lists(st.sampled_from(SENTENCES) | st.text(max_size=40), max_size=10),
    cut=st.integers(0, 10),
    seed=st.randoms(use_true_random=False),
)
@settings(max_examples=25, deadline=None)
def test_a_vector_depends_on_its_text_alone(
    embedder: MiniLM, texts: list[str], cut: int, seed: Random
) -> None:
    together = embedder.embed(texts)
    apart = np.concatenate([embedder.embed(texts[:cut]), embedder.embed(texts[cut:])])
    np.testing.assert_allclose(together, apart, atol=1e-5)
    order = list(range(len(texts)))
    seed.shuffle(order)
    shuffled = embedder.embed([texts[position] for position in order])
    np.testing.assert_allclose(shuffled, together[order], atol=1e-5)


@given(lengths=st.lists(st.integers(2, 256)), budget=st.integers(1, 600))
def test_batches_hold_every_text_once_and_never_need_padding(
    lengths: list[int], budget: int
) -> None:
    batches = equal_length_batches(lengths, budget)
    assert sorted(position for batch in batches for position in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len({lengths[position] for position in batch}) == 1
        assert len(batch) == 1 or len(batch) * lengths[batch[0]] <= budget
    firsts = [lengths[batch[0]] for batch in batches]
    assert firsts == sorted(firsts, reverse=True)


def test_texts_of_one_length_share_batches_up_to_the_budget() -> None:
    assert equal_length_batches([5, 9, 5, 5, 9, 5], 15) == [[1], [4], [0, 2, 3], [5]]


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_the_number_of_threads_changes_nothing(
    models: Path, embedder: MiniLM, threads: int
) -> None:
    vectors = MiniLM(models, threads=threads, precision="fp32").embed(SENTENCES)
    np.testing.assert_allclose(vectors, embedder.embed(SENTENCES), atol=1e-6)


def test_threads_that_start_at_once_share_one_loading_and_get_their_own_vectors(
    models: Path, embedder: MiniLM
) -> None:
    expected = embedder.embed(SENTENCES)
    fresh = MiniLM(models, threads=2, precision="fp32")
    together = Barrier(8)

    def ask(number: int) -> None:
        together.wait(timeout=60)
        for turn in range(6):
            position = (number + turn) % len(SENTENCES)
            vector = fresh.embed([SENTENCES[position]])[0]
            np.testing.assert_allclose(vector, expected[position], atol=1e-5)
            assert fresh.count_tokens(["covered " * number]) == [number]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(8)))


def test_the_window_is_254_tokens_of_text_and_two_of_the_model(embedder: MiniLM) -> None:
    whole = "covered " * 254
    vectors = embedder.embed([whole, whole + "dental", "covered " * 253 + "dental"])
    np.testing.assert_allclose(vectors[1], vectors[0], atol=1e-6)
    assert float(vectors[2] @ vectors[0]) < 0.9999


def test_tokens_are_counted_without_special_tokens_and_without_cutting(embedder: MiniLM) -> None:
    texts = ["", "Copay", "covered " * 300, "Deductible: $1,500.", "x" * 200]
    assert embedder.count_tokens(texts) == [0, 2, 300, 10, 1]


def test_lone_surrogates_of_a_broken_file_are_read_as_unreadable_characters(
    embedder: MiniLM,
) -> None:
    broken, clean = embedder.embed(["covered \ud800 benefits", "covered \ufffd benefits"])
    np.testing.assert_array_equal(broken, clean)
    assert embedder.count_tokens(["covered \udfff benefits"]) == [2]


def test_the_export_lives_beside_the_packages_else_in_the_users_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside, cache = tmp_path / "venv", tmp_path / "home" / ".cache"
    beside.mkdir()
    monkeypatch.setattr(sys, "prefix", str(beside))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert _models_folder() == beside / "share" / "benefits-chat" / "models"

    in_cache = cache / "benefits-chat" / "models"
    (in_cache / "all-MiniLM-L6-v2").mkdir(parents=True)
    (in_cache / "all-MiniLM-L6-v2" / "manifest.json").touch()
    assert _models_folder() == in_cache

    (in_cache / "all-MiniLM-L6-v2" / "manifest.json").unlink()
    beside.rmdir()
    beside.touch()  # nobody can make a folder below a file
    assert _models_folder() == in_cache


def test_an_undamaged_export_that_cannot_be_loaded_is_an_error_with_a_remedy(
    tmp_path: Path,
) -> None:
    (tmp_path / "tokenizer.json").write_text("{}")
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(EmbeddingError, match=r"cannot be loaded from .*pip install"):
        _load(tmp_path, 1, "fp32")
