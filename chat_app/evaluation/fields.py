"""Lines of a labelled JSONL file, and the fields of one line, each checked as it is read."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from retrieval.errors import InputError

Fields = Mapping[str, object]
RowId = str | int


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is not blank.

    Attributes:
        number: from 1.
        fields: the object that stands there; empty when it cannot be read.
        error: why it cannot be read; empty when it can.
    """

    number: int
    fields: Fields = field(default_factory=dict)
    error: str = ""


def read_lines(path: Path) -> Iterator[Line]:
    """Read the lines of a file in order; one that is no JSON object comes out with its error.

    Raises:
        InputError: the file cannot be read, is not UTF-8 or holds no line.
    """
    empty = True
    try:
        with path.open(encoding="utf-8-sig") as lines:
            for number, text in enumerate(lines, 1):
                if text.strip():
                    empty = False
                    yield _line(number, text)
    except UnicodeDecodeError:
        raise InputError(f"{path} is not UTF-8 text: save it as UTF-8 JSONL") from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"{path} cannot be read: {why}") from None
    if empty:
        raise InputError(f"{path} is empty: write one JSON object a line")


def _line(number: int, text: str) -> Line:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        return Line(number, error=f"not JSON ({error}): write one JSON object a line")
    if not isinstance(value, dict):
        return Line(number, error="not a JSON object: write one JSON object a line")
    return Line(number, value)


def digest(value: object) -> str:
    """A short fingerprint of a JSON value, the same in every process."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def identifier(fields: Fields, seen: set[RowId]) -> RowId:
    """The row's id: a number, or text.

    Args:
        fields: of the row.
        seen: ids of the rows above; this one is added.

    Raises:
        InputError: it has none, or one that stands above.
    """
    value = fields.get("id")
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise InputError("'id' is missing or neither text nor a number: give each row its own")
    if value in seen:
        raise InputError(f"the id {value!r} stands above already: give each row its own")
    seen.add(value)
    return value


def text_of(fields: Fields, name: str, *, default: str | None = None) -> str:
    """A field of text; the default where the row has none, an error where there is no default.

    Raises:
        InputError: it is no text.
    """
    value = fields.get(name)
    if value is None and default is not None:
        return default
    if not isinstance(value, str) or (default is None and not value.strip()):
        raise InputError(f"{name!r} is missing or not text: write it as a JSON string")
    return value


def whole_of(fields: Fields, name: str) -> int | None:
    """A whole number, or None where the row has none.

    Raises:
        InputError: it is something else.
    """
    value = fields.get(name)
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise InputError(f"{name!r} is not a whole number: write it without quotes, or leave it out")


def texts_of(fields: Fields, name: str) -> tuple[str, ...]:
    """A list of texts, empty where the row has none.

    Raises:
        InputError: it is something else.
    """
    value = fields.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InputError(f'{name!r} is not a list of texts: write ["..."], or leave it out')
    return tuple(value)
