"""How a parser says that a file cannot be used, and how that becomes an error with its name."""

import os
from pathlib import Path

from retrieval.errors import LoadingError


class Unusable(Exception):
    """A file, or one row of it, cannot become a document.

    The message is the reason and the remedy, as a phrase that can follow the file's name and a
    colon. Only ``reading`` and ``finding`` know the name; they make a LoadingError of it.
    """


def printable(path: Path | str) -> str:
    """A path that can be printed and stored: bytes that are no text become ``\ufffd``."""
    return os.fsencode(path).decode("utf-8", "replace")


def fault(path: Path | str, reason: object) -> LoadingError:
    """The error of a file, or of ``FILE line N``."""
    return LoadingError(printable(path), str(reason))
