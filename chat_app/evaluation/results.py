"""What was measured for one question."""

from collections.abc import Mapping
from dataclasses import dataclass

from chat_app.evaluation.fields import RowId


@dataclass(frozen=True, slots=True)
class Result:
    """What was measured for one question.

    Attributes:
        digest: fingerprint of the labelled row.
        kind: type of the question.
        measures: by name; a measure that does not apply is missing or None.
        expected: the labelled places.
        found, cited: places, best first.
        rank: of the first relevant place among those searched for, from 1.
        reason: why there is no answer; empty where there is one.
    """

    id: RowId
    digest: str
    question: str
    policies: tuple[str, ...]
    kind: str
    answerable: bool
    measures: Mapping[str, float | None]
    expected: tuple[Mapping[str, str | int | None], ...] = ()
    found: tuple[Mapping[str, str | int | None], ...] = ()
    cited: tuple[Mapping[str, str | int | None], ...] = ()
    rank: int | None = None
    answer: str = ""
    reason: str = ""
    truth: str = ""
