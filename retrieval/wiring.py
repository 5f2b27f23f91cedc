"""Settings -> Indexer, Searcher: the one module of retrieval that names implementations."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from retrieval.catalog import Entry, read_catalog
from retrieval.embedding.minilm import MiniLM
from retrieval.errors import StoreBusyError, StoreUnavailableError
from retrieval.glossary import Glossary, load_glossary
from retrieval.indexing import Indexer
from retrieval.interfaces import Embedder, VectorStore
from retrieval.originals import OriginalFiles
from retrieval.searching import Searcher
from retrieval.settings import RetrievalSettings


@dataclass(frozen=True, slots=True)
class Retrieval:
    """The parts of retrieval, put together for one set of settings."""

    settings: RetrievalSettings
    store: VectorStore
    embedder: Embedder
    originals: OriginalFiles
    glossary: Glossary

    @property
    def index_name(self) -> str:
        """How the index is named in messages."""
        return f"the {self.settings.store} index in {self.settings.data_dir}"

    def indexer(self) -> Indexer:
        """Brings the index up to date."""
        return Indexer(
            self.store, self.embedder, self.originals, self._writing, index=self.index_name
        )

    def searcher(self) -> Searcher:
        """Finds passages.

        Raises:
            StoreError: there is no index yet.
            ContractError: it was built with another model.
        """
        searcher = Searcher(self.store, self.embedder, self.glossary, self.index_name)
        searcher.check()
        return searcher

    def catalog(self) -> list[Entry]:
        """All complete documents of the index, by name."""
        return read_catalog(self.store)

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
    return Retrieval(
        settings=settings,
        store=_store(settings),
        embedder=MiniLM(folder=settings.model_dir, notify=notify),
        originals=OriginalFiles(settings.data_dir / "originals"),
        glossary=load_glossary(settings.glossary),
    )


def _store(settings: RetrievalSettings) -> VectorStore:
    if settings.store == "memory":
        from retrieval.stores.memory import MemoryStore

        return MemoryStore(settings.data_dir / "index.sqlite3")
    from retrieval.stores.chroma import ChromaStore

    if settings.chroma_url:
        return ChromaStore(url=str(settings.chroma_url))
    return ChromaStore(path=settings.data_dir / "chroma")


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
