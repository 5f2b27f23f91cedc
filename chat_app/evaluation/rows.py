"""Rows of a file of labelled questions."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from chat_app.answers import Question
from chat_app.evaluation.fields import (
    Fields,
    Line,
    RowId,
    digest,
    identifier,
    text_of,
    texts_of,
    whole_of,
)
from retrieval.errors import InputError

KNOWN_FIELDS = ("id", "question", "policies", "plan_year", "answerable", "relevant", "truth")


@dataclass(frozen=True, slots=True)
class Label:
    """A place that answers the question: a page or the whole of a source, or a document.

    Attributes:
        source: the whole path of a source or its end; empty when the document is named.
        page: from 1; None for all of it.
        document: its name as ``benefits-chat list`` shows it.
    """

    source: str = ""
    page: int | None = None
    document: str = ""

    def to_json(self) -> dict[str, str | int | None]:
        """The label as the rows write it."""
        if self.document:
            return {"document": self.document}
        return {"source": self.source} | ({} if self.page is None else {"page": self.page})


@dataclass(frozen=True, slots=True)
class EvalRow:
    """A labelled question.

    Attributes:
        id: unique in its file.
        answerable: do the documents answer it?
        labels: where; empty when that is not labelled.
        truth: an answer that is right; empty when there is none.
        line: in its file, from 1.
        digest: fingerprint of all that was read of the row.
    """

    id: RowId
    question: Question
    answerable: bool
    labels: tuple[Label, ...] = ()
    truth: str = ""
    line: int = 0
    digest: str = ""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be used, and why, with the remedy."""

    line: int
    error: str


def parse_rows(lines: Iterable[Line]) -> Iterator[EvalRow | BadRow]:
    """The rows in order; unknown fields are ignored, and no id comes twice."""
    seen: set[RowId] = set()
    for line in lines:
        try:
            yield _row(line, seen)
        except InputError as error:
            yield BadRow(line.number, line.error or str(error))


def _row(line: Line, seen: set[RowId]) -> EvalRow:
    fields = line.fields
    row_id = identifier(fields, seen)
    question = Question(
        text_of(fields, "question"), texts_of(fields, "policies"), whole_of(fields, "plan_year")
    )
    answerable = fields.get("answerable")
    if not isinstance(answerable, bool):
        raise InputError("'answerable' is missing or neither true nor false: say which")
    return EvalRow(
        id=row_id,
        question=question,
        answerable=answerable,
        labels=_labels(fields),
        truth=text_of(fields, "truth", default=""),
        line=line.number,
        digest=digest({name: fields.get(name) for name in KNOWN_FIELDS}),
    )


def _labels(fields: Fields) -> tuple[Label, ...]:
    value = fields.get("relevant")
    if value is None:
        return ()
    if not isinstance(value, list):
        raise InputError('\'relevant\' is not a list: write [{"source": ..., "page": ...}]')
    return tuple(dict.fromkeys(_label(item) for item in value))


def _label(item: object) -> Label:
    if not isinstance(item, Mapping) or ("source" in item) == ("document" in item):
        raise InputError(
            "'relevant' has an entry that names neither or both of 'source' and 'document': "
            'write {"source": ..., "page": ...} or {"document": ...}'
        )
    if "document" in item:
        return Label(document=text_of(item, "document"))
    page = whole_of(item, "page")
    if page is not None and page < 1:
        raise InputError(f"'page' is {page}: pages count from 1")
    return Label(text_of(item, "source").replace("\\", "/").strip("/"), page)
