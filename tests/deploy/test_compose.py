import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.dockerfile import locked

PROJECT = Path(__file__).parents[2]
FILE = PROJECT / "deploy" / "compose.yaml"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
START_SECONDS = 60


def test_what_is_published_is_for_this_machine_only() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)
    assert not any("network_mode" in service for service in SERVICES.values())


def test_the_chroma_server_is_the_version_of_the_lock_and_not_published() -> None:
    chroma = SERVICES["chroma"]
    version = locked(PROJECT / "requirements.lock")["chromadb"]
    assert chroma["image"] == f"chromadb/chroma:{version}"
    assert "ports" not in chroma


def test_every_image_has_a_version() -> None:
    for name, service in SERVICES.items():
        assert "build" in service or re.search(r":\d+(\.\d+)*(-\w+)?$", service["image"]), name


def test_the_chat_waits_for_what_it_uses_to_be_well() -> None:
    for service in SERVICES.values():
        for name, how in service.get("depends_on", {}).items():
            assert how == {"condition": "service_healthy"}
            assert "healthcheck" in SERVICES[name]
            assert "profiles" not in SERVICES[name]


def test_the_chat_is_told_where_chroma_is() -> None:
    app = SERVICES["app"]
    assert app["environment"]["BENEFITS_CHAT_CHROMA_URL"] == "http://chroma:8000"
    assert "chroma" in app["depends_on"]


def test_the_image_is_built_from_the_dockerfile_beside_it() -> None:
    build = SERVICES["app"]["build"]
    context = (FILE.parent / build["context"]).resolve()
    assert context == PROJECT
    assert context / build["dockerfile"] == FILE.parent / "Dockerfile"


def test_the_plans_are_read_only_and_the_samples_where_none_are_named() -> None:
    (plans,) = [v for v in SERVICES["app"]["volumes"] if ":/plans" in v]
    found = re.fullmatch(r"\$\{PLANS:-(.+)\}:/plans:ro", plans)
    assert found
    assert (FILE.parent / found.group(1)).resolve() == PROJECT / "samples"


def test_every_volume_is_declared_and_used() -> None:
    used = {
        volume.partition(":")[0]
        for service in SERVICES.values()
        for volume in service["volumes"]
        if not volume.startswith("$")
    }
    assert used == set(COMPOSE["volumes"])


def test_no_secret_is_written_down() -> None:
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|KEY|TOKEN", name):
                assert value == f"${{{name}:-}}"


def test_the_history_starts_on_request_only_and_the_chat_does_without() -> None:
    assert SERVICES["postgres"]["profiles"] == ["history"]
    assert "DATABASE_URL" not in SERVICES["app"]["environment"]


def test_the_health_check_of_chroma_tells_a_server_that_answers_from_none(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    chroma = Path(sys.executable).with_name("chroma")
    if not chroma.exists() or shutil.which("bash") is None:
        pytest.skip("this needs bash, and chromadb's command `chroma` beside python")
    assert not healthy(unused_tcp_port)
    address = ["--host", "127.0.0.1", "--port", str(unused_tcp_port)]
    with (tmp_path / "log").open("w") as log:
        command = [str(chroma), "run", "--path", str(tmp_path / "db"), *address]
        server = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        until = time.monotonic() + START_SECONDS
        while not healthy(unused_tcp_port):
            assert time.monotonic() < until, (tmp_path / "log").read_text()
            time.sleep(0.2)
    finally:
        server.terminate()
        server.wait(START_SECONDS)


def healthy(port: int) -> bool:
    """What the health check of Chroma says of a port of this machine."""
    kind, *command = SERVICES["chroma"]["healthcheck"]["test"]
    assert kind == "CMD"
    asked = [word.replace("127.0.0.1/8000", f"127.0.0.1/{port}") for word in command]
    done = subprocess.run(asked, capture_output=True, timeout=10, check=False)
    return done.returncode == 0
