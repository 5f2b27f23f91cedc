import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Run

Cli = Callable[..., Run]


def test_index_then_ask_answers_from_the_chosen_plan_with_the_exact_quote(
    cli: Cli, plans: Path
) -> None:
    report = cli("index", plans, "--json")
    assert report.status == 0
    assert report.rows[0]["documents"] == {
        "added": 3,
        "changed": 0,
        "unchanged": 0,
        "removed": 0,
        "failed": [],
    }
    answer = cli("ask", "Is my annual checkup free?", "--policy", "PPO_PLUS", "--json").rows[0]
    assert not answer["refused"]
    first = answer["citations"][0]
    assert (first["policy"], first["plan_year"]) == ("PPO_PLUS", 2026)
    assert "physical is covered at 100%" in first["quote"]
    assert len(first["quote"]) == first["end"] - first["start"]
    assert all(s["verified"] and s["citations"] for s in answer["sentences"])


def test_indexing_again_changes_nothing_an_edit_changes_one(cli: Cli, plans: Path) -> None:
    cli("index", plans)
    assert cli("index", plans, "--json").rows[0]["documents"]["unchanged"] == 3
    edited = plans / "handbook.md"
    edited.write_text(edited.read_text().replace("30 days", "31 days"))
    report = cli("index", plans, "--json").rows[0]["documents"]
    assert (report["changed"], report["unchanged"]) == (1, 2)


def test_what_no_plan_owns_is_told_where_plans_are_told_apart_and_where_not(
    cli: Cli, plans: Path
) -> None:
    assert "1 of 3 documents" in cli("index", plans).out
    flat = cli("index", plans / "handbook.md", "--policy", "PPO_PLUS", "--rebuild")
    assert "Of no plan" not in flat.out


def test_a_pruned_or_removed_document_is_gone_from_answers(cli: Cli, plans: Path) -> None:
    cli("index", plans)
    (plans / "handbook.md").unlink()
    assert cli("index", plans, "--prune", "--json").rows[0]["documents"]["removed"] == 1
    name = next(r["document"] for r in cli("list", "--json").rows if r["policy"] == "HMO_SELECT")
    assert cli("remove", name, "--json").rows == [{"removed": 1}]
    found = cli("search", "When do new hires enroll?", "--json").rows[0]["matches"]
    assert {match["policy"] for match in found} == {"PPO_PLUS"}


def test_search_keeps_to_policy_and_year_and_shows_scores(cli: Cli, plans: Path) -> None:
    cli("index", plans)
    row = cli("search", "deductible", "--policy", "hmo select", "--limit", 2, "--json").rows[0]
    assert {match["policy"] for match in row["matches"]} <= {"HMO_SELECT", None}
    scores = [match["score"] for match in row["matches"]]
    assert scores == sorted(scores, reverse=True)


def test_a_questions_file_gives_a_line_a_row_in_order(cli: Cli, plans: Path) -> None:
    cli("index", plans)
    rows = [
        {"id": "a", "question": "What is the deductible?", "policies": ["PPO_PLUS"]},
        {"id": 2, "question": "What is the deductible?", "policies": ["NONE"]},
        {"id": "c", "question": "Who painted the Mona Lisa?"},
    ]
    file = plans / "questions.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)) + "\nnot json\n")
    done = cli("ask", "--questions", file, "--json")
    assert done.status == 1
    assert [row.get("id") for row in done.rows] == ["a", 2, "c"]
    assert "$500" in done.rows[0]["answer"]
    assert "'NONE'" in done.rows[1]["error"]
    assert done.rows[2]["refused"]
    assert "line 4 is not JSON" in done.err


def test_two_plans_are_compared_in_a_table_with_cited_cells(cli: Cli, plans: Path) -> None:
    cli("index", plans)
    answer = cli("ask", "Compare the deductible of PPO Plus and HMO Select", "--json").rows[0]
    (row,) = [line for line in answer["answer"].splitlines() if line.startswith("| **")]
    assert "$500" in row
    assert "$250" in row
    assert row.count("[") >= 2


def test_an_index_of_another_model_is_refused_and_stays(
    cli: Cli, plans: Path, tmp_path: Path, store: str
) -> None:
    from retrieval.interfaces import Contract
    from retrieval.stores.chroma import ChromaStore
    from retrieval.stores.memory import MemoryStore

    data = tmp_path / "data"
    data.mkdir()
    kept = (
        MemoryStore(data / "index.sqlite3") if store == "memory" else ChromaStore(data / "chroma")
    )
    kept.create(Contract("another-model", 384, (1.0,) + (0.0,) * 383))
    kept.close()
    for command in (["index", plans], ["ask", "deductible?"], ["search", "deductible?"]):
        done = cli(*command)
        assert done.status == 1
        assert "another-model" in done.err
        assert "--rebuild" in done.err
    assert cli("index", plans, "--rebuild").status == 0
    assert cli("ask", "What is the deductible?").status == 0


def test_the_answer_for_people_names_plan_and_source(cli: Cli, plans: Path) -> None:
    cli("index", plans)
    out = cli("ask", "What is the annual deductible?", "--policy", "PPO_PLUS").out
    assert "PPO Plus 2026" in out
    assert "[1] PPO_PLUS 2026: PPO_PLUS/2026/plan.md" in out


def test_doctor_tells_what_works(cli: Cli, plans: Path) -> None:
    cli("index", plans)
    done = cli("doctor", "--json")
    assert done.status == 0
    assert {row["part"]: row["works"] for row in done.rows} == {
        "python": True,
        "settings": True,
        "embedder": True,
        "generator": True,
        "local models": True,
        "guards": True,
        "index": True,
    }
    assert "3 documents" in done.rows[-1]["what"]


def test_asking_imports_no_torch_and_is_one_process(process: Cli, cli: Cli, plans: Path) -> None:
    cli("index", plans)
    done = process("ask", "What is the annual deductible?", "--policy", "PPO_PLUS", "--json")
    assert done.status == 0, done.err
    assert done.err == ""


@pytest.mark.parametrize("store", ["chroma"], indirect=True)
def test_the_second_writer_is_told_at_once(cli: Cli, plans: Path, tmp_path: Path) -> None:
    from filelock import FileLock

    cli("index", plans)
    with FileLock(tmp_path / "data" / "writing.lock"):
        done = cli("index", plans)
    assert done.status == 1
    assert "another process is writing" in done.err
