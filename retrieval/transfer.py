"""Moves an index from one store to another, without embedding anything again.

Both stores are scanned by key and compared, so that only what is missing or differs is sent, and
whoever is killed goes on where it was. What counts as the source is its complete documents, those
with a commit mark. In the target each document keeps the promise of indexing: it loses its mark
before anything else of it changes, and the mark is written last.
"""

import itertools
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from random import Random
from typing import Literal, TypeVar

import numpy as np

from retrieval.catalog import COMMIT_MARK
from retrieval.comparing import (
    DocumentPair,
    Fields,
    Pair,
    edition_of,
    equal_records,
    joined,
    same_fields,
)
from retrieval.contract import check_contract
from retrieval.errors import ContractError, InputError, StoreBusyError, StoreError
from retrieval.filters import OneOf, matches
from retrieval.interfaces import Contract, VectorStore

BATCH = 500
"""Chunks that are read and written together: what S3 Vectors takes in one call. Larger ones are
no faster (Chroma takes 1,200 a second, with 250 as with 2,000)."""
SAMPLE = 200
"""Chunks that are read back whole at the end, chosen at random, the same in each run."""
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class TransferProgress:
    """How far a copy is: chunks done of the present phase; all of them where that is known."""

    phase: Literal["comparing", "copying", "verifying"]
    chunks: int
    of_chunks: int | None = None


@dataclass(slots=True)
class TransferReport:
    """What a copy did, in chunks.

    Attributes:
        copied: sent to the target.
        unchanged: were in the target already.
        removed: of the target, as the source does not hold them.
        incomplete: documents that were left out: the source holds a part of them.
        verified: read back from both and compared.
        identical: of these, with a vector that is the same to the last bit.
        largest_difference: of a number in these vectors.
    """

    copied: int = 0
    unchanged: int = 0
    removed: int = 0
    incomplete: list[str] = field(default_factory=list)
    verified: int = 0
    identical: int = 0
    largest_difference: float = 0.0
    seconds: float = 0.0

    def to_json(self) -> dict[str, object]:
        """The report as the command line prints it."""
        return {
            "chunks": {
                "copied": self.copied,
                "unchanged": self.unchanged,
                "removed": self.removed,
            },
            "incomplete": self.incomplete,
            "verified": {
                "chunks": self.verified,
                "identical_vectors": self.identical,
                "largest_difference": self.largest_difference,
            },
            "seconds": round(self.seconds, 3),
        }


class Transfer:
    """Makes one store hold what another one holds.

    Takes memory for 110 bytes a chunk that is to be sent and 600 bytes a document (measured:
    17 MB for 100,000 chunks of 10,000 documents; 7 MB when all were there), beside one batch of
    records and what the stores take for a scan. Compares about 40,000 chunks a second.
    """

    def __init__(
        self,
        source: VectorStore,
        target: VectorStore,
        source_name: str = "the source",
        target_name: str = "the target",
        lock: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        """Hold the stores; nothing is opened yet.

        Args:
            source: is only read.
            target: is written; no other process may write it meanwhile.
            source_name: how to name it in messages.
            target_name: how to name it in messages.
            lock: held all the time; raises StoreBusyError at once when taken.
        """
        self._source = source
        self._target = target
        self._source_name = source_name
        self._target_name = target_name
        self._lock = lock
        self._version = ""

    def run(
        self,
        *,
        replace: bool = False,
        progress: Callable[[TransferProgress], None] = lambda _: None,
    ) -> TransferReport:
        """Send what is missing or differs, then compare the two.

        Args:
            replace: take away what the target holds and the source does not, whatever model it
                was built with; and compare texts and vectors too, not only the metadata.
            progress: called after each batch.

        Raises:
            InputError: the target holds other documents; nothing was changed.
            ContractError: the target was built with another model; nothing was changed.
            StoreBusyError: the source was changed meanwhile, or another process holds the lock.
                What is in the target is right as far as it goes; run it again.
            StoreError: there is nothing to copy, or the stores differ at the end.
        """
        started = time.monotonic()
        if self._source is self._target or self._source_name == self._target_name:
            raise InputError(f"{self._source_name} cannot be copied onto itself: name another")
        with self._lock():
            contract = self._source_contract()
            present = self._fitting_contract(contract, replace=replace)
            documents = self._compare(progress, empty=present is None, whole=replace)
            complete = {name: d for name, d in documents.items() if d.complete}
            foreign = [name for name, d in documents.items() if d.held and not d.complete]
            self._check_writable(complete, [] if replace else foreign)
            report = TransferReport(
                incomplete=[name for name, d in documents.items() if d.chunks and not d.complete]
            )
            if present is None:
                report.removed = self._target.count()
                self._target.create(contract)
            self._remove(foreign, report)
            total = sum(document.chunks for document in complete.values())
            self._write([d for d in complete.values() if d.differs], report, progress)
            self._check_unchanged()
            self._verify(total, report, progress)
            self._check_unchanged()
        report.unchanged = total - report.copied
        report.seconds = time.monotonic() - started
        return report

    def _source_contract(self) -> Contract:
        contract = self._source.read_contract()
        if contract is None:
            raise StoreError(
                f"{self._source_name} holds nothing yet: run `benefits-chat index PATH` first"
            )
        if len(contract.fingerprint) != contract.dimension:
            raise ContractError(
                f"{self._source_name} carries a damaged embedding contract: build it anew with "
                "`benefits-chat index --rebuild PATH`"
            )
        self._version = self._source.version()
        return contract

    def _fitting_contract(self, contract: Contract, *, replace: bool) -> Contract | None:
        """The target's contract, or None when an index is to be created there."""
        present = self._target.read_contract()
        if present is None or present == contract:
            return present
        try:
            check_contract(present, contract, self._target_name)
        except ContractError:
            if replace:
                return None
            theirs, mine = _model(present), _model(contract)
            raise ContractError(
                f"{self._target_name} was built with {theirs}, {self._source_name} with "
                f"{mine if mine != theirs else 'other weights of it'}: copy with --replace to lose "
                "what is there, or copy into another index"
            ) from None
        return present

    def _compare(
        self, progress: Callable[[TransferProgress], None], *, empty: bool, whole: bool
    ) -> dict[str, DocumentPair]:
        documents: dict[str, DocumentPair] = {}
        theirs = iter(()) if empty else self._target.scan()
        for number, pair in enumerate(self._pairs(theirs, whole=whole), 1):
            documents.setdefault(pair.document, DocumentPair()).add(pair)
            if number % BATCH == 0:
                progress(TransferProgress("comparing", number))
        self._check_unchanged()
        return documents

    def _check_writable(self, complete: Collection[str], foreign: Sequence[str]) -> None:
        if not complete:
            raise StoreError(
                f"{self._source_name} holds no complete document: run `benefits-chat index PATH` "
                "first"
            )
        if foreign:
            raise InputError(
                f"{self._target_name} holds {_named(foreign)}, which {self._source_name} does not "
                "hold or not completely: copy with --replace to lose it, or into another index"
            )

    def _remove(self, names: Sequence[str], report: TransferReport) -> None:
        if not names:
            return
        found = list(self._target.scan(OneOf("document", tuple(names))))
        marks = [key for key, fields in found if matches(COMMIT_MARK, fields)]
        report.removed += len(found)
        self._delete(marks)
        self._delete([key for key, _ in found])

    def _write(
        self,
        documents: Sequence[DocumentPair],
        report: TransferReport,
        progress: Callable[[TransferProgress], None],
    ) -> None:
        wanted = sum(len(document.missing) + 1 for document in documents)
        for group in _groups(documents):
            self._delete([key for d in group if d.missing or d.surplus for key in d.old_marks])
            for page in _pages([(key, d) for d in group for key in d.missing]):
                report.copied += self._send(page)
                progress(TransferProgress("copying", report.copied, wanted))
            surplus = [key for d in group for key in d.surplus]
            self._delete(surplus)
            report.removed += len(surplus)
            report.copied += self._send([(d.mark, d) for d in group])
            progress(TransferProgress("copying", report.copied, wanted))

    def _send(self, wanted: Sequence[tuple[str, DocumentPair]]) -> int:
        records = self._source.get([key for key, _ in wanted])
        # Never a mark on chunks of two editions, whoever writes the source meanwhile.
        if [(r.key, edition_of(r.metadata)) for r in records] != [
            (k, d.edition) for k, d in wanted
        ]:
            raise self._changed()
        self._target.put(records)
        return len(records)

    def _delete(self, keys: Sequence[str]) -> None:
        for page in _pages(keys):
            self._target.delete(page)

    def _verify(
        self,
        total: int,
        report: TransferReport,
        progress: Callable[[TransferProgress], None],
    ) -> None:
        """Compare all keys and metadata, and some records whole."""
        chosen = set(Random(0).sample(range(total), min(SAMPLE, total)))  # noqa: S311 - no secret
        sample: list[str] = []
        differing: list[str] = []
        number = 0
        for pair in self._pairs(self._target.scan(), whole=False):
            if pair.same:
                if number in chosen:
                    sample.append(pair.key)
                number += 1
                if number % BATCH == 0:
                    progress(TransferProgress("verifying", number, total))
            elif pair.theirs is not None or pair.document not in report.incomplete:
                differing.append(pair.key)
        if differing or number != total:
            self._check_unchanged()
            raise StoreError(
                f"{self._target_name} holds {number:,} of {total:,} chunks as they should be after "
                f"the copy, not {differing[0] if differing else 'more'!r}: does another process "
                "write it? Run this again"
            )
        self._verify_whole(sample, report)
        progress(TransferProgress("verifying", total, total))

    def _verify_whole(self, keys: Sequence[str], report: TransferReport) -> None:
        records = list(zip(self._source.get(keys), self._target.get(keys), strict=True))
        for mine, theirs in records:
            if not equal_records(mine, theirs):
                self._check_unchanged()
                raise StoreError(
                    f"{mine.key!r} has another text or vector in {self._target_name} than in "
                    f"{self._source_name}: copy with --replace, which compares them all"
                )
        report.verified = len(records)
        report.identical = sum(
            np.array_equal(mine.vector, theirs.vector) for mine, theirs in records
        )
        report.largest_difference = max(
            float(np.abs(mine.vector - theirs.vector).max()) for mine, theirs in records
        )

    def _pairs(self, theirs: Iterable[tuple[str, Fields]], *, whole: bool) -> Iterator[Pair]:
        """Every key of either store, in order, with what both hold of it."""
        for page in _pages(joined(self._source.scan(), theirs)):
            same = {
                key
                for key, mine, other in page
                if mine is not None and other is not None and same_fields(mine, other)
            }
            if whole and same:
                keys = sorted(same)
                mine, other = self._source.get(keys), self._target.get(keys)
                if not len(mine) == len(other) == len(keys):
                    raise self._changed()
                same = {a.key for a, b in zip(mine, other, strict=True) if equal_records(a, b)}
            for key, fields, other_fields in page:
                yield Pair(key, fields, other_fields, key in same)

    def _check_unchanged(self) -> None:
        if self._source.version() != self._version:
            raise self._changed()

    def _changed(self) -> StoreBusyError:
        return StoreBusyError(
            f"{self._source_name} was changed while it was copied: run this again once nothing "
            "writes it, only what differs is sent"
        )


def _groups(documents: Iterable[DocumentPair]) -> Iterator[list[DocumentPair]]:
    """Documents to be written together: one, or as many as fit into a batch."""
    group: list[DocumentPair] = []
    size = 0
    for document in documents:
        if group and size + len(document.missing) >= BATCH:
            yield group
            group, size = [], 0
        group.append(document)
        size += len(document.missing) + 1
    if group:
        yield group


def _pages(items: Iterable[Item]) -> Iterator[list[Item]]:
    rest = iter(items)
    while page := list(itertools.islice(rest, BATCH)):
        yield page


def _model(contract: Contract) -> str:
    return f"{contract.model} ({contract.dimension} numbers)"


def _named(names: Sequence[str]) -> str:
    return (
        repr(names[0]) if len(names) == 1 else f"{len(names):,} documents, {names[0]!r} among them"
    )
