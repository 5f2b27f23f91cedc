"""Benefits Chat's own pipeline, with its defaults, and what its searching consists of."""

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.peers_job import LIMIT, Asked, Job, run, timed_ms
from retrieval.candidates import NEAREST
from retrieval.chunking import chunk_document
from retrieval.embedding.minilm import MiniLM
from retrieval.errors import LoadingError
from retrieval.filters import OneOf
from retrieval.loading import find
from retrieval.searching import Query, Searcher
from retrieval.settings import RetrievalSettings
from retrieval.wiring import open_retrieval

if TYPE_CHECKING:
    import chromadb

STORE = "the product's query by vector"
CHROMA = "chromadb's own query"
SEARCH = "a search, its vector known"


class Product:
    """Benefits Chat, its model loaded."""

    def __init__(self, job: Job) -> None:
        """Open the parts and load the model; chromadb too, as the others have it by now."""
        import chromadb  # noqa: F401 - imported by the first index otherwise

        settings = RetrievalSettings(data_dir=Path(job.folder) / "data")
        self._root = job.root
        self._retrieval = open_retrieval(settings)
        self._retrieval.embedder.embed(["warm"])
        self._searcher: Searcher | None = None

    def index(self, job: Job) -> None:
        """Find, read, chunk, embed and commit."""
        self._retrieval.indexer().index(list(find([Path(path) for path in job.root])))

    def ask(self, asked: Asked) -> int:
        """Search within the policy and what is common."""
        if self._searcher is None:
            self._searcher = self._retrieval.searcher()
        return len(self._searcher.search(_query(asked)))

    def texts(self) -> Sequence[str]:
        """The chunks of the same files, with the title and headings that are embedded."""
        return chunk_texts(self._root)

    def further(self, questions: Sequence[Asked]) -> dict[str, float]:
        """Embedding a question, queries by vector alone, and a search whose vector is known."""
        embedder, store = self._retrieval.embedder, self._retrieval.store
        new = [Asked(f"Please tell me: {asked.text}", asked.policy) for asked in questions]
        vectors = {asked.text: embedder.embed([asked.text])[0] for asked in questions}

        def embed(asked: Asked) -> None:
            embedder.embed([asked.text])

        def query(asked: Asked) -> None:
            store.query(vectors[asked.text], NEAREST, _query(asked).where)

        collection = self._chromas_own()

        def query_chroma(asked: Asked) -> None:
            where = {"policy": {"$in": [asked.policy, ""]}}
            collection.query(query_embeddings=[vectors[asked.text]], n_results=LIMIT, where=where)

        times = {
            "embedding a question": [timed_ms(embed, asked) for asked in new],
            STORE: [],
            CHROMA: [],
            SEARCH: [],
        }
        for asked in questions:
            times[STORE].append(timed_ms(query, asked))
            times[CHROMA].append(timed_ms(query_chroma, asked))
            times[SEARCH].append(timed_ms(self.ask, asked))
        return {name: statistics.median(each) for name, each in times.items()}

    def _chromas_own(self) -> "chromadb.Collection":
        """The collection that the product wrote, as chromadb itself opens it."""
        import chromadb
        from chromadb.config import Settings

        folder = self._retrieval.settings.data_dir / "chroma"
        client = chromadb.PersistentClient(
            str(folder), settings=Settings(anonymized_telemetry=False)
        )
        (collection,) = client.list_collections()
        return client.get_collection(collection.name, embedding_function=None)


def chunk_texts(root: Sequence[str]) -> list[str]:
    """What the product embeds of the files under these paths."""
    embedder = MiniLM()
    texts = []
    for found in find([Path(path) for path in root]):
        if isinstance(found, LoadingError):
            continue
        try:
            document = found.load()
        except LoadingError:
            continue
        chunks = chunk_document(document, embedder.count_tokens, embedder.window)
        texts += [chunk.embedded_text for chunk in chunks]
    return texts


def _query(asked: Asked) -> Query:
    return Query(asked.text, OneOf("policy", (asked.policy, "")), LIMIT)


if __name__ == "__main__":
    run(Product)
