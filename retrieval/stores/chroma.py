"""ChromaDB, embedded in a folder or as a server."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from retrieval.documents import Record, Scalar, Vector
from retrieval.errors import SettingsError
from retrieval.filters import Filter
from retrieval.interfaces import Contract, Hit, VectorStore
from retrieval.stores.chroma_log import ChromaLog
from retrieval.stores.chroma_server_store import ChromaServerStore
from retrieval.stores.table_store import TableStore


class ChromaStore:
    """Keeps an index in a collection of ChromaDB."""

    def __init__(
        self, path: Path | None = None, url: str | None = None, collection: str = "benefits-chat"
    ) -> None:
        """Hold the place; it is opened at the first use.

        Args:
            path: the folder of an embedded Chroma.
            url: the address of a server, in place of a folder.
            collection: name of the collection, 3 to 512 of letters, digits, ``.``, ``_``, ``-``.

        Raises:
            SettingsError: not exactly one of path and url is given, or the url is none.
        """
        if (path is None) == (url is None):
            raise SettingsError("Chroma needs either a folder or the address of a server")
        self._store: VectorStore = (
            TableStore(ChromaLog(path, collection))
            if path is not None
            else ChromaServerStore(url or "", collection)
        )

    def read_contract(self) -> Contract | None:
        """What the index was built with, or None when there is no index yet."""
        return self._store.read_contract()

    def create(self, contract: Contract) -> None:
        """Make an empty collection; one that is there is replaced."""
        self._store.create(contract)

    def put(self, records: Sequence[Record]) -> None:
        """Store records; those with a key that is there are replaced."""
        self._store.put(records)

    def get(self, keys: Sequence[str]) -> list[Record]:
        """The records of these keys, in their order; unknown ones are skipped."""
        return self._store.get(keys)

    def compare(self, keys: Sequence[str], vector: Vector) -> list[Hit]:
        """The records of these keys and how near they are, in the order of the keys."""
        return self._store.compare(keys, vector)

    def delete(self, keys: Sequence[str]) -> None:
        """Remove these keys; unknown ones are no error."""
        self._store.delete(keys)

    def query(self, vector: Vector, limit: int, where: Filter | None = None) -> list[Hit]:
        """The nearest records among those the filter admits, by falling similarity, then key."""
        return self._store.query(vector, limit, where)

    def scan(self, where: Filter | None = None) -> Iterator[tuple[str, Mapping[str, Scalar]]]:
        """Key and metadata of every record the filter admits, by key, read page by page."""
        return self._store.scan(where)

    def count(self, where: Filter | None = None) -> int:
        """How many records the filter admits."""
        return self._store.count(where)

    def version(self) -> str:
        """Differs once records were put or removed, by whatever process."""
        return self._store.version()

    def close(self) -> None:
        """Release files and connections; the store is not used afterwards."""
        self._store.close()
