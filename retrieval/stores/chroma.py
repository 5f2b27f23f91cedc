"""ChromaDB, embedded in a folder or as a server."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from retrieval.documents import Record, Scalar, Vector
from retrieval.errors import SettingsError, StoreUnavailableError
from retrieval.filters import Filter
from retrieval.interfaces import Contract, Hit
from retrieval.stores.chroma_errors import translated
from retrieval.stores.chroma_folder import ChromaFolder
from retrieval.stores.chroma_index import HNSW, PAGE, ChromaIndex, new_version
from retrieval.stores.chroma_server import ChromaServer
from retrieval.stores.records import check_vector, checked_records


class Place(Protocol):
    """Where a Chroma is: a folder or a server."""

    @property
    def name(self) -> str:
        """How messages name the store."""

    @property
    def remedy(self) -> str:
        """What to do when it fails."""

    def session(self, *, make: bool = False) -> AbstractContextManager[Any]:
        """Chroma's client for one operation, or None where there is none and none is made."""

    def changing(self) -> AbstractContextManager[None]:
        """Within a session, around all that writes."""

    def tidied(self) -> Any:  # noqa: ANN401 - chromadb is not typed here
        """Within a change, after a collection was removed: the client to go on with."""

    def close(self) -> None:
        """Release it."""


class ChromaStore:
    """Keeps an index in a collection of ChromaDB.

    Opening takes .5 s, nearly all of it the import of chromadb; a search among the passages of
    one plan 5 to 30 ms.
    """

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
        self._collection = collection
        self._place: Place
        if path is not None:
            self._place = ChromaFolder(path, collection)
        else:
            self._place = ChromaServer(url or "")

    def read_contract(self) -> Contract | None:
        """What the index was built with, or None when there is no index yet."""
        with self._opened() as index:
            return index.contract if index else None

    def create(self, contract: Contract) -> None:
        """Make an empty collection; one that is there is replaced."""
        with (
            translated(self._place.name, self._place.remedy),
            self._place.session(make=True) as client,
            self._place.changing(),
        ):
            if self._find(client) is not None:
                client.delete_collection(self._collection)
            self._place.tidied().create_collection(
                self._collection,
                embedding_function=None,
                metadata={"contract": json.dumps(asdict(contract))} | new_version(),
                configuration={"hnsw": HNSW},
            )

    def put(self, records: Sequence[Record]) -> None:
        """Store records; those with a key that is there are replaced."""
        with self._opened() as index:
            wanted = checked_records(records, index.contract if index else None)
            if index and wanted:
                with self._place.changing(), index.changing():
                    index.put(wanted)

    def get(self, keys: Sequence[str]) -> list[Record]:
        """The records of these keys, in their order; unknown ones are skipped."""
        with self._opened() as index:
            return index.get(keys) if index else []

    def delete(self, keys: Sequence[str]) -> None:
        """Remove these keys; unknown ones are no error."""
        with self._opened() as index:
            if index and keys:
                with self._place.changing(), index.changing():
                    index.delete(keys)

    def query(self, vector: Vector, limit: int, where: Filter | None = None) -> list[Hit]:
        """The nearest records among those the filter admits, by falling similarity, then key."""
        with self._opened() as index:
            if index is None:
                return []
            check_vector(vector, index.contract, "the query's vector")
            return index.query(np.asarray(vector, np.float32), limit, where) if limit > 0 else []

    def scan(self, where: Filter | None = None) -> Iterator[tuple[str, Mapping[str, Scalar]]]:
        """Key and metadata of every record the filter admits, by key, read page by page."""
        with self._opened() as index:
            keys = index.admitted(where) if index else []
        for start in range(0, len(keys), PAGE):
            page = keys[start : start + PAGE]
            with self._opened() as index:
                fields = index.metadata(page) if index else {}
            yield from ((key, fields[key]) for key in page if key in fields)

    def count(self, where: Filter | None = None) -> int:
        """How many records the filter admits."""
        with self._opened() as index:
            return index.count(where) if index else 0

    def version(self) -> str:
        """Differs once records were put or removed, by whatever process."""
        with self._opened() as index:
            return index.version if index else ""

    def close(self) -> None:
        """Release files and connections; the store is not used afterwards."""
        with translated(self._place.name, self._place.remedy):
            self._place.close()

    @contextmanager
    def _opened(self) -> Iterator[ChromaIndex | None]:
        with (
            translated(self._place.name, self._place.remedy),
            self._place.session() as client,
        ):
            collection = None if client is None else self._find(client)
            if collection is None:
                yield None
            else:
                contract = self._contract(collection.metadata or {})
                yield ChromaIndex(collection, contract, client.get_max_batch_size())

    def _find(self, client: Any) -> Any:  # noqa: ANN401 - chromadb is not typed here
        from chromadb.errors import NotFoundError

        try:
            return client.get_collection(self._collection, embedding_function=None)
        except NotFoundError:
            return None

    def _contract(self, metadata: Mapping[str, object]) -> Contract:
        try:
            value = json.loads(str(metadata["contract"]))
            return Contract(value["model"], value["dimension"], tuple(value["fingerprint"]))
        except (KeyError, TypeError, ValueError):
            raise StoreUnavailableError(
                f"the collection {self._collection!r} in {self._place.name} is no index of "
                "Benefits Chat: remove or rename it, then run `benefits-chat index PATH`"
            ) from None
