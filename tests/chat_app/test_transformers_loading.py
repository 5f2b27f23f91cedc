import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from langchain_core.messages import HumanMessage

from chat_app.errors import GenerationError
from chat_app.generation.transformers_loading import resolve
from chat_app.generation.transformers_model import describe
from chat_app.generation.transformers_weights import find_model
from tests.fakes.tiny_chat import TEXT, chat, chunks_of, text_of
from tests.fakes.tiny_model import save_tiny_model

LONG_PROMPT = [HumanMessage("word " * 600)]


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """A tiny model is slower on several cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def fixed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A model that writes TEXT."""
    return str(save_tiny_model(tmp_path_factory.mktemp("models") / "fixed", TEXT))


def broken(tmp_path: Path, change: Callable[[Path], None]) -> str:
    folder = save_tiny_model(tmp_path / "model", TEXT)
    change(folder)
    return str(folder)


def without_config(folder: Path) -> None:
    (folder / "config.json").unlink()


def cut_weights(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1_000])


def no_weights_at_all(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"not tensors")


def pickled_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")


def without_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def missing_shard(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    index = {"weight_map": {"lm_head.weight": "model-00001-of-00002.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")


def missing_tensor(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / "model.safetensors")
    del tensors["model.norm.weight"]
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})


def own_code(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config |= {"model_type": "invented", "auto_map": {"AutoConfig": "code.Config"}}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (folder / "code.py").write_text("raise SystemExit('it ran')", encoding="utf-8")


def unknown_kind(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": "invented"}', encoding="utf-8")


def config_that_is_none(folder: Path) -> None:
    (folder / "config.json").write_text("{", encoding="utf-8")


def without_template(folder: Path) -> None:
    (folder / "chat_template.jinja").unlink()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without_config, "has no config.json"),
        (config_that_is_none, "config.json .* is damaged"),
        (cut_weights, "model.safetensors .* is damaged: delete it and run `benefits-chat download"),
        (no_weights_at_all, "model.safetensors .* is damaged"),
        (pickled_weights, "pickled, a format that can run code .*: choose .* .safetensors"),
        (without_weights, "has no weights: run `benefits-chat download"),
        (missing_shard, "incomplete, model-00001-of-00002.safetensors is missing: run"),
        (missing_tensor, r"incomplete \(model.norm.weight is missing\): run"),
        (own_code, "code of its own, which is not run: choose"),
        (unknown_kind, "cannot be loaded .*: .*choose another model"),
        (without_template, "no chat template, so it is a base model: choose .*-Instruct"),
    ],
)
def test_what_cannot_be_loaded_is_an_error_that_names_it(
    tmp_path: Path, change: Callable[[Path], None], words: str
) -> None:
    folder = broken(tmp_path, change)
    for _ in range(2):
        with pytest.raises(GenerationError, match=words) as caught:
            chunks_of(chat(folder))
        assert len(str(caught.value)) < 500
        assert "\n" not in str(caught.value)


def test_a_model_that_is_not_here_names_the_command_that_fetches_it() -> None:
    with pytest.raises(GenerationError, match="run `benefits-chat download some/model-1B`"):
        chunks_of(chat("some/model-1B"))
    with pytest.raises(GenerationError, match=r"there is no folder '/no/such/folder'"):
        chunks_of(chat("/no/such/folder"))


def test_a_model_that_arrives_later_is_found_by_the_next_question(tmp_path: Path) -> None:
    folder = tmp_path / "later"
    model = chat(str(folder))
    with pytest.raises(GenerationError):
        chunks_of(model)
    save_tiny_model(folder, TEXT)
    assert text_of(chunks_of(model)) == TEXT


def test_a_prompt_beyond_the_window_names_the_setting(tmp_path: Path) -> None:
    folder = save_tiny_model(tmp_path / "narrow", window=512)
    with pytest.raises(GenerationError, match=r"reads 512 with .*BENEFITS_CHAT_PROMPT_TOKENS"):
        chunks_of(chat(str(folder)), LONG_PROMPT)
    assert len(chunks_of(chat(str(folder)))) > 1


@pytest.mark.parametrize("package", ["torch", "transformers", "accelerate"])
def test_a_missing_package_names_the_extra(
    fixed: str, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    words = rf"needs {package}, .*pip install 'benefits-chat\[transformers\]'"
    with pytest.raises(GenerationError, match=words):
        chunks_of(chat(fixed))
    with pytest.raises(GenerationError, match=words):
        describe(fixed)


def test_a_device_or_precision_that_there_is_not_is_refused() -> None:
    with pytest.raises(GenerationError, match="no device 'tpu': choose auto or cpu"):
        resolve("tpu", "auto")
    with pytest.raises(GenerationError, match="no precision 'int3': choose auto, float32"):
        resolve("cpu", "int3")


def test_a_description_reads_the_files_alone(fixed: str, tmp_path: Path) -> None:
    assert re.search(r"0\.1 million parameters, 0\.\d MB on disk; in \w+ on", describe(fixed))
    assert "in int8 on cpu" in describe(fixed, "cpu", "int8")
    with pytest.raises(GenerationError, match="is damaged"):
        describe(broken(tmp_path, cut_weights))


def test_a_table_that_is_stored_twice_counts_once(tmp_path: Path) -> None:
    folder = Path(save_tiny_model(tmp_path / "model", TEXT))
    whole = find_model(str(folder))
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["tie_word_embeddings"] = True
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    tied = find_model(str(folder))
    assert tied.table_parameters * 2 == whole.table_parameters
    assert whole.parameters - tied.parameters == tied.table_parameters


def test_neither_the_wiring_nor_the_module_imports_torch() -> None:
    code = (
        "import sys, chat_app.wiring, chat_app.generation.transformers_model as m\n"
        "m.make_transformers_model('x', max_tokens=1)\n"
        "assert not {'torch', 'transformers', 'torchao'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=300)


def test_a_downloaded_model_answers_by_its_name_and_nothing_else_is_printed_or_sent(
    tmp_path: Path,
) -> None:
    kept = tmp_path / "models--some--model-1B"
    save_tiny_model(kept / "snapshots" / "0a1b", TEXT)
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text("0a1b", encoding="utf-8")
    code = (
        "from chat_app.generation.transformers_model import make_transformers_model\n"
        "model = make_transformers_model('some/model-1B', max_tokens=99, precision='int8')\n"
        "print(''.join(chunk.text for chunk in model.stream('Hello')))"
    )
    environment = {
        "HF_HUB_CACHE": str(tmp_path),
        "OMP_NUM_THREADS": "1",
        "LANGSMITH_TRACING": "true",
        "LANGSMITH_API_KEY": "a key",
        "LANGSMITH_ENDPOINT": "http://127.0.0.1:9",
    }
    done = subprocess.run(
        [sys.executable, "-c", code], timeout=300, capture_output=True, env=environment, check=False
    )
    assert (done.stderr.decode(), done.stdout.decode().strip()) == ("", TEXT)
