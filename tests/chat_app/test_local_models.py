from itertools import pairwise
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_app.local_models import (
    Precision,
    available_memory,
    carried,
    fits,
    hub_name,
    local_models,
    table,
)

MODELS = local_models()
SMALLEST = MODELS[0]


def machine(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="ascii")
    return root


MEMINFO = {"proc/meminfo": "MemTotal: 16000000 kB\nMemFree: 1 kB\nMemAvailable: 8000000 kB\n"}


def test_the_table_names_each_model_once_and_cites_its_card() -> None:
    for names in zip(*((m.name, m.hub, m.ollama, m.card) for m in MODELS), strict=True):
        assert len(set(names)) == len(MODELS)
    for model in MODELS:
        assert model.card == f"https://huggingface.co/{model.hub}"
        assert model.licence in {"Apache-2.0", "MIT"}
        assert model.context >= 32_768


def test_the_figures_of_a_model_agree_with_each_other() -> None:
    for model in MODELS:
        stored = model.download_bytes - 2 * model.parameters
        assert 0 <= stored <= 2 * model.vocabulary_parameters * 1.01
        assert 4.5 < model.ollama_bytes * 8 / model.parameters < 6.5
        sizes = [model.memory_bytes(precision) for precision in get_args(Precision)]
        assert sizes == sorted(sizes, reverse=True)
    for less, more in pairwise(MODELS):
        assert less.memory_bytes() <= more.memory_bytes()


@given(st.integers(0, 10**12), st.sampled_from(MODELS), st.sampled_from(get_args(Precision)))
def test_a_model_fits_into_what_it_needs_and_no_less(
    memory: int, model: object, precision: Precision
) -> None:
    assert model in MODELS
    for each in MODELS:
        assert fits(each, memory, precision) == (memory >= each.memory_bytes(precision))


def test_a_short_name_means_the_name_on_the_hub() -> None:
    for model in MODELS:
        assert hub_name(model.name) == hub_name(model.name.upper()) == model.hub
        assert hub_name(model.hub) == model.hub
    assert hub_name("someone/else") == "someone/else"


def test_what_is_carried_is_said_of_every_model() -> None:
    needed = SMALLEST.memory_bytes()
    lines = carried(needed)
    assert lines[0] == f"this machine has {needed / 1e9:.1f} GB free"
    assert lines[1].startswith(f"carries {SMALLEST.name} ({needed / 1e9:.1f} GB in bf16, ")
    assert len(lines) == 1 + len(MODELS)
    assert all("does not carry" in line for line in carried(10**9)[1:])
    assert carried(None) == ("how much memory this machine has free could not be found out",)


def test_the_table_for_the_readme_has_a_row_a_model() -> None:
    head, rule, *rows = table().splitlines()
    assert len(rows) == len(MODELS)
    assert {row.count("|") for row in (head, rule, *rows)} == {8}
    for model, row in zip(MODELS, rows, strict=True):
        assert f"[{model.hub}]({model.card})" in row
        assert model.licence in row


def test_the_memory_of_this_machine_is_found() -> None:
    found = available_memory()
    assert found is not None
    assert found > 0


def test_without_control_groups_all_that_is_available_counts(tmp_path: Path) -> None:
    assert available_memory(machine(tmp_path, MEMINFO)) == 8_000_000 * 1024


@pytest.mark.parametrize(
    ("groups", "left"),
    [
        ({"": ("max", "5")}, 8_000_000 * 1024),
        ({"": ("3000", "1000")}, 2000),
        ({"a": ("max", "5"), "a/b": ("5000", "1000")}, 4000),
        ({"a": ("1500", "1000"), "a/b": ("5000", "1000")}, 500),
        ({"a/b": ("1000", "5000")}, 0),
    ],
)
def test_the_least_that_a_control_group_leaves_counts(
    tmp_path: Path, groups: dict[str, tuple[str, str]], left: int
) -> None:
    files = {**MEMINFO, "proc/self/cgroup": "0::/a/b\n"}
    for name, (limit, used) in groups.items():
        files[f"sys/fs/cgroup/{name}/memory.max"] = f"{limit}\n"
        files[f"sys/fs/cgroup/{name}/memory.current"] = f"{used}\n"
    assert available_memory(machine(tmp_path, files)) == left


def test_files_that_a_control_group_caches_do_not_count_as_taken(tmp_path: Path) -> None:
    files = {
        **MEMINFO,
        "proc/self/cgroup": "0::/\n",
        "sys/fs/cgroup/memory.max": "3000\n",
        "sys/fs/cgroup/memory.current": "2900\n",
        "sys/fs/cgroup/memory.stat": "anon 400\ninactive_file 2000\nactive_file 500\n",
    }
    assert available_memory(machine(tmp_path, files)) == 2100


def test_control_groups_of_the_first_version_count_too(tmp_path: Path) -> None:
    files = {
        **MEMINFO,
        "proc/self/cgroup": "5:cpu,cpuacct:/x\n4:memory:/docker/1\n0::/\n",
        "sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes": "4000\n",
        "sys/fs/cgroup/memory/docker/1/memory.usage_in_bytes": "1000\n",
        "sys/fs/cgroup/memory/docker/1/memory.stat": "total_inactive_file 100\n",
    }
    assert available_memory(machine(tmp_path, files)) == 3100


def test_elsewhere_than_on_linux_the_whole_memory_counts(tmp_path: Path) -> None:
    found = available_memory(tmp_path)
    assert found is not None
    assert found > 10**8


def test_the_readme_shows_the_table() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert table() in readme
