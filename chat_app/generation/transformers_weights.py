"""What a model's folder holds: found and examined without loading it."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

from chat_app.errors import GenerationError

_SINGLE = "model.safetensors"
_INDEX = "model.safetensors.index.json"
_PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt")


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """The files of a model whose weights are there and whole.

    Attributes:
        folder: that holds them.
        config: the model's own configuration.
        parameters: how many numbers the weights have; a table of tokens that serves reading and
            writing counts once, even where it is stored twice.
        table_parameters: how many of them belong to tables of tokens.
        bytes: of the weights on disk.
    """

    folder: Path
    config: dict[str, Any]
    parameters: int
    table_parameters: int
    bytes: int


def find_model(model: str) -> ModelFiles:
    """Find a model on this machine; nothing is downloaded.

    Args:
        model: a folder, or the name of a model in the local Hugging Face cache.

    Raises:
        GenerationError: it is not here, is damaged or incomplete, or has no safetensors weights.
    """
    folder = Path(model).expanduser()
    if not folder.is_dir():
        folder = _cached(model)
    config = _read_config(model, folder)
    files = _weight_files(model, folder)
    sizes = [size for file in files for size in _tensor_sizes(model, file)]
    if config.get("tie_word_embeddings"):
        sizes = [(name, size) for name, size in sizes if "lm_head" not in name]
    return ModelFiles(
        folder,
        config,
        parameters=sum(size for _, size in sizes),
        table_parameters=sum(size for name, size in sizes if _is_table(name)),
        bytes=sum(file.stat().st_size for file in files),
    )


def _cached(model: str) -> Path:
    try:
        return Path(snapshot_download(model, local_files_only=True))
    except HFValidationError as error:
        raise GenerationError(
            f"there is no folder {model!r}: name a model's folder, or one that "
            "`benefits-chat download NAME` fetched"
        ) from error
    except LocalEntryNotFoundError as error:
        raise GenerationError(
            f"the model {model!r} is not on this machine: run `benefits-chat download {model}`"
        ) from error


def _read_config(model: str, folder: Path) -> dict[str, Any]:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise GenerationError(
            f"{model!r} holds no model, as it has no config.json: name the folder that does"
        ) from error
    except (OSError, ValueError) as error:
        raise _damaged(model, "config.json") from error
    if not isinstance(config, dict):
        raise _damaged(model, "config.json")
    return config


def _weight_files(model: str, folder: Path) -> Sequence[Path]:
    if (folder / _SINGLE).is_file():
        return [folder / _SINGLE]
    if (folder / _INDEX).is_file():
        return _shards(model, folder)
    if any(path for pattern in _PICKLED for path in folder.glob(pattern)):
        raise GenerationError(
            f"the weights of {model!r} are pickled, a format that can run code when it is read: "
            "choose a model with .safetensors files"
        )
    raise GenerationError(f"{model!r} has no weights: run `benefits-chat download NAME` again")


def _shards(model: str, folder: Path) -> Sequence[Path]:
    try:
        names = json.loads((folder / _INDEX).read_text(encoding="utf-8"))["weight_map"].values()
        files = [folder / name for name in sorted(set(names))]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(model, _INDEX) from error
    for file in files:
        if not file.is_file():
            raise GenerationError(
                f"the model {model!r} is incomplete, {file.name} is missing: "
                "run `benefits-chat download NAME` again"
            )
    return files


def _tensor_sizes(model: str, file: Path) -> list[tuple[str, int]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="numpy") as tensors:
            return [
                (name, math.prod(tensors.get_slice(name).get_shape()))
                for name in tensors.keys()  # noqa: SIM118 - it is no mapping
            ]
    except (SafetensorError, OSError) as error:
        raise _damaged(model, file.name) from error


def _is_table(name: str) -> bool:
    return any(part in name for part in ("embed", "wte", "lm_head"))


def _damaged(model: str, name: str) -> GenerationError:
    return GenerationError(
        f"the file {name} of the model {model!r} is damaged: "
        "delete it and run `benefits-chat download NAME` again"
    )
