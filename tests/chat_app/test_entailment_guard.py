from pathlib import Path

import pytest

from chat_app.errors import GuardError
from chat_app.guards.entailment import EntailmentGuard
from chat_app.guards.hooks import Allowed, Refused
from retrieval.usage import Meter
from tests.fakes.tiny_cross_encoder import save_tiny_cross_encoder

WORDS = ["copay", "is", "$", "40", "50"]
PASSAGES = ("copay is $ 40", "copay is $ 50")


def make_model(folder: Path, labels: list[str], favourite: str) -> str:
    return save_tiny_cross_encoder(folder, WORDS, labels, favourite)


NLI = ["contradiction", "Entailment", "neutral"]


@pytest.mark.parametrize(
    ("labels", "favourite", "score"),
    [
        (NLI, "Entailment", 0.787),
        (NLI, "contradiction", 0.1065),
        (["LABEL_0"], "LABEL_0", 0.8808),
    ],
)
def test_the_probability_of_entailment_is_the_score(
    tmp_path: Path, labels: list[str], favourite: str, score: float
) -> None:
    guard = EntailmentGuard(make_model(tmp_path, labels, favourite), may_download=False)
    verdict = guard.check_answer(["copay is $ 40"], "copay?", PASSAGES, Meter())
    assert isinstance(verdict, Allowed if score >= 0.5 else Refused)
    assert verdict.scores == {"entailment": pytest.approx(score, abs=1e-3)}


def test_the_least_score_is_a_setting(tmp_path: Path) -> None:
    model = make_model(tmp_path, NLI, "Entailment")
    guard = EntailmentGuard(model, min_score=0.9, may_download=False)
    verdict = guard.check_answer(["copay is $ 40"], "copay?", PASSAGES, Meter())
    assert isinstance(verdict, Refused)
    assert "0.79 of the 0.90" in verdict.message


def test_without_passages_nothing_is_entailed(tmp_path: Path) -> None:
    guard = EntailmentGuard(str(tmp_path / "never-loaded"))
    assert isinstance(guard.check_answer(["copay is $ 40"], "copay?", (), Meter()), Refused)
    assert guard.check_answer([], "copay?", PASSAGES, Meter()) == Allowed()


def test_a_model_without_the_label_is_named_with_its_labels(tmp_path: Path) -> None:
    guard = EntailmentGuard(make_model(tmp_path, ["good", "bad"], "good"), may_download=False)
    with pytest.raises(GuardError, match="has the labels bad, good: choose one trained on natural"):
        guard.check_answer(["copay is $ 40"], "copay?", PASSAGES, Meter())


@pytest.mark.parametrize("may_download", [True, False])
def test_a_model_that_cannot_be_had_is_an_error_with_its_remedy(
    tmp_path: Path, *, may_download: bool
) -> None:
    guard = EntailmentGuard(str(tmp_path / "absent"), may_download=may_download)
    with pytest.raises(GuardError, match=r"cannot be had .*name the folder of a cross-encoder"):
        guard.check_answer(["copay is $ 40"], "copay?", PASSAGES, Meter())


@pytest.mark.parametrize("score", [-0.1, 1.5])
def test_a_score_that_is_no_probability_is_refused(score: float) -> None:
    with pytest.raises(ValueError, match="choose one from 0 to 1"):
        EntailmentGuard("model", min_score=score)
