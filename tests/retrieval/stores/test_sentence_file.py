import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from retrieval.interfaces import KeptSentences, SentenceIndex
from retrieval.sentence_vectors import SentenceVectors
from retrieval.stores.sentence_file import SentenceFile


def sentences(*rows: list[int]) -> SentenceVectors:
    spans = np.array([[n, n + 1] for n in range(len(rows))], np.int32).reshape(-1, 2)
    return SentenceVectors(spans, np.array(rows, np.int8).reshape(-1, 3))


def kept(key: str, *rows: list[int], made_of: str = "a") -> KeptSentences:
    return KeptSentences(key, made_of, sentences(*rows))


def directions(file: SentenceIndex, **wanted: str) -> dict[str, list[list[int]]]:
    return {key: found.directions.tolist() for key, found in file.get(wanted).items()}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "sentences.sqlite3"


@pytest.fixture
def file(path: Path) -> SentenceFile:
    return SentenceFile(path, "a model", 3)


def test_nothing_is_kept_before_anything_is_put(file: SentenceFile, path: Path) -> None:
    assert file.get({"k": "a"}) == {}
    assert not path.exists()


def test_what_is_put_is_read_by_another_who_opens_the_file(file: SentenceFile, path: Path) -> None:
    file.put([kept("k", [1, 2, 127], [-127, 0, 5]), kept("none")])
    other = SentenceFile(path, "a model", 3)
    assert directions(other, k="a", none="a", unknown="a") == {
        "k": [[1, 2, 127], [-127, 0, 5]],
        "none": [],
    }
    assert other.get({"k": "a"})["k"].spans.tolist() == [[0, 1], [1, 2]]


def test_the_sentences_of_another_text_are_not_given(file: SentenceFile) -> None:
    file.put([kept("k", [1, 0, 0], made_of="the text before")])
    assert file.get({"k": "the text now"}) == {}
    file.put([kept("k", [0, 1, 0], made_of="the text now")])
    assert directions(file, k="the text now") == {"k": [[0, 1, 0]]}


def test_vectors_of_another_model_are_not_given_and_go_when_one_is_put(
    file: SentenceFile, path: Path
) -> None:
    file.put([kept("k", [1, 0, 0]), kept("old", [1, 0, 0])])
    for model, dimension in (("another model", 3), ("a model", 4)):
        assert SentenceFile(path, model, dimension).get({"k": "a"}) == {}
    other = SentenceFile(path, "another model", 3)
    other.put([kept("k", [0, 0, 1])])
    assert directions(other, k="a", old="a") == {"k": [[0, 0, 1]]}
    assert file.get({"k": "a", "old": "a"}) == {}


def test_what_is_removed_or_cleared_is_gone(file: SentenceFile) -> None:
    file.put([kept(key, [1, 0, 0]) for key in ("a", "b", "c")])
    file.remove(["a", "unknown"])
    assert sorted(file.get(dict.fromkeys("abc", "a"))) == ["b", "c"]
    file.clear()
    assert file.get(dict.fromkeys("abc", "a")) == {}


def test_many_chunks_are_read_at_once(file: SentenceFile) -> None:
    keys = [f"k{n}" for n in range(40_000)]
    file.put(kept(key, [n % 100 + 1, 0, 0]) for n, key in enumerate(keys))
    assert len(file.get(dict.fromkeys(keys, "a"))) == 40_000


def test_where_no_file_can_be_written_nothing_is_kept_and_nothing_fails(path: Path) -> None:
    path.mkdir(parents=True)
    file = SentenceFile(path, "a model", 3)
    file.put([kept("k", [1, 0, 0])])
    file.remove(["k"])
    file.clear()
    assert file.get({"k": "a"}) == {}


def test_a_damaged_file_is_as_good_as_none(file: SentenceFile, path: Path) -> None:
    file.put([kept("k", [1, 0, 0])])
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE sentences SET directions = x'0102'")
    assert file.get({"k": "a"}) == {}
    file.close()
    for beside in path.parent.glob(f"{path.name}-*"):
        beside.unlink()
    path.write_bytes(b"no database at all" * 400)
    file.put([kept("k", [1, 0, 0])])
    assert file.get({"k": "a"}) == {}


def test_a_write_that_fails_half_way_leaves_what_was_kept(file: SentenceFile) -> None:
    file.put([kept("k", [1, 0, 0])])
    file.put([kept("k", [0, 1, 0]), KeptSentences("l", None, sentences())])  # type: ignore[arg-type]
    assert directions(file, k="a") == {"k": [[1, 0, 0]]}
