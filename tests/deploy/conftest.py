import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.deploy.synthesis import Template, synthesise

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Template]:
    """Each template that the tests look at, by name; made once, side by side."""
    if shutil.which("node") is None:
        pytest.skip("CDK needs Node: install it, or put it on PATH")
    if find_spec("aws_cdk") is None:
        pytest.skip("aws-cdk-lib is missing: pip install -c requirements.lock -e '.[deploy]'")
    return synthesise(Path(sys.executable), PROJECT, tmp_path_factory.mktemp("templates"))


@pytest.fixture(scope="session")
def template(templates: dict[str, Template]) -> Template:
    return templates["default"]
