import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from retrieval.embedding.export import ensure_export, is_complete
from retrieval.embedding.minilm import MiniLM
from retrieval.embedding.runtime import GRAPH_FILES, Precision
from retrieval.embedding.weights import NAME, OFFICIAL, WEIGHTS_FILE, find_weights, sha256_of
from retrieval.errors import EmbeddingError

QUESTION = ["Is my annual checkup free?"]


def ignore(message: str) -> None:
    assert message


def copy_export(models: Path, target: Path) -> Path:
    """A second name for every file of the export: unlink one before writing to it."""
    folder = target / NAME
    folder.mkdir(parents=True)
    for name in ("model.onnx", "model.int8.onnx", "tokenizer.json", "manifest.json"):
        (folder / name).hardlink_to(models / NAME / name)
    return folder


def replace(path: Path, content: bytes) -> None:
    path.unlink()
    path.write_bytes(content)


def with_manifest(**changes: object) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        path = folder / "manifest.json"
        manifest = json.loads(path.read_text()) | changes
        replace(path, json.dumps(manifest).encode())

    return damage


def start_export(folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "retrieval.embedding.export",
            str(find_weights(ignore)),
            str(folder),
        ],
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(condition: Callable[[], bool], seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_manifest_says_what_was_exported_and_how_well_it_agrees(models: Path) -> None:
    manifest = json.loads((models / NAME / "manifest.json").read_text())
    assert manifest["model"] == "all-MiniLM-L6-v2"
    assert manifest["weights_sha256"] == OFFICIAL[WEIGHTS_FILE]
    assert manifest["graph_sha256"] == sha256_of(models / NAME / "model.onnx")
    assert manifest["int8"]["graph_sha256"] == sha256_of(models / NAME / "model.int8.onnx")
    assert manifest["opset"] == 17
    assert 0.9999 <= manifest["agreement"]["least_cosine"] <= 1.000001
    assert 0.98 <= manifest["int8"]["least_cosine"] <= 1.000001
    assert manifest["int8"]["usable"]
    assert set(manifest["versions"]) >= {"torch", "sentence-transformers", "onnxruntime"}


def test_an_export_leaves_its_files_and_nothing_else(models: Path) -> None:
    names = {path.name for path in (models / NAME).iterdir()} - {"export.lock"}
    assert names == {"model.onnx", "model.int8.onnx", "tokenizer.json", "manifest.json"}


def test_a_good_export_is_used_without_a_word(models: Path) -> None:
    heard: list[str] = []
    MiniLM(models, notify=heard.append).embed(["ready"])
    assert heard == []


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda folder: (folder / "manifest.json").unlink(), id="no manifest"),
        pytest.param(lambda folder: replace(folder / "manifest.json", b"{"), id="half a manifest"),
        pytest.param(lambda folder: replace(folder / "manifest.json", b"[]"), id="not a manifest"),
        pytest.param(with_manifest(format=0), id="another format"),
        pytest.param(with_manifest(weights_sha256="0" * 64), id="other weights"),
        pytest.param(lambda folder: (folder / "model.onnx").unlink(), id="no graph"),
        pytest.param(lambda folder: replace(folder / "model.onnx", b""), id="empty graph"),
        pytest.param(lambda folder: (folder / "tokenizer.json").unlink(), id="no tokenizer"),
        pytest.param(lambda folder: replace(folder / "tokenizer.json", b"{}"), id="a tokenizer"),
    ],
)
def test_a_damaged_export_is_told_from_a_good_one(
    models: Path, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    folder = copy_export(models, tmp_path)
    assert is_complete(folder)
    damage(folder)
    assert not is_complete(folder)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda folder: (folder / "model.int8.onnx").unlink(), id="no graph"),
        pytest.param(lambda folder: replace(folder / "model.int8.onnx", b""), id="empty graph"),
        pytest.param(with_manifest(int8=None), id="a manifest from before there was int8"),
    ],
)
def test_only_the_graph_that_is_used_is_looked_at(
    models: Path, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    folder = copy_export(models, tmp_path)
    assert is_complete(folder, "int8")
    damage(folder)
    assert is_complete(folder, "fp32")
    assert not is_complete(folder, "int8")


def test_a_processor_whose_int8_is_not_exact_enough_is_given_fp32(
    models: Path, embedder: MiniLM, tmp_path: Path
) -> None:
    folder = copy_export(models, tmp_path)
    with_manifest(int8={"usable": False})(folder)
    (folder / "model.int8.onnx").unlink()
    vectors = MiniLM(tmp_path, notify=pytest.fail, precision="int8").embed(QUESTION)
    np.testing.assert_allclose(vectors, embedder.embed(QUESTION), atol=1e-6)


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_one_flipped_bit_in_the_graph_has_it_exported_anew(
    models: Path, tmp_path: Path, precision: Precision
) -> None:
    folder = copy_export(models, tmp_path)
    file = folder / GRAPH_FILES[precision]
    graph = bytearray(file.read_bytes())
    graph[len(graph) // 2] ^= 1
    replace(file, bytes(graph))
    heard: list[str] = []
    vectors = MiniLM(tmp_path, notify=heard.append, precision=precision).embed(QUESTION)
    expected = MiniLM(models, precision=precision).embed(QUESTION)
    np.testing.assert_allclose(vectors, expected, atol=1e-6)
    assert is_complete(folder, precision)
    assert [message for message in heard if "happens once" in message] == heard
    assert len(heard) == 1


def test_after_a_kill_half_way_two_that_start_at_once_complete_one_export(tmp_path: Path) -> None:
    killed = start_export(tmp_path)
    wait_for(lambda: any(tmp_path.glob("partial-*/model.onnx")))
    killed.kill()
    killed.communicate()
    assert killed.returncode == -9
    assert not is_complete(tmp_path)
    assert list(tmp_path.glob("partial-*"))

    both = [start_export(tmp_path) for _ in range(2)]
    errors = [process.communicate(timeout=600)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], errors
    assert is_complete(tmp_path)
    assert not list(tmp_path.glob("partial-*"))


@pytest.mark.parametrize(
    ("torch", "message"),
    [
        ("raise ModuleNotFoundError('No module named torch')", "pip install torch onnx"),
        ("raise ImportError('first line\\nsecond line')", "first line second line"),
        ("import os; os.kill(os.getpid(), 9)", "ended by signal 9: free 1 GB of memory"),
        ("raise RuntimeError('illegal instruction')", r"\(RuntimeError: illegal instruction\)"),
    ],
)
def test_a_failing_export_says_in_one_line_why_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, torch: str, message: str
) -> None:
    (tmp_path / "torch.py").write_text(torch)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(EmbeddingError, match=message) as caught:
        ensure_export(tmp_path / "models", ignore, "fp32")
    assert NAME in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(EmbeddingError, match=r"cannot be exported to .*/file/all-MiniLM") as caught:
        MiniLM(tmp_path / "file").embed(["ready"])
    assert "name a folder that can be written to" in str(caught.value)
