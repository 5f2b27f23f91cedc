"""Where the tags of an index are kept: on the index, or beside it where a server has no tags."""

import json
from collections.abc import Mapping

from retrieval.stores.s3_vectors_client import (
    NoSuchOperationError,
    NotThereError,
    S3VectorsClient,
)

_KEY = "tags"


class Tagging:
    """Reads and writes the tags of one index.

    AWS keeps them on the index. Servers that only speak the vector operations of S3 Vectors do
    not know tags at all; there they stand in one vector of an index of their own beside it.
    """

    def __init__(self, client: S3VectorsClient, bucket: str, name: str) -> None:
        self._client = client
        self._names = {"vectorBucketName": bucket, "indexName": name}
        self._beside = {"vectorBucketName": bucket, "indexName": f"{name}.tags"}
        self._arn = ""
        self._on_index = True

    def read(self) -> dict[str, str]:
        """All tags; one call, once the index was seen.

        Raises:
            NotThereError: there is no such index.
        """
        if self._on_index:
            try:
                answer = self._client.call("list_tags_for_resource", resourceArn=self._resource())
                return dict(answer["tags"])
            except NoSuchOperationError:
                self._on_index = False
        self._client.call("get_index", **self._names)
        return self._read_beside()

    def write(self, tags: Mapping[str, str]) -> None:
        """Add tags, in place of those of the same names."""
        if self._on_index:
            try:
                self._client.call("tag_resource", resourceArn=self._resource(), tags=dict(tags))
            except NoSuchOperationError:
                self._on_index = False
            else:
                return
        self._write_beside({**self._read_beside(), **tags})

    def announce(self, tags: Mapping[str, str]) -> None:
        """Before an index is made anew: where tags stand beside it, never the old ones over it."""
        if not self._on_index:
            self._write_beside(tags)

    def _resource(self) -> str:
        # Names of account, bucket and index: an index made anew has the same one.
        if not self._arn:
            self._arn = self._client.call("get_index", **self._names)["index"]["indexArn"]
        return self._arn

    def _read_beside(self) -> dict[str, str]:
        try:
            found = self._client.call(
                "get_vectors", **self._beside, keys=[_KEY], returnMetadata=True
            )["vectors"]
        except NotThereError:
            return {}
        return dict(json.loads(found[0]["metadata"][_KEY])) if found else {}

    def _write_beside(self, tags: Mapping[str, str]) -> None:
        metadata = {_KEY: json.dumps(dict(tags))}
        row = {"key": _KEY, "data": {"float32": [1.0]}, "metadata": metadata}
        try:
            self._client.call("put_vectors", **self._beside, vectors=[row])
        except NotThereError:
            self._client.call(
                "create_index",
                **self._beside,
                dataType="float32",
                dimension=1,
                distanceMetric="cosine",
                metadataConfiguration={"nonFilterableMetadataKeys": [_KEY]},
            )
            self._client.call("put_vectors", **self._beside, vectors=[row])
