"""JSONL: each line a document, read one at a time however many there are."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from retrieval.loading.identity import Identity, identity_from
from retrieval.loading.refusal import Unusable

MAX_ROW_BYTES = 20_000_000
_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_OWN_FIELDS = ("policy", "plan_year", "title", "language")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row lies in its file.

    Attributes:
        line: its number, from 1.
        offset: of its first byte.
    """

    line: int
    offset: int


@dataclass(frozen=True, slots=True)
class Row:
    """A row that is a document.

    Attributes:
        source: as the row gives it, or empty.
        page: of the source, from 1; 0 when the row gives none.
        identity: policy, year, title, language and all further fields as metadata.
    """

    id: str
    text: str
    source: str
    page: int
    identity: Identity


def lines_of(path: Path) -> Iterator[tuple[Place, bytes]]:
    """Each line that is not blank, with its place.

    Raises:
        Unusable: the file is UTF-16, or a line is too long to be a row.
    """
    offset = 0
    with path.open("rb") as file:
        line_number = 0
        while line := file.readline(MAX_ROW_BYTES + 1):
            line_number += 1
            if line_number == 1 and line.startswith(_UTF16):
                raise Unusable("is encoded in UTF-16: save it as UTF-8")
            if b"\x00" in line:
                raise Unusable("holds binary data, not rows of JSON")
            if len(line) > MAX_ROW_BYTES:
                raise Unusable(
                    f"line {line_number} is longer than {MAX_ROW_BYTES // 1_000_000} MB: "
                    "write one JSON object a line"
                )
            if line.strip().removeprefix(_BOM):
                yield Place(line_number, offset), line
            offset += len(line)


def line_at(path: Path, place: Place) -> bytes:
    """The line at a place that ``lines_of`` gave."""
    with path.open("rb") as file:
        file.seek(place.offset)
        return file.readline(MAX_ROW_BYTES + 1)


def parse_row(line: bytes) -> Row:
    """Read one line.

    Raises:
        Unusable: it is no row; the message says what to mend.
    """
    try:
        fields = json.loads(line.removeprefix(_BOM).decode("utf-8"))
    except UnicodeDecodeError:
        raise Unusable("is not UTF-8: save the file as UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise Unusable(f"is not JSON: {error}") from None
    if not isinstance(fields, dict):
        raise Unusable('is no JSON object: write {"id": ..., "text": ...}')
    row_id, text = _id(fields.pop("id", None)), _text(fields.pop("text", None))
    source, page = _source(fields.pop("source", None)), _page(fields.pop("page", None))
    own: dict[str, object] = {name: fields.pop(name, None) for name in _OWN_FIELDS}
    own["metadata"] = fields
    return Row(row_id, text, source, page, identity_from(own))


def _id(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and value.strip() and value.isprintable():
        return value.strip()
    raise Unusable('needs an "id": a number, or text that can be shown')


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise Unusable('needs a "text" that is not blank')
    if "\x00" in value or not _encodes(value):
        raise Unusable('has a "text" with characters that are no text')
    return value.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _source(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str) and value.isprintable():
        return value.strip()
    raise Unusable('has a "source" that is no line of text')


def _page(value: object) -> int:
    if value is None:
        return 0
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    raise Unusable('has a "page" that is no whole number from 1: leave it out, or rename the field')


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
