"""A model's files -> the model in memory, on a device, in a precision."""

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from chat_app.errors import GenerationError
from chat_app.generation.transformers_weights import ModelFiles, find_model
from retrieval.quiet_loading import quiet_loading

PRECISIONS = ("float32", "bfloat16", "int8")
"""Bytes of a weight: 4, 2, and 1 for those of linear layers.

Tokens a processor second, read in parts of 256 and written, by a random model of 276 million
parameters on one core with AVX-512 and its bfloat16 instructions: float32 140 and 8, bfloat16 325
and 10, int8 236 and 4. The same core kept to AVX2, half the layers, parts of 64: float32 196 and
15, bfloat16 85 and 16, int8 76 and 7. So ``auto`` is bfloat16 on a processor that multiplies it,
float32 on others; int8 saves memory, not time.
"""
INSTALL = "pip install 'benefits-chat[transformers]'"


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model ready to write.

    Attributes:
        model: transformers' causal language model, in evaluation mode.
        tokenizer: its tokenizer, with a chat template.
        window: most tokens of prompt and answer together; None where the model has no limit.
        ends: ids of the tokens that end an answer.
    """

    model: Any
    tokenizer: Any
    window: int | None
    ends: frozenset[int]


def load_model(model: str, device: str, precision: str) -> LoadedModel:
    """Load a model that is on this machine.

    Only safetensors weights are read, and no code that comes with a model is run.

    Args:
        model: a folder, or the name of a model in the local Hugging Face cache.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        precision: ``auto`` or one of ``PRECISIONS``.

    Raises:
        GenerationError: it cannot be loaded; the message says why and what to do.
    """
    files = find_model(model)
    place, kind = resolve(device, precision)
    try:
        with quiet_loading():
            tokenizer = _read_tokenizer(model, files)
            return _ready(_read_weights(model, files, place, kind), tokenizer)
    except GenerationError:
        raise
    except Exception as error:
        raise _cannot_load(model, error) from error


def resolve(device: str, precision: str) -> tuple[str, str]:
    """The device and the precision that ``auto`` stands for on this machine.

    Raises:
        GenerationError: there is no such device or precision here, or a package is missing.
    """
    _check_packages(precision)
    import torch

    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if device == "auto":
        device = next((name for name, is_there in there.items() if is_there), "cpu")
    if device != "cpu" and not there.get(device):
        raise GenerationError(f"this machine has no device {device!r}: choose auto or cpu")
    if precision == "auto":
        precision = "bfloat16" if device != "cpu" or _multiplies_bfloat16() else "float32"
    if precision not in PRECISIONS:
        raise GenerationError(
            f"there is no precision {precision!r}: choose auto, {', '.join(PRECISIONS)}"
        )
    return device, precision


def _check_packages(precision: str) -> None:
    needed = ["torch", "transformers", "accelerate", *(["torchao"] if precision == "int8" else [])]
    for package in needed:
        if find_spec(package) is None:
            raise GenerationError(
                f"a model in this process needs {package}, which is not installed: {INSTALL}"
            )


def _multiplies_bfloat16() -> bool:
    import torch

    return any(
        there is True for name, there in torch.cpu.get_capabilities().items() if "bf16" in name
    )


def _read_tokenizer(model: str, files: ModelFiles) -> Any:  # noqa: ANN401 - of no common type
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(
        files.folder, local_files_only=True, trust_remote_code=False
    )
    if not tokenizer.chat_template:
        raise GenerationError(
            f"{model!r} has no chat template, so it is a base model: choose the variant that "
            "follows instructions, often named -Instruct or -it"
        )
    return tokenizer


def _read_weights(model: str, files: ModelFiles, device: str, precision: str) -> Any:  # noqa: ANN401 - any of transformers' classes
    import transformers

    made, report = transformers.AutoModelForCausalLM.from_pretrained(
        files.folder,
        local_files_only=True,
        trust_remote_code=False,
        use_safetensors=True,
        output_loading_info=True,
        device_map=device,
        **_kind_of_weights(files, precision),
    )
    if report["missing_keys"]:
        raise GenerationError(
            f"the weights of {model!r} are incomplete ({min(report['missing_keys'])} is missing): "
            "run `benefits-chat download NAME` again, or choose another model"
        )
    return made.eval()


def _kind_of_weights(files: ModelFiles, precision: str) -> dict[str, Any]:
    """Keyword arguments of ``from_pretrained`` for a precision."""
    import torch

    if "quantization_config" in files.config:
        if precision == "int8":
            raise GenerationError(
                f"the weights of {files.folder.name!r} are quantized already: "
                "set BENEFITS_CHAT_MODEL_PRECISION to auto"
            )
        return {"dtype": "auto"}
    if precision != "int8":
        return {"dtype": getattr(torch, precision)}
    from torchao.quantization import (  # type: ignore[import-untyped]  # it has no types
        Int8WeightOnlyConfig,
    )
    from transformers import TorchAoConfig

    return {
        "dtype": torch.bfloat16,
        "quantization_config": TorchAoConfig(Int8WeightOnlyConfig()),
    }


def _ready(model: Any, tokenizer: Any) -> LoadedModel:  # noqa: ANN401 - any of transformers' classes
    from transformers import GenerationConfig

    told = model.generation_config.eos_token_id
    ends = {tokenizer.eos_token_id, *(told if isinstance(told, list) else [told])} - {None}
    # What else stands in a model's own generation settings, such as sampling and a penalty on
    # repetition, is meant for chatting: an answer repeats its passages word by word.
    model.generation_config = GenerationConfig(  # type: ignore[no-untyped-call]  # it has no types
        eos_token_id=sorted(ends) or None, pad_token_id=min(ends, default=0)
    )
    window = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    return LoadedModel(model, tokenizer, window, frozenset(ends))


def _cannot_load(model: str, error: Exception) -> GenerationError:
    said = str(error).strip().partition("\n")[0]
    if "trust_remote_code" in str(error):
        return GenerationError(
            f"{model!r} comes with code of its own, which is not run: choose a model that "
            "transformers knows by itself"
        )
    if is_out_of_memory(error):
        return GenerationError(
            f"{model!r} does not fit into memory: choose a smaller model, or "
            "BENEFITS_CHAT_MODEL_PRECISION=int8"
        )
    return GenerationError(
        f"{model!r} cannot be loaded ({type(error).__name__}: {said}): run `benefits-chat download "
        "NAME` again, or choose another model"
    )


def is_out_of_memory(error: Exception) -> bool:
    """Did an allocation fail, on whatever device?"""
    # Besides its own class for CUDA, torch raises plain RuntimeErrors, on the CPU and on Macs.
    return isinstance(error, MemoryError) or any(
        words in str(error).lower() for words in ("out of memory", "can't allocate memory")
    )
