"""Exact search over vectors held in memory: the behaviour that every other store must show."""

from pathlib import Path

from retrieval.stores.record_file import RecordFile
from retrieval.stores.table_store import TableStore


class MemoryStore(TableStore):
    """Keeps an index in one file where a path is given, else in memory alone."""

    def __init__(self, path: Path | None = None) -> None:
        """Hold the path; the file is opened at the first use.

        Args:
            path: the file that keeps the index, or None to forget it with the process.
        """
        super().__init__(RecordFile(path))
