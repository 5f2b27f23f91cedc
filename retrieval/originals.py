"""The files behind the documents, kept so that the chat can show the page of a quote."""

import os
import shutil
from pathlib import Path
from typing import Protocol

KEPT = frozenset({".pdf"})
"""What a browser shows at a page; other formats are shown as the passage alone."""


class _OnDisk(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def path(self) -> Path: ...


class OriginalFiles:
    """A folder with a copy of each PDF that the index holds, by document name."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; it is made when the first file is kept."""
        self._folder = folder

    def keep(self, found: _OnDisk) -> None:
        """Copy the file of a document that is about to be committed."""
        if found.path.suffix.lower() not in KEPT:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        target = self._folder / found.name
        unfinished = target.with_name(f".{target.name}.{os.getpid()}")
        shutil.copyfile(found.path, unfinished)
        unfinished.replace(target)

    def drop(self, document: str) -> None:
        """Forget the file of a removed document."""
        (self._folder / document).unlink(missing_ok=True)

    def path(self, document: str) -> Path | None:
        """The kept file of a document, or None."""
        path = self._folder / document
        return path if path.parent == self._folder and path.is_file() else None
