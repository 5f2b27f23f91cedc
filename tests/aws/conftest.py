"""The AWS world on this machine: real boto3, spoken to doubles over HTTP."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import PLANS, Run, invoke
from tests.doubles.bedrock import BedrockServer
from tests.doubles.bedrock.behaviours import extractive
from tests.doubles.s3_vectors import S3VectorsServer

Cli = Callable[..., Run]


@pytest.fixture(scope="session")
def s3() -> Iterator[S3VectorsServer]:
    with S3VectorsServer() as server:
        yield server


@pytest.fixture(scope="session")
def bedrock() -> Iterator[BedrockServer]:
    with BedrockServer() as server:
        yield server


@pytest.fixture(autouse=True)
def as_new(s3: S3VectorsServer, bedrock: BedrockServer) -> Iterator[None]:
    """Nothing goes wrong unless a test says so."""
    yield
    s3.faults.clear()
    s3.forget_calls()
    bedrock.faults.clear()
    bedrock.behaviour = extractive
    bedrock.access.denied_models.clear()
    bedrock.access.expired_tokens.clear()


@pytest.fixture
def aws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, s3: S3VectorsServer, bedrock: BedrockServer
) -> Cli:
    """Run a command in the AWS world, from environment variables alone."""
    monkeypatch.setattr("retrieval.aws.ATTEMPTS", 3)  # the pauses between six take 15 s
    monkeypatch.chdir(tmp_path)
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", bedrock.url)
    monkeypatch.setenv("BENEFITS_CHAT_WORLD", "aws")
    monkeypatch.setenv("BENEFITS_CHAT_GUARDRAILS", "off")
    monkeypatch.setenv("BENEFITS_CHAT_DATA_DIR", str(tmp_path / "data"))
    return invoke


@pytest.fixture
def plans(tmp_path: Path) -> Path:
    folder = tmp_path / "plans"
    for name, text in PLANS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def own_bucket(monkeypatch: pytest.MonkeyPatch) -> str:
    """For a test that writes: a bucket that no other test sees."""
    name = f"bucket-{uuid.uuid4().hex}"
    monkeypatch.setenv("BENEFITS_CHAT_VECTOR_BUCKET", name)
    return name


@pytest.fixture
def indexed(aws: Cli, plans: Path, own_bucket: str) -> Cli:
    assert aws("index", plans, "--json").status == 0, own_bucket
    return aws
