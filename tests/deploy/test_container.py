import json
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from chat_app import serving
from retrieval.embedding.minilm import MiniLM
from tests.deploy.dockerfile import copied, ignored, instructions, locked

PROJECT = Path(__file__).parents[2]
DOCKERFILE = PROJECT / "deploy" / "Dockerfile"
IGNORE = PROJECT / ".dockerignore"
PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = locked(PROJECT / "requirements.lock")

RUN_WITHOUT = """
import importlib, pkgutil, sys

class Missing:
    removed = set(sys.argv[1].split(","))
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.removed:
            raise ModuleNotFoundError(name, name=name)

sys.meta_path.insert(0, Missing())
import chat_app, prompts, retrieval
from chat_app.cli import main

main(["index", "plans"], standalone_mode=False)
main(["ask", "Is my annual physical free?"], standalone_mode=False)
for package in (chat_app, prompts, retrieval):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
"""
"""Indexes, asks, and imports every module where the modules named are not to be had."""


def rests(name: str) -> list[str]:
    return [each.rest for each in instructions(DOCKERFILE) if each.name == name]


def files_of(name: str) -> list[str]:
    """The tracked files at or below a path of the repository."""
    done = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", name],  # noqa: S607
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


@pytest.fixture
def _git() -> None:
    if shutil.which("git") is None or not (PROJECT / ".git").exists():
        pytest.skip("this looks at the files that git knows")


def test_whatever_is_copied_is_there() -> None:
    names = list(copied(DOCKERFILE))
    assert names
    assert [name for name in names if not (PROJECT / name).exists()] == []


@pytest.mark.usefixtures("_git")
def test_every_file_that_is_copied_gets_into_the_build() -> None:
    kept_out = {
        file for name in copied(DOCKERFILE) for file in files_of(name) if ignored(file, IGNORE)
    }
    assert kept_out == {"public/screenshot.png"}


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        "deploy/.env",
        ".git/config",
        ".venv/bin/python",
        ".benefits-chat/chroma/chroma.sqlite3",
        ".chainlit/translations/en-US.json",
        "chat_app/__pycache__/app.cpython-311.pyc",
        "retrieval/embedding/__pycache__/minilm.cpython-311.pyc",
        "tests/cli/test_cli.py",
    ],
)
def test_secrets_and_left_overs_never_get_into_the_build(path: str) -> None:
    assert ignored(path, IGNORE)


def test_the_image_holds_what_the_server_looks_for_beside_its_code() -> None:
    final = DOCKERFILE.read_text().rpartition("\nFROM ")[2]
    for name in ("chainlit.md", ".chainlit", "public"):
        assert (serving.PROJECT / name).exists()
        assert re.search(rf"^COPY .*{re.escape(name)}", final, re.MULTILINE)
    for package in PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]:
        assert f"COPY {package} {package}\n" in final


def test_the_folders_made_before_the_code_are_all_packages_of_the_project() -> None:
    (made,) = [rest for rest in rests("RUN") if rest.startswith("mkdir")]
    for package in PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]:
        assert f"{package}/__init__.py" in made


def test_the_python_of_the_image_is_the_one_of_the_lock_and_allowed() -> None:
    (python,) = [rest.removeprefix("PYTHON=") for rest in rests("ARG")]
    assert all("python:${PYTHON}-slim" in rest for rest in rests("FROM"))
    assert python in SpecifierSet(PYPROJECT["project"]["requires-python"])
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    assert f"--python-version {python} " in makefile
    assert f"Programming Language :: Python :: {python}" in PYPROJECT["project"]["classifiers"]


def test_torch_is_the_one_of_the_lock_and_its_cpu_build() -> None:
    (torch,) = [rest for rest in rests("RUN") if "torch==" in rest]
    assert f"torch=={LOCK['torch']}" in torch.split()
    assert "--index-url https://download.pytorch.org/whl/cpu" in torch
    assert "--no-deps" in torch.split()


def test_every_installation_is_held_to_the_lock() -> None:
    installs = [rest for rest in rests("RUN") if "pip install" in rest]
    assert len(installs) == 2
    assert all("--constraint requirements.lock" in rest for rest in installs)


def test_what_is_removed_is_removed_after_the_export() -> None:
    (removal,) = [rest for rest in rests("RUN") if "pip uninstall" in rest]
    assert removal.index("benefits-chat doctor") < removal.index("pip uninstall")
    assert removed() <= set(LOCK)
    assert "torch" in removed()


def test_the_chat_runs_without_what_is_removed(tmp_path: Path) -> None:
    plan = tmp_path / "plans" / "PPO_PLUS" / "2026" / "plan.md"
    plan.parent.mkdir(parents=True)
    plan.write_text("# Visits\n\nThe annual physical is covered at 100% in-network.\n")
    MiniLM().embed(["exported"])
    done = subprocess.run(
        [sys.executable, "-c", RUN_WITHOUT, ",".join(sorted(modules_of(removed())))],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "The annual physical is covered at 100% in-network." in done.stdout


def removed() -> set[str]:
    (removal,) = [rest for rest in rests("RUN") if "pip uninstall" in rest]
    return set(removal.partition("uninstall")[2].split()) - {"--yes"}


def modules_of(distributions: set[str]) -> set[str]:
    """The top modules of installed distributions."""
    return {
        module
        for module, names in packages_distributions().items()
        if {re.sub("[-_.]+", "-", name).lower() for name in names} & distributions
    }


def test_it_does_not_run_as_root_and_may_write_its_data_only() -> None:
    (user,) = rests("USER")
    (made,) = [rest for rest in rests("RUN") if "useradd" in rest]
    assert user.isdecimal()
    assert int(user) > 0
    assert f"--uid {user} " in made
    assert made.endswith("--owner=chat /data")
    assert "BENEFITS_CHAT_DATA_DIR=/data" in rests("ENV")[-1]


def test_it_asks_for_no_network_at_its_start() -> None:
    assert "HF_HUB_OFFLINE=1" in rests("ENV")[-1]
    model = "BENEFITS_CHAT_MODEL_DIR=/opt/models"
    assert all(model in rest for rest in (rests("ENV")[0], rests("ENV")[-1]))
    assert "--from=build /opt/models /opt/models" in rests("COPY")


def test_it_listens_where_it_says_and_is_asked_there_whether_it_is_well() -> None:
    command = [*json.loads(rests("ENTRYPOINT")[0]), *json.loads(rests("CMD")[0])]
    assert command == ["benefits-chat", "chat", "--host", "0.0.0.0", "--port", "8000"]  # noqa: S104
    assert rests("EXPOSE") == ["8000"]
    (health,) = rests("HEALTHCHECK")
    check = json.loads(health.partition("CMD ")[2])
    assert check[:2] == ["python", "-c"]
    assert "http://127.0.0.1:8000/health" in check[2]
    compile(check[2], "health", "exec")
