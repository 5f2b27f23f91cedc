"""A folder of an embedded Chroma, made safe for several processes and for a kill at any moment.

What chromadb 1.5.9 does, found by running it, and what is done about it here:

- A process does not see what another one wrote since it opened the folder, or fails with "Error
  finding id". So operations take turns (``turn.lock``), each change leaves a new token in the
  file ``state``, and whoever finds another token than its own opens the folder anew (12 ms).
- A process killed while Chroma writes its graph of vectors leaves files that cannot be read (1 of
  24 kills), and the vectors are nowhere else, because Chroma empties its log. So the log is kept,
  ``state`` says "unfinished" during a change, and whoever finds that removes the graph, which
  Chroma then builds again from the log (1 s for 3,000 records).
- A record that is replaced or deleted stays in the log and in the graph. So the log is shrunk
  when the store is closed, and where much was superfluous the graph is built again.
- A removed collection leaves its graph's folder behind. So it is removed here.
"""

import itertools
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from retrieval.errors import StoreBusyError, StoreUnavailableError
from retrieval.stores import chroma_database
from retrieval.stores.chroma_errors import is_foreign

TURN_SECONDS = 60.0
"""How long an operation waits for its turn; the longest, a put of 5,000 records, takes 5 s."""
POLL_SECONDS = 0.005
COMPLETE, UNFINISHED = "complete", "unfinished"

_STORES = itertools.count(1)


class ChromaFolder:
    """Opens the folder at the first use and whenever another process has changed it."""

    def __init__(self, path: Path, collection: str) -> None:
        """Hold the path.

        Args:
            path: the folder; it is made when an index is created.
            collection: named in ``state``, for whoever must repair it.
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
        chroma_database.keep_log(self._path)
        known = set(chroma_database.graphs(self._path).values())
        for path in self._path.iterdir():
            if _is_orphan(path, known):
                shutil.rmtree(path)
        self._open()
        return self._client

    def close(self) -> None:
        """Close the database; after changes, shrink it."""
        if self._changed and self._database.exists():
            with self._taking_turn(make=False):
                self._release()
                if chroma_database.shrink_log(self._path):
                    self._write_state(UNFINISHED)
                    self._up_to_date()
        self._changed = False
        self._release()

    @property
    def _database(self) -> Path:
        return self._path / chroma_database.FILE

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
            self._repair(state.split()[1])
        elif state != self._state:
            self._release()
        if self._client is None:
            self._open()
        return self._client

    def _repair(self, collection: str) -> None:
        """Have Chroma build the graph from the log; a kill leaves it to the next one."""
        self._release()
        graph = chroma_database.graphs(self._path).get(collection)
        if graph and not chroma_database.log_is_kept(self._path):
            raise StoreUnavailableError(
                f"{self.name} is damaged and holds no log to repair it from: {self.remedy}"
            )
        chroma_database.shrink_log(self._path)
        if graph:
            shutil.rmtree(self._path / graph, ignore_errors=True)
        self._open()
        if graph:
            self._client.get_collection(collection, embedding_function=None).get(
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

    def _read_state(self) -> str:
        try:
            return (self._path / "state").read_text()
        except FileNotFoundError:
            return ""

    def _write_state(self, word: str) -> str:
        state = f"{word} {self._collection} {uuid.uuid4().hex}"
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
