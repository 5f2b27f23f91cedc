"""An index on a Chroma server."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import numpy as np

from retrieval.documents import Record, Scalar, Vector
from retrieval.filters import Filter
from retrieval.interfaces import Contract, Hit
from retrieval.stores.chroma_errors import translated
from retrieval.stores.chroma_index import ChromaIndex, new_version
from retrieval.stores.chroma_records import HNSW, contract_of
from retrieval.stores.chroma_server import ChromaServer
from retrieval.stores.paging import PAGE, pages
from retrieval.stores.records import check_vector, checked_records, compared


class ChromaServerStore:
    """Keeps an index in a collection of a Chroma server, and has the server search.

    A search among the passages of one plan takes 5 to 30 ms.
    """

    def __init__(self, url: str, collection: str) -> None:
        """Hold the address; the server is reached at the first use.

        Raises:
            SettingsError: it is not the address of a server.
        """
        self._collection = collection
        self._place = ChromaServer(url)

    def read_contract(self) -> Contract | None:
        """What the index was built with, or None when there is no index yet."""
        with self._opened() as index:
            return index.contract if index else None

    def create(self, contract: Contract) -> None:
        """Make an empty collection; one that is there is replaced."""
        with (
            translated(self._place.name, self._place.remedy),
            self._place.session() as client,
        ):
            if self._find(client) is not None:
                client.delete_collection(self._collection)
            client.create_collection(
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
                with index.changing():
                    index.put(wanted)

    def get(self, keys: Sequence[str]) -> list[Record]:
        """The records of these keys, in their order; unknown ones are skipped."""
        with self._opened() as index:
            return index.get(keys) if index else []

    def compare(self, keys: Sequence[str], vector: Vector) -> list[Hit]:
        """The records of these keys and how near they are, in the order of the keys."""
        with self._opened() as index:
            if index is None:
                return []
            check_vector(vector, index.contract, "the query's vector")
            return compared(index.get(keys), vector)

    def delete(self, keys: Sequence[str]) -> None:
        """Remove these keys; unknown ones are no error."""
        with self._opened() as index:
            if index and keys:
                with index.changing():
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
        for page in pages(keys, PAGE):
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
            collection = self._find(client)
            if collection is None:
                yield None
            else:
                contract = contract_of(
                    collection.metadata or {}, self._collection, self._place.name
                )
                yield ChromaIndex(collection, contract, client.get_max_batch_size())

    def _find(self, client: Any) -> Any:  # noqa: ANN401 - chromadb is not typed here
        from chromadb.errors import NotFoundError

        try:
            return client.get_collection(self._collection, embedding_function=None)
        except NotFoundError:
            return None
