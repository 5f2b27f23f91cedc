import hashlib
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Run, invoke
from tests.doubles.model_hub import REVISION, ModelHub

MODEL = "someone/tiny-instruct"
WEIGHTS = random.Random(7).randbytes(40_000_000)  # noqa: S311 - nothing is hidden in it
"""Four pieces of what huggingface_hub writes at once."""
FILES = {
    "config.json": b'{"model_type": "llama"}',
    "tokenizer.json": b"{}" * 4000,
    "chat_template.jinja": b"{{ messages }}",
    "LICENSE": b"Apache-2.0",
    "model.safetensors": WEIGHTS,
    "pytorch_model.bin": b"a pickle",
    "consolidated.safetensors": b"once more",
    "modeling_tiny.py": b"import os",
    "README.md": b"# Tiny",
    "original/model.safetensors": b"elsewhere",
    "../outside.json": b"{}",
}
WANTED = {"config.json", "tokenizer.json", "chat_template.jinja", "LICENSE", "model.safetensors"}


@pytest.fixture
def hub() -> Iterator[ModelHub]:
    with ModelHub(MODEL, dict(FILES)) as hub:
        yield hub


Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(hub: ModelHub, tmp_path: Path) -> Start:
    """Start the command as a process of its own, which asks this hub."""

    def start(*arguments: object, **variables: str) -> subprocess.Popen[str]:
        program = "from chat_app.cli import main; main()"
        return subprocess.Popen(
            [sys.executable, "-c", program, "download", *map(str, arguments)],
            cwd=tmp_path,
            env={
                "PATH": "/usr/bin:/bin",
                "HOME": str(tmp_path),
                "PYTHONPATH": os.pathsep.join(sys.path),
                "HF_ENDPOINT": hub.url,
                **variables,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


@pytest.fixture
def run(hub: ModelHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    """Run the command in this process, where it ends before a file is fetched."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", hub.url)
    return lambda *arguments: invoke("download", *arguments)


def there(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.startswith(".")}


def part_of(folder: Path) -> Path | None:
    return next(folder.glob("model.safetensors.*.part"), None)


def rest_after(kept: int) -> dict[str, int]:
    """What is left of the files, the mark of a whole model last."""
    return {"model.safetensors": len(WEIGHTS) - kept, "config.json": len(FILES["config.json"])}


def test_weights_tokenizer_and_configuration_come_and_nothing_that_runs(
    hub: ModelHub, start: Start, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    status, out, err = ended(start(MODEL, "--to", folder))
    assert (status, err) == (0, "")
    assert there(folder) == WANTED
    assert not (tmp_path / "outside.json").exists()
    for name in WANTED:
        assert (folder / name).read_bytes() == FILES[name]
    assert f"BENEFITS_CHAT_GENERATOR=transformers BENEFITS_CHAT_MODEL={folder} " in out
    assert hub.tokens == {None}


def test_json_says_what_came(hub: ModelHub, start: Start, tmp_path: Path) -> None:
    size = sum(len(FILES[name]) for name in WANTED)
    status, out, err = ended(start(MODEL, "--json"))
    assert (status, err) == (0, "")
    assert json.loads(out) == {
        "model": MODEL,
        "revision": REVISION,
        "folder": ".benefits-chat/models/tiny-instruct",
        "files": len(WANTED),
        "bytes": size,
        "fetched": size,
    }
    assert there(tmp_path / ".benefits-chat/models/tiny-instruct") == WANTED
    hub.sent.clear()
    status, out, _ = ended(start(MODEL, "--json"))
    assert (status, json.loads(out)["fetched"]) == (0, 0)
    assert hub.sent == {}


def test_after_a_kill_the_rest_alone_is_fetched(
    hub: ModelHub, start: Start, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    hub.stall_after = 25_000_000
    process = start(MODEL, "--to", folder)
    assert hub.stalled.wait(60)
    until = time.monotonic() + 60
    while time.monotonic() < until and not (
        (part := part_of(folder)) and part.stat().st_size == 20 * 1024 * 1024
    ):
        time.sleep(0.05)
    process.kill()
    ended(process)
    part = part_of(folder)
    assert part is not None
    kept = part.stat().st_size
    assert kept == 20 * 1024 * 1024
    assert not {"model.safetensors", "config.json"} & there(folder)
    hub.stall_after = None
    hub.sent.clear()
    status, out, err = ended(start(MODEL, "--to", folder, "--json"))
    assert (status, err) == (0, "")
    assert hub.sent == rest_after(kept)
    assert json.loads(out)["fetched"] == sum(rest_after(kept).values())
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS
    assert there(folder) == WANTED


def test_after_a_cut_connection_the_rest_alone_is_fetched(
    hub: ModelHub, start: Start, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    hub.cut_after = 25_000_000
    status, out, err = ended(start(MODEL, "--to", folder))
    assert (status, out) == (1, "")
    assert err.startswith("benefits-chat: the hub cannot be reached, or the connection to it broke")
    assert err.endswith("run the download again, it goes on where it was\n")
    part = part_of(folder)
    assert part is not None
    kept = part.stat().st_size
    assert kept >= 20 * 1024 * 1024
    hub.cut_after = None
    hub.sent.clear()
    assert ended(start(MODEL, "--to", folder))[0] == 0
    assert hub.sent == rest_after(kept)
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS


def test_a_hub_that_knows_no_ranges_sends_the_file_again(
    hub: ModelHub, start: Start, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    digest = hashlib.sha256(WEIGHTS).hexdigest()
    (folder / f"model.safetensors.{digest[:12]}.part").write_bytes(WEIGHTS[:1000])
    hub.ignores_ranges = True
    assert ended(start(MODEL, "--to", folder))[0] == 0
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS


def test_what_arrived_damaged_is_not_kept(hub: ModelHub, start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    digest = hashlib.sha256(WEIGHTS).hexdigest()
    (folder / f"model.safetensors.{digest[:12]}.part").write_bytes(b"x" * 1000)
    status, _, err = ended(start(MODEL, "--to", folder))
    assert status == 1
    assert err == (
        f"benefits-chat: model.safetensors of {MODEL} arrived damaged: run the download again\n"
    )
    assert part_of(folder) is None
    assert ended(start(MODEL, "--to", folder))[0] == 0
    assert hub.sent["model.safetensors"] == 2 * len(WEIGHTS) - 1000


def test_a_file_of_another_version_is_fetched_again(
    hub: ModelHub, start: Start, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    assert ended(start(MODEL, "--to", folder))[0] == 0
    hub.files["config.json"] = FILES["config.json"].replace(b"llama", b"qwen3")
    hub.sent.clear()
    assert ended(start(MODEL, "--to", folder))[0] == 0
    assert hub.sent == {"config.json": len(FILES["config.json"])}
    assert (folder / "config.json").read_bytes() == hub.files["config.json"]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ((404, "RepoNotFound"), f"the hub has no model '{MODEL}' that is open to you"),
        ((401, "RepoNotFound"), f"the hub has no model '{MODEL}' that is open to you"),
        ((403, "GatedRepo"), f"{MODEL} is given to those alone who accept its terms"),
        ((401, "GatedRepo"), "sign in with `hf auth login` or set HF_TOKEN"),
        ((503, ""), f"the hub failed to serve {MODEL}: wait a minute"),
        ((400, ""), f"the hub failed to serve {MODEL}: wait a minute"),
    ],
)
def test_what_the_hub_refuses_is_told_with_a_remedy(
    hub: ModelHub,
    run: Callable[..., Run],
    monkeypatch: pytest.MonkeyPatch,
    status: tuple[int, str],
    words: str,
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    hub.status = status
    done = run(MODEL)
    assert (done.status, done.out) == (1, "")
    assert words in done.err
    assert done.err.count("\n") == 1
    assert "secret" not in done.err
    assert hub.tokens == {"Bearer hf_secret"}


@pytest.mark.parametrize(
    "name", ["a b", "no/such/model", "https://huggingface.co/a/b", "..", "", "[/b]"]
)
def test_a_name_that_is_none_is_told(run: Callable[..., Run], name: str) -> None:
    done = run(name)
    assert done.status == 1
    assert "the hub has no model" in done.err
    assert done.err.count("\n") == 1


def test_no_network_is_told(start: Start) -> None:
    code, _, err = ended(start(MODEL, HF_ENDPOINT="http://127.0.0.1:9"))
    assert code == 1
    assert "the hub cannot be reached" in err
    assert err.count("\n") == 1
    code, _, err = ended(start(MODEL, HF_HUB_OFFLINE="1"))
    assert (code, err) == (1, "benefits-chat: HF_HUB_OFFLINE is set: unset it to download\n")


def test_a_model_without_safetensors_is_not_downloaded(
    hub: ModelHub, run: Callable[..., Run]
) -> None:
    hub.files = {"config.json": b"{}", "pytorch_model.bin": b"a pickle"}
    done = run(MODEL)
    assert done.status == 1
    assert f"{MODEL} has no weights as safetensors" in done.err
    assert hub.sent == {}


def test_a_disk_without_room_is_told_before_anything_is_fetched(
    hub: ModelHub, run: Callable[..., Run]
) -> None:
    class Huge(bytes):
        def __len__(self) -> int:
            return 10**15

    hub.files["model.safetensors"] = Huge()
    done = run(MODEL)
    assert done.status == 1
    assert "GB free, and 1000000.2 GB are needed: make room, or name a folder" in done.err
    assert hub.sent == {}


def test_two_downloads_do_not_write_one_folder(hub: ModelHub, start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    hub.stall_after = 0
    first = start(MODEL, "--to", folder)
    assert hub.stalled.wait(60)
    code, _, err = ended(start(MODEL, "--to", folder))
    assert (code, err) == (
        1,
        "benefits-chat: another download is writing this folder: wait for it to end\n",
    )
    first.kill()
    ended(first)


def test_the_token_of_the_environment_is_used(hub: ModelHub, start: Start) -> None:
    hub.files["model.safetensors"] = b"small"
    assert ended(start(MODEL, HF_TOKEN="hf_mine"))[0] == 0  # noqa: S106 - of nobody
    assert hub.tokens == {"Bearer hf_mine"}
