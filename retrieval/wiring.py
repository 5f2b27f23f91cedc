"""Settings -> Indexer, Searcher: the one module of retrieval that names implementations."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from retrieval.candidates import ByStore, ByVectorAndWords, Finder
from retrieval.catalog import Catalog
from retrieval.errors import SettingsError, StoreBusyError, StoreUnavailableError
from retrieval.glossary import Glossary, load_glossary
from retrieval.indexing import Indexer
from retrieval.interfaces import Embedder, HybridStore, Reranker, SentenceIndex, VectorStore
from retrieval.lexical import Lexical
from retrieval.originals import OriginalFiles
from retrieval.searching import Searcher
from retrieval.settings import RetrievalSettings
from retrieval.stores.keyword_file import KeywordFile
from retrieval.stores.sentence_file import SentenceFile
from retrieval.transfer import Transfer


@dataclass(frozen=True, slots=True)
class Retrieval:
    """The parts of retrieval, put together for one set of settings."""

    settings: RetrievalSettings
    store: VectorStore
    embedder: Embedder
    originals: OriginalFiles
    glossary: Glossary
    catalog: Catalog
    lexical: Lexical | None
    sentences: SentenceIndex
    reranker: Reranker | None

    @property
    def index_name(self) -> str:
        """How the index is named in messages."""
        return index_name(self.settings)

    def indexer(self) -> Indexer:
        """Brings the index up to date."""
        return Indexer(
            self.store,
            self.embedder,
            self.originals,
            self._writing,
            index=self.index_name,
            sentences=self.sentences,
        )

    def refresh_words(self) -> None:
        """Read the words of what was indexed, which the next question would wait for."""
        if self.lexical:
            self.lexical.is_ready()

    def searcher(self) -> Searcher:
        """Finds passages.

        Raises:
            StoreError: there is no index yet.
            ContractError: it was built with another model.
        """
        searcher = Searcher(
            self.store,
            self.embedder,
            self._finder(),
            self.glossary,
            self.index_name,
            sentences=self.sentences,
            reranker=self.reranker,
            rerank_depth=self.settings.rerank_depth,
        )
        searcher.check()
        return searcher

    @contextmanager
    def transfer(self, store: str) -> Iterator[Transfer]:
        """Moves the index to another store of the same settings, which is closed at the end.

        Raises:
            SettingsError: the store is the one that holds the index.
        """
        if store == self.settings.store:
            raise SettingsError(
                f"{self.index_name} is where the index is already: copy to another store, or set "
                "BENEFITS_CHAT_STORE to the store to copy from"
            )
        target = self.settings.model_copy(update={"store": store})
        with closing(open_store(target)) as opened:
            yield Transfer(self.store, opened, self.index_name, index_name(target), self._writing)

    def _finder(self) -> Finder:
        if self.lexical:
            return ByVectorAndWords(self.store, self.lexical)
        return ByStore(cast(HybridStore, self.store))

    def _writing(self) -> AbstractContextManager[object]:
        return _locked(self.settings.data_dir, self.index_name)


def open_retrieval(
    settings: RetrievalSettings, notify: Callable[[str], None] = lambda _: None
) -> Retrieval:
    """Put the parts together; models and stores open at their first use.

    Args:
        settings: what to use.
        notify: told once of long work, such as exporting the model.
    """
    store = open_store(settings)
    catalog = Catalog(store)
    words = _word_file(settings)
    embedder = _embedder(settings, notify)
    # One file for all stores of a folder: an index that is copied from one to another has them too.
    sentences = settings.data_dir / "sentences.sqlite3"
    return Retrieval(
        settings=settings,
        store=store,
        embedder=embedder,
        originals=OriginalFiles(settings.data_dir / "originals"),
        glossary=load_glossary(settings.glossary),
        catalog=catalog,
        lexical=Lexical(KeywordFile(words), store, catalog) if words else None,
        sentences=SentenceFile(sentences, embedder.name, embedder.dimension),
        reranker=_reranker(settings, notify),
    )


def index_name(settings: RetrievalSettings) -> str:
    """How the index is named in messages."""
    if settings.store == "s3_vectors":
        return f"the index {settings.vector_index} in the S3 vector bucket {settings.vector_bucket}"
    if settings.store == "chroma" and settings.chroma_url:
        return f"the index on the Chroma server at {settings.chroma_url}"
    return f"the {settings.store} index in {settings.data_dir}"


def _embedder(settings: RetrievalSettings, notify: Callable[[str], None]) -> Embedder:
    if settings.embedder == "titan":
        from retrieval.embedding.titan import Titan

        return Titan(settings.titan_model, settings.titan_dimension, settings.aws_region)
    from retrieval.embedding.minilm import MiniLM

    return MiniLM(folder=settings.model_dir, notify=notify)


def _reranker(settings: RetrievalSettings, notify: Callable[[str], None]) -> Reranker | None:
    if not settings.reranker:
        return None
    from retrieval.reranking import CrossEncoderReranker

    return CrossEncoderReranker(settings.reranker, notify=notify)


def open_store(settings: RetrievalSettings) -> VectorStore:
    """The store that the settings name; it opens at its first use."""
    if settings.store == "s3_vectors":
        from retrieval.stores.s3_vectors import S3VectorsStore

        return S3VectorsStore(
            settings.vector_bucket,
            settings.vector_index,
            region=settings.aws_region,
            mode=settings.vector_mode,
        )
    if settings.store == "memory":
        from retrieval.stores.memory import MemoryStore

        return MemoryStore(settings.data_dir / "index.sqlite3")
    from retrieval.stores.chroma import ChromaStore

    if settings.chroma_url:
        return ChromaStore(url=str(settings.chroma_url))
    return ChromaStore(path=settings.data_dir / "chroma")


def _word_file(settings: RetrievalSettings) -> Path | None:
    """Where the words of the index are kept here; None where the store keeps them itself."""
    if settings.store == "s3_vectors" and settings.vector_mode == "enhanced":
        return None
    elsewhere = ""
    if settings.store == "s3_vectors":
        elsewhere = f"{settings.vector_bucket}/{settings.vector_index}"
    elif settings.store == "chroma" and settings.chroma_url:
        elsewhere = str(settings.chroma_url)
    name: str = settings.store
    if elsewhere:
        name += "-" + hashlib.sha256(elsewhere.encode()).hexdigest()[:12]
    return settings.data_dir / f"words-{name}.sqlite3"


@contextmanager
def _locked(folder: Path, index: str) -> Iterator[None]:
    """Hold the right to write; whoever comes second is told at once."""
    from filelock import FileLock, Timeout

    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / "writing.lock", timeout=0)
        lock.acquire()
    except Timeout:
        raise StoreBusyError(
            f"another process is writing {index}: wait until it is done, then run this again"
        ) from None
    except OSError as error:
        raise StoreUnavailableError(
            f"{folder} cannot be written ({error.strerror}): set BENEFITS_CHAT_DATA_DIR to a "
            "folder that can"
        ) from None
    try:
        yield
    finally:
        lock.release()
