"""Files that are not what they seem: each is one LoadingError with its name, and nothing else."""

import copy
import io
import logging
import random
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval.documents import Document
from retrieval.errors import LoadingError
from retrieval.loading import find
from retrieval.loading.formats import READABLE
from tests.retrieval.loading.making import (
    body,
    check_spans,
    flowed,
    presented,
    refused,
    ruled,
    tabled,
    worded,
)

SMALL = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def pdf(path: Path) -> Path:
    return flowed(path, *body("The plan pays."), ruled([["a", "b"], ["c", "$1"]]))


def docx(path: Path) -> Path:
    return worded(path, lambda document: document.add_paragraph("The plan pays."))


def xlsx(path: Path) -> Path:
    return tabled(path, {"Rates": [["Plan", "Price"], ["PPO", 84]]})


def pptx(path: Path) -> Path:
    return presented(path, [("Costs", ["The plan pays."])])


PACKED: dict[str, Callable[[Path], Path]] = {
    "pdf": pdf,
    "docx": docx,
    "xlsx": xlsx,
    "pptx": pptx,
}


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("originals")
    return {kind: make(folder / f"a.{kind}").read_bytes() for kind, make in PACKED.items()}


@pytest.fixture(autouse=True)
def silence(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No library prints, logs or warns, whatever it meets."""
    caplog.set_level(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "")
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def outcome(path: Path) -> Document | LoadingError:
    """What becomes of a file: a sound document, or an error that names it and says why."""
    (item,) = find([path])
    if not isinstance(item, LoadingError):
        try:
            document = item.load()
        except LoadingError as error:
            item = error
        else:
            check_spans(document, structured=READABLE[path.suffix] != "text")
            return document
    assert item.path.startswith(str(path))
    assert item.reason
    assert "\n" not in str(item)
    assert "Traceback" not in str(item)
    return item


@pytest.mark.parametrize("kind", PACKED)
@SMALL
@given(data=st.data())
def test_a_file_cut_off_anywhere_is_refused(
    tmp_path: Path, originals: dict[str, bytes], kind: str, data: st.DataObject
) -> None:
    whole = originals[kind]
    last = whole.rindex(b"%%EOF") if kind == "pdf" else len(whole) - 1
    path = tmp_path / f"a.{kind}"
    path.write_bytes(whole[: data.draw(st.integers(0, last))])
    assert isinstance(outcome(path), LoadingError)


@pytest.mark.parametrize("kind", PACKED)
@SMALL
@given(seed=st.integers(0, 2**32))
def test_a_file_with_damaged_bytes_is_read_or_refused(
    tmp_path: Path, originals: dict[str, bytes], kind: str, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - places to damage, no secret
    damaged = bytearray(originals[kind])
    for _ in range(chance.choice([1, 5, 50])):
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    path = tmp_path / f"a.{kind}"
    path.write_bytes(damaged)
    outcome(path)


@pytest.mark.parametrize("extension", READABLE)
@SMALL
@given(data=st.binary(max_size=400))
def test_any_bytes_under_any_extension_are_read_or_refused(
    tmp_path: Path, extension: str, data: bytes
) -> None:
    path = tmp_path / f"a{extension}"
    path.write_bytes(data)
    items = list(find([path]))
    if extension not in {".jsonl", ".ndjson"}:
        result = outcome(path)
        if READABLE[extension] in {"PDF", "Word", "Excel", "PowerPoint"}:
            assert isinstance(result, LoadingError)
    assert items


@pytest.mark.parametrize("extension", READABLE)
def test_random_bytes_are_refused_under_every_extension(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"a{extension}"
    path.write_bytes(random.Random(7).randbytes(5000))  # noqa: S311 - any bytes will do
    assert isinstance(outcome(path), LoadingError)


@pytest.mark.parametrize("extension", READABLE)
def test_an_empty_file_is_refused(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"a{extension}"
    path.touch()
    assert refused(path) == "is empty"


@pytest.mark.parametrize(
    ("name", "kind", "reason"),
    [
        ("a.docx", "pdf", "is no Word file but a PDF: rename it to .pdf"),
        ("a.xlsx", "docx", "is no Excel file but a Word document: rename it to .docx"),
        ("a.pptx", "xlsx", "is no PowerPoint file but an Excel workbook: rename it to .xlsx"),
        ("a.pdf", "pptx", "is no PDF file but a PowerPoint presentation: rename it to .pptx"),
        ("a.txt", "pdf", "is no text file but a PDF: rename it to .pdf"),
        ("a.html", "docx", "is no HTML file but a Word document: rename it to .docx"),
        ("a.csv", "xlsx", "is no CSV file but an Excel workbook: rename it to .xlsx"),
    ],
)
def test_a_file_that_is_another_is_called_what_it_is(
    tmp_path: Path, originals: dict[str, bytes], name: str, kind: str, reason: str
) -> None:
    path = tmp_path / name
    path.write_bytes(originals[kind])
    assert refused(path) == reason


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.pdf", b"\n<!DOCTYPE HTML><p>Not found", "is no PDF file but an HTML page"),
        ("a.pdf", b"just text", "is no PDF file, whatever its name says"),
        ("a.docx", b"{\\rtf1 text}", "is no Word file but an RTF document"),
        (
            "a.docx",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
            "an Office file of before 2007",
        ),
        ("a.txt", b"\x89PNG\r\n\x1a\n" + bytes(50), "is no text file but a PNG image"),
        ("a.txt", b"<html><p>Page", "is no text file but an HTML page"),
        ("a.html", b"MIME-Version: 1.0\nContent-Type: multipart/related", "a web archive (MHTML)"),
        ("a.md", b"\x1f\x8b\x08" + bytes(50), "is no Markdown file but a gzip archive"),
        ("a.pdf", b"%PDF-1.7\n1 0 obj\n", "is cut off before its end"),
        ("a.pdf", b"%PDF-1.7\n" + b"x" * 500 + b"\n%%EOF", "is damaged"),
    ],
)
def test_other_content_is_named(tmp_path: Path, name: str, data: bytes, reason: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    assert reason in refused(path)


def test_a_protected_office_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    mark = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    path.write_bytes(mark + bytes(504) + "EncryptedPackage".encode("utf-16-le") + bytes(100))
    assert refused(path) == "is protected by a password: save it without one"


def packed(path: Path, parts: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize(("kind", "part"), [("docx", "word/"), ("xlsx", "xl/"), ("pptx", "ppt/")])
def test_an_archive_of_something_else_is_refused(tmp_path: Path, kind: str, part: str) -> None:
    other = packed(tmp_path / f"a.{kind}", {"notes.txt": b"notes"})
    assert "a ZIP archive: unpack it" in refused(other)
    hollow = packed(tmp_path / f"b.{kind}", {f"{part}nothing.xml": b"<a/>"})
    assert isinstance(outcome(hollow), LoadingError)


@pytest.mark.parametrize(("kind", "part"), [("docx", "word/"), ("xlsx", "xl/"), ("pptx", "ppt/")])
def test_an_archive_that_grows_beyond_measure_is_refused(
    tmp_path: Path, kind: str, part: str
) -> None:
    path = tmp_path / f"a.{kind}"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{part}0.xml", bytes(5_000_000))
        for number in range(1, 110):
            # Each entry of the directory leads to the same few compressed bytes.
            again = copy.copy(archive.filelist[0])
            again.filename = f"{part}{number}.xml"
            archive.filelist.append(again)
    assert path.stat().st_size < 100_000
    assert refused(path).startswith("expands to more than 500 MB")


@pytest.mark.parametrize(
    ("kind", "part"),
    [("docx", "word/document.xml"), ("xlsx", "xl/workbook.xml"), ("pptx", "ppt/presentation.xml")],
)
def test_an_office_file_that_declares_entities_is_refused(
    tmp_path: Path, originals: dict[str, bytes], kind: str, part: str
) -> None:
    laughs = b'<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;&b;">]>'
    with zipfile.ZipFile(io.BytesIO(originals[kind])) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    head, end, rest = parts[part].rpartition(b"?>")
    parts[part] = head + end + laughs + rest
    assert refused(packed(tmp_path / f"a.{kind}", parts)).startswith("declares XML entities")


def test_a_file_over_the_limit_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with path.open("wb") as file:
        file.truncate(200_000_001)
    assert refused(path) == "is 200 MB large, more than 200 MB: split it"


def test_a_folder_of_bad_and_good_files_gives_the_good_ones(
    tmp_path: Path, originals: dict[str, bytes]
) -> None:
    for kind, whole in originals.items():
        (tmp_path / f"good.{kind}").write_bytes(whole)
        (tmp_path / f"bad.{kind}").write_bytes(whole[: len(whole) // 2])
    results = {
        item.path.name: outcome(item.path)
        for item in find([tmp_path])
        if not isinstance(item, LoadingError)
    }
    assert {name for name, result in results.items() if isinstance(result, Document)} == {
        f"good.{kind}" for kind in PACKED
    }
