"""Amazon S3 Vectors."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal, TypeVar

import numpy as np

from retrieval.documents import Record, Scalar, Vector
from retrieval.errors import SettingsError, StoreError
from retrieval.filters import Filter
from retrieval.interfaces import Contract, Hit
from retrieval.stores.records import MAX_KEY, check_vector, checked_records, compared
from retrieval.stores.s3_vectors_client import NotThereError, S3VectorsClient
from retrieval.stores.s3_vectors_index import S3VectorsIndex, scanned
from retrieval.stores.s3_vectors_limits import check_metadata
from retrieval.stores.s3_vectors_made import Mode, S3VectorsMaking

PARALLEL = 8
"""Calls at once. AWS takes 2,500 vectors a second in one index: 5 full batches."""

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_Found = TypeVar("_Found")


class S3VectorsStore:
    """Keeps an index in a vector bucket of Amazon S3.

    The index carries the contract and the version of its records in its tags, see
    ``s3_vectors_tags`` for what fits in them. A search is one call.

    The role needs these actions of ``s3vectors``: GetIndex, ListTagsForResource, QueryVectors,
    GetVectors and ListVectors to read; PutVectors, DeleteVectors and TagResource to write; where
    the index is not made beforehand CreateVectorBucket, CreateIndex and DeleteIndex, to create;
    UpdateIndexMode and UpdateMetadataConfiguration for ``enhanced``.
    """

    def __init__(
        self,
        bucket: str,
        index: str,
        region: str | None = None,
        mode: Literal["classic", "enhanced"] = "classic",
        parallel: int = PARALLEL,
    ) -> None:
        """Hold the names; nothing is opened before the first use.

        Args:
            bucket: name of the vector bucket; made when it is not there.
            index: name of the index in it; made, or adopted when it is there and empty.
            region: of the bucket, or None for what boto3 finds in its configuration.
            mode: ``enhanced`` makes an index that ``query_hybrid`` can search by words too.
            parallel: most calls at once, and connections kept open.

        Raises:
            SettingsError: a name or number cannot be used.
        """
        for what, name in (("vector bucket", bucket), ("index", index)):
            if not _NAME.fullmatch(name):
                raise SettingsError(
                    f"{name[:80]!r} cannot be the name of the {what} on S3 Vectors: use 3 to 63 of "
                    "a-z, 0-9, '.', '-', the first and last a letter or digit"
                )
        if parallel < 1:
            raise SettingsError(f"{parallel} calls at once to S3 Vectors: give 1 or more")
        self._name = f"the index {index!r} in the vector bucket {bucket!r}"
        self._client = S3VectorsClient(self._name, region, parallel)
        self._index = S3VectorsIndex(self._client, bucket, index)
        self._making = S3VectorsMaking(self._client, self._index, (bucket, index), Mode(mode))
        self._seen: Contract | None = None

    def read_contract(self) -> Contract | None:
        """What the index was built with, or None when there is no index yet."""
        state = self._making.state()
        self._seen = state.contract if state else None
        return self._seen

    def create(self, contract: Contract) -> None:
        """Make an empty index; one of ours that is there is replaced.

        Raises:
            StoreError: the index holds vectors of somebody else, or cannot hold ours.
        """
        self._seen = None
        self._making.create(contract)

    def put(self, records: Sequence[Record]) -> None:
        """Store records; those with a key that is there are replaced."""
        wanted = checked_records(records, self.read_contract())
        for record in wanted:
            check_metadata(record)
        if wanted:
            with self._making.changing():
                self._index.put(wanted)

    def get(self, keys: Sequence[str]) -> list[Record]:
        """The records of these keys, in their order; unknown ones are skipped."""
        usable = [key for key in keys if _is_key(key)]
        return self._read(lambda: self._index.get(usable), []) if usable else []

    def compare(self, keys: Sequence[str], vector: Vector) -> list[Hit]:
        """The records of these keys and how near they are, in the order of the keys."""
        records = self.get(keys)
        self._check(vector)
        return compared(records, vector)

    def delete(self, keys: Sequence[str]) -> None:
        """Remove these keys; unknown ones are no error."""
        usable = [key for key in keys if _is_key(key)]
        if usable and self.read_contract():
            with self._making.changing():
                self._index.delete(usable)

    def query(self, vector: Vector, limit: int, where: Filter | None = None) -> list[Hit]:
        """The nearest records among those the filter admits, by falling similarity, then key."""
        try:
            return self._read(lambda: self._query(vector, limit, where), [])
        except StoreError:
            # The index that was seen before may have been replaced since.
            before = self._seen
            if self.read_contract() == before:
                raise
        return self._read(lambda: self._query(vector, limit, where), [])

    def query_hybrid(
        self, vector: Vector, text: str, limit: int, where: Filter | None = None
    ) -> list[Hit]:
        """The records best by vector and by words, as the service fuses the two rankings.

        Args:
            vector: of the question, (dimension,).
            text: of the question; the first 1,024 characters are read.
            limit: most hits, up to 10,000.
            where: admits.

        Returns:
            Hits, best first by reciprocal rank fusion: not by their similarity.

        Raises:
            StoreError: the index was not made ``enhanced``.
        """
        return self._read(lambda: self._query_hybrid(vector, text, limit, where), [])

    def scan(self, where: Filter | None = None) -> Iterator[tuple[str, Mapping[str, Scalar]]]:
        """Key and metadata of every record the filter admits, by key."""
        yield from scanned(self._read(lambda: self._index.admitted(where), []))

    def count(self, where: Filter | None = None) -> int:
        """How many records the filter admits."""
        return self._read(lambda: self._index.count(where), 0)

    def version(self) -> str:
        """Differs once records were put or removed, by whatever process; one call."""
        state = self._making.state()
        return state.version if state else ""

    def close(self) -> None:
        """Release threads and connections; the store is not used afterwards."""
        self._client.close()

    def _query(self, vector: Vector, limit: int, where: Filter | None) -> list[Hit]:
        self._check(vector)
        return self._index.query(np.asarray(vector), limit, where) if limit > 0 else []

    def _query_hybrid(
        self, vector: Vector, text: str, limit: int, where: Filter | None
    ) -> list[Hit]:
        self._check(vector)
        if limit < 1 or not text.strip():
            return []
        return self._index.query_hybrid(np.asarray(vector), text, limit, where)

    def _check(self, vector: Vector) -> None:
        if self._seen is not None:
            check_vector(vector, self._seen, "the query's vector")

    def _read(self, read: Callable[[], _Found], nothing: _Found) -> _Found:
        """What is read of the index; nothing where there is none, or none any more.

        The contract is taken as it was last seen: reading needs no newer one, and it costs a call.
        """
        try:
            return read() if self._seen or self.read_contract() else nothing
        except NotThereError:
            self._seen = None
            return nothing


def _is_key(key: str) -> bool:
    """Can a record have this key at all?"""
    try:
        return bool(key.encode()) and len(key) <= MAX_KEY
    except UnicodeEncodeError:
        return False
