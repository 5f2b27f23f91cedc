"""Templates, made by ``deploy/app.py`` in processes of their own."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CONTEXTS: dict[str, dict[str, object]] = {
    "default": {},
    "again": {},
    # As the command line gives them: text.
    "chosen": {
        "bucket": "plans-of-2026",
        "index": "all.plans",
        "dimension": "512",
        "guardrail": "Plans_2026",
        "grounding": "0.85",
        "relevance": "0",
        "model": "us.amazon.nova-2-lite-v1:0",
        "model_regions": "us-east-1,us-west-2",
        "trusted_principal": "ecs-tasks.amazonaws.com",
        "allow_rebuild": "true",
    },
    "global": {
        "model": "global.amazon.nova-2-lite-v1:0",
        "trusted_principal": "arn:aws:iam::123456789012:role/service/chat",
    },
    "refused": {"dimension": "384"},
}

EVERY = """
import io, json, sys
from contextlib import redirect_stderr
from deploy.app import main

outcomes = {}
for name, context in json.loads(sys.argv[1]).items():
    said, status = io.StringIO(), 0
    with redirect_stderr(said):
        try:
            main(f"{sys.argv[2]}/{name}", context)
        except SystemExit as end:
            status = 1
            print(end, file=sys.stderr)
    outcomes[name] = status, said.getvalue()
print(json.dumps(outcomes))
"""
"""Writes a template for each context, and prints how each run ended and what it said."""


@dataclass(frozen=True)
class Template:
    """What one run of the app wrote and said."""

    file: Path
    status: int
    said: str

    @property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.file.read_text(encoding="utf-8"))
        return body

    def resources(self, kind: str) -> dict[str, Any]:
        return {n: r for n, r in self.body["Resources"].items() if r["Type"] == kind}

    def only(self, kind: str) -> dict[str, Any]:
        (found,) = self.resources(kind).values()
        properties: dict[str, Any] = found["Properties"]
        return properties

    def statements(self, role: str) -> list[dict[str, Any]]:
        """The policy statements of the role whose logical name begins so, lists made of all."""
        attached = [
            policy["Properties"]["PolicyDocument"]["Statement"]
            for policy in self.resources("AWS::IAM::ManagedPolicy").values()
            if any(r["Ref"].startswith(role) for r in policy["Properties"]["Roles"])
        ]
        return [
            statement | {key: _listed(statement[key]) for key in ("Action", "Resource")}
            for statements in attached
            for statement in statements
        ]

    def actions(self, role: str) -> set[str]:
        return {action for s in self.statements(role) for action in s["Action"]}


def synthesise(python: Path, project: Path, folder: Path) -> dict[str, Template]:
    """Run the app by itself, and beside it, in one process, with every other context."""
    others = {name: context for name, context in CONTEXTS.items() if name != "default"}
    arguments = [str(python), "-c", EVERY, json.dumps(others), str(folder)]
    other = subprocess.Popen(
        arguments,
        # Another seed orders sets of texts otherwise: a template must not depend on that.
        env=os.environ | {"PYTHONHASHSEED": "1"},  # noqa: TID251 - of a process of its own
        cwd=project,
        stdout=subprocess.PIPE,
        text=True,
    )
    app = subprocess.run(
        [python, project / "deploy" / "app.py", folder / "default"],
        env=os.environ | {"PYTHONHASHSEED": "2"},  # noqa: TID251
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    outcomes: dict[str, list[Any]] = {"default": [app.returncode, app.stdout]}
    outcomes |= json.loads(other.communicate()[0])
    return {
        name: Template(folder / name / "BenefitsChat.template.json", status, said)
        for name, (status, said) in outcomes.items()
    }


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]
