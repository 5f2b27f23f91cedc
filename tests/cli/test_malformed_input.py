"""Whatever is wrong with the input: one or two clear lines, status 1 or 2, the index unchanged."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Run

Cli = Callable[..., Run]

QUESTIONS = ["", " ", "\x00", "\x07\x1b", "?!.,", "\u200b", "x" * 100_000, "word " * 20_000]
FILTERS = [
    "",
    "{",
    "[]",
    "null",
    "3",
    '"policy"',
    "{}",
    '{"field": "policy"}',
    '{"field": 3, "equals": 1}',
    '{"field": "", "equals": 1}',
    '{"field": "$or", "equals": 1}',
    '{"field": "policy", "equals": null}',
    '{"field": "policy", "equals": [1]}',
    '{"field": "policy", "equals": NaN}',
    '{"field": "policy", "one_of": "PPO"}',
    '{"field": "policy", "one_of": [null]}',
    '{"field": "policy", "at_least": "2"}',
    '{"field": "policy", "at_least": true}',
    '{"field": "policy", "equals": 1, "at_most": 2}',
    '{"all": {}}',
    '{"all": [{}]}',
    '{"any": 1}',
    '{"not": []}',
    '{"all": [], "any": []}',
    '{"near": "me"}',
    '{"not":' * 40 + "{}" + "}" * 40,
    '{"not":' * 30_000,
    f'{{"field": "{"x" * 64}", "equals": 1}}',
]
ROWS = [
    "not json",
    "[]",
    "3",
    '"question"',
    "{}",
    '{"id": 1}',
    '{"question": null}',
    '{"question": 3}',
    '{"question": ""}',
    '{"question": "deductible", "policies": "PPO_PLUS"}',
    '{"question": "deductible", "policies": [3]}',
    '{"question": "deductible", "policies": ["NO_SUCH_PLAN"]}',
    '{"question": "deductible", "plan_year": "2026"}',
    '{"question": "deductible", "plan_year": true}',
    '{"question": "deductible", "plan_year": 1800}',
    "[" * 5_000,
]
DOCUMENT_ROWS = [
    "not json",
    "[]",
    "{}",
    '{"id": "a"}',
    '{"text": "no id"}',
    '{"id": "", "text": "x"}',
    '{"id": null, "text": "x"}',
    '{"id": "a", "text": ""}',
    '{"id": "a", "text": "   "}',
    '{"id": "a", "text": 3}',
    '{"id": "a", "text": "x", "plan_year": "soon"}',
    '{"id": "a", "text": "x", "plan_year": 99999}',
    '{"id": "a", "text": "x", "policy": ["PPO"]}',
    '{"id": "a", "text": "x", "nested": {"a": 1}}',
    '{"id": "a", "text": "x", "chunk_index": 7}',
]
FILES = {
    "empty.pdf": b"",
    "truncated.pdf": b"%PDF-1.7\n1 0 obj\n<<",
    "noise.pdf": bytes(range(256)) * 8,
    "page.pdf": b"<html><body>I am a page</body></html>",
    "empty.docx": b"",
    "noise.docx": bytes(range(256)) * 8,
    "truncated.docx": b"PK\x03\x04" + b"\x00" * 64,
    "empty.xlsx": b"",
    "noise.xlsx": b"PK\x03\x04 noise",
    "noise.pptx": b"PK\x03\x04 noise",
    "empty.html": b"",
    "blank.html": b"<html><body><script>1</script></body></html>",
    "empty.md": b"",
    "front.md": b"---\npolicy: [1, 2\n---\n# x\n",
    "year.md": b"---\nplan_year: soon\n---\n# x\n",
    "empty.txt": b"",
    "binary.txt": bytes(range(256)) * 8,
    "old.doc": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 512,
}
COMMANDS = [
    ["frobnicate"],
    ["index"],
    ["index", "no/such/path"],
    ["index", "plans", "--year", "soon"],
    ["index", "plans", "--year", "1"],
    ["index", "plans", "--year", "99999"],
    ["index", "plans", "--policy", ""],
    ["index", "plans", "--policy", "x" * 65],
    ["index", "plans", "--policy", "a\nb"],
    ["remove"],
    ["remove", "no such document"],
    ["ask"],
    ["ask", "deductible?", "--questions", "plans/handbook.md"],
    ["ask", "--questions", "no/such/file"],
    ["ask", "--questions", "plans"],
    ["ask", "deductible?", "--policy", "NO_SUCH_PLAN"],
    ["ask", "deductible?", "--year", "2031"],
    ["ask", "deductible?", "--year", "-1"],
    ["search", "deductible?", "--limit", "0"],
    ["search", "deductible?", "--limit", "many"],
    ["search", "deductible?", "--limit", "100000"],
    ["search", "deductible?", "--policy", "NO_SUCH_PLAN"],
    ["chat", "--port", "0"],
    ["chat", "--port", "99999"],
]
SETTINGS = [
    ("BENEFITS_CHAT_STORE", "postgres"),
    ("BENEFITS_CHAT_EMBEDDER", "word2vec"),
    ("BENEFITS_CHAT_GENERATOR", "oracle"),
    ("BENEFITS_CHAT_WORLD", "mars"),
    ("BENEFITS_CHAT_CHROMA_URL", "not a url"),
    ("BENEFITS_CHAT_CHROMA_URL", "http://127.0.0.1:9"),
    ("BENEFITS_CHAT_DATA_DIR", "/proc/nowhere"),
    ("BENEFITS_CHAT_DATA_DIR", "plans/handbook.md"),
]


@pytest.fixture
def store() -> str:
    return "chroma"


@pytest.fixture
def indexed(cli: Cli, plans: Path) -> Cli:
    assert cli("index", plans).status == 0
    return cli


def state(cli: Cli) -> str:
    return cli("list", "--json").out


def assert_clear(done: Run) -> None:
    assert done.status in (1, 2)
    lines = done.err.strip().splitlines()
    assert lines
    assert not any("Traceback" in line or "  File " in line for line in lines)
    assert all(len(line) < 600 for line in lines)


def test_questions_that_are_none(indexed: Cli) -> None:
    for question in QUESTIONS:
        for command in ("ask", "search"):
            assert_clear(indexed(command, question))


def test_filters_that_are_none(indexed: Cli) -> None:
    for text in FILTERS:
        done = indexed("search", "deductible", "--filter", text)
        assert_clear(done)


def test_question_rows_that_are_none(indexed: Cli, tmp_path: Path) -> None:
    before = state(indexed)
    file = tmp_path / "rows.jsonl"
    for row in ROWS:
        good = json.dumps({"id": "good", "question": "What is the deductible of the PPO?"})
        file.write_text(f"{row}\n{good}\n")
        done = indexed("ask", "--questions", file, "--json")
        assert_clear(done)
        assert done.rows[-1]["id"] == "good"
        assert "$500" in done.rows[-1]["answer"]
    assert state(indexed) == before


def test_document_rows_that_are_none(indexed: Cli, tmp_path: Path) -> None:
    before = state(indexed)
    for number, row in enumerate(DOCUMENT_ROWS):
        file = tmp_path / f"documents{number}.jsonl"
        file.write_text(row + "\n")
        done = indexed("index", file, "--json")
        assert_clear(done)
        assert file.name in done.err
    assert state(indexed) == before


def test_files_that_are_none(indexed: Cli, tmp_path: Path) -> None:
    before = state(indexed)
    for name, content in FILES.items():
        file = tmp_path / name
        file.write_bytes(content)
        done = indexed("index", file, "--json")
        assert_clear(done)
        assert name in done.err
        assert done.rows[0]["documents"]["failed"][0]["reason"]
    assert state(indexed) == before


def test_the_good_files_beside_bad_ones_are_indexed(indexed: Cli, plans: Path) -> None:
    for name, content in FILES.items():
        (plans / name).write_bytes(content)
    (plans / "good.md").write_text("# Vision\n\nEye exams have a $15 copay.\n")
    done = indexed("index", plans, "--json")
    assert done.status == 0
    assert done.rows[0]["documents"]["added"] == 1
    assert len(done.rows[0]["documents"]["failed"]) == len(FILES)


def test_commands_that_are_none(indexed: Cli) -> None:
    before = state(indexed)
    for command in COMMANDS:
        assert_clear(indexed(*command))
    assert state(indexed) == before


@pytest.mark.parametrize(("name", "value"), SETTINGS)
def test_settings_that_are_none(
    indexed: Cli, name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = state(indexed)
    with monkeypatch.context() as patch:
        patch.setenv(name, value)
        assert_clear(indexed("ask", "What is the deductible?"))
        assert_clear(indexed("index", "plans"))
    assert state(indexed) == before


def test_an_index_that_was_never_made_is_said_to_be_missing(cli: Cli) -> None:
    for command in (["ask", "deductible?"], ["search", "deductible?"]):
        done = cli(*command)
        assert_clear(done)
        assert "benefits-chat index" in done.err
