"""Vectors of a list of texts that seldom changes, kept in a file so that a start need not wait."""

import hashlib
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Embed = Callable[[Sequence[str]], NDArray[np.float32]]


def embedded_once(
    embed: Embed, model: str, texts: Sequence[str], folder: Path
) -> NDArray[np.float32]:
    """The vectors of the texts: read from the folder, or embedded and left there.

    A file that cannot be read or written is no error: the texts are embedded then.

    Args:
        embed: texts to vectors, float32 (n, dimension).
        model: name of the model; another one's vectors are not taken.
        texts: what to embed; the file is named after them and the model.
        folder: made when it is not there.
    """
    said = "\0".join([model, *texts]).encode("utf-8", "surrogatepass")
    file = folder / f"{hashlib.sha256(said).hexdigest()[:32]}.npy"
    with suppress(OSError, ValueError, EOFError):
        kept = np.load(file, allow_pickle=False)
        if kept.dtype == np.float32 and kept.ndim == 2 and len(kept) == len(texts):
            return np.asarray(kept, np.float32)
    vectors = embed(texts)
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        new = file.with_suffix(f".{os.getpid()}.new")
        with new.open("wb") as stream:
            np.save(stream, vectors, allow_pickle=False)
        new.replace(file)
    return vectors
