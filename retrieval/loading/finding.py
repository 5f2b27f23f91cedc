"""Paths to documents: what is there, known by name and hash before anything is parsed."""

import dataclasses
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from retrieval.documents import Document
from retrieval.errors import InputError, LoadingError
from retrieval.loading.content import check_content
from retrieval.loading.identity import (
    Identity,
    checked_policy,
    checked_year,
    document_name,
    folder_layout,
    identity_bytes,
)
from retrieval.loading.reading import Label, load_file, load_row
from retrieval.loading.refusal import Unusable, fault
from retrieval.loading.rows import Place, lines_of, parse_row
from retrieval.loading.sidecars import FORMATS_WITH_HEAD, read_head, read_sidecar
from retrieval.loading.walking import Candidate, check_paths, walk

LOADING_VERSION = "2"
"""Raise it when the same file is read differently, so that indexed documents are read again."""


@dataclass(frozen=True, slots=True)
class FoundDocument:
    """A document that was found and not yet read.

    Attributes:
        path: the file on disk.
        name: the document's name, unique in an index.
        source: the file relative to the given path, with forward slashes.
        policy: the plan it belongs to, or None when common to all plans.
        plan_year: four digits, or None when it holds for every year.
        hash: 32 hexadecimal digits over the file or row, its sidecar, all that is said about it,
            and LOADING_VERSION: while it stays, ``load`` gives the same document.
    """

    path: Path
    name: str
    source: str
    policy: str | None
    plan_year: int | None
    hash: str
    _format: str = field(repr=False)
    _identity: Identity = field(repr=False)
    _place: Place | None = field(default=None, repr=False)

    @property
    def where(self) -> str:
        """The file, and the line of a row, as messages name it."""
        return f"{self.path} line {self._place.line}" if self._place else str(self.path)

    def load(self) -> Document:
        """Read and parse it.

        Raises:
            LoadingError: it cannot become a document; the reason and remedy.
        """
        label = Label(self.name, self.source, self._identity)
        if self._place is not None:
            return load_row(self.path, self._place, label)
        return load_file(self.path, self._format, label)


def find(
    paths: Sequence[Path], policy: str | None = None, plan_year: int | None = None
) -> Iterator[FoundDocument | LoadingError]:
    """Find the documents in files, folders and JSONL rows, in a stable order.

    Policy and year of a document, each by the first that says it: the arguments, the row, the
    sidecar, the front matter, the last pair of folders ``POLICY/20xx``. A document for which
    nothing says it is common to all plans, or holds for every year.

    Args:
        paths: files and folders.
        policy: of all of them.
        plan_year: of all of them, 2000 to 2099.

    Returns:
        Documents, and an error as a value for each file or row that cannot become one.

    Raises:
        InputError: a path does not exist, or policy or year are not usable.
    """
    try:
        options = Identity(
            policy=checked_policy(policy) if policy is not None else None,
            plan_year=checked_year(plan_year) if plan_year is not None else None,
        )
    except Unusable as error:
        raise InputError(str(error)) from None
    check_paths(paths)
    return _distinct(_find_all(paths, options))


def _distinct(
    found: Iterator[FoundDocument | LoadingError],
) -> Iterator[FoundDocument | LoadingError]:
    """Two documents of one name would replace each other: the second becomes an error."""
    files: dict[str, Path] = {}
    for item in found:
        if isinstance(item, LoadingError) or item.name not in files:
            if isinstance(item, FoundDocument):
                files[item.name] = item.path
            yield item
        else:
            other = "an earlier row" if files[item.name] == item.path else str(files[item.name])
            yield fault(item.where, f"is named {item.name} like {other}: rename one of them")


def _find_all(paths: Sequence[Path], options: Identity) -> Iterator[FoundDocument | LoadingError]:
    for candidate in walk(paths):
        if isinstance(candidate, LoadingError):
            yield candidate
            continue
        try:
            yield from _find_in(candidate, options)
        except Unusable as error:
            yield fault(candidate.path, error)
        except OSError as error:
            reason = f"cannot be read: {error.strerror or error}"
            yield fault(candidate.path, reason)


def _find_in(candidate: Candidate, options: Identity) -> Iterator[FoundDocument | LoadingError]:
    path = candidate.path
    sidecar, sidecar_bytes = read_sidecar(path)
    folders, rest = _said_by_folders(candidate)
    if candidate.format == "JSONL":
        yield from _find_rows(candidate, options, sidecar.or_else(folders), sidecar_bytes)
        return
    head = Identity()
    if candidate.format in FORMATS_WITH_HEAD:
        check_content(path, candidate.format)
        head = read_head(path, candidate.format)
    identity = options.or_else(sidecar).or_else(head).or_else(folders)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").digest()
    yield _found(candidate, identity, rest, candidate.source, digest + sidecar_bytes)


def _find_rows(
    candidate: Candidate, options: Identity, beside: Identity, sidecar_bytes: bytes
) -> Iterator[FoundDocument | LoadingError]:
    check_content(candidate.path, candidate.format)
    is_empty = True
    for place, line in lines_of(candidate.path):
        is_empty = False
        try:
            row = parse_row(line)
            identity = options.or_else(row.identity).or_else(beside)
            source = row.source or candidate.source
            data = hashlib.sha256(line).digest() + sidecar_bytes
            found = _found(candidate, identity, row.id, source, data)
            yield dataclasses.replace(found, _place=place)
        except Unusable as error:
            yield fault(f"{candidate.path} line {place.line}", error)
    if is_empty:
        raise Unusable("holds no rows")


def _found(
    candidate: Candidate, identity: Identity, rest: str, source: str, data: bytes
) -> FoundDocument:
    name = document_name(identity, rest)
    said = repr((LOADING_VERSION, candidate.format, name, source)).encode(errors="surrogatepass")
    return FoundDocument(
        path=candidate.path,
        name=name,
        source=source,
        policy=identity.policy,
        plan_year=identity.plan_year,
        hash=hashlib.sha256(said + identity_bytes(identity) + data).hexdigest()[:32],
        _format=candidate.format,
        _identity=identity,
    )


def _said_by_folders(candidate: Candidate) -> tuple[Identity, str]:
    """Policy and year by the folder layout, and the path below it or below the given path."""
    path = candidate.path
    for place in (path.absolute(), path.resolve()):
        if layout := folder_layout(place):
            policy, year, rest = layout
            return Identity(policy=checked_policy(policy), plan_year=year), rest
    return Identity(), candidate.source
