import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from chat_app.cli import main

PLANS = {
    "PPO_PLUS/2026/plan.md": "# PPO Plus\n\n## Preventive care\n\nPreventive care: the annual "
    "physical is covered at 100% in-network, no copay.\n\n## Deductible\n\nThe annual deductible "
    "is $500 per person.\n",
    "HMO_SELECT/2026/plan.md": "# HMO Select\n\n## Preventive care\n\nYour yearly physical with "
    "your primary doctor is paid in full.\n\n## Deductible\n\nThe annual deductible is $250 per "
    "person.\n",
    "handbook.md": "# Handbook\n\nNew hires enroll within 30 days of their hire date.\n",
}


@dataclass(frozen=True)
class Run:
    """What a command did."""

    status: int
    out: str
    err: str

    @property
    def rows(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


def invoke(*arguments: object) -> Run:
    """Run a command in this process."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Run(result.exit_code, result.stdout, result.stderr)


@pytest.fixture
def plans(tmp_path: Path) -> Path:
    folder = tmp_path / "plans"
    for name, text in PLANS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(params=["memory", "chroma"])
def store(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def cli(tmp_path: Path, store: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    """Run a command in this process, on an index of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BENEFITS_CHAT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("BENEFITS_CHAT_STORE", store)
    # They have tests of their own, and take half a second to load.
    monkeypatch.setenv("BENEFITS_CHAT_GUARDRAILS", "off")

    return invoke


@pytest.fixture
def process(tmp_path: Path, store: str) -> Callable[..., Run]:
    """Run a command as a process of its own, on the same index as ``cli``."""

    def run(*arguments: object) -> Run:
        done = subprocess.run(
            [Path(sys.executable).with_name("benefits-chat"), *map(str, arguments)],
            cwd=tmp_path,
            env={
                "PATH": "/usr/bin:/bin",
                "HOME": str(tmp_path),
                "BENEFITS_CHAT_DATA_DIR": str(tmp_path / "data"),
                "BENEFITS_CHAT_STORE": store,
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Run(done.returncode, done.stdout, done.stderr)

    return run
