"""Chroma -> S3 Vectors -> Chroma: how long, and is all of it the same?

S3 Vectors is the tests' double, so that its times say nothing of AWS: they are those of the copy
and of HTTP. Run it with ``python benchmarks/copying.py [CHUNKS] [DIMENSION]``.
"""

import itertools
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np

from retrieval.documents import Record, Scalar, chunk_key
from retrieval.interfaces import Contract, VectorStore
from retrieval.stores.chroma import ChromaStore
from retrieval.stores.s3_vectors import S3VectorsStore
from retrieval.transfer import Transfer

ROOT = Path(__file__).parent.parent
CHUNKS_OF_DOCUMENT = 40
PAGE = 1_000


def make_records(count: int, dimension: int) -> Iterator[Record]:
    """Chunks of made-up documents with random unit vectors, the same in each run."""
    chance = np.random.default_rng(2026)
    for number in range(count):
        name, index = f"plan-{number // CHUNKS_OF_DOCUMENT:05d}.md", number % CHUNKS_OF_DOCUMENT
        row = chance.normal(size=dimension)
        fields: dict[str, Scalar] = {
            "document": name,
            "source": f"PPO/2026/{name}",
            "title": f"Plan {number}",
            "policy": "PPO",
            "plan_year": 2026,
            "page": index // 4,
            "section": "Benefits > Preventive care",
            "chunk_index": index,
            "start": index * 900,
            "end": index * 900 + 890,
            "document_hash": f"{number // CHUNKS_OF_DOCUMENT:032x}",
            "chunk_count": min(CHUNKS_OF_DOCUMENT, count - number + index),
            "language": "en",
        }
        text = f"Visit {number} costs ${number % 300} after the deductible. " * 16
        vector = (row / np.linalg.norm(row)).astype(np.float32)
        yield Record(chunk_key(name, index), text, fields, vector)


def fill(store: VectorStore, count: int, dimension: int) -> None:
    """Put the records into a new index."""
    store.create(Contract("random", dimension, (1.0, *([0.0] * (dimension - 1)))))
    records = make_records(count, dimension)
    while page := list(itertools.islice(records, PAGE)):
        store.put(page)


def copy(source: VectorStore, target: VectorStore, names: tuple[str, str]) -> None:
    """Copy, copy again, and print what it took."""
    for _ in range(2):
        report = Transfer(source, target, *names).run()
        click.echo(
            f"{names[0]} -> {names[1]}: {report.copied:,} copied, {report.unchanged:,} unchanged, "
            f"{report.seconds:.1f} s"
        )


def compare(left: VectorStore, right: VectorStore, names: str) -> None:
    """Read all records of both and print how they differ."""
    keys = [key for key, _ in left.scan()]
    same = texts = vectors = 0
    largest = 0.0
    for start in range(0, len(keys), PAGE):
        page = keys[start : start + PAGE]
        for mine, theirs in zip(left.get(page), right.get(page), strict=True):
            same += mine.key == theirs.key and dict(mine.metadata) == dict(theirs.metadata)
            texts += mine.text == theirs.text
            vectors += np.array_equal(mine.vector, theirs.vector)
            largest = max(largest, float(np.abs(mine.vector - theirs.vector).max()))
    click.echo(
        f"{names}: keys {'equal' if keys == [key for key, _ in right.scan()] else 'DIFFER'}; of "
        f"{len(keys):,}: {same:,} with the same key and metadata, {texts:,} the same text, "
        f"{vectors:,} the same bits of the vector; largest difference {largest:.2g}"
    )


def main(count: int = 20_000, dimension: int = 384) -> None:
    """Copy there and back and print times and differences."""
    sys.path.insert(0, str(ROOT))
    from tests.doubles.process import double_process

    with tempfile.TemporaryDirectory() as folder, double_process("s3_vectors") as url:
        point_to(url)
        first, second = ChromaStore(Path(folder, "first")), ChromaStore(Path(folder, "second"))
        cloud = S3VectorsStore("benefits-chat", "copying", region="us-east-1")
        started = time.monotonic()
        fill(first, count, dimension)
        click.echo(f"{count:,} chunks of {dimension} in Chroma: {time.monotonic() - started:.1f} s")
        copy(first, cloud, ("Chroma", "S3 Vectors"))
        copy(cloud, second, ("S3 Vectors", "the second Chroma"))
        compare(first, cloud, "Chroma and S3 Vectors")
        compare(cloud, second, "S3 Vectors and the second Chroma")
        compare(first, second, "Chroma there and back")
        for store in (first, cloud, second):
            store.close()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    click.echo(f"most memory of this process: {memory:.0f} MB")


def point_to(url: str) -> None:
    """Lead boto3 to the double."""
    import os

    os.environ |= {  # noqa: TID251 - boto3 reads its endpoint and keys from there
        "AWS_ENDPOINT_URL_S3VECTORS": url,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
    }


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
