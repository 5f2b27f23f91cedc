"""Natural language inference as a guard: does a cross-encoder find each sentence entailed?

For those who can have such a model, such as ``cross-encoder/nli-deberta-v3-small``; it comes on top
of the verification that each sentence passes anyway.
"""

import math
from collections.abc import Sequence
from threading import Lock
from typing import Any

import numpy as np

from chat_app.errors import GuardError
from chat_app.guards.hooks import Allowed, Guard, Refused, Verdict
from retrieval.usage import Meter

ENTAILMENT = "entailment"
"""The label, in the model's own configuration, whose probability is the score."""
MIN_SCORE = 0.5


class EntailmentGuard(Guard):
    """Refuses an answer with a sentence that none of its passages entails.

    The model is loaded at first use. Any number of threads may share one.
    """

    name = "entailment"

    def __init__(
        self, model: str, *, min_score: float = MIN_SCORE, may_download: bool = True
    ) -> None:
        """Choose a model.

        Args:
            model: a folder, or a name on the Hugging Face hub, of a sentence-transformers
                cross-encoder with a label ``entailment``, or with one label in all.
            min_score: least probability, 0 to 1, that the best passage entails a sentence.
            may_download: fetch a model that is not on this machine.

        Raises:
            ValueError: the least score is no probability.
        """
        if not 0 <= min_score <= 1:
            raise ValueError(f"the least entailment score is {min_score}: choose one from 0 to 1")
        self._model = model
        self._min_score = min_score
        self._may_download = may_download
        self._lock = Lock()
        self._loaded: tuple[Any, int] | None = None

    def check_answer(
        self,
        sentences: Sequence[str],
        question: str,
        passages: Sequence[str],
        meter: Meter,
    ) -> Verdict:
        """Score each sentence against each passage; the least of the best scores decides.

        Raises:
            GuardError: the model cannot be had or run, or has no such label.
        """
        if not sentences:
            return Allowed()
        if not passages:
            return self._verdict(0.0)
        best = [max(self._scores(sentence, passages)) for sentence in sentences]
        return self._verdict(min(best))

    def _verdict(self, score: float) -> Verdict:
        scores = {ENTAILMENT: round(score, 4)}
        if score >= self._min_score:
            return Allowed(scores)
        return Refused(
            "I found an answer, but the plan documents do not support it clearly enough "
            f"({score:.2f} of the {self._min_score:.2f} asked for), so I am not showing it.",
            scores,
        )

    def _scores(self, sentence: str, passages: Sequence[str]) -> list[float]:
        encoder, column = self._encoder()
        pairs = [(passage, sentence) for passage in passages]
        try:
            raw = encoder.predict(pairs, activation_fn=_unchanged, show_progress_bar=False)
        except Exception as error:
            raise GuardError(
                f"the entailment model {self._model!r} failed ({error}): choose another model"
            ) from error
        scores = [_probability([float(x) for x in np.atleast_1d(row)], column) for row in raw]
        if not all(math.isfinite(score) for score in scores):
            raise GuardError(f"the entailment model {self._model!r} gave no number for a sentence")
        return scores

    def _encoder(self) -> tuple[Any, int]:
        """The cross-encoder, and the place of the entailment label in what it gives."""
        with self._lock:
            if self._loaded is None:
                encoder = _load(self._model, may_download=self._may_download)
                self._loaded = encoder, _column(encoder.config, self._model)
            return self._loaded


def _load(model: str, *, may_download: bool) -> Any:  # noqa: ANN401 - sentence-transformers has no types
    # Takes seconds, and brings torch.
    from sentence_transformers import CrossEncoder

    try:
        return CrossEncoder(model, local_files_only=not may_download)
    except Exception as error:
        reason = str(error).strip().split("\n", maxsplit=1)[0][:200]
        raise GuardError(
            f"the entailment model {model!r} cannot be had ({reason}): download it with "
            f"`hf download {model}`, name the folder of a cross-encoder, or turn this guard off"
        ) from error


def _column(config: Any, model: str) -> int:  # noqa: ANN401 - transformers' own type
    if config.num_labels == 1:
        return 0
    labels = {str(name).lower(): int(number) for name, number in config.label2id.items()}
    if ENTAILMENT not in labels:
        raise GuardError(
            f"the entailment model {model!r} has the labels {', '.join(sorted(labels))}: choose "
            f"one trained on natural language inference, with a label {ENTAILMENT!r}"
        )
    return labels[ENTAILMENT]


def _unchanged(logits: Any) -> Any:  # noqa: ANN401 - a tensor
    return logits


def _probability(logits: Sequence[float], column: int) -> float:
    """Softmax over the labels, or the logistic function of a single one."""
    if len(logits) == 1:
        logits, column = [*logits, 0.0], 0
    powers = np.exp(np.asarray(logits) - max(logits))
    return float(powers[column] / powers.sum())
