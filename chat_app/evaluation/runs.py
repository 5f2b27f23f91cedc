"""Rows -> results, one by one: what was measured before is taken over, the rest is measured."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from chat_app.errors import GenerationError, GuardError
from chat_app.evaluation.fields import RowId
from chat_app.evaluation.result_file import AnyMeasured, Appending, ResultFile, Settings
from retrieval.errors import InputError


class Labelled(Protocol):
    """A labelled row of whatever kind."""

    @property
    def id(self) -> RowId:
        """Unique in its file."""

    @property
    def line(self) -> int:
        """In its file, from 1."""

    @property
    def digest(self) -> str:
        """Fingerprint of all that was read of the row."""


AnyRow = TypeVar("AnyRow", bound=Labelled)


@dataclass(frozen=True, slots=True)
class Done(Generic[AnyMeasured]):
    """What a run finds done.

    Attributes:
        taken: results that hold, by id.
        outdated: how many results were measured with other settings or another row.
    """

    taken: dict[RowId, AnyMeasured]
    outdated: int


class Run(Generic[AnyMeasured]):
    """Measures rows under one set of settings."""

    def __init__(self, out: Path | None, kind: type[AnyMeasured], settings: Settings) -> None:
        """Look for what was measured before.

        Args:
            out: where results are kept; None keeps nothing.
            kind: the dataclass of a result.
            settings: what is measured with.

        Raises:
            InputError: the file cannot be written, or holds something else.
        """
        self._file = ResultFile(out, kind) if out else None
        self._settings = dict(settings)
        self._earlier = self._file.earlier() if self._file else []

    def done(self, rows: Sequence[Labelled]) -> Done[AnyMeasured]:
        """Which rows are done."""
        wanted = {row.id: row.digest for row in rows}
        known = [m for _, m in self._earlier if m.id in wanted]
        taken = {m.id: m for m in self._valid() if wanted.get(m.id) == m.digest}
        return Done(taken, len({m.id for m in known}) - len(taken))

    def results(
        self,
        rows: Sequence[AnyRow],
        measure: Callable[[AnyRow], AnyMeasured],
        *,
        failed: Callable[[AnyRow, str], None],
        step: Callable[[], None],
    ) -> list[AnyMeasured]:
        """The results of the rows in their order; a row that fails is left out.

        Args:
            rows: what to measure.
            measure: measures one.
            failed: told of a row that fails, and why.
            step: told after each row.
        """
        taken = self.done(rows).taken
        results: list[AnyMeasured] = []
        with self._writing({row.id for row in rows} - taken.keys()) as appending:
            for row in rows:
                if row.id in taken:
                    results.append(taken[row.id])
                else:
                    try:
                        measured = measure(row)
                    except (InputError, GenerationError, GuardError) as error:
                        failed(row, str(error))
                    else:
                        results.append(measured)
                        if appending:
                            appending.add(self._settings, measured)
                step()
        return results

    def _valid(self) -> Iterable[AnyMeasured]:
        return (measured for settings, measured in self._earlier if settings == self._settings)

    @contextmanager
    def _writing(self, anew: set[RowId]) -> Iterator[Appending[AnyMeasured] | None]:
        """Results of these settings stay, also of rows that are not measured this time."""
        if self._file is None:
            yield None
            return
        kept = [(self._settings, m) for m in self._valid() if m.id not in anew]
        with self._file.writing(kept) as appending:
            yield appending
