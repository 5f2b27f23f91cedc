"""How an index comes to be on S3 Vectors, and what its tags say of it."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from retrieval.errors import StoreError, StoreUnavailableError
from retrieval.interfaces import Contract
from retrieval.stores.s3_vectors_client import AlreadyThereError, NotThereError, S3VectorsClient
from retrieval.stores.s3_vectors_index import S3VectorsIndex
from retrieval.stores.s3_vectors_limits import MAX_DIMENSION
from retrieval.stores.s3_vectors_rows import OWN_FIELDS, TEXT_FIELD
from retrieval.stores.s3_vectors_tagging import Tagging
from retrieval.stores.s3_vectors_tags import (
    MAX_TAGS,
    contract_of_tags,
    contract_tags,
    is_ours,
    version_of_tags,
    version_tag,
)

METRIC = "cosine"
DELETED_SECONDS = 10.0
"""How long an index of the same name may still be in the way of a new one."""


class Mode(StrEnum):
    """How an index searches."""

    CLASSIC = "classic"
    ENHANCED = "enhanced"


@dataclass(frozen=True, slots=True)
class State:
    """What the tags of an index say."""

    contract: Contract
    version: str


class S3VectorsMaking:
    """Makes, adopts and replaces one index, and reads and writes its tags."""

    def __init__(
        self, client: S3VectorsClient, index: S3VectorsIndex, names: tuple[str, str], mode: Mode
    ) -> None:
        self._client = client
        self._index = index
        self._bucket, self._name = names
        self._mode = mode
        self._tagging = Tagging(client, self._bucket, self._name)

    def state(self) -> State | None:
        """The contract and version now; None when there is no index, or an empty one to adopt.

        Raises:
            StoreUnavailableError: the index is not ours, or its tags were changed.
        """
        try:
            tags = self._tagging.read()
            if not is_ours(tags) and self._index.is_empty():
                return None
        except NotThereError:
            return None
        if not is_ours(tags):
            raise StoreUnavailableError(f"{self._shown} is no index of Benefits Chat: {_OTHER}")
        try:
            return State(contract_of_tags(tags), version_of_tags(tags))
        except ValueError as error:
            raise StoreUnavailableError(
                f"{self._shown} carries damaged tags ({error}): run "
                "`benefits-chat index --rebuild PATH`"
            ) from None

    def create(self, contract: Contract) -> None:
        """Make the index empty and under this contract."""
        if not 1 <= contract.dimension <= MAX_DIMENSION:
            raise StoreError(
                f"{contract.model} has vectors of {contract.dimension:,} numbers, S3 Vectors keeps "
                f"1 to {MAX_DIMENSION:,}: choose another model"
            )
        tags = contract_tags(contract)
        found = self._found()
        if found is None:
            self._make(contract, tags)
            return
        present = self._tagging.read()
        ours = is_ours(present)
        if not ours and not self._index.is_empty():
            raise StoreError(f"{self._shown} holds vectors of another program: {_OTHER}")
        if reason := self._unfit(found, contract):
            if not ours:
                raise StoreError(f"{self._shown} {reason}: {_OTHER}")
            self._client.call("delete_index", **self._names)
            self._tagging.announce(tags)
            self._make(contract, tags)
            return
        self._adopt(present, tags)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Around all that writes: gives the index a new version, before and after.

        What is read in between differs from itself, so that nobody takes it for the end. A change
        that fails, or whose process is killed, stays open until another one ends.
        """
        self._tagging.write(version_tag(changing=True))
        yield
        self._tagging.write(version_tag())

    @property
    def _names(self) -> dict[str, str]:
        return {"vectorBucketName": self._bucket, "indexName": self._name}

    @property
    def _shown(self) -> str:
        return f"the index {self._name!r} in the vector bucket {self._bucket!r}"

    def _make(self, contract: Contract, tags: Mapping[str, str]) -> None:
        given = {
            **self._names,
            "dataType": "float32",
            "dimension": contract.dimension,
            "distanceMetric": METRIC,
            "metadataConfiguration": {"nonFilterableMetadataKeys": sorted(OWN_FIELDS)},
            "tags": dict(tags),
        }
        try:
            self._create_index(given)
        except NotThereError:
            self._create_bucket()
            self._create_index(given)
        if not tags.items() <= self._tagging.read().items():
            # A server without tags takes them and forgets them.
            self._tagging.write(tags)
        self._enhance()

    def _create_index(self, given: Mapping[str, Any]) -> None:
        until = time.monotonic() + DELETED_SECONDS
        while True:
            try:
                self._client.call("create_index", **given)
            except AlreadyThereError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.5)
            else:
                return

    def _create_bucket(self) -> None:
        try:
            self._client.call("create_vector_bucket", vectorBucketName=self._bucket)
        except AlreadyThereError:
            # Another process made it just now; whether it is ours shows when it is used.
            return

    def _adopt(self, present: Mapping[str, str], tags: Mapping[str, str]) -> None:
        """Empty the index, then give it the contract: never old vectors under a new one."""
        count = len(present.keys() | tags.keys())
        if count > MAX_TAGS:
            raise StoreError(
                f"{self._shown} would have {count} tags, AWS keeps {MAX_TAGS}: "
                "remove some of its other tags"
            )
        self._tagging.write(version_tag(changing=True))
        self._index.delete(self._index.keys())
        self._enhance()
        self._tagging.write(tags)

    def _enhance(self) -> None:
        """Make the texts searchable by words where that is wanted."""
        if self._mode is not Mode.ENHANCED:
            return
        index = self._found() or {}
        if index.get("indexMode") != "ENHANCED":
            self._client.call("update_index_mode", **self._names, indexMode="ENHANCED")
        configured = (index.get("metadataConfiguration") or {}).get("textSearchConfigurations")
        if TEXT_FIELD not in {text["metadataKey"] for text in configured or ()}:
            added = {"textSearchConfigurations": [{"metadataKey": TEXT_FIELD}]}
            self._client.call("update_metadata_configuration", **self._names, add=added)

    def _unfit(self, found: Mapping[str, Any], contract: Contract) -> str:
        """Why the index cannot hold records under this contract, as a phrase; empty if it can."""
        configuration = found.get("metadataConfiguration") or {}
        missing = OWN_FIELDS - set(configuration.get("nonFilterableMetadataKeys") or ())
        if found["dimension"] != contract.dimension:
            return f"has {found['dimension']:,} numbers a vector, not {contract.dimension:,}"
        if found["distanceMetric"] != METRIC:
            return f"measures by {found['distanceMetric']}, not by {METRIC}"
        if missing:
            return f"lets filters see {', '.join(sorted(missing))}, which are too long for that"
        return ""

    def _found(self) -> dict[str, Any] | None:
        try:
            index: dict[str, Any] = self._client.call("get_index", **self._names)["index"]
        except NotThereError:
            return None
        return index


_OTHER = "name another index in BENEFITS_CHAT_VECTOR_INDEX, or delete it"
