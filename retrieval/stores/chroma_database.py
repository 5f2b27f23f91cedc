"""The SQLite file of an embedded Chroma: its log of vectors and the names of its graphs.

These tables are not part of Chroma's interface: chromadb is pinned, and tests that kill, damage
and repair run against it. Use this only while Chroma is closed, because the locks of SQLite do
not hold between two copies of SQLite in one process.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

FILE = "chroma.sqlite3"

_KEEP_LOG = (
    "INSERT OR REPLACE INTO embeddings_queue_config (id, config_json_str) VALUES (1, "
    """'{"automatically_purge":false,"_type":"EmbeddingsQueueConfigurationInternal"}')"""
)
_LOG_IS_KEPT = "SELECT config_json_str LIKE '%false%' FROM embeddings_queue_config"
_GRAPHS = (
    "SELECT segments.id, collections.name FROM segments "
    "JOIN collections ON collections.id = segments.collection WHERE scope = 'VECTOR'"
)
# What Chroma has not applied to its tables of metadata yet stays whole, because it merges.
_SHRINK_LOG = """
DELETE FROM embeddings_queue
WHERE seq_id NOT IN (SELECT max(seq_id) FROM embeddings_queue GROUP BY topic, id)
AND seq_id <= (
    SELECT max_seq_id.seq_id FROM max_seq_id JOIN segments ON segments.id = segment_id
    WHERE scope = 'METADATA' AND topic LIKE '%/' || collection
)
"""


def keep_log(folder: Path) -> None:
    """Have Chroma keep what it has added to a graph in its log."""
    with _opened(folder) as database:
        database.execute(_KEEP_LOG)


def log_is_kept(folder: Path) -> bool:
    """Does the log hold all vectors?"""
    with _opened(folder) as database:
        return all(kept for (kept,) in database.execute(_LOG_IS_KEPT))


def graphs(folder: Path) -> dict[str, str]:
    """The folder of each collection's graph, by the collection's name."""
    with _opened(folder) as database:
        return {collection: graph for graph, collection in database.execute(_GRAPHS)}


def shrink_log(folder: Path) -> bool:
    """Drop from the log what later writes replaced, and give back the room.

    Returns:
        Was more than half dropped? A graph holds as much that is superfluous.
    """
    with _opened(folder) as database:
        dropped = int(database.execute(_SHRINK_LOG).rowcount)
        left = int(database.execute("SELECT count(*) FROM embeddings_queue").fetchone()[0])
    much = dropped > left
    if much:
        with _opened(folder) as database:
            database.execute("VACUUM")
    return much


@contextmanager
def _opened(folder: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(folder / FILE)) as database, database:
        yield database
