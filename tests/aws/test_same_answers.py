"""One architecture: with the same vectors, both worlds cite the same passages."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.doubles.s3_vectors import S3VectorsServer
from tests.samples.test_questions import QUESTIONS

PROJECT = Path(__file__).parents[2]
EVERY = 8
"""Of the labelled questions one in eight is asked, in each world."""


def run(env: dict[str, str], *arguments: object) -> Run:
    command = [str(Path(sys.executable).with_name("benefits-chat")), *map(str, arguments)]
    done = subprocess.run(
        command,
        env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **env},  # noqa: TID251 - a process needs them
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return Run(done.returncode, done.stdout, done.stderr)


def cited(row: dict[str, Any]) -> list[tuple[str, str]]:
    return [(citation["key"], citation["quote"]) for citation in row["citations"]]


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    path = tmp_path / "questions.jsonl"
    kept = ("id", "question", "policies", "plan_year")
    rows = [{k: row[k] for k in kept if k in row} for row in QUESTIONS[::EVERY]]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_the_samples_are_answered_from_the_same_passages_in_both_worlds(
    tmp_path: Path, questions: Path, s3: S3VectorsServer
) -> None:
    local = {"BENEFITS_CHAT_DATA_DIR": str(tmp_path / "data")}
    there = local | dict(s3.environment)
    aws = there | {
        "BENEFITS_CHAT_WORLD": "aws",
        "BENEFITS_CHAT_EMBEDDER": "minilm",
        "BENEFITS_CHAT_GENERATOR": "quotes",
    }
    run(local, "index", PROJECT / "samples")
    run(there, "copy", "--to", "s3_vectors")
    here = run(local, "ask", "--questions", questions, "--json").rows
    over_there = run(aws, "ask", "--questions", questions, "--json").rows
    assert len(here) == len(QUESTIONS[::EVERY])
    assert [cited(row) for row in over_there] == [cited(row) for row in here]
    assert [row["answer"] for row in over_there] == [row["answer"] for row in here]
