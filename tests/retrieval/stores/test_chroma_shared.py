"""What another program writes into our collection with chromadb is passed over."""

from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any

import chromadb
import pytest
from chromadb.config import Settings

from retrieval.candidates import ByVectorAndWords
from retrieval.catalog import Catalog, read_catalog
from retrieval.indexing import Indexer
from retrieval.lexical import Lexical
from retrieval.originals import OriginalFiles
from retrieval.searching import Query, Searcher
from retrieval.stores.chroma import ChromaStore
from retrieval.stores.keyword_file import KeywordFile
from tests.fakes.documents import InMemoryFound, document
from tests.fakes.words import WordVectors

VECTORS = WordVectors()
TEXT = "A specialist visit has a $40 copay."


def found(name: str, *blocks: str) -> InMemoryFound:
    return InMemoryFound(document(*blocks, name=name))


def indexer(folder: Path) -> Indexer:
    return Indexer(ChromaStore(folder), VECTORS, OriginalFiles(folder / "unused"), nullcontext)


def write_as_another(folder: Path, **record: Any) -> None:
    """Add a record with chromadb itself, nearest of all to a question about its text."""
    settings = Settings(_env_file=None, anonymized_telemetry=False)
    with closing(chromadb.PersistentClient(str(folder), settings=settings)) as client:
        (collection,) = client.list_collections()
        opened = client.get_collection(collection.name, embedding_function=None)
        opened.add(ids=["theirs"], embeddings=VECTORS.embed([TEXT]), **record)


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"documents": [TEXT]},
        {"documents": [TEXT], "metadatas": [{"source": "theirs.pdf", "page": 3}]},
        {"documents": [TEXT], "metadatas": [{"document": "theirs", "chunk_index": 0}]},
    ],
    ids=["a vector alone", "a text", "with metadata", "with fields named as ours"],
)
def test_a_record_of_another_program_is_left_alone_and_never_found(
    tmp_path: Path, record: dict[str, Any]
) -> None:
    folder = tmp_path / "chroma"
    indexer(folder).index([found("ours", TEXT)])
    write_as_another(folder, **record)
    report = indexer(folder).index([found("ours", TEXT), found("more", "Enroll in November.")])
    assert (report.added, report.unchanged) == (1, 1)
    store = ChromaStore(folder)
    assert [entry.name for entry in read_catalog(store)] == ["more", "ours"]
    lexical = Lexical(KeywordFile(None), store, Catalog(store))
    for finder in (None, ByVectorAndWords(store, lexical)):
        matches = Searcher(store, VECTORS, finder).search(Query(TEXT))
        assert [match.document for match in matches] == ["ours", "more"]
    indexer(folder).remove(["ours"])
    assert len(store.get(["theirs"])) == 1
