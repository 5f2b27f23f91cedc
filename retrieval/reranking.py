"""Passages scored by a cross-encoder, which reads each together with the question.

For those who can have such a model, such as ``cross-encoder/ms-marco-MiniLM-L6-v2``.
"""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from retrieval.errors import RerankingError
from retrieval.quiet_loading import quiet_loading

PATIENCE = 3.0
"""Seconds that the hub has to say what it holds before it counts as out of reach."""

_CONFIG = ("config.json",)
_WEIGHTS = ("*.safetensors",)
"""Pickles are not loaded: they can run code."""
_TOKENIZER = ("tokenizer.json", "vocab.txt", "vocab.json", "*.model")
"""Without its file the library makes an empty tokenizer, which knows no word, and says nothing."""
_WANTED = ("*.json", "*.txt", "*.jinja", "*.model", *_WEIGHTS)
"""Many models hold their weights some ten times more, for other runtimes."""
_REMEDY = "name another cross-encoder in BENEFITS_CHAT_RERANKER, or leave that empty"


class CrossEncoderReranker:
    """A sentence-transformers cross-encoder as an ``interfaces.Reranker``.

    The model is loaded at first use, which takes seconds and brings torch. Any number of threads
    may share one; they score one after another.
    """

    def __init__(
        self,
        model: str,
        *,
        may_download: bool = True,
        notify: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Choose a model.

        Args:
            model: a folder, or a name on the Hugging Face hub, of a cross-encoder with one label.
            may_download: fetch a model that is not on this machine.
            notify: told, for the user, when the model is downloaded.
        """
        self._model = model
        self._may_download = may_download
        self._notify = notify
        # Of scoring too: torch takes all cores for one call, so four at once end no sooner than one
        # after another, and took 470 MB more with a model of MiniLM's size.
        self._lock = Lock()
        self._encoder: Any = None

    def scores(self, question: str, passages: Sequence[str]) -> list[float]:
        """How well each passage answers the question: the model's logits, higher is closer.

        What is longer than the model's window is cut at its end. Equal passages score equally.

        Args:
            question: what is asked.
            passages: what may answer it.

        Raises:
            RerankingError: the model cannot be had, loaded or run, or is no reranker.
        """
        # Among passages of other lengths, the same one scores differently from the sixth digit on.
        distinct = list(dict.fromkeys(passages))
        if not distinct:
            return []
        scores = dict(zip(distinct, self._scored(question, distinct), strict=True))
        return [scores[passage] for passage in passages]

    def _scored(self, question: str, passages: Sequence[str]) -> list[float]:
        pairs = [(question, passage) for passage in passages]
        with self._lock:
            encoder = self._loaded()
            try:
                # The library's own sigmoid makes equals of all that is close.
                raw = encoder.predict(pairs, activation_fn=_unchanged, show_progress_bar=False)
            except Exception as error:
                raise RerankingError(
                    f"the reranker {self._model!r} failed ({_reason(error)}): {_REMEDY}"
                ) from error
        scores = [float(score) for score in raw]
        if not all(math.isfinite(score) for score in scores):
            raise RerankingError(
                f"the reranker {self._model!r} gave no number for a passage: {_REMEDY}"
            )
        return scores

    def _loaded(self) -> Any:  # noqa: ANN401 - sentence-transformers has no types
        if self._encoder is None:
            folder = self._folder()
            encoder = _load(self._model, folder)
            _check(self._model, encoder)
            self._encoder = encoder
        return self._encoder

    def _folder(self) -> Path:
        """Where the model is: a folder, the hub's cache, or after a download that cache."""
        folder = Path(self._model).expanduser()
        if folder.is_dir():
            if missing := _missing(folder):
                raise RerankingError(f"the reranker {self._model!r} has no {missing}: {_REMEDY}")
            return folder
        cached = _cached(self._model)
        if cached and not _missing(cached):
            return cached
        if not self._may_download:
            raise _cannot_be_had(self._model, "it is not on this machine")
        return self._downloaded()

    def _downloaded(self) -> Path:
        """Download into the hub's cache; huggingface_hub draws the progress bar."""
        from huggingface_hub import HfApi, constants, snapshot_download

        self._notify(f"Downloading the reranker {self._model} from {constants.ENDPOINT}")
        try:
            # The download itself waits for more than ten minutes for a hub that says nothing.
            HfApi().model_info(self._model, timeout=PATIENCE)
            folder = Path(snapshot_download(self._model, allow_patterns=[*_WANTED]))
        except Exception as error:  # the hub's client raises errors of its HTTP library too
            raise _cannot_be_had(self._model, _reason(error)) from error
        if missing := _missing(folder):
            raise RerankingError(f"the reranker {self._model!r} has no {missing}: {_REMEDY}")
        return folder


def _missing(folder: Path) -> str:
    """What a model needs and this folder lacks, as a phrase; empty when it is whole."""
    needed = {
        "configuration (config.json)": _CONFIG,
        "weights as safetensors": _WEIGHTS,
        "tokenizer (tokenizer.json)": _TOKENIZER,
    }
    for what, patterns in needed.items():
        if not any(file.is_file() for pattern in patterns for file in folder.glob(pattern)):
            return what
    return ""


def _cached(model: str) -> Path | None:
    """The hub's snapshot on this machine; the network is not asked."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(model, local_files_only=True))
    except LocalEntryNotFoundError:
        return None
    except HFValidationError as error:
        raise RerankingError(f"there is no reranker in the folder {model!r}: {_REMEDY}") from error


def _load(model: str, folder: Path) -> Any:  # noqa: ANN401 - sentence-transformers has no types
    try:
        with quiet_loading():
            from sentence_transformers import CrossEncoder

            return CrossEncoder(
                str(folder), local_files_only=True, model_kwargs={"use_safetensors": True}
            )
    except Exception as error:
        raise RerankingError(
            f"the reranker {model!r} cannot be loaded from {folder} ({_reason(error)}): {_REMEDY}"
        ) from error


def _check(model: str, encoder: Any) -> None:  # noqa: ANN401 - sentence-transformers has no types
    """Refuse what the library loads all the same, and ranks by other things or by chance."""
    kinds = getattr(encoder.config, "architectures", None) or []
    is_bare = not any(kind.endswith("ForSequenceClassification") for kind in kinds)
    # Of a model without a part that scores, the library makes that part of random numbers.
    if is_bare and len(list(encoder.children())) == 1:
        raise RerankingError(
            f"{model!r} is no cross-encoder but {', '.join(kinds) or 'of no kind'}, which does not "
            f"score passages: {_REMEDY}"
        )
    if encoder.num_labels != 1:
        names = getattr(encoder.config, "id2label", None) or {}
        labels = ", ".join(str(name) for name in names.values())
        raise RerankingError(
            f"the reranker {model!r} has {encoder.num_labels} labels ({labels}) where a score has "
            f"one: {_REMEDY}"
        )


def _cannot_be_had(model: str, reason: str) -> RerankingError:
    return RerankingError(
        f"the reranker {model!r} cannot be had ({reason}): download it with `hf download {model}`, "
        "name a cross-encoder's folder in BENEFITS_CHAT_RERANKER, or leave that empty"
    )


def _reason(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:200] or type(error).__name__


def _unchanged(logits: Any) -> Any:  # noqa: ANN401 - a tensor
    return logits
