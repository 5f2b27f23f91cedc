import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval import transfer
from retrieval.catalog import read_catalog
from retrieval.comparing import ROUNDING
from retrieval.documents import Record, Scalar, chunk_key
from retrieval.errors import ContractError, InputError, StoreBusyError, StoreError
from retrieval.interfaces import Contract, VectorStore
from retrieval.stores.chroma import ChromaStore
from retrieval.stores.memory import MemoryStore
from retrieval.stores.s3_vectors import S3VectorsStore
from retrieval.transfer import SAMPLE, Transfer, TransferProgress, TransferReport
from tests.doubles.s3_vectors.server import S3VectorsServer

DIMENSION = 8
FINGERPRINT = tuple(np.eye(DIMENSION)[0].tolist())
CONTRACT = Contract("letter-counts", DIMENSION, FINGERPRINT)
PLACES: dict[str, Callable[[Path], VectorStore]] = {
    "memory": lambda _: MemoryStore(),
    "file": lambda folder: MemoryStore(folder / "index.sqlite3"),
    "chroma": lambda folder: ChromaStore(folder / "chroma"),
    "s3_vectors": lambda folder: S3VectorsStore("benefits-chat", folder.name),
}
"""How to open a store in a folder of its own."""
WAYS = [
    ("memory", "chroma"),
    ("chroma", "file"),
    ("chroma", "s3_vectors"),
    ("s3_vectors", "chroma"),
    ("s3_vectors", "s3_vectors"),
]
NUMBERS = itertools.count()
Store = TypeVar("Store", bound=VectorStore)
ODD_TEXTS = [
    "",
    " ",
    "nul\x00inside",
    "e\u0301",
    "é",
    "خطة",
    "🏥💊",
    "a\r\nb\u2028c",
    "'--",
    "1",
    "True",
]


def make_document(
    name: str,
    chunks: int,
    edition: str = "first",
    texts: Sequence[str] = ("text",),
    **fields: Scalar,
) -> list[Record]:
    """The records of a document, as indexing writes them; the seed of a vector is its text."""
    records = []
    for index in range(chunks):
        text = f"{edition} {index} of {name}: {texts[index % len(texts)]}"
        row = np.random.default_rng(list(text.encode())).normal(size=DIMENSION)
        metadata: dict[str, Scalar] = {
            "document": name,
            "source": f"{name}.md",
            "title": texts[index % len(texts)],
            "policy": "",
            "plan_year": 0,
            "chunk_index": index,
            "document_hash": f"hash of {edition}",
            "chunk_count": chunks,
        }
        vector = (row / np.linalg.norm(row)).astype(np.float32)
        records.append(Record(chunk_key(name, index), text, metadata | fields, vector))
    return records


def filled(store: Store, *documents: Sequence[Record]) -> Store:
    store.create(CONTRACT)
    store.put([record for document in documents for record in document])
    return store


def content(store: VectorStore) -> list[tuple[str, str, list[tuple[str, type, Scalar]]]]:
    records = store.get([key for key, _ in store.scan()])
    return [
        (r.key, r.text, sorted((n, type(v), v) for n, v in r.metadata.items())) for r in records
    ]


def vectors(store: VectorStore) -> np.ndarray:
    return np.array([r.vector for r in store.get([key for key, _ in store.scan()])])


def copy(
    source: VectorStore,
    target: VectorStore,
    *,
    again: bool = False,
    progress: Callable[[TransferProgress], None] = lambda _: None,
) -> TransferReport:
    return Transfer(source, target, "the first index", "the second index").run(
        replace=again, progress=progress
    )


def counts(report: TransferReport) -> tuple[int, int, int]:
    return report.copied, report.unchanged, report.removed


class Watched(MemoryStore):
    """Counts what is sent, dies at the nth write, and checks that every mark is true."""

    def __init__(self, old: Sequence[Sequence[Record]], new: Sequence[Sequence[Record]]) -> None:
        super().__init__()
        self.editions = [{r.key: r.text for r in document} for document in (*old, *new)]
        self.writes = 10**9
        self.create(CONTRACT)
        super().put([record for document in old for record in document])
        self.sent: list[str] = []

    def put(self, records: Sequence[Record]) -> None:
        # The last first: a store promises no order within one call.
        half = len(records) // 2
        for part in (records[half:], records[:half]):
            self._spend()
            self.sent += [record.key for record in part]
            super().put(part)
            self.check_marks()

    def delete(self, keys: Sequence[str]) -> None:
        half = len(keys) // 2
        for part in (keys[half:], keys[:half]):
            self._spend()
            super().delete(part)
            self.check_marks()

    def check_marks(self) -> None:
        """A document with a mark is one edition, whole, with nothing beside it."""
        texts: dict[Scalar, dict[str, str]] = {}
        for record in self.get([key for key, _ in self.scan()]):
            texts.setdefault(record.metadata["document"], {})[record.key] = record.text
        for entry in read_catalog(self):
            assert texts[entry.name] in self.editions, entry.name

    def _spend(self) -> None:
        if self.writes <= 0:
            raise StoreError("the store is gone")
        self.writes -= 1


@pytest.fixture(scope="module")
def s3_vectors() -> Iterator[S3VectorsServer]:
    with S3VectorsServer() as server:
        yield server


@pytest.fixture
def places(
    tmp_path: Path, s3_vectors: S3VectorsServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], VectorStore]]:
    """Opens stores by the names of ``PLACES``, each in a folder of its own."""
    for name, value in s3_vectors.environment.items():
        monkeypatch.setenv(name, value)
    with ExitStack() as stack:

        def open_place(kind: str) -> VectorStore:
            folder = tmp_path / f"{kind.replace('_', '-')}-{next(NUMBERS)}"
            folder.mkdir()
            store = PLACES[kind](folder)
            stack.callback(store.close)
            return store

        yield open_place


# What arrives


@pytest.mark.parametrize(("first", "second"), WAYS)
def test_all_of_an_index_arrives_and_comes_back(
    places: Callable[[str], VectorStore], first: str, second: str
) -> None:
    source, target, back = places(first), places(second), places(first)
    filled(
        source,
        make_document("PPO-2026-plan.pdf", 603, policy="PPO", plan_year=2026, fraction=1.5),
        make_document("handbook.md", 3, common=True, texts=ODD_TEXTS),
        make_document("one.md", 1),
    )
    report = copy(source, target)
    assert counts(report) == (607, 0, 0)
    assert report.verified == SAMPLE
    assert report.incomplete == []
    assert target.read_contract() == CONTRACT
    assert content(target) == content(source)
    assert target.count() == source.count()
    assert read_catalog(target) == read_catalog(source)
    copy(target, back)
    assert content(back) == content(source)
    assert np.array_equal(vectors(target), vectors(source))
    assert np.array_equal(vectors(back), vectors(source))
    assert (report.identical, report.largest_difference) == (SAMPLE, 0)


@pytest.mark.parametrize(("first", "second"), WAYS)
def test_a_second_copy_sends_nothing_and_a_third_only_what_changed(
    places: Callable[[str], VectorStore], first: str, second: str
) -> None:
    source, target = places(first), places(second)
    filled(source, make_document("a", 30), make_document("b", 5), make_document("c", 5))
    copy(source, target)
    version = target.version()
    assert counts(copy(source, target)) == (0, 40, 0)
    assert target.version() == version
    source.delete([chunk_key("b", index) for index in range(5)])
    source.put(make_document("b", 3, "second") + make_document("d", 2))
    assert counts(copy(source, target)) == (5, 35, 2)
    assert content(target) == content(source)


@pytest.mark.parametrize("kind", PLACES)
def test_vectors_come_back_as_the_module_says(
    places: Callable[[str], VectorStore], kind: str
) -> None:
    unit = make_document("a", 300)
    long = [replace(r, vector=r.vector * np.float32(7.3)) for r in make_document("b", 300)]
    given_ = vectors(filled(MemoryStore(), unit, long))
    back = vectors(filled(places(kind), unit, long))
    assert np.array_equal(back[:300], given_[:300])
    assert np.abs(back - given_).max() <= 7.3 * ROUNDING / 2
    assert kind == "chroma" or np.array_equal(back, given_)


NAMES = st.sampled_from(
    ["a", "a-chunk-0000", "a-chunk-00", "b b", "ключ/2026", "é", "e\u0301", "🏥"]
)
EDITIONS = st.tuples(st.integers(1, 6), st.sampled_from(["first", "second"]))
STATES = st.dictionaries(NAMES, EDITIONS, max_size=5)
TEXTS = st.lists(
    st.sampled_from(ODD_TEXTS) | st.text(st.characters(exclude_categories=["Cs"]), max_size=9),
    min_size=1,
    max_size=4,
)


def documents(state: dict[str, tuple[int, str]], texts: Sequence[str]) -> list[list[Record]]:
    return [make_document(name, n, edition, texts) for name, (n, edition) in state.items()]


@settings(max_examples=100, deadline=None)
@given(STATES.filter(bool), STATES, TEXTS, TEXTS)
def test_any_index_is_copied_in_place_of_any_other(
    wanted: dict[str, tuple[int, str]],
    present: dict[str, tuple[int, str]],
    texts: list[str],
    other_texts: list[str],
) -> None:
    source = filled(MemoryStore(), *documents(wanted, texts))
    old, new = documents(present, other_texts), documents(wanted, texts)
    target = Watched(old, new)
    if set(present) - set(wanted):
        before = content(target)
        with pytest.raises(InputError, match="the second index holds"):
            copy(source, target)
        assert content(target) == before
    copy(source, target, again=True)
    assert content(target) == content(source)
    assert np.array_equal(vectors(target), vectors(source))


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(STATES.filter(bool), TEXTS)
def test_any_texts_pass_through_chroma(
    places: Callable[[str], VectorStore], state: dict[str, tuple[int, str]], texts: list[str]
) -> None:
    source = filled(MemoryStore(), *documents(state, texts))
    there, back = places("chroma"), places("memory")
    copy(source, there)
    copy(there, back)
    assert content(back) == content(there) == content(source)


# Interrupted


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(transfer, "BATCH", 7)
    return 7


@pytest.mark.parametrize("writes", range(0, 40, 3))
def test_a_copy_that_failed_goes_on_where_it_was(small_batches: int, writes: int) -> None:
    new = [make_document(f"d{n}", 1 + n * 5 % 17, "second") for n in range(9)]
    old = [make_document(f"d{n}", 1 + n * 3 % 11) for n in range(0, 9, 2)]
    source = filled(MemoryStore(), *new)
    target = Watched(old, new)
    target.writes = writes
    with pytest.raises(StoreError, match="gone"):
        copy(source, target)
    target.writes = 10**9
    copy(source, target)
    assert content(target) == content(source)
    assert len(target.sent) - len(set(target.sent)) <= small_batches
    assert counts(copy(source, target)) == (0, target.count(), 0)


def test_no_put_is_larger_than_a_batch(small_batches: int) -> None:
    sizes: list[int] = []

    class Measured(MemoryStore):
        def put(self, records: Sequence[Record]) -> None:
            sizes.append(len(records))
            super().put(records)

    copy(filled(MemoryStore(), *(make_document(f"d{n}", n) for n in range(1, 30))), Measured())
    assert max(sizes) == small_batches


# Refused


@dataclass(frozen=True)
class Refusal:
    """An index that is in the way."""

    model: str = "letter-counts"
    dimension: int = DIMENSION
    turned: bool = False

    def contract(self) -> Contract:
        axis = 1 if self.turned else 0
        fingerprint = np.eye(self.dimension)[axis].tolist()
        return Contract(self.model, self.dimension, tuple(fingerprint))


@pytest.mark.parametrize(
    ("refusal", "message"),
    [
        (Refusal(model="other"), r"second index was built with other \(8 .* letter-counts \(8"),
        (Refusal(dimension=4), r"built with letter-counts \(4 .* letter-counts \(8 .*--replace"),
        (Refusal(turned=True), "with other weights of it"),
    ],
)
def test_an_index_of_another_model_is_refused_unless_replaced(
    refusal: Refusal, message: str
) -> None:
    source, target = filled(MemoryStore(), make_document("a", 3)), MemoryStore()
    target.create(refusal.contract())
    [one] = make_document("b", 1)
    target.put([replace(one, vector=one.vector[: refusal.dimension])])
    before = content(target)
    with pytest.raises(ContractError, match=message):
        copy(source, target)
    assert (content(target), target.read_contract()) == (before, refusal.contract())
    assert counts(copy(source, target, again=True)) == (3, 0, 1)
    assert (content(target), target.read_contract()) == (content(source), CONTRACT)


def test_a_fingerprint_of_another_runtime_is_the_same_model() -> None:
    source, target = filled(MemoryStore(), make_document("a", 3)), MemoryStore()
    near = (0.99, 0.14, *FINGERPRINT[2:])
    target.create(Contract(CONTRACT.model, DIMENSION, near))
    copy(source, target)
    assert content(target) == content(source)


def test_an_index_with_other_documents_is_refused_unless_replaced() -> None:
    source = filled(MemoryStore(), make_document("a", 3))
    target = filled(MemoryStore(), make_document("a", 2, "old"), make_document("b", 4))
    before = content(target)
    with pytest.raises(InputError, match=r"second index holds 'b', which the first .* --replace"):
        copy(source, target)
    assert content(target) == before
    assert counts(copy(source, target, again=True)) == (3, 0, 4)
    assert content(target) == content(source)


@pytest.mark.parametrize("fill", [lambda s: s, filled])
def test_nothing_to_copy_is_said(fill: Callable[[VectorStore], VectorStore]) -> None:
    target = filled(MemoryStore(), make_document("a", 1))
    before = content(target)
    with pytest.raises(StoreError, match=r"the first index holds no.*benefits-chat index PATH"):
        copy(fill(MemoryStore()), target, again=True)
    assert content(target) == before


def test_a_store_is_not_copied_onto_itself() -> None:
    store = filled(MemoryStore(), make_document("a", 1))
    with pytest.raises(InputError, match="onto itself"):
        copy(store, store)
    with pytest.raises(InputError, match="the index cannot be copied onto itself"):
        Transfer(store, MemoryStore(), "the index", "the index").run()


def test_a_damaged_contract_is_not_passed_on() -> None:
    source = MemoryStore()
    source.create(Contract("letter-counts", DIMENSION, (1.0,)))
    source.put(make_document("a", 1))
    with pytest.raises(ContractError, match="damaged"):
        copy(source, filled(MemoryStore()))


def test_incomplete_documents_are_left_out_and_named() -> None:
    source = filled(
        MemoryStore(),
        make_document("no mark", 3)[1:],
        make_document("a gap", 4)[:3],
        make_document("two editions", 2)[:1] + make_document("two editions", 2, "new")[1:],
        make_document("whole", 2),
    )
    target = MemoryStore()
    report = copy(source, target)
    assert sorted(report.incomplete) == ["a gap", "no mark", "two editions"]
    assert [entry.name for entry in read_catalog(target)] == ["whole"]
    assert target.count() == 2
    assert report.to_json()["incomplete"] == report.incomplete


def test_what_the_target_holds_of_an_incomplete_document_is_not_lost() -> None:
    source = filled(MemoryStore(), make_document("a", 3), make_document("b", 3, "new")[1:])
    target = filled(MemoryStore(), make_document("b", 3))
    before = content(target)
    with pytest.raises(InputError, match="'b', which the first index does not hold or not comp"):
        copy(source, target)
    assert content(target) == before
    assert counts(copy(source, target, again=True)) == (3, 0, 3)


# Changed meanwhile


class ChangesAt(MemoryStore):
    """Takes in another edition of document ``a`` when its nth chunk is read."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.left = at

    def get(self, keys: Sequence[str]) -> list[Record]:
        self.left -= len(keys)
        if self.left < 0:
            self.left = 10**9
            self.put(make_document("a", 40, "second"))
        return super().get(keys)


@pytest.mark.parametrize("at", range(0, 90, 6))
def test_a_source_that_changes_meanwhile_is_noticed(small_batches: int, at: int) -> None:
    editions = [make_document("a", 40, edition) for edition in ("first", "second")]
    source = filled(ChangesAt(at), editions[0], make_document("b", 40))
    target = Watched([], [*editions, make_document("b", 40)])
    with pytest.raises(StoreBusyError, match=r"the first index was changed .* run this again"):
        copy(source, target)
    copy(source, target)
    assert content(target) == content(source)


def test_a_target_that_another_process_writes_is_noticed() -> None:
    class Meddled(MemoryStore):
        def put(self, records: Sequence[Record]) -> None:
            super().put(records)
            super().put(make_document("meddler", 1))

    source = filled(MemoryStore(), make_document("a", 3))
    with pytest.raises(StoreError, match="not 'meddler-chunk-0000': does another process"):
        copy(source, Meddled())


def test_other_texts_or_vectors_under_the_same_metadata_are_found_and_replaced() -> None:
    records = make_document("a", 3)
    turned = [replace(records[1], vector=-records[1].vector)]
    reworded = [replace(records[2], text="other")]
    for other in (turned, reworded):
        source = filled(MemoryStore(), records)
        target = filled(MemoryStore(), records, other)
        with pytest.raises(StoreError, match=rf"{other[0].key}.* another text or vector .*--repl"):
            copy(source, target)
        # The mark goes with it, as with every change.
        assert counts(copy(source, target, again=True)) == (2, 1, 0)
        assert content(target) == content(source)
        assert np.array_equal(vectors(target), vectors(source))


def test_a_truth_value_is_not_taken_for_a_number() -> None:
    source = filled(MemoryStore(), make_document("a", 1, truth=True))
    target = filled(MemoryStore(), make_document("a", 1, truth=1))
    assert copy(source, target).copied == 1
    assert content(target) == content(source)


def test_the_lock_is_held_and_a_taken_one_changes_nothing() -> None:
    class Taken:
        def __enter__(self) -> None:
            raise StoreBusyError("taken")

        def __exit__(self, *_: object) -> None: ...

    source, target = filled(MemoryStore(), make_document("a", 3)), MemoryStore()
    with pytest.raises(StoreBusyError, match="taken"):
        Transfer(source, target, lock=Taken).run()
    assert target.read_contract() is None


# What is shown


def test_progress_goes_through_three_phases_to_the_end(small_batches: int) -> None:
    seen: list[TransferProgress] = []
    copy(filled(MemoryStore(), make_document("a", 40)), MemoryStore(), progress=seen.append)
    assert list(dict.fromkeys(p.phase for p in seen)) == ["comparing", "copying", "verifying"]
    for phase in ("copying", "verifying"):
        done = [p.chunks for p in seen if p.phase == phase]
        assert done == sorted(done)
        assert {p.of_chunks for p in seen if p.phase == phase} == {40}
        assert done[-1] == 40


def test_the_report_is_what_the_command_line_prints() -> None:
    report = TransferReport(3, 2, 1, ["x"], 5, 4, 1.5e-8, 0.12345)
    assert report.to_json() == {
        "chunks": {"copied": 3, "unchanged": 2, "removed": 1},
        "incomplete": ["x"],
        "verified": {"chunks": 5, "identical_vectors": 4, "largest_difference": 1.5e-8},
        "seconds": 0.123,
    }
