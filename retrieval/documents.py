"""The values that flow through retrieval: Document, Chunk, Record, Match.

All offsets are character offsets into ``Document.text`` (Python string indices), end exclusive.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Scalar: TypeAlias = str | int | float | bool
Vector: TypeAlias = NDArray[np.float32]

COMMON_POLICY = ""
"""Stored as ``policy`` of a document that is common to all plans."""
ANY_YEAR = 0
"""Stored as ``plan_year`` of a document that holds for every year."""

BLOCK_SEPARATOR = "\n\n"
"""Between the blocks (paragraphs, headings, items, table rows) of a structured document."""
CELL_SEPARATOR = " | "
"""Between the cells of a table row: ``Specialist visit | In-network: $40 copay``."""

_EMPTY: Mapping[str, Scalar] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a paginated document: its number (from 1) and the text it holds."""

    number: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Section:
    """The text under one heading, up to the next heading; ``path`` goes from the outermost in."""

    path: tuple[str, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Block:
    """The smallest piece of layout: a heading, a paragraph, a list item or a table row."""

    kind: Literal["heading", "paragraph", "item", "row"]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Document:
    """One loaded document.

    Attributes:
        name: stable and readable, unique in an index: ``PPO_PLUS-2025-summary.pdf``.
        source: the file, relative to the indexed folder, with forward slashes.
        title: for people.
        text: all of the text. Blocks of structured formats are separated by a blank line and hold
            no line break; plain text and JSONL rows are kept to the letter.
        policy: the plan it belongs to, or None when common to all plans.
        plan_year: four digits, or None when it holds for every year.
        pages: in order, covering the text; empty for formats without pages.
        sections: in order, not overlapping; text before the first heading has none.
        blocks: in order, not overlapping, covering all text but separators.
        metadata: further fields that filters may name.
        language: BCP 47, such as ``en``.
    """

    name: str
    source: str
    title: str
    text: str
    policy: str | None = None
    plan_year: int | None = None
    pages: tuple[Page, ...] = ()
    sections: tuple[Section, ...] = ()
    blocks: tuple[Block, ...] = ()
    metadata: Mapping[str, Scalar] = field(default_factory=lambda: _EMPTY)
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a document that is embedded, stored and cited as one.

    ``document.text[chunk.start:chunk.end] == chunk.text``, always.

    Attributes:
        section: headings from the outermost in, of its own text.
        context: title and section path as far as the embedder's window has room for them.
        own_start: where its own text begins; what stands before is its lead, the end of the chunk
            before it.
        page: the page on which it starts; 0 in a document without pages.
        page_starts: number and offset of the further pages that it holds text of.
    """

    text: str
    start: int
    end: int
    index: int
    context: str = ""
    section: tuple[str, ...] = ()
    own_start: int = 0
    page: int = 0
    page_starts: tuple[tuple[int, int], ...] = ()

    @property
    def last_page(self) -> int:
        """The page on which it ends; 0 in a document without pages."""
        return self.page_starts[-1][0] if self.page_starts else self.page

    @property
    def own_text(self) -> str:
        """The text without its lead."""
        return self.text[max(0, self.own_start - self.start) :]

    @property
    def embedded_text(self) -> str:
        """What the embedder reads: context and own text, within its window.

        Not the lead, which is embedded with the chunk before: so no sentence is read twice.
        """
        return f"{self.context}\n{self.own_text}" if self.context else self.own_text


@dataclass(frozen=True, slots=True)
class Record:
    """What a vector store keeps: a key, the chunk's text, its metadata and its vector.

    Attributes:
        vector: float32, (dimension,), norm 1.
    """

    key: str
    text: str
    metadata: Mapping[str, Scalar]
    vector: Vector


@dataclass(frozen=True, slots=True)
class Match:
    """A stored chunk that a search found.

    Attributes:
        similarity: cosine of question and chunk, -1 to 1, higher is closer.
        score: what the matches are ordered by, higher first; the similarity where nothing
            else is fused with it. What a reranker moved has the score of its new place.
    """

    key: str
    text: str
    metadata: Mapping[str, Scalar]
    similarity: float
    score: float

    @property
    def document(self) -> str:
        """Name of the document."""
        return str(self.metadata["document"])

    @property
    def source(self) -> str:
        """File of the document, relative to the indexed folder."""
        return str(self.metadata["source"])

    @property
    def title(self) -> str:
        """Title of the document."""
        return str(self.metadata["title"])

    @property
    def policy(self) -> str | None:
        """The plan, or None when the document is common to all plans."""
        return str(self.metadata["policy"]) or None

    @property
    def plan_year(self) -> int | None:
        """The plan year, or None when the document holds for every year."""
        return int(self.metadata["plan_year"]) or None

    @property
    def page(self) -> int | None:
        """The page on which the chunk starts, or None in a document without pages."""
        return int(self.metadata["page"]) or None

    @property
    def own_start(self) -> int:
        """Offset in the document's text at which its own text begins, behind the lead."""
        return int(self.metadata.get("own_start", self.start))

    @property
    def own_page(self) -> int | None:
        """The page on which its own text begins; None without pages."""
        return self.page_at(self.own_start)

    def page_at(self, offset: int) -> int | None:
        """The page that holds an offset of the document's text, within the chunk; None without."""
        page = self.page
        for entry in str(self.metadata.get("page_starts", "")).split():
            number, _, start = entry.partition(":")
            page = int(number) if offset >= int(start) else page
        return page

    @property
    def section(self) -> str:
        """Headings from the outermost in, joined by `` > ``."""
        return str(self.metadata["section"])

    def section_at(self, offset: int) -> str:
        """The section of an offset; "" in the lead, which may be of the section before."""
        return self.section if offset >= self.own_start else ""

    @property
    def start(self) -> int:
        """Offset of the chunk in the document's text."""
        return int(self.metadata["start"])

    @property
    def end(self) -> int:
        """End of the chunk in the document's text, exclusive."""
        return int(self.metadata["end"])

    def to_json(self) -> dict[str, object]:
        """The match as the command line prints it."""
        return {
            "key": self.key,
            "document": self.document,
            "source": self.source,
            "title": self.title,
            "policy": self.policy,
            "plan_year": self.plan_year,
            "page": self.page,
            "section": self.section,
            "chunk_index": int(self.metadata["chunk_index"]),
            "start": self.start,
            "end": self.end,
            "text": self.text,
            "similarity": round(self.similarity, 6),
            "score": round(self.score, 6),
            "metadata": dict(self.metadata),
        }


def chunk_key(document: str, index: int) -> str:
    """The stable key of a chunk: ``PPO_PLUS-2025-summary.pdf-chunk-0042``."""
    return f"{document}-chunk-{index:04d}"


def chunk_metadata(
    document: Document, chunk: Chunk, document_hash: str, chunk_count: int
) -> dict[str, Scalar]:
    """All fields stored with a chunk; every filterable field is always written."""
    return dict(document.metadata) | {
        "document": document.name,
        "source": document.source,
        "title": document.title,
        "policy": document.policy or COMMON_POLICY,
        "plan_year": document.plan_year or ANY_YEAR,
        "page": chunk.page,
        "last_page": chunk.last_page,
        "page_starts": " ".join(f"{number}:{offset}" for number, offset in chunk.page_starts),
        "own_start": chunk.own_start,
        "section": " > ".join(chunk.section),
        "chunk_index": chunk.index,
        "start": chunk.start,
        "end": chunk.end,
        "document_hash": document_hash,
        "chunk_count": chunk_count,
        "language": document.language,
    }
