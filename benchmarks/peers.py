"""This product, LangChain and LlamaIndex on the same files with the same model, in one run.

``python -m benchmarks.peers [PATHS] [--copies N] [--repeats N]`` indexes PATHS (the samples, when
none is given; with ``--copies`` the sample plans so many times, under other names) with each
pipeline in turn, each time in a process of its own, and asks each the same questions, filtered by
policy; then it prints what each took, and the ratios with their range over the repeats. Machines
are noisy: read the ratios. What the peers need is installed by ``make benchmarks``.

Copies say the same, which the product embeds once in a batch: with them compare searches and
memory, not indexing.

Beside the pipelines run the encoders alone on the product's chunks, as a bound. Chunk sizes are
each pipeline's own, so that tokens a second are compared too. Tokens are those that the model
reads, 256 of a chunk at most; "unread" is the share of the text that was cut off as chunks were
larger than that, and can never be found.
"""

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import click

from benchmarks.copies import ROOT, SAMPLES, copy_plans
from benchmarks.passages import SERVICES
from benchmarks.peers_job import Asked, File, Job, Outcome
from benchmarks.peers_product import CHROMA, SEARCH, STORE
from retrieval.embedding.weights import find_weights
from retrieval.errors import LoadingError
from retrieval.loading import find

READ_BY_ALL = (".pdf", ".docx", ".html", ".md", ".txt")
"""Formats for which each of the pipelines has a loader."""

PRODUCT, LANGCHAIN, LLAMAINDEX = "Benefits Chat", "LangChain", "LlamaIndex"
TORCH, ONNX = "sentence-transformers alone", "the product's runtime alone"
COMMANDS = {
    PRODUCT: ("benchmarks.peers_product",),
    LANGCHAIN: ("benchmarks.peers_langchain",),
    LLAMAINDEX: ("benchmarks.peers_llamaindex",),
    TORCH: ("benchmarks.peers_encoders", "torch"),
    ONNX: ("benchmarks.peers_encoders", "onnx"),
}
FORMS = (
    "What do I pay for {service}?",
    "Is {service} covered outside the network?",
    "Do I need approval for {service}?",
    "Does the deductible apply to {service}?",
)


def make_job(paths: Sequence[Path], weights: Path, folder: Path) -> Job:
    """Copy the files that all pipelines read into a folder, and make the questions."""
    files = {}
    copies = folder / "files"
    for number, path in enumerate(paths):
        shutil.copytree(path, copies / str(number), ignore=_unreadable)
    roots = [copies / str(number) for number in range(len(paths))]
    for found in find(roots):
        if not isinstance(found, LoadingError) and _is_read(found.load):
            files[str(found.path)] = File(str(found.path), found.policy or "")
    kept = set(files)
    for path in copies.rglob("*"):
        if path.is_file() and str(path) not in kept:
            path.unlink()
    policies = sorted({file.policy for file in files.values()})
    questions = (
        Asked(form.format(service=service.lower()), policies[number % len(policies)])
        for number, (service, form) in enumerate((s, f) for f in FORMS for s in SERVICES)
    )
    return Job(
        root=tuple(map(str, roots)),
        files=tuple(files.values()),
        questions=tuple(questions),
        weights=str(weights),
        folder="",
    )


def measure(name: str, job: Job) -> Outcome:
    """Run one pipeline in a process of its own, on an index of its own."""
    with tempfile.TemporaryDirectory() as folder:
        fields = asdict(job) | {"folder": folder}
        child = subprocess.run(  # noqa: S603 - our own interpreter and modules
            [sys.executable, "-W", "ignore", "-m", *COMMANDS[name]],
            input=json.dumps(fields),
            capture_output=True,
            text=True,
            cwd=ROOT,
            env={
                "PATH": "/usr/bin:/bin",
                "HOME": str(Path.home()),
                "HF_HUB_OFFLINE": "1",
                "ANONYMIZED_TELEMETRY": "False",
            },
            check=False,
        )
    if child.returncode:
        raise click.ClickException(f"{name} failed:\n{child.stderr[-2_000:]}")
    return Outcome(**json.loads(child.stdout.splitlines()[-1]))


def report(outcomes: dict[str, list[Outcome]]) -> Iterator[str]:
    """The lines of the report."""
    yield (
        f"{'':28}{'start s':>9}{'index s':>9}{'cpu s':>8}{'chunks':>8}{'tokens':>9}"
        f"{'unread':>8}{'tokens/s':>10}{'query ms':>10}{'peak MB':>9}"
    )
    for name, runs in outcomes.items():
        median = {field: _median(runs, field) for field in asdict(runs[0]) if field != "further"}
        yield (
            f"{name:28}{median['start']:9.1f}{median['seconds']:9.1f}{median['cpu']:8.1f}"
            f"{median['chunks']:8.0f}{median['tokens']:9.0f}"
            f"{median['unread'] / (median['tokens'] + median['unread']):8.0%}"
            f"{median['tokens'] / median['seconds']:10.0f}"
            f"{median['query_ms']:10.1f}{median['peak_mb']:9.0f}"
        )
    yield ""
    for name in outcomes[PRODUCT][0].further:
        yield f"{name:28}{_median_of([run.further[name] for run in outcomes[PRODUCT]]):9.2f} ms"
    yield ""
    yield "The product against the others, median (range over the repeats):"
    yield from _ratios(outcomes)


def _ratios(outcomes: dict[str, list[Outcome]]) -> Iterator[str]:
    own = outcomes[PRODUCT]
    for peer in (LANGCHAIN, LLAMAINDEX):
        for words, value in (
            ("indexing, times as fast", lambda run: run.seconds),
            ("indexing, times less processor time", lambda run: run.cpu),
            ("indexing, times as fast a token", lambda run: run.seconds / run.tokens),
            ("a filtered query, times as fast", lambda run: run.query_ms),
            ("peak memory, times less", lambda run: run.peak_mb),
            ("start, times as fast", lambda run: run.start),
        ):
            yield _ratio(f"{peer}: {words}", outcomes[peer], own, value)
    for encoder in (TORCH, ONNX):
        yield _ratio(
            f"tokens a second, share of {encoder}",
            own,
            outcomes[encoder],
            lambda run: run.tokens / run.seconds,
        )
    parts = [run.further for run in own]
    for query in (STORE, CHROMA):
        yield _line(f"{SEARCH}, against {query}", [each[SEARCH] / each[query] for each in parts])


def _ratio(
    words: str, upper: Sequence[Outcome], lower: Sequence[Outcome], of: Callable[[Outcome], float]
) -> str:
    return _line(words, [of(a) / of(b) for a, b in zip(upper, lower, strict=True)])


def _line(words: str, ratios: Sequence[float]) -> str:
    return f"{words:66}{_median_of(ratios):6.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def _median(runs: Sequence[Outcome], field: str) -> float:
    return _median_of([float(getattr(run, field)) for run in runs])


def _median_of(values: Sequence[float]) -> float:
    return statistics.median(values)


def _unreadable(folder: str, names: list[str]) -> list[str]:
    return [
        name
        for name in names
        if not (Path(folder) / name).is_dir() and Path(name).suffix.lower() not in READ_BY_ALL
    ]


def _is_read(load: Callable[[], object]) -> bool:
    try:
        load()
    except LoadingError:
        return False
    return True


@click.command(help=__doc__)
@click.argument("paths", nargs=-1, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--copies", type=click.IntRange(1, 99), help="Of the sample plans; 18 are 10,000 chunks."
)
@click.option("--repeats", default=3, show_default=True, help="Runs of each, in turns.")
def main(*, paths: tuple[Path, ...], copies: int | None, repeats: int) -> None:
    """Run every pipeline in turns and print the report."""
    weights = find_weights(click.echo)
    with tempfile.TemporaryDirectory() as folder:
        if copies:
            paths = (*paths, Path(folder, "plans"))
            copy_plans(copies, paths[-1])
        job = make_job(paths or (SAMPLES,), weights, Path(folder))
        click.echo(f"{len(job.files)} files, {len(job.questions)} questions, {repeats} repeats")
        outcomes: dict[str, list[Outcome]] = {name: [] for name in COMMANDS}
        for _ in range(repeats):
            for name, runs in outcomes.items():
                runs.append(measure(name, job))
        for line in report(outcomes):
            click.echo(line)


if __name__ == "__main__":
    main()
