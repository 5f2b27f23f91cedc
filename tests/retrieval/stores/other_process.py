"""A process of its own that writes to a store: PLACE OPERATION ARGUMENT..."""

import os
import sys
from itertools import count
from pathlib import Path

import numpy as np

from retrieval.documents import Record, Vector
from retrieval.interfaces import Contract, VectorStore
from retrieval.stores.chroma import ChromaStore
from retrieval.stores.memory import MemoryStore
from retrieval.stores.s3_vectors import S3VectorsStore

BATCH = 100


def open_place(place: str) -> VectorStore:
    """A store by its place.

    One of ``memory:FILE``, ``chroma:FOLDER``, ``server:URL|COLLECTION``, ``s3:URL|BUCKET|INDEX``.
    """
    kind, _, where = place.partition(":")
    if kind == "memory":
        return MemoryStore(Path(where))
    if kind == "chroma":
        return ChromaStore(Path(where))
    if kind == "s3":
        _, bucket, index = where.split("|")
        return S3VectorsStore(bucket, index)
    url, _, collection = where.partition("|")
    return ChromaStore(url=url, collection=collection)


def aws_environment(url: str) -> dict[str, str]:
    """The variables that lead boto3 to a server of S3 Vectors of our own."""
    return {
        "AWS_ENDPOINT_URL_S3VECTORS": url,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def filling_vector(number: int, dimension: int) -> Vector:
    row = np.random.default_rng(number).normal(size=dimension)
    return np.asarray(row / np.linalg.norm(row), np.float32)


def filling_record(number: int, dimension: int = 4) -> Record:
    vector = filling_vector(number, dimension)
    return Record(
        f"fill-{number:05d}", f"text {number}", {"from": "elsewhere", "n": number}, vector
    )


def fill(store: VectorStore, total: int, dimension: int = 4) -> None:
    for start in range(0, total, BATCH):
        numbers = range(start, min(start + BATCH, total))
        store.put([filling_record(number, dimension) for number in numbers])


def main(place: str, operation: str, *arguments: str) -> None:
    if place.startswith("s3:"):
        url, _, _ = place.removeprefix("s3:").partition("|")
        os.environ.update(aws_environment(url))  # noqa: TID251 - where boto3 looks
    store = open_place(place)
    match operation, arguments:
        case "put", (key, numbers):
            vector = np.array(numbers.split(), np.float32)
            store.put([Record(key, "put elsewhere", {"from": "elsewhere"}, vector)])
        case "delete", names:
            store.delete(list(names))
        case "create", (model,):
            store.create(Contract(model, 4, (0.5, 0.5, 0.5, 0.5)))
        case "fill", (total,):
            fill(store, int(total))
        case "fill for ever", (total, dimension):
            store.count()
            print("writing", flush=True)  # noqa: T201 - the test waits for it
            for _ in count():
                fill(store, int(total), int(dimension))
        case _:
            sys.exit(f"no such operation: {operation} {arguments}")
    store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
