import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from socket import socket

import httpx
import pytest

from tests.doubles.process import double_process
from tests.doubles.s3_vectors import S3VectorsServer
from tests.retrieval.stores.other_process import aws_environment

START_SECONDS = 60


def free_port() -> int:
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(url: str) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"{url}/api/v2/heartbeat", timeout=1).is_success
    return False


@pytest.fixture(scope="session")
def chroma_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Chroma server of our own, ended with the tests."""
    program = Path(sys.executable).with_name("chroma")
    if not program.exists():
        pytest.skip("chromadb's command `chroma` is not installed beside python")
    folder, port = tmp_path_factory.mktemp("server"), free_port()
    url = f"http://127.0.0.1:{port}"
    command = [
        str(program),
        "run",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--path",
        str(folder / "db"),
    ]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            until = time.monotonic() + START_SECONDS
            while not answers(url):
                if server.poll() is not None or time.monotonic() > until:
                    pytest.skip(
                        f"`chroma run` did not start: {(folder / 'log').read_text()[-300:]}"
                    )
                time.sleep(0.1)
            yield url
        finally:
            server.terminate()
            server.wait(START_SECONDS)


@pytest.fixture(scope="session")
def shared_s3_vectors() -> Iterator[str]:
    """The address of a server of S3 Vectors; each test has a bucket of its own in it."""
    with double_process("s3_vectors") as url:
        yield url


@pytest.fixture(scope="session")
def other_shared_s3_vectors() -> Iterator[str]:
    """As AWS may be too: ``$ne`` does not hold for a missing field, buckets are of before 2026."""
    with S3VectorsServer(ne_matches_missing=False, classic_buckets=True) as server:
        yield server.url


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Leads boto3 to the server at an address, and nowhere else."""

    def lead(url: str) -> None:
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
            monkeypatch.delenv(name, raising=False)
        for name, value in aws_environment(url).items():
            monkeypatch.setenv(name, value)

    return lead
