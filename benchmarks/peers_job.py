"""What every pipeline of ``peers`` is given and gives back, and how it is timed.

Each pipeline is a module with a ``main`` that runs ``run`` in a process of its own, so that its
start, its peak memory and its processor time are its own: a job in JSON on standard input, an
outcome in JSON on the last line of standard output.
"""

import json
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from benchmarks.memory import peak_mb

LIMIT = 8
"""Passages that a question asks for."""
WINDOW = 256
"""Tokens of a chunk that MiniLM reads; every pipeline here cuts there without a word."""


@dataclass(frozen=True, slots=True)
class File:
    """A file to index; the policy is empty for a document common to all plans."""

    path: str
    policy: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about the documents of one policy and the common ones."""

    text: str
    policy: str


@dataclass(frozen=True, slots=True)
class Job:
    """What a pipeline is to do.

    Attributes:
        root: the paths that were given, for a pipeline that finds files itself.
        files: every file to index.
        questions: asked one after another once all is indexed.
        weights: the folder with all-MiniLM-L6-v2.
        folder: an empty one, for the index.
    """

    root: tuple[str, ...]
    files: tuple[File, ...]
    questions: tuple[Asked, ...]
    weights: str
    folder: str

    @classmethod
    def from_json(cls, text: str) -> "Job":
        """The job that ``json.dumps(asdict(job))`` wrote."""
        fields = json.loads(text)
        fields["root"] = tuple(fields["root"])
        fields["files"] = tuple(File(**file) for file in fields["files"])
        fields["questions"] = tuple(Asked(**asked) for asked in fields["questions"])
        return cls(**fields)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a pipeline did.

    Attributes:
        start: seconds of imports and of loading the model.
        seconds: from the paths to a persisted index that can be searched.
        cpu: processor seconds of the same, user and system.
        chunks: in the index.
        tokens: of those chunks that the model read, its special ones and overlaps included.
        unread: tokens beyond the window, which the model cut off.
        query_ms: median of the questions.
        peak_mb: most memory of the process at any time.
        further: medians in ms or figures that only this pipeline has, by name.
    """

    start: float
    seconds: float
    cpu: float
    chunks: int
    tokens: int
    unread: int
    query_ms: float
    peak_mb: float
    further: dict[str, float]


class Pipeline(Protocol):
    """A pipeline, with its libraries imported and its model loaded."""

    def index(self, job: Job) -> None:
        """Index the files."""

    def ask(self, asked: Asked) -> int:
        """Search; how many passages were found."""

    def texts(self) -> Sequence[str]:
        """What was embedded, for the count of chunks and tokens; called after the measuring."""

    def further(self, questions: Sequence[Asked]) -> dict[str, float]:
        """What else there is to measure; called last."""


def run(load: Callable[[Job], Pipeline]) -> None:
    """Measure a pipeline on the job of standard input; print the outcome."""
    job = Job.from_json(sys.stdin.read())
    started = time.perf_counter()
    pipeline = load(job)
    loaded, loaded_cpu = time.perf_counter(), _cpu()
    pipeline.index(job)
    indexed, cpu = time.perf_counter(), _cpu()
    pipeline.ask(job.questions[0])
    query_ms = statistics.median(timed_ms(pipeline.ask, asked) for asked in job.questions[1:])
    peak = peak_mb()
    texts = pipeline.texts()
    counts = _tokens(texts, Path(job.weights))
    outcome = Outcome(
        start=loaded - started,
        seconds=indexed - loaded,
        cpu=cpu - loaded_cpu,
        chunks=len(texts),
        tokens=sum(min(count, WINDOW) for count in counts),
        unread=sum(max(0, count - WINDOW) for count in counts),
        query_ms=query_ms,
        peak_mb=peak,
        further=pipeline.further(job.questions),
    )
    sys.stdout.write("\n" + json.dumps(asdict(outcome)) + "\n")


def timed_ms(work: Callable[[Asked], object], asked: Asked) -> float:
    """Milliseconds of one call."""
    started = time.perf_counter()
    work(asked)
    return (time.perf_counter() - started) * 1000


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _tokens(texts: Sequence[str], weights: Path) -> list[int]:
    """Tokens of each text, special ones included, nothing cut."""
    import tokenizers

    tokenizer = tokenizers.Tokenizer.from_file(str(weights / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return [len(encoding) for encoding in tokenizer.encode_batch_fast(list(texts))]
