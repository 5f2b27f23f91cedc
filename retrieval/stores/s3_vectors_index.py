"""The operations of a store on the vectors of one index."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from retrieval.documents import Record, Scalar, Vector
from retrieval.errors import StoreError, StoreUnavailableError
from retrieval.filters import Filter, matches
from retrieval.interfaces import Hit
from retrieval.stores.clauses import Clause
from retrieval.stores.paging import pages
from retrieval.stores.records import nearest, ranked
from retrieval.stores.s3_vectors_client import S3VectorsClient
from retrieval.stores.s3_vectors_filters import translate
from retrieval.stores.s3_vectors_limits import (
    DELETE_KEYS,
    GET_KEYS,
    LEAST_TOP_K,
    LIST_VECTORS,
    PUT_VECTORS,
    SEGMENTS,
    TOP_K,
    batches,
    check_batch,
)
from retrieval.stores.s3_vectors_rows import (
    METADATA_FIELD,
    TEXT_FIELD,
    metadata_of,
    text_of,
    to_record,
    to_row,
)

MARGIN = 8
"""Hits asked for beyond the limit, to see whether the last one ties with the next."""
QUERY_TEXT = 1_024
"""Most characters of a text query (service model)."""

Row = Mapping[str, Any]


class S3VectorsIndex:
    """One index by bucket and name; there or not."""

    def __init__(self, client: S3VectorsClient, bucket: str, name: str) -> None:
        self._client = client
        self._segments = min(client.parallel, SEGMENTS)
        self._top = TOP_K
        self._names = {"vectorBucketName": bucket, "indexName": name}

    def put(self, records: Sequence[Record]) -> None:
        """Store checked records with distinct keys, several batches at once.

        Raises:
            StoreUnavailableError: not all were stored; the message says how many were.
        """
        stored, failure = self._client.each(self.put_batch, batches(records))
        if failure is not None:
            kind = type(failure) if isinstance(failure, StoreError) else StoreUnavailableError
            raise kind(
                f"{failure} ({sum(stored):,} of {len(records):,} records were stored; run it "
                "again: a record that is there is replaced)"
            ) from failure

    def put_batch(self, records: Sequence[Record]) -> int:
        """Store one batch, all of it or nothing.

        Raises:
            StoreError: the batch holds more than one call takes.
        """
        check_batch(len(records), PUT_VECTORS, "vectors")
        self._client.call("put_vectors", **self._names, vectors=[to_row(r) for r in records])
        return len(records)

    def get(self, keys: Sequence[str]) -> list[Record]:
        """The records of these keys, in their order."""
        wanted = {"returnData": True, "returnMetadata": True}
        found = {row["key"]: to_record(row) for row in self._rows(keys, **wanted)}
        return [found[key] for key in keys if key in found]

    def delete(self, keys: Sequence[str]) -> None:
        """Remove keys, several batches at once."""
        self._client.all(self.delete_batch, pages(dict.fromkeys(keys), DELETE_KEYS))

    def delete_batch(self, keys: Sequence[str]) -> None:
        """Remove the keys of one call.

        Raises:
            StoreError: there are more than one call takes.
        """
        check_batch(len(keys), DELETE_KEYS, "keys")
        self._client.call("delete_vectors", **self._names, keys=list(keys))

    def is_empty(self) -> bool:
        """Does it hold nothing?"""
        return not self._client.call("list_vectors", **self._names, maxResults=1)["vectors"]

    def keys(self) -> list[str]:
        """All keys, in no order."""
        return [row["key"] for row in self._list()]

    def count(self, where: Filter | None) -> int:
        """How many records the filter admits."""
        if where is None:
            return len(self._list())
        return len(self.admitted(where))

    def admitted(self, where: Filter | None) -> list[tuple[str, Row]]:
        """Key and row of the records that the filter admits, by key.

        A row is kept as it came until it is read: half the size.
        """
        rows = self._list(returnMetadata=True)
        found = [(r["key"], r) for r in rows if where is None or matches(where, metadata_of(r))]
        return sorted(found, key=lambda pair: pair[0])

    def query(self, vector: Vector, limit: int, where: Filter | None) -> list[Hit]:
        """The nearest admitted records, by falling similarity, then key."""
        clause = translate(where)
        if clause is False:
            return []
        found = self._by_service(vector, limit, where, clause)
        return found if found is not None else self._exactly(vector, limit, where)

    def query_hybrid(
        self, vector: Vector, text: str, limit: int, where: Filter | None
    ) -> list[Hit]:
        """The records best by vector and words together, in the order of the service."""
        clause = translate(where)
        if clause is False:
            return []
        asked = {"queryTexts": [{"text": text[:QUERY_TEXT], "metadataKey": TEXT_FIELD}]}
        rows = self._query(vector, min(limit, TOP_K), clause, returnScores=True, **asked)
        hits = {row["key"]: row for row in rows if matches(where, metadata_of(row))}
        similarities = dict(self._similarities(vector, list(hits.values())))
        return [_hit(row, similarities[key]) for key, row in hits.items() if key in similarities]

    def _by_service(
        self, vector: Vector, limit: int, where: Filter | None, clause: Clause
    ) -> list[Hit] | None:
        """What the service finds; None when it cannot look as far as is needed."""
        wanted = min(limit + MARGIN, self._top)
        while True:
            try:
                rows = self._query(vector, wanted, clause)
            except StoreError as error:
                if "topK" not in str(error) or wanted <= LEAST_TOP_K:
                    raise
                wanted = self._top = LEAST_TOP_K
                continue
            admitted = {row["key"]: row for row in rows if matches(where, metadata_of(row))}
            found = ranked([(key, 1 - row["distance"]) for key, row in admitted.items()])
            all_seen = len(rows) < wanted
            tie_seen = len(found) > limit and found[-1][1] < found[limit - 1][1]
            # Of more copies than one query can return, it is left to the service which come.
            most_seen = wanted == self._top and len(found) >= limit
            if all_seen or tie_seen or most_seen:
                return [_hit(admitted[key], value) for key, value in found[:limit]]
            if wanted == self._top:
                return None
            wanted = min(wanted * 4, self._top)

    def _query(self, vector: Vector, top: int, clause: Clause, **more: Any) -> list[Row]:  # noqa: ANN401 - boto3's own
        """Up to ``top`` rows in the order of the service, from all of their pages."""
        given: dict[str, Any] = {
            **self._names,
            "queryVector": {"float32": np.asarray(vector, np.float32).tolist()},
            "topK": top,
            "returnMetadata": True,
            "returnDistance": True,
        } | more
        if isinstance(clause, dict):
            given["filter"] = clause
        return list(self._paged("query_vectors", given))

    def _exactly(self, vector: Vector, limit: int, where: Filter | None) -> list[Hit]:
        """Ranked here, among all records of the index."""
        rows = self._list(returnMetadata=True, returnData=True)
        records = [to_record(row) for row in rows if matches(where, metadata_of(row))]
        if not records:
            return []
        by_key = {record.key: record for record in records}
        vectors = np.array([record.vector for record in records], np.float32)
        found = nearest([r.key for r in records], vectors, np.asarray(vector), limit)
        return [Hit(k, by_key[k].text, by_key[k].metadata, value) for k, value in found]

    def _similarities(self, vector: Vector, rows: Sequence[Row]) -> list[tuple[str, float]]:
        """Of each row; those that the words alone found come without a distance."""
        known = [(r["key"], 1 - r["distance"]) for r in rows if r.get("distance") is not None]
        missing = [row["key"] for row in rows if row.get("distance") is None]
        found = self.get(missing)
        if not found:
            return ranked(known)
        vectors = np.array([record.vector for record in found], np.float32)
        keys = [record.key for record in found]
        return ranked(known) + nearest(keys, vectors, np.asarray(vector), len(keys))

    def _rows(self, keys: Sequence[str], **wanted: bool) -> Iterator[Row]:
        def read(page: list[str]) -> list[Row]:
            answer = self._client.call("get_vectors", **self._names, keys=page, **wanted)
            return list(answer["vectors"])

        for rows in self._client.all(read, pages(dict.fromkeys(keys), GET_KEYS)):
            yield from rows

    def _list(self, **wanted: bool) -> list[Row]:
        """Every row of the index, in no order, read in several parts at once."""

        def read(segment: int) -> list[Row]:
            given = {**self._names, "maxResults": LIST_VECTORS, **wanted}
            part = {"segmentCount": self._segments, "segmentIndex": segment}
            rows = self._paged("list_vectors", given | part)
            keep_text = wanted.get("returnData", False)
            return [row if keep_text else _without_text(row) for row in rows]

        parts = self._client.all(read, range(self._segments))
        # Servers that do not know segments list everything in each.
        return list({row["key"]: row for rows in parts for row in rows}.values())

    def _paged(self, operation: str, given: Mapping[str, Any]) -> Iterator[Row]:
        token: dict[str, str] = {}
        while True:
            answer = self._client.call(operation, **given, **token)
            yield from answer["vectors"]
            if not answer.get("nextToken"):
                return
            token = {"nextToken": answer["nextToken"]}


def scanned(rows: Sequence[tuple[str, Row]]) -> Iterator[tuple[str, Mapping[str, Scalar]]]:
    """Key and metadata of rows, read one by one."""
    for key, row in rows:
        yield key, metadata_of(row)


def _without_text(row: Row) -> Row:
    """The row without its text, and without the fields that are read from the letter."""
    metadata: Mapping[str, Any] = row.get("metadata") or {}
    if METADATA_FIELD in metadata:
        return {"key": row["key"], "metadata": {METADATA_FIELD: metadata[METADATA_FIELD]}}
    return row


def _hit(row: Row, similarity: float) -> Hit:
    return Hit(row["key"], text_of(row), metadata_of(row), similarity)
