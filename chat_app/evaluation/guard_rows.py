"""Rows of files of labelled texts for the guards: attacks, personal data, grounding."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

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
from chat_app.evaluation.rows import BadRow
from retrieval.errors import InputError

Shape: TypeAlias = Literal["direct", "indirect", "personal_data", "grounding"]
"""Attacks in a question, attacks in a passage, personal data in a question, claims."""

_SHAPES: tuple[tuple[frozenset[str], Shape], ...] = (
    (frozenset({"text", "spans"}), "personal_data"),
    (frozenset({"claim", "references", "label"}), "grounding"),
    (frozenset({"context", "answer", "label"}), "grounding"),
    (frozenset({"context", "question", "label"}), "indirect"),
    (frozenset({"text", "label"}), "direct"),
)
"""The first of which a row has all fields is its shape."""

_WRONG = {
    "attack": True,
    "benign": False,
    "attributable": False,
    "not_attributable": True,
    "grounded": False,
    "hallucinated": True,
}


@dataclass(frozen=True, slots=True)
class Span:
    """Personal data in a text: its type, and where it stands."""

    type: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Case:
    """A labelled text.

    Attributes:
        line: in its file, from 1.
        digest: fingerprint of all that was read of the row.
        text: what is judged: a question, a passage or a claim.
        wrong: should a guard stop it? Of personal data: does it hold some?
        kind: type of the attack or claim.
        source: where the row is from.
        question: that passage or claim is about.
        passages: that the claim rests on.
        spans: of personal data, in order.
    """

    id: RowId
    line: int
    digest: str
    shape: Shape
    text: str
    wrong: bool
    kind: str = ""
    source: str = ""
    question: str = ""
    passages: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()


def parse_cases(lines: Iterable[Line]) -> Iterator[Case | BadRow]:
    """The rows in order; all must have the shape of the first that has one."""
    seen: set[RowId] = set()
    shape: Shape | None = None
    for line in lines:
        try:
            case = _case(line, seen, shape)
        except InputError as error:
            yield BadRow(line.number, line.error or str(error))
        else:
            shape = case.shape
            yield case


def _case(line: Line, seen: set[RowId], expected: Shape | None) -> Case:
    fields = line.fields
    shape = next((shape for needed, shape in _SHAPES if needed <= fields.keys()), None)
    if shape is None:
        raise InputError(
            "no shape that is known: write text and label, context, question and label, text and "
            "spans, or question, claim, references and label"
        )
    if expected and shape != expected:
        raise InputError(f"this row is about {shape}, those above about {expected}: part the file")
    case = Case(
        id=identifier({"id": line.number, **fields}, seen),
        line=line.number,
        digest=digest(fields),
        shape=shape,
        text="",
        wrong=False,
        kind=_name(fields, "type", "attack_category", "variant", "src_dataset"),
        source=_name(fields, "source"),
    )
    if shape == "personal_data":
        return _personal(fields, case)
    return replace(_READERS[shape](fields, case), wrong=_is_wrong(fields))


def _personal(fields: Fields, case: Case) -> Case:
    text, spans = text_of(fields, "text"), fields.get("spans")
    if not isinstance(spans, list):
        raise InputError('\'spans\' is not a list: write [{"type", "start", "end"}]')
    read = tuple(_span(span, len(text)) for span in spans)
    return replace(case, text=text, spans=read, wrong=bool(read))


def _span(value: object, length: int) -> Span:
    fields = value if isinstance(value, Mapping) else {}
    start, end = whole_of(fields, "start"), whole_of(fields, "end")
    if start is None or end is None or not 0 <= start < end <= length:
        raise InputError("'spans' has an entry whose start and end do not lie in the text")
    return Span(text_of(fields, "type"), start, end)


def _direct(fields: Fields, case: Case) -> Case:
    return replace(case, text=text_of(fields, "text"))


def _indirect(fields: Fields, case: Case) -> Case:
    return replace(case, text=text_of(fields, "context"), question=text_of(fields, "question"))


def _grounding(fields: Fields, case: Case) -> Case:
    if "claim" in fields:
        claim, passages = text_of(fields, "claim"), texts_of(fields, "references")
    else:
        claim, passages = text_of(fields, "answer"), (text_of(fields, "context"),)
    question = text_of(fields, "question", default="")
    return replace(case, text=claim, question=question, passages=passages)


_READERS: Mapping[Shape, Callable[[Fields, Case], Case]] = {
    "direct": _direct,
    "indirect": _indirect,
    "grounding": _grounding,
}


def _is_wrong(fields: Fields) -> bool:
    label = fields.get("label")
    if not isinstance(label, str) or label not in _WRONG:
        known = ", ".join(_WRONG)
        raise InputError(f"'label' is {str(label)[:40]!r}, which is none of {known}")
    return _WRONG[label]


def _name(fields: Fields, *names: str) -> str:
    """The first of these fields that has a text."""
    values = (fields.get(name) for name in names)
    return next((value for value in values if isinstance(value, str) and value), "")
