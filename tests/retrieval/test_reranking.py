import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from time import monotonic

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.embedding.weights import find_weights
from retrieval.errors import RerankingError, SettingsError
from retrieval.indexing import Indexer
from retrieval.interfaces import Reranker
from retrieval.originals import OriginalFiles
from retrieval.reranking import CrossEncoderReranker
from retrieval.searching import Query, Searcher
from retrieval.settings import RetrievalSettings, load_settings
from retrieval.stores.memory import MemoryStore
from retrieval.wiring import open_retrieval
from tests.fakes.documents import InMemoryFound, document
from tests.fakes.tiny_cross_encoder import save_tiny_cross_encoder
from tests.fakes.words import WordVectors

QUESTION = "what does a visit cost"
PASSAGES = (
    "a specialist visit costs forty dollars",
    "the annual physical costs nothing",
    "an urgent visit costs sixty dollars",
    "enroll within thirty days",
    "the deductible is paid once a year",
    "a visit by phone is free",
)
WORDS = " ".join((QUESTION, *PASSAGES)).split()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a cross-encoder of random weights; it is only read."""
    return Path(save_tiny_cross_encoder(tmp_path_factory.mktemp("model"), WORDS, ["LABEL_0"]))


@pytest.fixture
def copied(model: Path, tmp_path: Path) -> Path:
    """A copy of it, to be damaged."""
    return Path(shutil.copytree(model, tmp_path / "copied"))


@pytest.fixture(scope="module")
def reranker(model: Path) -> CrossEncoderReranker:
    return CrossEncoderReranker(str(model), may_download=False)


def logits(folder: Path, question: str, passages: Sequence[str]) -> list[float]:
    """What the model gives, each pair by itself, without sentence-transformers."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    network = AutoModelForSequenceClassification.from_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    with torch.no_grad():
        return [
            float(network(**tokenizer(question, passage, return_tensors="pt")).logits[0, 0])
            for passage in passages
        ]


def test_a_score_is_what_the_model_gives_the_question_with_the_passage(
    model: Path, reranker: CrossEncoderReranker
) -> None:
    expected = logits(model, QUESTION, PASSAGES)
    assert len(set(expected)) == len(PASSAGES)
    assert reranker.scores(QUESTION, PASSAGES) == pytest.approx(expected, abs=1e-4)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.sampled_from([*PASSAGES, "", "visit " * 200]), max_size=80))
def test_equal_passages_score_equally_wherever_they_stand(
    reranker: CrossEncoderReranker, passages: list[str]
) -> None:
    scores = reranker.scores(QUESTION, passages)
    assert len(scores) == len(passages)
    assert len(set(zip(passages, scores, strict=True))) == len(set(passages))


def test_equal_passages_score_equally_in_several_batches(reranker: CrossEncoderReranker) -> None:
    scores = reranker.scores(QUESTION, ["visit " * 50] * 5 + [PASSAGES[0]] * 40)
    assert len(set(scores)) == 2


def test_without_passages_nothing_is_loaded(tmp_path: Path) -> None:
    assert CrossEncoderReranker(str(tmp_path / "absent")).scores(QUESTION, []) == []


def test_threads_share_a_model(model: Path, reranker: CrossEncoderReranker) -> None:
    expected = reranker.scores(QUESTION, PASSAGES)
    fresh = CrossEncoderReranker(str(model), may_download=False)
    # Texts of different lengths: each has the tokenizer cut and pad in another way.
    asked = [PASSAGES, ("visit " * 300,)] * 8
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda passages: fresh.scores(QUESTION, passages), asked))
    assert all(scores == expected for scores in found[::2])


class Recorded:
    """A reranker, and what it was asked and gave."""

    def __init__(self, reranker: Reranker) -> None:
        self._reranker = reranker
        self.scored: dict[str, float] = {}

    def scores(self, question: str, passages: Sequence[str]) -> list[float]:
        scores = self._reranker.scores(question, passages)
        self.scored = dict(zip(passages, scores, strict=True))
        return scores


def found(reranker: Reranker | None, depth: int = 20) -> list[str]:
    store, vectors = MemoryStore(), WordVectors()
    documents = [InMemoryFound(document(p, name=f"{n}.txt")) for n, p in enumerate(PASSAGES)]
    Indexer(store, vectors, OriginalFiles(Path("unused")), nullcontext).index(documents)
    searcher = Searcher(store, vectors, reranker=reranker, rerank_depth=depth)
    return [match.text for match in searcher.search(Query(QUESTION))]


def test_a_search_gives_the_order_of_the_models_scores(
    model: Path, reranker: CrossEncoderReranker
) -> None:
    scores = dict(zip(PASSAGES, logits(model, QUESTION, PASSAGES), strict=True))
    order = sorted(PASSAGES, key=lambda passage: -scores[passage])
    assert found(reranker) == order
    assert found(None) != order


def test_what_is_below_the_depth_keeps_its_place(reranker: CrossEncoderReranker) -> None:
    recorded, plain = Recorded(reranker), found(None)
    reranked = found(recorded, depth=3)
    assert set(recorded.scored) == set(plain[:3])
    assert reranked[:3] == sorted(plain[:3], key=lambda text: -recorded.scored[text])
    assert reranked[3:] == plain[3:]


def test_what_scores_equally_keeps_its_order(tmp_path: Path) -> None:
    folder = save_tiny_cross_encoder(tmp_path, WORDS, ["LABEL_0"], favourite="LABEL_0")
    recorded = Recorded(CrossEncoderReranker(folder, may_download=False))
    assert found(recorded) == found(None)
    assert set(recorded.scored.values()) == {2.0}


def refusal(model: Path | str, *, may_download: bool = False) -> str:
    with pytest.raises(RerankingError) as refused:
        CrossEncoderReranker(str(model), may_download=may_download).scores(QUESTION, PASSAGES)
    message = str(refused.value)
    assert "BENEFITS_CHAT_RERANKER" in message
    assert "\n" not in message
    return message


@pytest.mark.parametrize("may_download", [True, False])
def test_a_folder_that_is_not_there_is_named(tmp_path: Path, *, may_download: bool) -> None:
    message = refusal(tmp_path / "absent", may_download=may_download)
    assert message.startswith(f"there is no reranker in the folder '{tmp_path}/absent': name ano")


def test_a_model_that_may_not_be_downloaded_is_named_with_its_download() -> None:
    message = refusal("some/reranker-that-nobody-has")
    assert "cannot be had (it is not on this machine): download it with `hf download" in message


def test_a_model_of_inference_is_refused_with_its_labels(tmp_path: Path) -> None:
    labels = ["contradiction", "entailment", "neutral"]
    message = refusal(save_tiny_cross_encoder(tmp_path, WORDS, labels))
    assert "has 3 labels (contradiction, entailment, neutral) where a score has one" in message


def test_an_embedding_model_is_refused_whose_scores_would_be_random() -> None:
    assert "is no cross-encoder but BertModel" in refusal(find_weights(print))


@pytest.mark.parametrize(
    ("names", "missing"),
    [
        (["config.json"], "has no configuration"),
        (["model.safetensors"], "has no weights as safetensors"),
        (["vocab.txt", "tokenizer.json"], "has no tokenizer"),
    ],
)
def test_a_folder_without_a_file_is_refused(copied: Path, names: list[str], missing: str) -> None:
    for name in names:
        (copied / name).unlink()
    assert missing in refusal(copied)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
@pytest.mark.parametrize("share", [0, 0.5])
def test_a_damaged_file_is_an_error_with_its_remedy(copied: Path, name: str, share: float) -> None:
    whole = (copied / name).read_bytes()
    (copied / name).write_bytes(whole[: int(len(whole) * share)])
    assert f"cannot be loaded from {copied}" in refusal(copied)


def test_pickled_weights_are_not_loaded(copied: Path) -> None:
    (copied / "model.safetensors").rename(copied / "pytorch_model.bin")
    assert "has no weights as safetensors" in refusal(copied)


@pytest.mark.parametrize("number", ["nan", "inf"])
def test_a_score_that_is_no_number_is_an_error(copied: Path, number: str) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    weights = load_file(copied / "model.safetensors")
    weights["classifier.bias"] = torch.tensor([float(number)])
    save_file(weights, copied / "model.safetensors", {"format": "pt"})
    assert "gave no number for a passage" in refusal(copied)


def test_a_model_that_comes_later_is_found_then(model: Path, tmp_path: Path) -> None:
    late = CrossEncoderReranker(str(tmp_path / "late"), may_download=False)
    with pytest.raises(RerankingError):
        late.scores(QUESTION, PASSAGES)
    shutil.copytree(model, tmp_path / "late")
    assert len(late.scores(QUESTION, PASSAGES)) == len(PASSAGES)


def test_a_text_that_cannot_be_read_is_an_error_and_the_next_is_scored(
    reranker: CrossEncoderReranker,
) -> None:
    with pytest.raises(RerankingError, match="failed"):
        reranker.scores(QUESTION, ["a lone surrogate \ud800"])
    assert len(reranker.scores(QUESTION, PASSAGES)) == len(PASSAGES)


def run(code: str, **environment: str) -> tuple[str, str]:
    """What a program printed, and what it printed as errors."""
    kept = {"PATH": os.defpath, "OMP_NUM_THREADS": "1", **environment}
    done = subprocess.run(
        [sys.executable, "-c", code], timeout=300, capture_output=True, env=kept, check=False
    )
    return done.stdout.decode().strip(), done.stderr.decode()


SCORES = (
    "from retrieval.reranking import CrossEncoderReranker\n"
    "from retrieval.errors import RerankingError\n"
    "try:\n"
    "    print(len(CrossEncoderReranker('some/reranker').scores('copay', ['a', 'b'])))\n"
    "except RerankingError as error:\n"
    "    print(error)\n"
)


def test_a_downloaded_model_is_found_by_its_name_and_the_hub_is_not_asked(
    model: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "models--some--reranker"
    shutil.copytree(model, kept / "snapshots" / "0a1b")
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text("0a1b", encoding="utf-8")
    out, err = run(SCORES, HF_HUB_CACHE=str(tmp_path), HF_ENDPOINT="http://127.0.0.1:9")
    assert (out, err) == ("2", "")


@pytest.mark.parametrize("is_silent", [True, False])
def test_a_hub_out_of_reach_is_told_of_soon(tmp_path: Path, *, is_silent: bool) -> None:
    """Left to itself, the library tries again for 47 s, and waits minutes for what is silent."""
    with socket.socket() as hub:
        hub.bind(("127.0.0.1", 0))
        if is_silent:
            hub.listen()
        begun = monotonic()
        address = f"http://127.0.0.1:{hub.getsockname()[1]}"
        out, _ = run(SCORES, HF_HUB_CACHE=str(tmp_path), HF_ENDPOINT=address)
        assert monotonic() - begun < 30
    assert "'some/reranker' cannot be had (" in out
    assert "`hf download some/reranker`" in out


def test_by_default_there_is_none_and_nothing_is_imported(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from retrieval.settings import RetrievalSettings\n"
        "from retrieval.wiring import open_retrieval\n"
        f"folder = Path({str(tmp_path)!r})\n"
        "for name in '', 'some/reranker':\n"
        "    opened = open_retrieval(RetrievalSettings(data_dir=folder, reranker=name))\n"
        "    print(type(opened.reranker).__name__)\n"
        "print({'torch', 'transformers', 'sentence_transformers'} & set(sys.modules))"
    )
    out, err = run(code)
    assert (out.split("\n"), err) == (["NoneType", "CrossEncoderReranker", "set()"], "")


def test_the_setting_names_the_model(model: Path, tmp_path: Path) -> None:
    opened = open_retrieval(RetrievalSettings(data_dir=tmp_path, reranker=str(model)))
    assert opened.reranker is not None
    assert len(opened.reranker.scores(QUESTION, PASSAGES)) == len(PASSAGES)


@pytest.mark.parametrize("depth", [1, 101])
def test_a_depth_out_of_range_is_refused(depth: int) -> None:
    with pytest.raises(SettingsError, match="BENEFITS_CHAT_RERANK_DEPTH is"):
        load_settings(RetrievalSettings, rerank_depth=depth)
