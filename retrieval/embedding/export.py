"""Turns the weights of all-MiniLM-L6-v2 into onnxruntime graphs, once for a machine.

``ensure_export`` starts ``python -m retrieval.embedding.export WEIGHTS FOLDER``: that process alone
imports torch and sentence-transformers (5 s and 0.8 GB), and ends when the graphs are written.
"""

import importlib
import json
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from retrieval.embedding.graph import OPSET, make_graph, plain
from retrieval.embedding.quantised import make_rounded_graph
from retrieval.embedding.runtime import (
    GRAPH_FILE,
    GRAPH_FILES,
    Precision,
    Runtime,
    load_tokenizer,
    token_ids,
)
from retrieval.embedding.weights import (
    NAME,
    OFFICIAL,
    TOKENIZER_FILE,
    WEIGHTS_FILE,
    Notify,
    find_weights,
    sha256_of,
)
from retrieval.errors import EmbeddingError

if TYPE_CHECKING:
    import tokenizers
    from sentence_transformers import SentenceTransformer

MANIFEST_FILE = "manifest.json"
FORMAT = 4
"""Raise it when a graph changes: exports of another format are made anew."""
MIN_AGREEMENT: dict[Precision, float] = {"fp32": 0.9999, "int8": 0.98}
"""Least cosine to sentence-transformers that an export must reach over CHECK_TEXTS.

Usual are 1.0000 and .9952, the latter of a lone question mark; of sentences int8 gives .997 and
more. Less is a processor without exact 8-bit products: it has the fp32 graph alone."""
TIME_LIMIT = 600
"""Seconds for one export, waiting for another process included; 10 are usual."""
PACKAGES = ("torch", "sentence-transformers", "transformers", "onnx", "onnxruntime")

CHECK_TEXTS = (
    "",
    " ",
    "?",
    "Is my annual checkup free?",
    "Preventive care: annual physical and immunizations covered at 100% in-network, no copay.",
    "Specialist visit | In-network: $40 copay | Out-of-network: 50% after the deductible",
    "The deductible is $1,500 for one person and $3,000 for a family (plan year 2025).",
    "EMERGENCY ROOM CARE\n\tWaived if admitted;   otherwise $250.",
    "¿Está cubierta la atención de urgencia? Não sei. Œuvre, naïve, Straße, İstanbul.",
    "保険は適用されますか。 Покрывает ли план лечение зубов? هل العلاج مشمول؟",
    "Ｆｕｌｌ－ｗｉｄｔｈ, e\u0301 decomposed and é composed, zero\u200bwidth, 👩‍⚕️ ☎",
    "[CLS] a marker of the tokenizer in the text [SEP] and another [PAD] [MASK] [UNK]",
    "pneumonoultramicroscopicsilicovolcanoconiosis" * 3,
    "0.5 1e-9 3/4 50% 1,000,000 12:30 2025-01-31 #42 a@b.example https://plan.example/x?y=z",
    "coinsurance " * 254,
    "coinsurance " * 255,
    "The plan pays its share after the deductible, up to the out-of-pocket limit. " * 60,
)
"""Each has a reason: nothing, figures, scripts, markers, unknown words, the edge of the window."""


def is_complete(folder: Path, wanted: Precision = "fp32") -> bool:
    """Whether the folder holds an undamaged export of the official weights; takes 50 ms.

    Args:
        folder: of the export.
        wanted: the precision whose graph is looked at.
    """
    try:
        manifest = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
        return (
            manifest["format"] == FORMAT
            and manifest["weights_sha256"] == OFFICIAL[WEIGHTS_FILE]
            and sha256_of(folder / TOKENIZER_FILE) == OFFICIAL[TOKENIZER_FILE]
            and _is_undamaged(folder, manifest, wanted)
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def exported_precision(folder: Path, wanted: Precision) -> Precision:
    """The precision to use of an export: fp32 where int8 is not exact enough on this processor."""
    manifest = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
    return "int8" if wanted == "int8" and manifest["int8"]["usable"] else "fp32"


def ensure_export(folder: Path, notify: Notify, wanted: Precision) -> None:
    """Make the export in this folder unless a good one is there.

    Args:
        folder: of the export.
        notify: told when it is made.
        wanted: the precision that will be used.

    Raises:
        EmbeddingError: the weights cannot be had, or the export failed.
    """
    if is_complete(folder, wanted):
        return
    weights = find_weights(notify)
    notify(f"Preparing {NAME} for this machine; this happens once and takes about 10 seconds")
    _run_export(weights.resolve(), folder.resolve())


def export(weights: Path, folder: Path) -> None:
    """Export, check against sentence-transformers, and put the files into place, manifest last.

    A lock admits one process at a time; the ones that waited find the work done. Whatever a
    killed process left behind is removed by the next.

    Raises:
        EmbeddingError: a package is missing, the disk refuses, or the graph disagrees.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / "export.lock"):
            if is_complete(folder) and is_complete(folder, "int8"):
                return
            for abandoned in folder.glob("partial-*"):
                shutil.rmtree(abandoned)
            with TemporaryDirectory(prefix="partial-", dir=folder) as partial:
                _write_export(weights, Path(partial))
                for name in (*GRAPH_FILES.values(), TOKENIZER_FILE, MANIFEST_FILE):
                    (Path(partial) / name).replace(folder / name)
    except EmbeddingError:
        raise
    except OSError as error:
        raise EmbeddingError(
            f"{NAME} cannot be exported to {folder} ({error.strerror or error}): "
            "make room there, or name a folder that can be written to"
        ) from error
    except Exception as error:
        raise EmbeddingError(
            f"{NAME} cannot be exported ({type(error).__name__}: {error}): "
            "install the versions of the lock file"
        ) from error


def _is_undamaged(folder: Path, manifest: dict[str, Any], wanted: Precision) -> bool:
    """Is the graph that would be used the one that was exported?"""
    if wanted == "int8" and manifest["int8"]["usable"]:
        return bool(sha256_of(folder / GRAPH_FILES["int8"]) == manifest["int8"]["graph_sha256"])
    return bool(sha256_of(folder / GRAPH_FILE) == manifest["graph_sha256"])


def _run_export(weights: Path, folder: Path) -> None:
    """Run ``export`` in a process of its own and pass on its message when it fails."""
    command = [sys.executable, "-m", __name__, str(weights), str(folder)]
    root = Path(__file__).parents[2]  # the child imports this very code, wherever the user stands
    try:
        child = subprocess.run(  # noqa: S603 - our own interpreter and module
            command, cwd=root, capture_output=True, text=True, timeout=TIME_LIMIT, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise EmbeddingError(
            f"exporting {NAME} to {folder} took longer than {TIME_LIMIT} seconds: "
            "end other processes that export it, and start again"
        ) from error
    if child.returncode < 0:
        raise EmbeddingError(
            f"exporting {NAME} was ended by signal {-child.returncode}: "
            "free 1 GB of memory, which it needs, and start again"
        )
    if child.returncode:
        lines = child.stderr.strip().splitlines() or ["it gave no reason"]
        raise EmbeddingError(lines[-1])


def _write_export(weights: Path, folder: Path) -> None:
    """Write graphs, tokenizer and manifest into an empty folder."""
    model = _load_reference(weights)
    shutil.copyfile(weights / TOKENIZER_FILE, folder / TOKENIZER_FILE)
    fp32, int8 = folder / GRAPH_FILE, folder / GRAPH_FILES["int8"]
    _write_graphs(model, load_tokenizer(folder / TOKENIZER_FILE), fp32, int8)
    expected = model.encode(list(CHECK_TEXTS), show_progress_bar=False)
    agreement = {each: _least_cosine(expected, folder, each) for each in GRAPH_FILES}
    if not agreement["fp32"] >= MIN_AGREEMENT["fp32"]:
        raise EmbeddingError(
            f"the export of {NAME} disagrees with sentence-transformers (least cosine "
            f"{agreement['fp32']:.4f} of 1): install the versions of the lock file and start again"
        )
    manifest = {
        "format": FORMAT,
        "model": NAME,
        "weights_sha256": sha256_of(weights / WEIGHTS_FILE),
        "graph_sha256": sha256_of(fp32),
        "opset": OPSET,
        "agreement": {"texts": len(CHECK_TEXTS), "least_cosine": agreement["fp32"]},
        "int8": {
            "graph_sha256": sha256_of(int8),
            "least_cosine": agreement["int8"],
            "usable": agreement["int8"] >= MIN_AGREEMENT["int8"],
        },
        "versions": {package: version(package) for package in PACKAGES},
    }
    (folder / MANIFEST_FILE).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def _load_reference(weights: Path) -> "SentenceTransformer":
    """The model as sentence-transformers runs it."""
    try:
        for module in ("torch", "onnx"):
            importlib.import_module(module)
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise EmbeddingError(
            f"{NAME} is exported once with torch, onnx and sentence-transformers ({error}): "
            "install them with `pip install torch onnx sentence-transformers`"
        ) from error
    return SentenceTransformer(str(weights), device="cpu", local_files_only=True)


def _write_graphs(
    model: "SentenceTransformer", tokenizer: "tokenizers.Tokenizer", fp32: Path, int8: Path
) -> None:
    """Write both graphs; of the model only its weights are read."""
    import onnx

    states = model[0].auto_model.state_dict()
    weights = {name: tensor.numpy() for name, tensor in states.items()}
    onnx.save(make_graph(weights, plain), fp32)
    onnx.save(make_rounded_graph(weights, token_ids(tokenizer, CHECK_TEXTS)), int8)


def _least_cosine(expected: NDArray[np.float32], folder: Path, precision: Precision) -> float:
    """The least agreement of a graph over CHECK_TEXTS with their vectors."""
    found = Runtime(folder, threads=1, precision=precision).embed(CHECK_TEXTS)
    return round(float((expected * found).sum(axis=1).min()), 7)


def main(arguments: list[str]) -> None:
    """Export WEIGHTS to FOLDER; a failure is one line on the error stream and status 1."""
    weights, folder = map(Path, arguments)
    try:
        export(weights, folder)
    except EmbeddingError as error:
        sys.exit(" ".join(str(error).split()))


if __name__ == "__main__":
    main(sys.argv[1:])
