from pathlib import Path

import pytest

from chat_app.answers import Question
from chat_app.errors import GenerationError
from chat_app.evaluation.result_file import ResultFile
from chat_app.evaluation.results import Result
from chat_app.evaluation.rows import EvalRow
from chat_app.evaluation.runs import Run
from retrieval.errors import InputError

SETTINGS = {"index": "1"}


def row(name: str, digest: str = "digest") -> EvalRow:
    return EvalRow(name, Question(name), True, digest=digest)


def measured(one: EvalRow) -> Result:
    return Result(one.id, one.digest, one.question.text, (), "other", True, {"hit@1": 1.0})


def run(path: Path | None, *rows: EvalRow, settings: dict[str, str] = SETTINGS) -> list[str | int]:
    """Measure, and say which rows were measured anew."""
    anew: list[str | int] = []

    def measure(one: EvalRow) -> Result:
        anew.append(one.id)
        return measured(one)

    results = Run(path, Result, settings).results(
        rows, measure, failed=lambda *_: None, step=lambda: None
    )
    assert [result.id for result in results] == [one.id for one in rows]
    return anew


def test_what_was_measured_is_taken_over(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    assert run(out, row("a"), row("b")) == ["a", "b"]
    assert run(out, row("a"), row("b"), row("c")) == ["c"]
    assert [result.id for _, result in ResultFile(out, Result).read()] == ["a", "b", "c"]


def test_rows_and_settings_that_changed_are_measured_anew(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    run(out, row("a"), row("b"))
    assert run(out, row("a", "other"), row("b")) == ["a"]
    assert Run(out, Result, {"index": "2"}).done([row("b")]).outdated == 1
    assert run(out, row("b"), settings={"index": "2"}) == ["b"]
    assert [result.id for _, result in ResultFile(out, Result).read()] == ["b"]


def test_a_run_over_some_rows_keeps_the_results_of_the_others(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    run(out, row("a"), row("b"))
    assert run(out, row("a")) == []
    assert run(out, row("a"), row("b")) == []


def test_a_line_cut_by_a_kill_is_measured_anew(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    run(out, row("a"), row("b"))
    out.write_bytes(out.read_bytes()[:-20])
    assert run(out, row("a"), row("b")) == ["b"]
    assert run(out, row("a"), row("b")) == []


def test_each_result_can_be_read_as_soon_as_it_is_there(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    read: list[int] = []

    def measure(one: EvalRow) -> Result:
        read.append(len(list(ResultFile(out, Result).read())))
        return measured(one)

    rows = [row("a"), row("b"), row("c")]
    Run(out, Result, SETTINGS).results(rows, measure, failed=lambda *_: None, step=lambda: None)
    assert read == [0, 1, 2]


def test_a_run_that_ends_by_an_error_keeps_what_it_has(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"

    def measure(one: EvalRow) -> Result:
        if one.id == "b":
            raise KeyboardInterrupt
        return measured(one)

    with pytest.raises(KeyboardInterrupt):
        Run(out, Result, SETTINGS).results(
            [row("a"), row("b")], measure, failed=lambda *_: None, step=lambda: None
        )
    assert run(out, row("a"), row("b")) == ["b"]
    assert [file.name for file in tmp_path.iterdir()] == ["out.jsonl"]


def test_a_row_that_fails_is_named_and_not_kept(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    named: list[tuple[str | int, str]] = []

    def measure(one: EvalRow) -> Result:
        if one.id == "a":
            raise GenerationError("no model")
        return measured(one)

    results = Run(out, Result, SETTINGS).results(
        [row("a"), row("b")],
        measure,
        failed=lambda one, why: named.append((one.id, why)),
        step=lambda: None,
    )
    assert [result.id for result in results] == ["b"]
    assert named == [("a", "no model")]
    assert run(out, row("a"), row("b")) == ["a"]


@pytest.mark.parametrize(
    "content", ['{"id": "a", "question": "mine"}\n', "text\n", "[]\n", "\xff\n", "{}\n", "null\n"]
)
def test_a_file_that_holds_something_else_is_never_overwritten(
    content: str, tmp_path: Path
) -> None:
    out = tmp_path / "questions.jsonl"
    out.write_bytes(content.encode("latin-1"))
    with pytest.raises(InputError, match="name another file"):
        Run(out, Result, SETTINGS)
    assert out.read_bytes() == content.encode("latin-1")


def test_a_missing_folder_and_a_folder_are_named_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no folder"):
        Run(tmp_path / "no" / "out.jsonl", Result, SETTINGS)
    with pytest.raises(InputError, match="Is a directory"):
        Run(tmp_path, Result, SETTINGS)


def test_hostile_text_survives_the_file(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    hostile = '</script>\u2028\x00\ud800"\n{"settings"'
    assert run(out, row(hostile)) == [hostile]
    assert run(out, row(hostile)) == []
