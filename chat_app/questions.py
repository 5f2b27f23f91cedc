"""Rows of a questions file: ``{"id", "question", "policies"?, "plan_year"?}``, one a line."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from chat_app.answers import Question
from retrieval.errors import InputError, QuestionError


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """A row: the question, or why the row cannot be read."""

    id: str | int | None
    question: Question | None
    error: str = ""


def read_questions(path: Path) -> Iterator[QuestionRow]:
    """Read the rows of a file in order; a row that cannot be read comes out with its error.

    Raises:
        InputError: the file cannot be read, or is not UTF-8.
    """
    try:
        with path.open(encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _row(line, f"{path} line {number}")
    except UnicodeDecodeError:
        raise InputError(f"{path} is not UTF-8 text: save it as UTF-8 JSONL") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None


def _row(line: str, where: str) -> QuestionRow:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        return QuestionRow(None, None, f"{where} is not JSON: {error}")
    if not isinstance(value, dict):
        return QuestionRow(None, None, f"{where} is not a JSON object")
    name = value.get("id")
    row_id = name if isinstance(name, str | int) else None
    try:
        return QuestionRow(row_id, _question(value))
    except QuestionError as error:
        return QuestionRow(row_id, None, f"{where}: {error}")


def _question(value: dict[str, object]) -> Question:
    text = value.get("question")
    policies = value.get("policies") or []
    year = value.get("plan_year")
    if not isinstance(text, str):
        raise QuestionError("'question' is missing or not text")
    if not isinstance(policies, list) or not all(isinstance(p, str) for p in policies):
        raise QuestionError("'policies' is not a list of names")
    if year is not None and (isinstance(year, bool) or not isinstance(year, int)):
        raise QuestionError("'plan_year' is not a whole number")
    return Question(text, tuple(policies), year)
