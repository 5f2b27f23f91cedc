"""A model in this process: memory over many answers, stopping, speed, and how evenly turns go.

    python -m benchmarks.local_model [--model FOLDER] [--answers 200] [--tokens 100]

Without a folder it makes a tiny model of random weights: its speed says only what the machinery
around a model costs; memory, stopping and turns go as with any other.
"""

import resource
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any, cast

import click
from langchain_core.messages import HumanMessage

from chat_app.generation.transformers_answer import Ended, Wish
from chat_app.generation.transformers_model import describe
from chat_app.generation.transformers_running import LocalModel
from chat_app.stopping import stop_when
from tests.fakes.tiny_model import save_tiny_model

QUESTION = [HumanMessage("What is the annual deductible of the plan? Explain it at length.")]
LONG_PROMPT = [
    HumanMessage("The annual deductible is $500 per person, and a checkup is free. " * 150)
]
"""Some 2,500 tokens, and 10,000 of the tiny model, whose tokens are letters."""
STOPS = 10
"""Answers that are stopped, of either kind."""


def resident_mb() -> float:
    """What this process holds in memory now; its peak where there is no ``/proc``."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def memory(model: LocalModel, answers: int, tokens: int) -> Sequence[float]:
    """Resident MB after each tenth of the answers; every third is stopped half-way."""
    seen = []
    for number in range(answers):
        with closing(cast(Any, model.stream(QUESTION, Wish(tokens)))) as parts:
            for written, _ in enumerate(parts):
                if number % 3 == 2 and written > tokens // 4:
                    break
        if (number + 1) % max(1, answers // 10) == 0:
            seen.append(resident_mb())
    return seen


def stop_seconds(model: LocalModel, messages: Sequence[HumanMessage], *, in_prompt: bool) -> float:
    """From the request to stop to when the work on the answer has ended."""
    began, stopped = threading.Event(), threading.Event()

    def read() -> None:
        stop_when(stopped.is_set)
        for _ in model.stream(messages, Wish(2_000)):
            began.set()

    reader = threading.Thread(target=read)

    def reads() -> None:
        if in_prompt:
            began.set()

    with _seen(model, reads):
        reader.start()
        began.wait()
        if in_prompt:
            time.sleep(0.05)  # into the layers
        start = time.perf_counter()
        stopped.set()
        reader.join()
    return time.perf_counter() - start


def together(model: LocalModel, users: int, tokens: int) -> tuple[float, list[str]]:
    """Tokens a second of all users together, and whose passes went through the model, in order."""
    written: list[int] = []
    order: list[str] = []

    def read() -> None:
        written.extend(
            part.output_tokens
            for part in model.stream(QUESTION, Wish(tokens))
            if isinstance(part, Ended)
        )

    readers = [threading.Thread(target=read) for _ in range(users)]
    with _seen(model, lambda: order.append(threading.current_thread().name)):
        start = time.perf_counter()
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
    return sum(written) / (time.perf_counter() - start), order


def shared_part(order: Sequence[str]) -> Sequence[str]:
    """The passes between the first of who came last and the last of who went first."""
    names = set(order)
    begin = max(order.index(name) for name in names)
    end = min(len(order) - order[::-1].index(name) for name in names)
    return order[begin:end]


@contextmanager
def _seen(model: LocalModel, tell: Callable[[], object]) -> Iterator[None]:
    def hook(*_: object) -> None:
        tell()

    handle = model.loaded().model.register_forward_pre_hook(hook)
    try:
        yield
    finally:
        handle.remove()


def _print_memory(seen: Sequence[float], answers: int) -> None:
    click.echo(
        f"memory: {seen[0]:.0f} MB after {answers // 10} answers, {seen[-1]:.0f} MB after "
        f"{answers}; each tenth: {' '.join(f'{mb:.0f}' for mb in seen)}"
    )


def _print_stops(model: LocalModel) -> None:
    for what, messages, in_prompt in (
        ("an answer", QUESTION, False),
        ("a prompt", LONG_PROMPT, True),
    ):
        taken = [stop_seconds(model, messages, in_prompt=in_prompt) for _ in range(STOPS)]
        click.echo(
            f"stop within {what}: median {statistics.median(taken) * 1000:.0f} ms, "
            f"longest {max(taken) * 1000:.0f} ms"
        )


def _print_speed(model: LocalModel, tokens: int) -> None:
    for users in (1, 2):
        speed, order = together(model, users, tokens)
        click.echo(f"{users} at once: {speed:.1f} tokens/s in all")
        if users == 2:
            runs = [len(list(run)) for _, run in groupby(shared_part(order))]
            counts = sorted(shared_part(order).count(name) for name in set(order))
            click.echo(
                f"turns while both write: {counts[0]} and {counts[-1]}, "
                f"at most {max(runs)} in a row"
            )


@click.command()
@click.option("--model", default="", help="Folder or name of a model; a tiny one is made without.")
@click.option("--answers", default=200, show_default=True, help="Over which memory is measured.")
@click.option("--tokens", default=100, show_default=True, help="Of an answer.")
@click.option("--device", default="auto", show_default=True)
@click.option("--precision", default="auto", show_default=True)
def main(model: str, answers: int, tokens: int, device: str, precision: str) -> None:
    """Measure a model in this process."""
    with tempfile.TemporaryDirectory() as folder:
        chosen = model or str(save_tiny_model(Path(folder) / "tiny"))
        click.echo(describe(chosen, device, precision))
        local = LocalModel(chosen, device, precision)
        start = time.perf_counter()
        local.loaded()
        click.echo(f"loaded in {time.perf_counter() - start:.1f} s")
        _print_memory(memory(local, answers, tokens), answers)
        _print_stops(local)
        _print_speed(local, tokens)


if __name__ == "__main__":
    main()
