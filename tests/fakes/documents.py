"""Documents, found documents and matches for tests, made in one line each."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from retrieval.documents import Block, Document, Match, Page, Scalar, Section
from retrieval.errors import LoadingError


def document(
    *blocks: str,
    name: str = "plan.txt",
    policy: str | None = None,
    plan_year: int | None = None,
    title: str = "",
    sections: tuple[Section, ...] = (),
    pages: tuple[Page, ...] = (),
) -> Document:
    """A document of these blocks; a block with `` | `` is a row, one with ``- `` an item."""
    text, spans = "", []
    for block in blocks:
        kind = "row" if " | " in block else "item" if block.startswith("- ") else "paragraph"
        spans.append(Block(kind, len(text), len(text) + len(block)))  # type: ignore[arg-type]
        text += block + "\n\n"
    return Document(
        name=name,
        source=name,
        title=title,
        text=text.removesuffix("\n\n"),
        policy=policy,
        plan_year=plan_year,
        blocks=tuple(spans),
        sections=sections,
        pages=pages,
    )


@dataclass(frozen=True)
class InMemoryFound:
    """A found document that is already read, or that fails to load."""

    document: Document
    failure: str = ""
    path: Path = field(default=Path("plan.txt"))

    @property
    def name(self) -> str:
        return self.document.name

    @property
    def hash(self) -> str:
        return hashlib.sha256(repr(self.document).encode()).hexdigest()[:32]

    def load(self) -> Document:
        if self.failure:
            raise LoadingError(self.document.source, self.failure)
        return self.document


def match(text: str, key: str = "plan.txt-chunk-0000", **fields: Scalar) -> Match:
    """A match with this text and, unless given, harmless metadata."""
    metadata: dict[str, Scalar] = {
        "document": key.rsplit("-chunk-", 1)[0],
        "source": key.rsplit("-chunk-", 1)[0],
        "title": "",
        "policy": "",
        "plan_year": 0,
        "page": 0,
        "last_page": 0,
        "section": "",
        "chunk_index": int(key.rsplit("-", 1)[1]),
        "start": 0,
        "end": len(text),
        "document_hash": "0" * 32,
        "chunk_count": 1,
        "language": "en",
    }
    similarity = float(fields.pop("similarity", 0.5))
    return Match(key, text, metadata | fields, similarity, similarity)
