"""The operations of a store on one open collection of a Chroma server."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.documents import Record, Scalar, Vector
from retrieval.filters import Filter, matches
from retrieval.interfaces import Contract, Hit
from retrieval.stores.chroma_filters import ChromaFilter, translate
from retrieval.stores.chroma_records import direction, length_of, own, whole
from retrieval.stores.paging import PAGE, pages
from retrieval.stores.records import by_falling, nearest, ranked

EXACT_NUMBERS = 384_000
"""Numbers of the admitted vectors up to which they are read and ranked exactly: 1,000 vectors of
384 in 25 ms. The graph takes 15 ms to search among as many and may miss some."""
MARGIN = 8
"""Hits asked for beyond the limit, to see whether the last one ties with the next."""


class ChromaIndex:
    """A collection and the contract it was built under."""

    def __init__(self, collection: Any, contract: Contract, batch: int) -> None:  # noqa: ANN401
        """Hold an open collection.

        Args:
            collection: chromadb's Collection.
            contract: of the index.
            batch: most records that Chroma takes at once.
        """
        self.contract = contract
        self._collection = collection
        self._batch = batch

    @property
    def version(self) -> str:
        """Differs once records were put or removed, by whatever process."""
        return str(self._collection.metadata.get("version", ""))

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Around all that writes: gives the collection a new version.

        Before and after: a process that is killed in between has changed something, and what
        another one read in between is not what it reads at the end.
        """
        self._collection.modify(metadata=self._collection.metadata | new_version())
        yield
        self._collection.modify(metadata=self._collection.metadata | new_version())

    def put(self, records: Sequence[Record]) -> None:
        """Store checked records with distinct keys, in place of those there.

        Those there are removed first: Chroma would merge the metadata, and takes 25 ms to move a
        vector in the graph, 2 ms to remove it and add it again.
        """
        for start in range(0, len(records), self._batch):
            batch = records[start : start + self._batch]
            keys = [record.key for record in batch]
            self.delete(self._collection.get(ids=keys, include=[])["ids"])
            self._collection.upsert(
                ids=keys,
                embeddings=np.array([direction(record.vector) for record in batch]),
                documents=[record.text for record in batch],
                # Chroma refuses an empty dictionary.
                metadatas=[
                    {**record.metadata, **length_of(record.vector)} or None for record in batch
                ],
            )

    def get(self, keys: Sequence[str]) -> list[Record]:
        """The records of these keys, in their order."""
        records: dict[str, Record] = {}
        for page in pages(dict.fromkeys(keys), PAGE):
            found = self._collection.get(ids=page, include=["documents", "metadatas", "embeddings"])
            vectors = np.array(found["embeddings"], dtype=np.float32)
            columns = (found["ids"], found["documents"], found["metadatas"], vectors)
            for key, text, fields, vector in zip(*columns, strict=True):
                records[key] = Record(key, text, own(fields), whole(vector, fields or {}))
        return [records[key] for key in keys if key in records]

    def delete(self, keys: Sequence[str]) -> None:
        """Remove keys."""
        for page in pages(dict.fromkeys(keys), PAGE):
            self._collection.delete(ids=page)

    def metadata(self, keys: Sequence[str]) -> dict[str, Mapping[str, Scalar]]:
        """The metadata of those keys that are there."""
        found: dict[str, Mapping[str, Scalar]] = {}
        for page in pages(keys, PAGE):
            answer = self._collection.get(ids=page, include=["metadatas"])
            columns = zip(answer["ids"], answer["metadatas"], strict=True)
            found.update((key, own(fields)) for key, fields in columns)
        return found

    def count(self, where: Filter | None) -> int:
        """How many records the filter admits."""
        return int(self._collection.count()) if where is None else len(self.admitted(where))

    def admitted(self, where: Filter | None) -> list[str]:
        """The keys of the records that the filter admits, in order."""
        return self._admitted(translate(where), where)

    def query(self, vector: Vector, limit: int, where: Filter | None) -> list[Hit]:
        """The nearest admitted records, by falling similarity, then key.

        Exact as long as few vectors are admitted. Beyond that the graph is asked. Where many
        copies or deletions keep it from reaching some records, it finds fewer than there are;
        then all admitted vectors are ranked after all.
        """
        chosen = translate(where)
        few = EXACT_NUMBERS // self.contract.dimension
        if where is None and self.count(None) > few:
            found = self._by_graph(vector, limit, chosen, self.count(None))
            return self._hits(found or self._exactly(vector, limit, self.admitted(None)))
        keys = self._admitted(chosen, where)
        found = None
        if len(keys) > few and chosen.exact:
            found = self._by_graph(vector, limit, chosen, len(keys))
        return self._hits(found or self._exactly(vector, limit, keys))

    def _admitted(self, chosen: ChromaFilter, where: Filter | None) -> list[str]:
        if chosen.clause is False:
            return []
        clause = None if chosen.clause is True else chosen.clause
        keys = sorted(self._collection.get(where=clause, include=[])["ids"])
        if chosen.exact:
            return keys
        fields = self.metadata(keys)
        return [key for key in keys if key in fields and matches(where, fields[key])]

    def _by_graph(
        self, vector: Vector, limit: int, chosen: ChromaFilter, admitted: int
    ) -> list[tuple[str, float]] | None:
        """Key and similarity of the nearest; None when the graph finds fewer than there are."""
        clause = None if chosen.clause is True else chosen.clause
        wanted = min(limit + MARGIN, admitted)
        while True:
            answer = self._collection.query(
                query_embeddings=[direction(vector)],
                n_results=wanted,
                where=clause,
                include=["distances"],
            )
            distances = answer["distances"][0]
            found = ranked([(k, 1 - d) for k, d in zip(answer["ids"][0], distances, strict=True)])
            if len(found) < wanted:
                return None
            if wanted == admitted or found[-1][1] < found[limit - 1][1]:
                return found[:limit]
            wanted = min(wanted * 2, admitted)

    def _exactly(self, vector: Vector, limit: int, keys: Sequence[str]) -> list[tuple[str, float]]:
        best: list[tuple[str, float]] = []
        for page in pages(keys, PAGE):
            found, vectors = self._vectors(page)
            best = by_falling(best + nearest(found, vectors, vector, limit))[:limit]
        return best

    def _vectors(self, keys: Sequence[str]) -> tuple[list[str], NDArray[np.float32]]:
        found = self._collection.get(ids=keys, include=["embeddings"])
        vectors = np.array(found["embeddings"], dtype=np.float32)
        return found["ids"], vectors.reshape(len(found["ids"]), self.contract.dimension)

    def _hits(self, found: Sequence[tuple[str, float]]) -> list[Hit]:
        texts: dict[str, tuple[str, Mapping[str, Scalar]]] = {}
        for page in pages((key for key, _ in found), PAGE):
            answer = self._collection.get(ids=page, include=["documents", "metadatas"])
            columns = zip(answer["ids"], answer["documents"], answer["metadatas"], strict=True)
            texts.update((key, (text, own(fields))) for key, text, fields in columns)
        return [Hit(key, *texts[key], value) for key, value in found if key in texts]


def new_version() -> dict[str, str]:
    """The part of a collection's metadata that says which version of its records it holds."""
    return {"version": uuid.uuid4().hex}
