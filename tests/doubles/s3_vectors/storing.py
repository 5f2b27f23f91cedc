"""PutVectors, GetVectors, ListVectors and DeleteVectors."""

import bisect
from collections import deque
from typing import Any

from tests.doubles.s3_vectors.account import Account, Input
from tests.doubles.s3_vectors.errors import ServiceError, invalid
from tests.doubles.s3_vectors.metadata import check_metadata
from tests.doubles.s3_vectors.paging import new_token, place_in, position
from tests.doubles.s3_vectors.querying import query
from tests.doubles.s3_vectors.resources import Index
from tests.doubles.s3_vectors.vector_numbers import to_float32
from tests.doubles.s3_vectors.vector_rows import Vector

DEFAULT_LIST_PAGE = 500
"""Of ListVectors (service model)."""
POSITIONS = 2**64


class Storing:
    """The operations on the vectors of one account; a write is visible to the next call."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._written: dict[str, deque[tuple[float, int]]] = {}

    def put_vectors(self, given: Input, now: float) -> dict[str, Any]:
        """All vectors of the call or none; one key twice in a call is refused.

        What AWS does with one key twice is undocumented: a client must not rely on it.
        """
        index = self._account.index(given)
        vectors = [_vector(index, number, item) for number, item in enumerate(given["vectors"])]
        if len({vector.key for vector in vectors}) < len(vectors):
            raise invalid("The keys of one request must be distinct", "/vectors")
        self._throttle(index, len(vectors), now)
        index.rows.put(vectors)
        return {}

    def delete_vectors(self, given: Input, now: float) -> dict[str, Any]:
        """Keys that are not there are passed over."""
        index = self._account.index(given)
        self._throttle(index, len(given["keys"]), now)
        index.rows.delete(given["keys"])
        return {}

    def get_vectors(self, given: Input, now: float) -> dict[str, Any]:
        """Keys that are not there are left out; the order is the service's own."""
        del now
        index = self._account.index(given)
        found = (index.rows.get(key) for key in sorted(set(given["keys"]), key=position))
        return {"vectors": [_shown(vector, given) for vector in found if vector is not None]}

    def list_vectors(self, given: Input, now: float) -> dict[str, Any]:
        """One page of a segment; it ends early once a megabyte was read."""
        del now
        index = self._account.index(given)
        count, segment = _segment(given)
        scope = {"list": index.arn, "count": count, "segment": segment}
        after = max(place_in(given.get("nextToken"), scope), -(-POSITIONS * segment // count) - 1)
        order = index.rows.in_order()
        start = bisect.bisect_left(order, (after + 1, ""))
        end = bisect.bisect_left(order, (-(-POSITIONS * (segment + 1) // count), ""))
        page: list[Vector] = []
        size = 0
        for place in range(start, min(end, start + (given.get("maxResults") or DEFAULT_LIST_PAGE))):
            vector = index.rows.get(order[place][1])
            assert vector is not None
            page.append(vector)
            size += vector.size
            if size >= self._account.behaviour.list_page_bytes:
                break
        answer: dict[str, Any] = {"vectors": [_shown(vector, given) for vector in page]}
        if start + len(page) < end:
            answer["nextToken"] = new_token(scope, order[start + len(page) - 1][0])
        return answer

    def query_vectors(self, given: Input, now: float) -> dict[str, Any]:
        """See ``querying``."""
        return query(self._account.index(given), given, self._account.behaviour, now)

    def _throttle(self, index: Index, vectors: int, now: float) -> None:
        limit = self._account.behaviour.vectors_per_second
        if limit is None:
            return
        written = self._written.setdefault(index.arn, deque())
        while written and written[0][0] <= now - 1:
            written.popleft()
        if written and sum(count for _, count in written) + vectors > limit:
            raise ServiceError("TooManyRequestsException", "Please reduce your request rate.")
        written.append((now, vectors))


def _vector(index: Index, number: int, given: Input) -> Vector:
    key = given["key"]
    data = to_float32(given["data"], index, f"/vectors/{number}/data", key)
    metadata = given.get("metadata") or {}
    size = check_metadata(key, metadata, index.unfilterable)
    return Vector(
        key, data, metadata, len(key.encode("utf-8", "surrogatepass")) + data.nbytes + size
    )


def _shown(vector: Vector, given: Input) -> dict[str, Any]:
    shown: dict[str, Any] = {"key": vector.key}
    if given.get("returnData"):
        shown["data"] = {"float32": vector.data.tolist()}
    if given.get("returnMetadata"):
        shown["metadata"] = vector.metadata
    return shown


def _segment(given: Input) -> tuple[int, int]:
    count, segment = given.get("segmentCount"), given.get("segmentIndex")
    if (count is None) != (segment is None):
        raise invalid("segmentCount and segmentIndex must be given together")
    if count is None or segment is None:
        return 1, 0
    if segment >= count:
        raise invalid("segmentIndex must be less than segmentCount", "/segmentIndex")
    return count, segment
