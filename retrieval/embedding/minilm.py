"""The local embedder: all-MiniLM-L6-v2 on onnxruntime, without torch on the way to an answer."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from retrieval.embedding.export import MANIFEST_FILE, ensure_export, exported_precision
from retrieval.embedding.runtime import DIMENSION, WINDOW, Precision, Runtime
from retrieval.embedding.weights import NAME, Notify
from retrieval.errors import EmbeddingError
from retrieval.recent import Recent
from retrieval.usage import Meter

RECENT = 4_096
"""Vectors that are kept, 6 MB: questions, and the sentences of passages that are often quoted."""
MAX_OF_QUESTION = 128
"""Texts of one call up to which their vectors are kept: more are an index in the making."""


class MiniLM:
    """all-MiniLM-L6-v2 as an ``interfaces.Embedder``.

    Loads at first use, in 0.3 s; the very first use on a machine exports the model first, which
    takes about 10 s and is reported through ``notify``. Any number of threads may share one.

    Attributes:
        name: of the model.
        dimension: numbers in a vector.
        window: tokens of a text that the model reads, its two special tokens included.
    """

    name = NAME
    dimension = DIMENSION
    window = WINDOW

    def __init__(
        self,
        folder: Path | None = None,
        threads: int | None = None,
        notify: Notify | None = None,
        precision: Precision = "int8",
    ) -> None:
        """Choose where the exported model lives and how much of the machine to use.

        Args:
            folder: the models folder; None for one beside the installed packages, or in the
                user's cache when that cannot be written to.
            threads: texts embedded side by side, at least 1; None for all of this process's cores.
            notify: told, for the user, when the model is downloaded or exported.
            precision: ``int8`` embeds twice as fast, with vectors that agree with those of
                ``fp32`` to a cosine of .996 and better: an index built with one is searched with
                the other. A processor on which int8 agrees less is given fp32 all the same.
        """
        self._folder = folder
        self._threads = threads or _cores()
        self._notify = notify or _unheard
        self._precision = precision
        self._lock = Lock()
        self._runtime: Runtime | None = None
        self._recent: Recent[str, NDArray[np.float32]] = Recent(RECENT)

    @property
    def models_folder(self) -> Path:
        """Where the exported model lives, and what else is made once on a machine."""
        return self._folder or _models_folder()

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, without special tokens and without cutting.

        Raises:
            EmbeddingError: the model cannot be had, exported or loaded.
        """
        return self._loaded().count_tokens(texts) if texts else []

    def embed(self, texts: Sequence[str], meter: Meter | None = None) -> NDArray[np.float32]:
        """Embed texts; float32, (n, 384), rows of norm 1, in the order of the texts.

        Args:
            texts: what to embed.
            meter: unused, as nothing is paid for.

        Raises:
            EmbeddingError: the model cannot be had, exported, loaded or run.
        """
        if len(texts) > MAX_OF_QUESTION:
            return self._loaded().embed(texts)
        known = self._recent.completed(
            dict.fromkeys(texts),
            lambda missing: dict(zip(missing, self._loaded().embed(missing), strict=True)),
        )
        rows = [known[text] for text in texts]
        return np.array(rows, dtype=np.float32).reshape(len(texts), DIMENSION)

    def embed_spans(
        self, texts: Sequence[str], spans: Sequence[Sequence[tuple[int, int]]]
    ) -> tuple[NDArray[np.float32], list[NDArray[np.float32]]]:
        """Embed texts and, in the same runs, pieces of each as they are said in its context.

        Args:
            texts: what to embed.
            spans: of each text, the pieces by character offsets, end exclusive.

        Returns:
            Float32, (n, 384), rows of norm 1; and of each text (pieces, 384): rows of norm 1, zero
            for a piece that is beyond the window.

        Raises:
            EmbeddingError: the model cannot be had, exported, loaded or run.
        """
        if not texts:
            return np.zeros((0, DIMENSION), dtype=np.float32), []
        return self._loaded().embed_spans(texts, spans)

    def _loaded(self) -> Runtime:
        with self._lock:
            if self._runtime is None:
                folder = self.models_folder / NAME
                ensure_export(folder, self._notify, self._precision)
                self._runtime = _load(folder, self._threads, self._precision)
            return self._runtime


def _load(folder: Path, threads: int, wanted: Precision) -> Runtime:
    try:
        return Runtime(folder, threads, exported_precision(folder, wanted))
    except Exception as error:
        raise EmbeddingError(
            f"{NAME} cannot be loaded from {folder} ({error}): "
            "reinstall its runtime with `pip install --force-reinstall onnxruntime tokenizers`"
        ) from error


def _models_folder() -> Path:
    """The first of the usual places that holds an export, else the first that takes one."""
    places = (
        Path(sys.prefix) / "share" / "benefits-chat" / "models",
        Path.home() / ".cache" / "benefits-chat" / "models",
    )
    for place in places:
        if (place / NAME / MANIFEST_FILE).is_file():
            return place
    return next((place for place in places if _takes_files(place)), places[-1])


def _takes_files(folder: Path) -> bool:
    """Whether files can be written below a folder that need not exist yet."""
    nearest = next(parent for parent in (folder, *folder.parents) if parent.exists())
    return nearest.is_dir() and os.access(nearest, os.W_OK)


def _cores() -> int:
    """Cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):  # Linux
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _unheard(message: str) -> None:
    """Where nobody listens."""
