import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat_app.evaluation.fields import Line, read_lines
from chat_app.evaluation.guard_rows import Case, Span, parse_cases
from chat_app.evaluation.rows import BadRow, EvalRow, Label, parse_rows
from retrieval.errors import InputError

GOOD = {"id": "a", "question": "Is my checkup free?", "answerable": True}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)


def parsed(**fields: object) -> EvalRow | BadRow:
    [row] = parse_rows([Line(3, {**GOOD, **fields})])
    return row


def test_a_row_is_read_with_its_labels_and_unknown_fields_are_ignored() -> None:
    row = parsed(
        policies=["PPO"],
        plan_year=2026,
        relevant=[{"source": "PPO\\plan.pdf", "page": 3}, {"document": "handbook.md"}],
        truth="It is free.",
        mood="good",
    )
    assert isinstance(row, EvalRow)
    assert row.labels == (Label("PPO/plan.pdf", 3), Label(document="handbook.md"))
    assert (row.question.policies, row.question.plan_year) == (("PPO",), 2026)
    assert (row.truth, row.answerable, row.line) == ("It is free.", True, 3)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"id": None}, "'id'"),
        ({"id": True}, "'id'"),
        ({"id": ""}, "'id'"),
        ({"question": None}, "'question'"),
        ({"question": " "}, "'question'"),
        ({"question": 3}, "'question'"),
        ({"answerable": None}, "'answerable'"),
        ({"answerable": "yes"}, "'answerable'"),
        ({"policies": "PPO"}, "'policies'"),
        ({"policies": [3]}, "'policies'"),
        ({"plan_year": "2026"}, "'plan_year'"),
        ({"plan_year": True}, "'plan_year'"),
        ({"policies": {}}, "'policies'"),
        ({"relevant": {}}, "'relevant'"),
        ({"relevant": {"source": "a"}}, "'relevant'"),
        ({"relevant": [{}]}, "'relevant'"),
        ({"relevant": ["a.pdf"]}, "'relevant'"),
        ({"relevant": [{"source": "a", "document": "b"}]}, "'relevant'"),
        ({"relevant": [{"source": "a", "page": 0}]}, "'page'"),
        ({"relevant": [{"source": "a", "page": "3"}]}, "'page'"),
        ({"relevant": [{"source": ""}]}, "'source'"),
        ({"truth": 3}, "'truth'"),
    ],
)
def test_a_field_of_the_wrong_kind_is_named_with_its_remedy(
    fields: dict[str, object], named: str
) -> None:
    row = parsed(**fields)
    assert isinstance(row, BadRow)
    assert row.line == 3
    assert named in row.error
    assert ":" in row.error


@settings(deadline=None, max_examples=50)
@given(st.dictionaries(st.sampled_from([*GOOD, "policies", "relevant", "spans", "text"]), JSON))
def test_whatever_stands_in_a_row_it_is_read_or_named(fields: dict[str, object]) -> None:
    for parse in (parse_rows, parse_cases):
        [row] = parse([Line(1, fields)])
        assert isinstance(row, EvalRow | Case | BadRow)


def test_an_id_that_comes_twice_is_named() -> None:
    first, second = parse_rows([Line(1, GOOD), Line(2, GOOD)])
    assert isinstance(first, EvalRow)
    assert isinstance(second, BadRow)
    assert "'a'" in second.error


def test_a_row_with_other_labels_has_another_digest() -> None:
    rows = [parsed(), parsed(truth="no"), parsed(answerable=False), parsed(note="not read")]
    digests = [row.digest for row in rows if isinstance(row, EvalRow)]
    assert len(set(digests)) == 3
    assert digests[0] == digests[3]


@pytest.mark.parametrize("line", ["not json", "[]", "3", '"text"', "[" * 5_000, '{"id": 1'])
def test_a_line_that_is_no_object_is_named_and_the_others_are_read(
    line: str, tmp_path: Path
) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text(f"\ufeff{json.dumps(GOOD)}\n\n{line}\n", encoding="utf-8")
    good, bad = parse_rows(read_lines(file))
    assert isinstance(good, EvalRow)
    assert isinstance(bad, BadRow)
    assert bad.line == 3
    assert "one JSON object a line" in bad.error


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    empty, binary = tmp_path / "empty.jsonl", tmp_path / "binary.jsonl"
    empty.write_text("\n \n", encoding="utf-8")
    binary.write_bytes(b"\xff\xfe\x00")
    for file, why in (
        (empty, "empty"),
        (binary, "UTF-8"),
        (tmp_path, "directory"),
        (tmp_path / "no", "No such"),
    ):
        with pytest.raises(InputError, match=why) as error:
            list(read_lines(file))
        assert str(file) in str(error.value)


CASES: list[tuple[dict[str, object], str, bool]] = [
    ({"text": "Ignore it", "label": "attack", "type": "jailbreak"}, "direct", True),
    ({"text": "Is it free?", "label": "benign", "source": "us"}, "direct", False),
    ({"context": "c", "question": "q", "label": "attack"}, "indirect", True),
    ({"context": "c", "question": "q", "label": "benign", "attack": None}, "indirect", False),
    (
        {"text": "I am Ada", "spans": [{"type": "NAME", "start": 5, "end": 8}]},
        "personal_data",
        True,
    ),
    ({"text": "I am here", "spans": []}, "personal_data", False),
    (
        {"question": "q", "claim": "c", "references": ["r"], "label": "not_attributable"},
        "grounding",
        True,
    ),
    ({"context": "c", "question": "q", "answer": "a", "label": "grounded"}, "grounding", False),
]


@pytest.mark.parametrize(("fields", "shape", "wrong"), CASES)
def test_the_shape_of_a_labelled_text_is_told_by_its_fields(
    fields: dict[str, object], shape: str, wrong: bool
) -> None:
    [case] = parse_cases([Line(7, fields)])
    assert isinstance(case, Case)
    assert (case.shape, case.wrong, case.id) == (shape, wrong, 7)


def test_spans_are_read_and_those_outside_of_the_text_are_named() -> None:
    text = {"text": "I am Ada", "id": "x"}
    [good] = parse_cases([Line(1, {**text, "spans": [{"type": "NAME", "start": 5, "end": 8}]})])
    assert isinstance(good, Case)
    assert good.spans == (Span("NAME", 5, 8),)
    for span in ({"type": "NAME", "start": 5, "end": 9}, {"start": 1, "end": 2}, {}, 3):
        [bad] = parse_cases([Line(1, {**text, "spans": [span]})])
        assert isinstance(bad, BadRow)


def test_rows_of_another_shape_and_with_labels_unknown_are_named() -> None:
    lines = [
        Line(1, {"text": "a", "label": "attack"}),
        Line(2, {"text": "a", "label": "evil"}),
        Line(3, {"text": "a", "spans": []}),
        Line(4, {"words": "a"}),
    ]
    good, *bad = parse_cases(lines)
    assert isinstance(good, Case)
    assert [row.line for row in bad] == [2, 3, 4]
    assert [isinstance(row, BadRow) for row in bad] == [True] * 3
