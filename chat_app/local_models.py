"""The models that run on a machine of one's own, and which of them this one carries."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias, get_args

import yaml

TABLE = Path(__file__).with_name("local_models.yaml")
PROMPT_AND_ANSWER = 8192
"""Tokens of context that memory is reckoned for: a prompt and an answer by default."""
RUNTIME_BYTES = 700_000_000
"""Of torch and transformers beside the weights, and what one step of a prompt works on."""

Precision: TypeAlias = Literal["bf16", "int8", "4 bits"]
"""bf16 and 8-bit weights in this process, 4 bits in Ollama."""

_GB = 1e9


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A model of the table.

    Attributes:
        name: short, for the command line.
        hub: its name on the Hugging Face hub.
        ollama: its name in Ollama.
        licence: SPDX identifier.
        why: what speaks for it.
        context: most tokens that it takes.
        parameters: all of them.
        vocabulary_parameters: those of the vocabulary, which stay in bf16 when the rest is 8-bit.
        cache_bytes: memory for a token of context.
        download_bytes: on the disk, from the hub.
        ollama_bytes: on the disk and in memory, from Ollama.
        card: where its makers describe it.
    """

    name: str
    hub: str
    ollama: str
    licence: str
    why: str
    context: int
    parameters: int
    vocabulary_parameters: int
    cache_bytes: int
    download_bytes: int
    ollama_bytes: int
    card: str

    def memory_bytes(self, precision: Precision = "bf16") -> int:
        """Memory to answer a question: weights, context and what runs them."""
        weights = {
            "bf16": 2 * self.parameters,
            "int8": self.parameters + self.vocabulary_parameters,
            "4 bits": self.ollama_bytes,
        }[precision]
        return weights + self.cache_bytes * PROMPT_AND_ANSWER + RUNTIME_BYTES


@cache
def local_models(file: Path = TABLE) -> tuple[LocalModel, ...]:
    """The models of the table, those with the least memory first."""
    rows = yaml.safe_load(file.read_text(encoding="utf-8"))["models"]
    models = [LocalModel(**row) for row in rows]
    return tuple(sorted(models, key=lambda model: model.memory_bytes()))


def hub_name(name: str) -> str:
    """The name on the hub of a model that is named as in the table; any other name as it is."""
    named = {model.name: model.hub for model in local_models()}
    return named.get(name.lower(), name)


def fits(model: LocalModel, memory_bytes: int, precision: Precision = "bf16") -> bool:
    """Does this much memory carry the model?"""
    return model.memory_bytes(precision) <= memory_bytes


def carried(
    memory_bytes: int | None, models: Sequence[LocalModel] | None = None
) -> tuple[str, ...]:
    """Lines that say how much memory is free and in which precisions it carries each model.

    Args:
        memory_bytes: free memory, of ``available_memory``; None where nobody knows it.
        models: those of the table by default.
    """
    if memory_bytes is None:
        return ("how much memory this machine has free could not be found out",)
    lines = [f"this machine has {_gb(memory_bytes)} free"]
    for model in local_models() if models is None else models:
        carries = [p for p in get_args(Precision) if fits(model, memory_bytes, p)]
        if carries:
            sizes = ", ".join(f"{_gb(model.memory_bytes(p))} in {p}" for p in carries)
            lines.append(f"carries {model.name} ({sizes})")
        else:
            least = model.memory_bytes("4 bits")
            lines.append(f"does not carry {model.name} ({_gb(least)} in 4 bits)")
    return tuple(lines)


def table() -> str:
    """The table in Markdown, for the README."""
    head = (
        "| model | download | memory in bf16 | in int8 | in Ollama (4 bits) | context | licence |",
        "|---|---|---|---|---|---|---|",
    )
    return "\n".join((*head, *map(_row, local_models())))


def _row(model: LocalModel) -> str:
    memory = " | ".join(_gb(model.memory_bytes(p)) for p in get_args(Precision))
    return (
        f"| [{model.hub}]({model.card}): {model.why}. `{model.name}`, in Ollama `{model.ollama}` | "
        f"{_gb(model.download_bytes)} | {memory} | {model.context:,} | {model.licence} |"
    )


def available_memory(root: Path = Path("/")) -> int | None:
    """Bytes that this process may still take without swapping, or None where nobody says.

    The least of what Linux holds available and what each control group above this process, as a
    container's, leaves of its limit. Elsewhere than on Linux, all memory of the machine.

    Args:
        root: where ``proc`` and ``sys`` are.
    """
    found = _read(root / "proc/meminfo")
    kilobytes = [line.split()[1] for line in found.splitlines() if line.startswith("MemAvailable")]
    if not kilobytes:
        return _all_memory()
    return max(0, min([int(kilobytes[0]) * 1024, *_left_by_groups(root)]))


def _left_by_groups(root: Path) -> Iterator[int]:
    """What each control group leaves of its memory; files it caches are given up when needed."""
    files = {
        "": ("memory.max", "memory.current", "inactive_file"),
        "memory": ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    }
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, controllers, place = line.split(":", 2)
        kind = "memory" if "memory" in controllers.split(",") else controllers
        if kind not in files:
            continue
        limit_file, usage_file, cached = files[kind]
        top = root / "sys/fs/cgroup" / kind
        group = top / place.lstrip("/")
        for each in (group, *group.parents):
            limit, used = _read(each / limit_file).strip(), _read(each / usage_file).strip()
            if limit.isdigit() and used.isdigit():
                yield int(limit) - int(used) + _stated(each / "memory.stat", cached)
            if each == top:
                break


def _stated(file: Path, name: str) -> int:
    rows = (line.split() for line in _read(file).splitlines())
    return next((int(row[1]) for row in rows if row[0] == name), 0)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii")
    except OSError:
        return ""


def _all_memory() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def _gb(size: int) -> str:
    return f"{size / _GB:.1f} GB"
