"""Chunks of made-up plans by the million, the same in each run, made a block at a time.

Their vectors lie around those of real sentences, those of the sample plans, as plan documents do:
three tenths of a plan's passages are to the letter those of other plans, four tenths differ in an
amount, the rest is its own.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.documents import ANY_YEAR, COMMON_POLICY, Record, Scalar, chunk_key
from retrieval.embedding.minilm import MiniLM
from retrieval.filters import All, Filter, OneOf

SAMPLES = Path(__file__).parent.parent / "samples"
BLOCK = 1_000
"""Chunks made at once."""
COMMON = 50
"""One in so many chunks is of a document that is common to all plans."""
CHUNKS_OF_DOCUMENT = 40
LETTERS = 900
"""Of a passage, about."""
YEARS = (2025, 2026)
COPIED, ALIKE = 0.3, 0.7
SPREAD = {"copied": 0.0, "alike": 0.25, "own": 0.9, "asked": 0.7}
"""Length of the noise beside a vector of length 1: cosines of 1, .97, .74 and .82."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class World:
    """The sentences that all is made of, and the size of what is made.

    Attributes:
        sentences: of the sample plans.
        vectors: MiniLM's, one a sentence.
        chunks: how many there are.
        policies: how many plans share them; each plan's stand together, as a folder is indexed.
    """

    sentences: list[str]
    vectors: Floats
    chunks: int
    policies: int

    def policy(self, chunk: int) -> str:
        """The plan of a chunk."""
        common = self.chunks // COMMON
        if chunk < common:
            return COMMON_POLICY
        return f"PLAN_{(chunk - common) * self.policies // (self.chunks - common):05d}"

    def year(self, chunk: int) -> int:
        """The plan year of a chunk."""
        if chunk < self.chunks // COMMON:
            return ANY_YEAR
        return YEARS[chunk // CHUNKS_OF_DOCUMENT % len(YEARS)]

    def block(self, start: int) -> Floats:
        """Vectors of the chunks from ``start`` on, float32 (n, 384), of length 1."""
        chance = np.random.default_rng([2026, start])
        count = min(BLOCK, self.chunks - start)
        base = self.vectors[chance.integers(0, len(self.vectors), count)]
        kind = chance.random(count)
        spread = np.where(kind < ALIKE, SPREAD["alike"], SPREAD["own"])
        spread[kind < COPIED] = SPREAD["copied"]
        return _around(base, spread, chance)

    def records(self) -> Iterator[list[Record]]:
        """All chunks, block by block."""
        for start in range(0, self.chunks, BLOCK):
            vectors = self.block(start)
            yield [self._record(start + i, vector) for i, vector in enumerate(vectors)]

    def questions(self, count: int) -> tuple[Floats, list[Filter]]:
        """Vectors of questions, and for each the filter of a plan and year."""
        chance = np.random.default_rng(5)
        base = self.vectors[chance.integers(0, len(self.vectors), count)]
        vectors = _around(base, np.full(count, SPREAD["asked"]), chance)
        chunks = chance.integers(self.chunks // COMMON, self.chunks, count).tolist()
        return vectors, [self._filter(chunk) for chunk in chunks]

    def _filter(self, chunk: int) -> Filter:
        policy = OneOf("policy", (self.policy(chunk), COMMON_POLICY))
        return All((policy, OneOf("plan_year", (self.year(chunk), ANY_YEAR))))

    def fields(self, chunk: int) -> dict[str, Scalar]:
        """Metadata of a chunk, as the indexer writes it."""
        policy, year = self.policy(chunk), self.year(chunk)
        document, index = divmod(chunk, CHUNKS_OF_DOCUMENT)
        name = f"{policy}-{year}-document-{document:06d}.pdf"
        return {
            "document": name,
            "source": f"{policy}/{year}/document-{document:06d}.pdf",
            "title": f"Benefit document {document}",
            "policy": policy,
            "plan_year": year,
            "page": index // 4 + 1,
            "last_page": index // 4 + 1,
            "section": "Summary of benefits > What you pay",
            "chunk_index": index,
            "start": index * LETTERS,
            "end": (index + 1) * LETTERS,
            "document_hash": f"{document:032x}",
            "chunk_count": CHUNKS_OF_DOCUMENT,
            "language": "en",
            "embedded_hash": f"{chunk:032x}",
        }

    def _record(self, chunk: int, vector: Floats) -> Record:
        fields = self.fields(chunk)
        text, at = "", chunk
        while len(text) < LETTERS:
            text, at = f"{text} {self.sentences[at % len(self.sentences)]}", at + 1
        key = chunk_key(str(fields["document"]), chunk % CHUNKS_OF_DOCUMENT)
        return Record(key, text.strip(), fields, vector)


def make_world(chunks: int, policies: int, cache: Path) -> World:
    """The sentences of the samples with their vectors, embedded once and kept in a file."""
    text = "\n".join(p.read_text(encoding="utf-8") for p in sorted(SAMPLES.rglob("*.md")))
    sentences = sorted({s.strip() for s in re.split(r"\n|(?<=\.)\s", text) if len(s) > 30})
    if not cache.exists():
        np.save(cache, MiniLM().embed(sentences))
    return World(sentences, np.load(cache), chunks, policies)


def _around(base: Floats, spread: NDArray[np.float64], chance: np.random.Generator) -> Floats:
    noise = chance.normal(size=base.shape)
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    rows = base + spread[:, None] * noise
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)
