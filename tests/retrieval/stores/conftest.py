import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from socket import socket

import httpx
import pytest

START_SECONDS = 20


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
