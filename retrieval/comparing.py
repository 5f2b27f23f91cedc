"""One index held against another: which documents differ, and where."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from heapq import merge
from operator import itemgetter
from typing import TypeAlias

import numpy as np

from retrieval.catalog import COMMIT_MARK
from retrieval.documents import Record, Scalar
from retrieval.filters import matches, same_value

ROUNDING = 2.0**-22
"""Largest difference of two equal vectors, as a share of their length.

Vectors of length 1 come back bit for bit from every store. Chroma scales others to 1 and back
(of 2,000 6 % differed, by 5.7e-8 of their length at most), and its collections made for cosine
distance do so with all (39 % of 6,000, by 1.1e-7).
"""

Fields: TypeAlias = Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class Pair:
    """One key in both stores; None where a store does not hold it."""

    key: str
    mine: Fields | None
    theirs: Fields | None
    same: bool

    @property
    def document(self) -> str:
        """Name of the document that the chunk belongs to."""
        return str((self.mine or self.theirs or {})["document"])


@dataclass(slots=True)
class DocumentPair:
    """One document in both stores; lists hold keys.

    Attributes:
        edition: hash and chunk count that its chunks in the source carry.
        mixed: they do not all carry the same.
        chunks: how many the source holds.
        same: how many of them the target holds with the same metadata.
        mark: the source's commit mark.
        missing: chunks but the mark that the target holds not or otherwise.
        held: does the target hold anything of it?
        old_marks: commit marks of the target.
        surplus: held by the target alone.
    """

    edition: tuple[str, int] | None = None
    mixed: bool = False
    chunks: int = 0
    same: int = 0
    mark: str = ""
    missing: list[str] = field(default_factory=list)
    held: bool = False
    old_marks: list[str] = field(default_factory=list)
    surplus: list[str] = field(default_factory=list)

    def add(self, pair: Pair) -> None:
        """Take in one chunk."""
        if pair.theirs is not None:
            self.held = True
            if matches(COMMIT_MARK, pair.theirs):
                self.old_marks.append(pair.key)
        if pair.mine is None:
            self.surplus.append(pair.key)
            return
        edition = edition_of(pair.mine)
        self.edition = self.edition or edition
        self.mixed |= self.edition != edition
        self.chunks += 1
        self.same += pair.same
        if matches(COMMIT_MARK, pair.mine):
            self.mark = pair.key
        elif not pair.same:
            self.missing.append(pair.key)

    @property
    def complete(self) -> bool:
        """Does the source hold all of it?"""
        whole = self.edition is not None and self.edition[1] == self.chunks
        return bool(self.mark) and whole and not self.mixed

    @property
    def differs(self) -> bool:
        """Is there anything to write?"""
        return self.same < self.chunks or bool(self.surplus)


def joined(
    mine: Iterable[tuple[str, Fields]], theirs: Iterable[tuple[str, Fields]]
) -> Iterator[tuple[str, Fields | None, Fields | None]]:
    """An outer join of two scans by key."""
    sides = ((key, 0, fields) for key, fields in mine), ((key, 1, fields) for key, fields in theirs)
    for key, rows in itertools.groupby(merge(*sides, key=itemgetter(0, 1)), key=itemgetter(0)):
        found = {side: fields for _, side, fields in rows}
        yield key, found.get(0), found.get(1)


def edition_of(fields: Fields) -> tuple[str, int]:
    """Hash and chunk count of the document, as each of its chunks carries them."""
    return str(fields["document_hash"]), int(fields["chunk_count"])


def same_fields(mine: Fields, theirs: Fields) -> bool:
    """Equal names and values, and values of one kind?"""
    return mine.keys() == theirs.keys() and all(
        same_value(value, theirs[name]) for name, value in mine.items()
    )


def equal_records(mine: Record, theirs: Record) -> bool:
    """The same text, metadata and, but for the rounding of stores, vector?"""
    difference = float(np.abs(mine.vector - theirs.vector).max())
    return (
        mine.text == theirs.text
        and same_fields(mine.metadata, theirs.metadata)
        and difference <= ROUNDING * float(np.linalg.norm(mine.vector))
    )
