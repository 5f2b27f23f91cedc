from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from retrieval.embedding.kept import embedded_once

TEXTS = ["one", "two", "three"]


class Counting:
    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.calls += 1
        return np.array([[len(text), 1] for text in texts], dtype=np.float32)


def test_texts_are_embedded_once_and_read_back_to_the_bit(tmp_path: Path) -> None:
    embed = Counting()
    first = embedded_once(embed, "model", TEXTS, tmp_path / "new")
    again = embedded_once(embed, "model", TEXTS, tmp_path / "new")
    assert np.array_equal(first, again)
    assert embed.calls == 1


def test_other_texts_and_other_models_are_embedded_anew(tmp_path: Path) -> None:
    embed = Counting()
    for model, texts in (("model", TEXTS), ("other", TEXTS), ("model", [*TEXTS, "four"])):
        assert len(embedded_once(embed, model, texts, tmp_path)) == len(texts)
    assert embed.calls == 3


@pytest.mark.parametrize("damage", [b"", b"\x93NUMPY", b"nonsense" * 20])
def test_a_damaged_file_is_made_anew(tmp_path: Path, damage: bytes) -> None:
    embed = Counting()
    embedded_once(embed, "model", TEXTS, tmp_path)
    [file] = tmp_path.iterdir()
    file.write_bytes(damage)
    assert embedded_once(embed, "model", TEXTS, tmp_path).shape == (3, 2)
    embedded_once(embed, "model", TEXTS, tmp_path)
    assert embed.calls == 2


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("no folder")
    assert embedded_once(Counting(), "model", TEXTS, file / "below").shape == (3, 2)
