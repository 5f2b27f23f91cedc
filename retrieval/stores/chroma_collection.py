"""Makes a collection in a folder with chromadb itself, and closes it again."""

import itertools
import json
import shutil
import uuid
from collections.abc import Collection
from contextlib import closing, suppress
from dataclasses import asdict
from pathlib import Path

from retrieval.interfaces import Contract
from retrieval.stores.chroma_records import HNSW

_OPENED = itertools.count(1)


def make_collection(folder: Path, name: str, contract: Contract) -> None:
    """Put an empty collection in place of one of this name.

    Args:
        folder: of the embedded Chroma; it is made where there is none.
        name: of the collection.
        contract: kept in the collection's metadata, beside a version of its records.
    """
    import chromadb
    from chromadb.config import Settings
    from chromadb.errors import NotFoundError

    folder.mkdir(parents=True, exist_ok=True)
    client = chromadb.PersistentClient(
        # chromadb shares one open database among all clients of a path, by its text.
        path=f"{folder}{'/.' * next(_OPENED)}",
        # Given in full: chromadb would take them from the environment and from .env.
        settings=Settings(
            _env_file=None,
            anonymized_telemetry=False,
            chroma_api_impl="chromadb.api.rust.RustBindingsAPI",
            allow_reset=False,
        ),
    )
    with closing(client):
        with suppress(NotFoundError):
            client.delete_collection(name)
        client.create_collection(
            name,
            embedding_function=None,
            metadata={"contract": json.dumps(asdict(contract)), "version": uuid.uuid4().hex},
            configuration={"hnsw": HNSW},
        )


def remove_orphans(folder: Path, graphs: Collection[str]) -> None:
    """Remove the folders of graphs that no collection has: Chroma leaves them behind.

    Args:
        folder: of the embedded Chroma.
        graphs: names of the folders that are in use, UUIDs.
    """
    for path in folder.iterdir():
        with suppress(ValueError):
            uuid.UUID(path.name)
            if path.is_dir() and path.name not in graphs:
                shutil.rmtree(path)
