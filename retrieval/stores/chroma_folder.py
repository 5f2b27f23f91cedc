"""A folder of an embedded Chroma, made safe for several processes and for a kill at any moment.

What chromadb 1.5.9 does, found by running it, and what is done about it here:

- A process does not see what another one wrote since it opened the folder, or fails with "Error
  finding id". So operations take turns (``turn.lock``), each change leaves a new token in the
  file ``state``, and whoever finds another token than its own opens the folder anew (12 ms).
- A process killed while Chroma writes its graph of vectors leaves files that cannot be read (1 of
  24 kills), and the vectors are nowhere else, because Chroma empties its log. So the log is kept,
  ``state`` says "unfinished" during a change, and whoever finds that removes the graph, which
  Chroma then builds again from the log (1.1 s for 3,500 records).
- A removed collection leaves its graph's folder behind. So it is removed here.

The log, the switch that keeps it, and the names of the folders are read from Chroma's SQLite
file, whose tables are not part of its interface: chromadb is pinned, and tests that kill and
repair run against it.
"""

import itertools
import shutil
import sqlite3
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from retrieval.errors import StoreBusyError, StoreUnavailableError
from retrieval.stores.chroma_errors import is_foreign

TURN_SECONDS = 60.0
"""How long an operation waits for its turn; the longest, a put of 5,000 records, takes 5 s."""
POLL_SECONDS = 0.005
COMPLETE, UNFINISHED = "complete", "unfinished"

_KEEP_LOG = (
    "INSERT OR REPLACE INTO embeddings_queue_config (id, config_json_str) VALUES (1, "
    """'{"automatically_purge":false,"_type":"EmbeddingsQueueConfigurationInternal"}')"""
)
_LOG_IS_KEPT = "SELECT config_json_str LIKE '%false%' FROM embeddings_queue_config"
_SHRINK_LOG = (
    "DELETE FROM embeddings_queue WHERE seq_id NOT IN "
    "(SELECT max(seq_id) FROM embeddings_queue GROUP BY topic, id)"
)
_PAGES = ("PRAGMA freelist_count", "PRAGMA page_count")
_GRAPHS = "SELECT id FROM segments WHERE scope = 'VECTOR'"
_GRAPHS_OF = (
    "SELECT segments.id FROM segments JOIN collections ON collections.id = segments.collection "
    "WHERE scope = 'VECTOR' AND collections.name = ?"
)
_STORES = itertools.count(1)


class ChromaFolder:
    """Opens the folder at the first use and whenever another process has changed it."""

    def __init__(self, path: Path, collection: str) -> None:
        """Hold the path.

        Args:
            path: the folder; it is made when an index is created.
            collection: the one whose graph is repaired.
        """
        self._path = path
        self._collection = collection
        self._client: Any = None
        self._state = ""
        self._changed = False
        self._let_others_in = False
        # chromadb shares one open database among all clients of a path, by the text of the path,
        # and would go on showing its old state: a path of our own for each store.
        self._own_path = f"{path}{'/.' * next(_STORES)}"
        self._lock: Any = None

    @property
    def name(self) -> str:
        """How messages name the store."""
        return f"the Chroma index in {self._path}"

    @property
    def remedy(self) -> str:
        """What to do when it fails."""
        return (
            "try again; if that does not help, move the folder away and run "
            "`benefits-chat index PATH`"
        )

    @contextmanager
    def session(self, *, make: bool = False) -> Iterator[Any]:
        """Chroma's client for one operation, or None where there is no database.

        Raises:
            StoreBusyError: another process does not end its turn.
        """
        if not make and not self._database.exists():
            yield None
            return
        with self._taking_turn(make=make):
            try:
                yield self._up_to_date()
            except BaseException as error:
                if is_foreign(error):
                    # Files damaged in a way that only shows in use: the next session repairs.
                    self._release()
                    self._write_state(UNFINISHED)
                raise
        if self._let_others_in:
            # Who waits looks every POLL_SECONDS; a writer that comes again at once would win.
            self._let_others_in = False
            time.sleep(2 * POLL_SECONDS)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Within a session, around all that writes."""
        self._write_state(UNFINISHED)
        self._changed = self._let_others_in = True
        try:
            yield
        except BaseException:
            self._release()
            raise
        self._state = self._write_state(COMPLETE)

    def tidied(self) -> Any:  # noqa: ANN401 - chromadb is not typed here
        """Within a change, after a collection was removed: the client to go on with.

        Removes the collection's graph, and has Chroma keep its log.
        """
        self._release()
        with self._sql() as database:
            database.execute(_KEEP_LOG)
            known = {row[0] for row in database.execute(_GRAPHS)}
        self._remove_graphs([p.name for p in self._path.iterdir() if _is_orphan(p, known)])
        self._open()
        return self._client

    def close(self) -> None:
        """Close the database; after changes, shrink it."""
        if self._changed and self._database.exists():
            with self._taking_turn(make=False):
                self._release()
                self._shrink()
        self._changed = False
        self._release()

    @property
    def _database(self) -> Path:
        return self._path / "chroma.sqlite3"

    @contextmanager
    def _taking_turn(self, *, make: bool) -> Iterator[None]:
        from filelock import FileLock, Timeout

        if make:
            self._path.mkdir(parents=True, exist_ok=True)
        if self._lock is None:
            self._lock = FileLock(
                self._path / "turn.lock", timeout=TURN_SECONDS, poll_interval=POLL_SECONDS
            )
        try:
            self._lock.acquire()
        except Timeout:
            raise StoreBusyError(
                f"another process has used {self.name} for {TURN_SECONDS:.0f} s: "
                "wait until it is done"
            ) from None
        try:
            yield
        finally:
            self._lock.release()

    def _up_to_date(self) -> Any:  # noqa: ANN401 - chromadb is not typed here
        state = self._read_state()
        if state.startswith(UNFINISHED):
            self._repair()
        elif state != self._state:
            self._release()
        if self._client is None:
            self._open()
        return self._client

    def _repair(self) -> None:
        """Have Chroma build the graph from the log; a kill leaves it to the next one."""
        self._release()
        with self._sql() as database:
            graphs = [row[0] for row in database.execute(_GRAPHS_OF, [self._collection])]
            if graphs and not all(row[0] for row in database.execute(_LOG_IS_KEPT)):
                raise StoreUnavailableError(
                    f"{self.name} is damaged and holds no log to repair it from: {self.remedy}"
                )
        self._remove_graphs(graphs)
        self._open()
        if graphs:
            self._client.get_collection(self._collection, embedding_function=None).get(
                limit=1, include=["embeddings"]
            )
        self._state = self._write_state(COMPLETE)

    def _open(self) -> None:
        import chromadb
        from chromadb.config import Settings

        self._state = self._read_state()
        self._client = chromadb.PersistentClient(
            path=self._own_path,
            # Given in full: chromadb would take them from the environment and from .env.
            settings=Settings(
                _env_file=None,
                anonymized_telemetry=False,
                chroma_api_impl="chromadb.api.rust.RustBindingsAPI",
                allow_reset=False,
            ),
        )

    def _release(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    @contextmanager
    def _sql(self) -> Iterator[sqlite3.Connection]:
        """Chroma's own database.

        Only while Chroma is closed: SQLite's locks do not hold between two copies of SQLite in
        one process.
        """
        with closing(sqlite3.connect(self._database)) as database, database:
            yield database

    def _shrink(self) -> None:
        """Drop what later changes made superfluous in the log, and give back its room."""
        with self._sql() as database:
            database.execute(_SHRINK_LOG)
        with self._sql() as database:
            [(free,)], [(pages,)] = map(database.execute, _PAGES)
            if free * 2 > pages:
                database.execute("VACUUM")

    def _remove_graphs(self, names: Sequence[str]) -> None:
        for name in names:
            shutil.rmtree(self._path / name, ignore_errors=True)

    def _read_state(self) -> str:
        try:
            return (self._path / "state").read_text()
        except FileNotFoundError:
            return ""

    def _write_state(self, word: str) -> str:
        state = f"{word} {uuid.uuid4().hex}"
        new = self._path / "state.new"
        new.write_text(state)
        new.replace(self._path / "state")
        return state


def _is_orphan(path: Path, known: set[str]) -> bool:
    """A folder of a graph that no collection has: Chroma names them by UUIDs."""
    try:
        uuid.UUID(path.name)
    except ValueError:
        return False
    return path.is_dir() and path.name not in known
