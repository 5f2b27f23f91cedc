"""Every store against the one contract."""

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from retrieval.interfaces import VectorStore
from retrieval.stores.memory import MemoryStore
from tests.retrieval.stores.other_process import open_place
from tests.retrieval.stores.store_contract import SharedStoreContract, StoreContract


class TestMemory(StoreContract):
    random_filters = 100  # applied by ``filters.matches`` itself

    @pytest.fixture
    def store(self) -> VectorStore:
        return MemoryStore()


class TestMemoryInAFile(SharedStoreContract):
    random_filters = 20  # as TestMemory

    @pytest.fixture
    def place(self, tmp_path: Path) -> str:
        return f"memory:{tmp_path / 'new folder' / 'index.sqlite3'}"

    def open(self, place: str) -> VectorStore:
        return open_place(place)


class TestChromaInAFolder(SharedStoreContract):
    @pytest.fixture
    def place(self, tmp_path: Path) -> str:
        return f"chroma:{tmp_path / 'new folder' / 'chroma'}"

    def open(self, place: str) -> VectorStore:
        return open_place(place)


class TestChromaServer(SharedStoreContract):
    @pytest.fixture
    def place(self, chroma_server: str) -> str:
        return f"server:{chroma_server}|test-{uuid.uuid4().hex}"

    def open(self, place: str) -> VectorStore:
        return open_place(place)


class TestS3Vectors(SharedStoreContract):
    @pytest.fixture
    def place(self, shared_s3_vectors: str, aws: Callable[[str], None]) -> str:
        aws(shared_s3_vectors)
        return f"s3:{shared_s3_vectors}|test-{uuid.uuid4().hex}|plans"

    def open(self, place: str) -> VectorStore:
        return open_place(place)


class TestS3VectorsWhereMissingFieldsAreNotUnequal(TestS3Vectors):
    random_filters = 100  # the same 500 pass in TestS3Vectors

    @pytest.fixture
    def place(self, other_shared_s3_vectors: str, aws: Callable[[str], None]) -> str:
        aws(other_shared_s3_vectors)
        return f"s3:{other_shared_s3_vectors}|test-{uuid.uuid4().hex}|plans"
