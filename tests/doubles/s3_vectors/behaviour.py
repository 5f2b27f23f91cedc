"""What a test may choose: what AWS leaves undocumented, dates, or decides by account."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Behaviour:
    """The choices, with defaults that refuse more rather than less.

    Attributes:
        region: the region served; ARNs name it.
        account: twelve digits; ARNs name it.
        access_key_id: the only access key id that is let in.
        check_region: refuse a request that was signed for another region.
        denied_actions: IAM actions that the caller lacks, such as ``s3vectors:GetVectors``.
        ne_matches_missing: do ``$ne`` and ``$nin`` hold for a vector without the field?
            Undocumented, so a client is to be tested with both.
        many_fields_in_filter: may one object of a filter name several fields, joined by "and"?
            Users report ``Invalid query filter`` for it; ``$and`` is always understood.
        classic_buckets: buckets are as those made before September 30, 2026: their indexes are
            CLASSIC unless their default mode is changed (service model, UpdateIndexMode).
        max_top_k: greatest ``topK`` of a query.
        query_page_size: most results on one page of a query.
        list_page_bytes: a page of ListVectors ends when this much was read (service model).
        backfill_seconds: how long a text search configuration that is added stays BUILDING.
        vectors_per_second: most vectors put or deleted in one second in one index; None is no
            limit, AWS's own is 2,500.
    """

    region: str = "us-east-1"
    account: str = "123456789012"
    access_key_id: str = "testing"
    check_region: bool = True
    denied_actions: frozenset[str] = frozenset()
    ne_matches_missing: bool = True
    many_fields_in_filter: bool = False
    classic_buckets: bool = False
    max_top_k: int = 10_000
    query_page_size: int = 100
    list_page_bytes: int = 1_000_000
    backfill_seconds: float = 0.0
    vectors_per_second: int | None = None
