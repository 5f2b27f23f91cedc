"""The files under the given paths, each once, in a stable order."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from retrieval.errors import InputError, LoadingError
from retrieval.loading.formats import IRRELEVANT, IRRELEVANT_NAMES, READABLE, refusal
from retrieval.loading.refusal import fault, printable
from retrieval.loading.sidecars import is_sidecar, sidecar_target

_HIDDEN_STARTS = (".", "~$")
_SKIPPED_FOLDERS = {"node_modules", "__pycache__", "__MACOSX"}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that may become documents.

    Attributes:
        path: as reached from the given path.
        source: relative to the given path, with forward slashes.
        format: of ``formats.READABLE``.
    """

    path: Path
    source: str
    format: str


def check_paths(paths: Sequence[Path]) -> None:
    """Refuse paths that lead nowhere.

    Raises:
        InputError: one of them does not exist; the message names it.
    """
    for path in paths:
        try:
            exists = path.exists()
        except OSError as error:
            raise InputError(f"{path} cannot be reached: {error.strerror}") from error
        if not exists:
            raise InputError(f"{path} does not exist: check the spelling, or where you are")


def walk(paths: Sequence[Path]) -> Iterator[Candidate | LoadingError]:
    """Every readable file, and an error for each that looks like a document and is not readable.

    Within folders, hidden files, sidecars and files of other kinds are passed over. A file or
    folder that is reached twice, through two paths or through a link, counts once.
    """
    seen: set[tuple[int, int]] = set()
    for path in paths:
        if path.is_dir():
            yield from _walk_folder(path, path, seen)
        elif _is_new(path, seen):
            found = _candidate(path, path.name, named=True)
            if found:
                yield found


def _walk_folder(
    folder: Path, root: Path, seen: set[tuple[int, int]]
) -> Iterator[Candidate | LoadingError]:
    stack = [folder]
    while stack:
        here = stack.pop()
        if not _is_new(here, seen):
            continue
        try:
            entries = sorted(os.scandir(here), key=lambda entry: entry.name, reverse=True)
        except OSError as error:
            yield fault(here, f"cannot be opened: {error.strerror}")
            continue
        files = [Path(entry.path) for entry in entries if not _is_folder(entry)]
        stack.extend(Path(e.path) for e in entries if _is_folder(e) and not _is_hidden(e.name))
        for file in reversed(files):
            if not _is_hidden(file.name) and _is_new(file, seen):
                found = _candidate(file, file.relative_to(root).as_posix(), named=False)
                if found:
                    yield found


def _candidate(path: Path, source: str, *, named: bool) -> Candidate | LoadingError | None:
    extension = path.suffix.lower()
    reason = None
    if not _is_file(path):
        reason = "is no file, or a link that leads nowhere" if named or path.is_symlink() else None
    elif is_sidecar(path.name):
        reason = _sidecar_fault(path, named=named)
    elif extension in READABLE:
        return Candidate(path, printable(source), READABLE[extension])
    elif named or not (extension in IRRELEVANT or path.name.lower() in IRRELEVANT_NAMES):
        reason = refusal(extension)
    return fault(path, reason) if reason else None


def _sidecar_fault(path: Path, *, named: bool) -> str | None:
    if named:
        return "is a sidecar: name the file that it tells about"
    if not path.with_name(sidecar_target(path.name)).exists():
        return f"tells about {sidecar_target(path.name)}, which is not there: rename it"
    return None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return True


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _is_hidden(name: str) -> bool:
    return name.startswith(_HIDDEN_STARTS) or name in _SKIPPED_FOLDERS


def _is_new(path: Path, seen: set[tuple[int, int]]) -> bool:
    try:
        status = path.stat()
    except OSError:
        return True
    mark = (status.st_dev, status.st_ino)
    if mark in seen:
        return False
    seen.add(mark)
    return True
