"""What chromadb raises, in our words."""

from collections.abc import Iterator
from contextlib import contextmanager

from retrieval.errors import RetrievalError, StoreError, StoreUnavailableError

REFUSALS = frozenset(
    {
        "BatchSizeExceededError",
        "DuplicateID",
        "IDAlreadyExists",
        "InvalidArgument",
        "InvalidDimension",
        "InvalidHTTPVersion",
        "InvalidUUID",
        "QuotaError",
        "UniqueConstraintError",
    }
)
"""Chroma errors, by ``ChromaError.name()``, that say that what was asked cannot be done."""
FAILURES = frozenset(
    {
        "AuthError",
        "AuthorizationError",
        "InternalError",
        "NotFoundError",
        "RateLimitError",
        "VersionMismatchError",
    }
)
"""Chroma errors that say that the store cannot be used just now."""


@contextmanager
def translated(name: str, remedy: str) -> Iterator[None]:
    """Turn whatever Chroma raises into a StoreError.

    Args:
        name: of the store, to begin the message.
        remedy: what to do when it is unavailable.

    Raises:
        StoreError: Chroma refused what was asked.
        StoreUnavailableError: Chroma, its files or its server failed.
    """
    try:
        yield
    except BaseException as error:
        if not is_foreign(error):
            raise
        if _chroma_name(error) in REFUSALS:
            raise StoreError(f"{name} refused: {_first_line(error)}") from error
        raise StoreUnavailableError(f"{name} failed ({_first_line(error)}): {remedy}") from error


def is_foreign(error: BaseException) -> bool:
    """Did Chroma raise it? The server's client raises bare ``Exception``s too."""
    # A panic of the Rust code is a BaseException that cannot be imported.
    panic = type(error).__name__ == "PanicException"
    return panic or (isinstance(error, Exception) and not isinstance(error, RetrievalError))


def _chroma_name(error: BaseException) -> str:
    from chromadb.errors import ChromaError

    return str(error.name()) if isinstance(error, ChromaError) else ""


def _first_line(error: BaseException) -> str:
    lines = str(error).splitlines()
    return lines[0][:200] if lines else type(error).__name__
