"""Results kept row by row, so that a killed run goes on where it was."""

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from chat_app.evaluation.fields import RowId
from retrieval.errors import InputError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Settings = Mapping[str, str]


class Measured(Protocol):
    """A dataclass of what was measured for one row."""

    @property
    def id(self) -> RowId:
        """Of the row."""

    @property
    def digest(self) -> str:
        """Fingerprint of the row."""


class Writable(Protocol):
    """An open file of text."""

    def write(self, text: str, /) -> int:
        """Write a text."""

    def flush(self) -> None:
        """Hand over all that was written."""


AnyMeasured = TypeVar("AnyMeasured", bound=Measured)


class ResultFile(Generic[AnyMeasured]):
    """A file of results of one kind: a line holds the settings and the result."""

    def __init__(self, path: Path, kind: type[AnyMeasured]) -> None:
        """Name the file; nothing is opened yet.

        Args:
            path: of the file, which need not exist; its folder must.
            kind: the dataclass of a result.
        """
        self._path = path
        self._kind = kind

    def earlier(self) -> list[tuple[Settings, AnyMeasured]]:
        """The results that the file holds; none when it does not exist yet.

        Raises:
            InputError: it could not be written, or holds something else.
        """
        if not self._path.parent.is_dir():
            raise InputError(f"{self._path}: there is no folder {self._path.parent}: make it first")
        return list(self.read()) if self._path.exists() else []

    def read(self) -> Iterator[tuple[Settings, AnyMeasured]]:
        """The results in order, each with its settings; a line cut by a kill is no result.

        Raises:
            InputError: the file cannot be read, or holds something else.
        """
        adapter = self._adapter()
        try:
            text = self._path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise self._not_results(1) from None
        except OSError as error:
            raise InputError(f"{self._path} cannot be read: {error.strerror}") from None
        for number, line in enumerate(text.splitlines(keepends=True), 1):
            if not line.endswith("\n"):
                return
            try:
                fields = json.loads(line)
                yield dict(fields["settings"]), adapter.validate_python(fields["result"])
            except (ValueError, KeyError, TypeError, RecursionError):
                raise self._not_results(number) from None

    @contextmanager
    def writing(
        self, kept: Iterable[tuple[Settings, AnyMeasured]]
    ) -> Iterator["Appending[AnyMeasured]"]:
        """Begin the file anew with the results to keep; further ones are added to it.

        The file as it was is replaced in one step: a kill loses nothing of what is kept.
        """
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=self._path.parent, prefix=".results-", delete=False
        ) as new:
            appending = Appending(new, self._adapter())
            written = Path(new.name)
            try:
                for settings, measured in kept:
                    appending.add(settings, measured)
                written.chmod(0o644)
                written.replace(self._path)
            except OSError:
                written.unlink()
                raise
            yield appending

    def _adapter(self) -> "TypeAdapter[AnyMeasured]":
        from pydantic import TypeAdapter

        return TypeAdapter(self._kind)

    def _not_results(self, number: int) -> InputError:
        return InputError(
            f"{self._path} line {number} is no result of this kind of measurement: "
            "name another file"
        )


class Appending(Generic[AnyMeasured]):
    """Adds results to an open file."""

    def __init__(self, file: Writable, adapter: "TypeAdapter[AnyMeasured]") -> None:
        self._file = file
        self._adapter = adapter

    def add(self, settings: Settings, measured: AnyMeasured) -> None:
        """Write one result, for other processes to see at once."""
        result = self._adapter.dump_python(measured, mode="json")
        self._file.write(json.dumps({"settings": dict(settings), "result": result}) + "\n")
        self._file.flush()
