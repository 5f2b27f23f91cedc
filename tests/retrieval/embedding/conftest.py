from pathlib import Path

import pytest

from retrieval.embedding.minilm import MiniLM


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with an export in it, made by the real export."""
    folder = tmp_path_factory.mktemp("models")
    MiniLM(folder).embed(["ready"])
    return folder


@pytest.fixture(scope="session")
def embedder(models: Path) -> MiniLM:
    return MiniLM(models, precision="fp32")


@pytest.fixture(scope="session")
def int8(models: Path) -> MiniLM:
    return MiniLM(models, precision="int8")
