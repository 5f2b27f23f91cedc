import json
import os
import tracemalloc
from pathlib import Path

import pytest

from retrieval.errors import InputError, LoadingError
from retrieval.loading import FoundDocument, find
from tests.retrieval.loading.making import found, load


def write(path: Path, text: str = "A paragraph.") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def faults(*paths: Path) -> list[tuple[str, str]]:
    items = list(find(list(paths)))
    return [(item.path, item.reason) for item in items if isinstance(item, LoadingError)]


def test_documents_come_in_a_stable_order_with_their_sources(tmp_path: Path) -> None:
    for name in ("b.txt", "a.md", "z/c.txt", "k/d.txt", "k/a.txt"):
        write(tmp_path / name)
    assert [item.source for item in found(tmp_path)] == [
        "a.md",
        "b.txt",
        "k/a.txt",
        "k/d.txt",
        "z/c.txt",
    ]


def test_the_source_of_a_file_given_by_itself_is_its_name(tmp_path: Path) -> None:
    (item,) = found(write(tmp_path / "plans" / "summary.txt"))
    assert item.source == "summary.txt"
    assert item.name == "summary.txt"


def test_folders_say_policy_and_year_however_the_path_is_given(tmp_path: Path) -> None:
    file = write(tmp_path / "PPO_PLUS" / "2025" / "forms" / "claims.txt")
    for path in (tmp_path, tmp_path / "PPO_PLUS", file.parent, file):
        (item,) = found(path)
        assert (item.policy, item.plan_year) == ("PPO_PLUS", 2025)
        assert item.name == "PPO_PLUS-2025-forms-claims.txt"


def test_the_last_pair_of_folders_counts(tmp_path: Path) -> None:
    write(tmp_path / "OLD" / "2019" / "PPO" / "2026" / "a.txt")
    (item,) = found(tmp_path)
    assert (item.policy, item.plan_year, item.name) == ("PPO", 2026, "PPO-2026-a.txt")


def test_a_folder_layout_is_seen_through_a_link(tmp_path: Path) -> None:
    file = write(tmp_path / "PPO" / "2026" / "a.txt")
    (tmp_path / "current").symlink_to(file.parent)
    (item,) = found(tmp_path / "current")
    assert (item.policy, item.plan_year) == ("PPO", 2026)


def test_without_any_word_a_document_is_common_to_all_plans(tmp_path: Path) -> None:
    (item,) = found(write(tmp_path / "handbook.txt"))
    assert (item.policy, item.plan_year, item.name) == (None, None, "handbook.txt")


def test_each_of_policy_and_year_comes_from_the_first_that_says_it(tmp_path: Path) -> None:
    file = write(tmp_path / "PPO" / "2024" / "a.md", "---\npolicy: FROM_HEAD\n---\nText.")
    (item,) = found(tmp_path)
    assert (item.policy, item.plan_year) == ("FROM_HEAD", 2024)
    sidecar = file.with_name("a.md.meta.yaml")
    write(sidecar, "plan_year: 2025\n")
    (item,) = found(tmp_path)
    assert (item.policy, item.plan_year) == ("FROM_HEAD", 2025)
    write(sidecar, "plan_year: 2025\npolicy: FROM_SIDECAR\n")
    (item,) = found(tmp_path)
    assert (item.policy, item.plan_year) == ("FROM_SIDECAR", 2025)
    (item,) = found(tmp_path, policy="OPTION")
    assert (item.policy, item.plan_year) == ("OPTION", 2025)
    (item,) = found(tmp_path, year=2027)
    assert (item.policy, item.plan_year) == ("FROM_SIDECAR", 2027)
    assert item.name == "FROM_SIDECAR-2027-a.md"


def test_a_page_says_its_plan_in_meta_elements(tmp_path: Path) -> None:
    head = '<meta content="PPO Plus" name="policy"><meta name="plan_year" content="2026">'
    write(tmp_path / "a.html", f"<html><head>{head}</head><body><p>Text.</body></html>")
    (item,) = found(tmp_path)
    assert (item.policy, item.plan_year) == ("PPO Plus", 2026)
    assert item.name == "PPO_Plus-2026-a.html"


def test_a_sidecar_says_title_language_and_metadata(tmp_path: Path) -> None:
    file = write(tmp_path / "a.txt", "Texto.")
    fields = {"title": "Resumen", "language": "es_MX", "metadata": {"tier": 2, "state": "NY"}}
    write(tmp_path / "a.txt.meta.json", json.dumps(fields))
    document = load(file)
    assert (document.title, document.language) == ("Resumen", "es-MX")
    assert dict(document.metadata) == {"tier": 2, "state": "NY"}


@pytest.mark.parametrize(
    ("sidecar", "reason"),
    [
        ("plan_yaer: 2025", "unknown field 'plan_yaer'"),
        ("plan_year: 1999", "plan_year 1999"),
        ("plan_year: true", "plan_year True"),
        ("policy: [A, B]", "policy ['A', 'B']"),
        ("policy: ' '", "policy ' '"),
        (f"policy: {'x' * 65}", "1 to 64 printable characters"),
        ("metadata: {page: 3}", "field 'page' is reserved"),
        ("metadata: {tags: [a]}", "field 'tags' is a list"),
        ("metadata: {rate: .nan}", "field 'rate' needs a finite number"),
        ("language: klingonish", "language 'klingonish'"),
        ("- policy", "without fields"),
        ("policy: [", "malformed sidecar a.txt.meta.yaml in line"),
    ],
)
def test_a_sidecar_that_cannot_be_used_is_reported(
    tmp_path: Path, sidecar: str, reason: str
) -> None:
    file = write(tmp_path / "a.txt")
    write(tmp_path / "a.txt.meta.yaml", sidecar)
    ((path, said),) = faults(tmp_path)
    assert path == str(file)
    assert reason in said


def test_a_sidecar_without_its_file_is_reported(tmp_path: Path) -> None:
    path = write(tmp_path / "sumary.pdf.meta.yaml", "policy: PPO")
    assert faults(tmp_path) == [
        (str(path), "tells about sumary.pdf, which is not there: rename it")
    ]


def test_two_sidecars_are_one_too_many(tmp_path: Path) -> None:
    write(tmp_path / "a.txt")
    write(tmp_path / "a.txt.meta.yaml", "policy: A")
    write(tmp_path / "a.txt.meta.json", '{"policy": "B"}')
    ((_, reason),) = faults(tmp_path)
    assert reason == "has the sidecars a.txt.meta.yaml and a.txt.meta.json: keep one"


@pytest.mark.parametrize(
    ("policy", "year"), [("", None), ("a\nb", None), (None, 1999), (None, 2100)]
)
def test_options_that_cannot_be_used_are_input_errors(
    tmp_path: Path, policy: str | None, year: int | None
) -> None:
    with pytest.raises(InputError, match="is not usable"):
        find([tmp_path], policy, year)


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere does not exist"):
        find([tmp_path, tmp_path / "nowhere"])


def test_files_of_other_kinds_are_passed_over_in_folders(tmp_path: Path) -> None:
    write(tmp_path / "a.txt")
    for name in ("logo.png", "site.css", "app.js", ".hidden.txt", "~$open.docx", "LICENSE"):
        write(tmp_path / name)
    write(tmp_path / ".git" / "notes.txt")
    write(tmp_path / "node_modules" / "readme.md")
    assert [item.source for item in found(tmp_path)] == ["a.txt"]


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("plan.doc", "save it as .docx or PDF"),
        ("PLAN.RTF", "save it as .docx or PDF"),
        ("rates.xls", "save it as .xlsx or CSV"),
        ("talk.odp", "save it as .pptx or PDF"),
        ("scan.tiff", "ocrmypdf"),
        ("rows.json", "name it .jsonl"),
        ("plan.unknown", "readable are"),
    ],
)
def test_documents_in_other_formats_are_reported_with_the_remedy(
    tmp_path: Path, name: str, remedy: str
) -> None:
    write(tmp_path / name)
    ((path, reason),) = faults(tmp_path)
    assert path == str(tmp_path / name)
    assert "not read" in reason
    assert remedy in reason


def test_a_file_of_another_kind_is_reported_when_named(tmp_path: Path) -> None:
    ((_, reason),) = faults(write(tmp_path / "logo.png"))
    assert reason.startswith(".png files are not read")


def test_a_file_reached_twice_is_found_once(tmp_path: Path) -> None:
    file = write(tmp_path / "plans" / "a.txt")
    (tmp_path / "link.txt").symlink_to(file)
    assert len(found(tmp_path, file, tmp_path / "plans", tmp_path / "link.txt")) == 1


def test_links_in_circles_end(tmp_path: Path) -> None:
    write(tmp_path / "a" / "a.txt")
    (tmp_path / "a" / "back").symlink_to(tmp_path)
    assert [item.source for item in found(tmp_path)] == ["a/a.txt"]


def test_links_that_lead_nowhere_are_reported(tmp_path: Path) -> None:
    (tmp_path / "gone.pdf").symlink_to(tmp_path / "nothing.pdf")
    (tmp_path / "self.pdf").symlink_to(tmp_path / "self.pdf")
    assert [Path(path).name for path, _ in faults(tmp_path)] == ["gone.pdf", "self.pdf"]


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_that_may_not_be_read_is_reported(tmp_path: Path) -> None:
    file = write(tmp_path / "a.txt")
    file.chmod(0)
    ((path, reason),) = faults(tmp_path)
    assert (path, reason) == (str(file), "cannot be read: Permission denied")


def test_a_pipe_is_no_document(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    write(tmp_path / "a.txt")
    assert [item.source for item in found(tmp_path)] == ["a.txt"]


def test_a_second_document_of_one_name_is_an_error(tmp_path: Path) -> None:
    first = write(tmp_path / "one" / "a.txt")
    second = write(tmp_path / "two" / "a.txt")
    items = list(find([first.parent, second.parent]))
    assert isinstance(items[0], FoundDocument)
    assert str(items[1]) == f"{second}: is named a.txt like {first}: rename one of them"


def test_names_keep_letters_of_any_script_and_stay_short(tmp_path: Path) -> None:
    write(tmp_path / "Résumé für Œuvre & Co #1.txt")
    long = "x" * 240 + ".txt"
    write(tmp_path / long)
    first, second = found(tmp_path)
    assert first.name == "Résumé_für_Œuvre___Co__1.txt"
    assert len(second.name) == 200
    assert second.name.endswith(".txt")


def test_two_long_names_that_begin_alike_stay_apart(tmp_path: Path) -> None:
    for last in "ab":
        write(tmp_path / ("x" * 240 + last + ".txt"))
    assert len({item.name for item in found(tmp_path)}) == 2


def test_the_hash_changes_with_all_that_makes_the_document(tmp_path: Path) -> None:
    file = write(tmp_path / "a.txt", "One.")
    hashes = [found(tmp_path)[0].hash]
    hashes.append(found(tmp_path, policy="PPO")[0].hash)
    hashes.append(found(tmp_path, year=2026)[0].hash)
    write(tmp_path / "a.txt.meta.yaml", "title: First")
    hashes.append(found(tmp_path)[0].hash)
    write(tmp_path / "a.txt.meta.yaml", "title: Second")
    hashes.append(found(tmp_path)[0].hash)
    write(file, "Two.")
    hashes.append(found(tmp_path)[0].hash)
    assert len(set(hashes)) == len(hashes)
    assert all(len(each) == 32 and int(each, 16) >= 0 for each in hashes)


def test_the_hash_stays_when_only_the_time_of_the_file_changes(tmp_path: Path) -> None:
    file = write(tmp_path / "a.txt")
    before = found(tmp_path)[0].hash
    os.utime(file, (1, 1))
    assert found(tmp_path)[0].hash == before


def test_finding_does_not_read_what_cannot_be_parsed(tmp_path: Path) -> None:
    write(tmp_path / "broken.pdf", "no PDF at all")
    assert [item.name for item in found(tmp_path)] == ["broken.pdf"]


def test_a_file_that_vanishes_before_it_is_loaded_is_a_loading_error(tmp_path: Path) -> None:
    file = write(tmp_path / "a.txt")
    (item,) = found(tmp_path)
    file.unlink()
    with pytest.raises(LoadingError, match="No such file"):
        item.load()


def test_rows_stream_however_many_there_are(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    text = "word " * 200
    with path.open("w") as file:
        for number in range(4_000):
            file.write(json.dumps({"id": number, "text": text}) + "\n")
    tracemalloc.start()
    count = sum(isinstance(item, FoundDocument) for item in find([path]))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 4_000
    assert peak < 3_000_000 < path.stat().st_size


def test_a_name_that_is_no_text_can_still_be_printed(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/caf\xe9.txt"
    Path(os.fsdecode(path)).write_text("Text.")
    Path(os.fsdecode(path.replace(b".txt", b".doc"))).write_text("Text.")
    fault, item = find([tmp_path])
    assert isinstance(fault, LoadingError)
    assert str(fault).encode().decode() == f"{tmp_path}/caf\ufffd.doc: {fault.reason}"
    assert isinstance(item, FoundDocument)
    assert (item.source, item.name) == ("caf\ufffd.txt", "caf_.txt")
    assert item.load().title == "caf"


@pytest.mark.parametrize(
    "head",
    [
        "<!-- <meta name='policy' content='OLD'> -->",
        "<![odd[x]]><title>a</title>",
        "<body><meta name=policy content=LATE>",
        "<meta name=description content='policy'>",
    ],
)
def test_only_meta_elements_of_the_head_name_the_plan(tmp_path: Path, head: str) -> None:
    (item,) = found(write(tmp_path / "a.html", f"<html>{head}<p>Text."))
    assert item.policy is None
