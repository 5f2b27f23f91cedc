"""The server as a process: how it starts, what it refuses, what it contacts, how it ends."""

import json
import signal
import socket
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path
from typing import Any

import pytest

from chat_app import serving as product
from chat_app.errors import ChatError
from tests.chat.processes import (
    COMMAND,
    Running,
    chat_command,
    environment,
    free_port,
    serving,
)

AUDIT = """
import sys

def note(event, arguments):
    if event in {"socket.connect", "socket.getaddrinfo", "socket.sendto", "watching"}:
        with open(%r, "a") as notes:
            print(event, *map(str, arguments), file=notes)

sys.addaudithook(note)
sys.audit("watching")
"""


@dataclass(frozen=True)
class Answered:
    """What the server answered."""

    status: int
    headers: HTTPMessage
    body: bytes

    def json(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.body)
        return value


def get(running: Running, path: str, **headers: str) -> Answered:
    with closing(HTTPConnection("127.0.0.1", running.port, timeout=10)) as connection:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return Answered(response.status, response.headers, response.read())


def refused(arguments: list[str], env: dict[str, str]) -> str:
    """What a chat that does not start says; it must end with status 1."""
    done = subprocess.run(
        [str(COMMAND), "chat", *arguments],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr


def test_a_port_that_is_taken_is_named_with_the_remedy(chat: Running, index: Path) -> None:
    port = chat.port
    said = refused(["--port", str(port)], environment(index))
    assert said == (
        f"benefits-chat: port {port} on 127.0.0.1 is taken: stop what listens there, or choose "
        f"another port, such as `benefits-chat chat --port {port + 1}`\n"
    )


def test_a_host_that_is_not_ours_is_named(index: Path) -> None:
    said = refused(["--host", "192.0.2.1", "--port", str(free_port())], environment(index))
    assert "192.0.2.1 is not an address of this machine" in said


def test_without_an_index_the_chat_says_what_to_do(tmp_path: Path) -> None:
    said = refused(["--port", str(free_port())], environment(tmp_path / "nothing"))
    assert "holds nothing yet: run `benefits-chat index PATH` first" in said


def test_it_starts_from_any_directory_and_leaves_nothing_there(index: Path, tmp_path: Path) -> None:
    scratch, elsewhere = tmp_path / "scratch", tmp_path / "elsewhere"
    scratch.mkdir()
    elsewhere.mkdir()
    env = environment(index, TMPDIR=str(scratch))
    with serving(chat_command(free_port()), env, elsewhere) as running:
        assert get(running, "/public/benefits-chat.css").status == 200
        words = get(running, "/project/translations?language=de-DE").json()["translation"]
        assert words["chat"]["input"]["placeholder"] == "Ask about your benefits"
        assert words["chat"]["settings"]["title"] == "Settings panel"
        assert running.interrupt() == 0
    assert list(elsewhere.iterdir()) == []
    assert list(scratch.iterdir()) == []  # onnxruntime's telemetry would leave ".ses" here


def test_a_terminated_server_ends_cleanly_too(index: Path, tmp_path: Path) -> None:
    env = environment(index, TMPDIR=str(tmp_path))
    with serving(chat_command(free_port()), env) as running:
        assert running.interrupt(signal.SIGTERM) == 0
    assert list(tmp_path.glob("benefits-chat-*")) == []


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_torch_is_not_in_the_process(chat: Running) -> None:
    maps = Path(f"/proc/{chat.process.pid}/maps").read_text()
    assert "onnxruntime" in maps
    assert "libtorch" not in maps


def test_the_server_contacts_nobody_whatever_the_environment_says(
    index: Path, tmp_path: Path
) -> None:
    notes = tmp_path / "contacted"
    (tmp_path / "sitecustomize.py").write_text(AUDIT % str(notes))
    env = environment(
        index,
        PYTHONPATH=str(tmp_path),
        LITERAL_API_KEY="key",
        DATABASE_URL="postgresql://127.0.0.1:1/none",
        OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1",
    )
    with serving(chat_command(free_port()), env) as running:
        settings = get(running, "/project/settings?language=en-US").json()
        assert settings["dataPersistence"] is False
    assert set(notes.read_text().splitlines()) == {"watching"}


def test_the_page_and_its_headers_admit_no_other_host(chat: Running) -> None:
    answered = get(chat, "/")
    page, headers = answered.body.decode(), answered.headers
    for foreign in ("googleapis", "gstatic", "jsdelivr", "amazonaws", "github.com"):
        assert foreign not in page
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "script-src 'self' 'unsafe-eval' 'sha256-" in policy
    assert "'unsafe-inline'" not in policy.split("style-src")[0]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["server"] is None


def test_assets_may_be_kept_by_the_browser_and_the_page_may_not(chat: Running) -> None:
    page = get(chat, "/")
    assert "immutable" not in page.headers.get("cache-control", "")
    script = page.body.decode().split('src="/assets/')[1].split('"')[0]
    assert "immutable" in get(chat, f"/assets/{script}").headers["cache-control"]


def test_a_kept_pdf_is_sent_and_nothing_else_is(chat: Running, index: Path) -> None:
    pdf = get(chat, "/sources/PPO_PLUS-2024-summary.pdf")
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.body.startswith(b"%PDF-")
    originals = index / "originals"
    (originals / "stray.pdf").write_bytes(b"%PDF-")
    for name in (
        "stray.pdf",
        "none.pdf",
        "HMO_SELECT-2024-handbook.md",
        "..",
        "%2e%2e%2fwriting.lock",
        "..%2f..%2f..%2f..%2fetc%2fpasswd",
        "%2fetc%2fpasswd",
    ):
        assert get(chat, f"/sources/{name}").status == 404, name


def test_other_sites_may_not_open_the_socket(chat: Running) -> None:
    handshake = "/ws/socket.io/?EIO=4&transport=polling"
    assert get(chat, handshake, Origin="http://evil.example").status == 400
    assert get(chat, handshake, Origin=chat.address).status == 200


def test_other_sites_get_no_leave_to_read(chat: Running) -> None:
    settings = get(chat, "/project/settings?language=en-US", Origin="http://evil.example")
    assert settings.headers["access-control-allow-origin"] is None


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json"])
def test_no_description_of_the_server_is_published(chat: Running, path: str) -> None:
    assert b'<div id="root">' in get(chat, path).body


def test_missing_files_of_the_chat_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(product, "PROJECT", tmp_path / "nowhere")
    with pytest.raises(ChatError, match=r"chainlit.md of the chat is missing: install"):
        product.stage(tmp_path / "stage")


def test_an_ipv6_address_is_listened_on_and_shown_in_brackets() -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    port = free_port()
    try:
        listener = product._listening("::1", port)
    except ChatError:
        pytest.skip("no IPv6 loopback here")
    listener.close()
    assert product._in_address("::1") == "[::1]"
