from pathlib import Path

import pytest

from retrieval.embedding.minilm import MiniLM


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A models folder with an export in it, made once by the real export for all workers."""
    own = tmp_path_factory.getbasetemp()
    folder = (own if worker_id == "master" else own.parent) / "models"
    MiniLM(folder).embed(["ready"])
    return folder


@pytest.fixture(scope="session")
def embedder(models: Path) -> MiniLM:
    return MiniLM(models, precision="fp32")


@pytest.fixture(scope="session")
def int8(models: Path) -> MiniLM:
    return MiniLM(models, precision="int8")
