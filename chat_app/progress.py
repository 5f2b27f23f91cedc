"""Progress bars on standard error, where that is a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from retrieval.indexing import Progress
from retrieval.transfer import TransferProgress

if TYPE_CHECKING:
    from rich.progress import Progress as Bar


@contextmanager
def indexing_progress(*, shown: bool) -> Iterator[Callable[[Progress], None]]:
    """A callback that draws the bar: documents, chunks a second, time left."""
    with _bar("Indexing", "documents · {task.fields[rate]} chunks/s ·", shown=shown) as bar:

        def update(progress: Progress) -> None:
            elapsed = bar.tasks[0].elapsed or 0
            bar.update(
                bar.tasks[0].id,
                completed=progress.documents,
                total=progress.of_documents,
                rate=round(progress.chunks / elapsed) if elapsed else 0,
            )

        yield update


@contextmanager
def copying_progress(*, shown: bool) -> Iterator[Callable[[TransferProgress], None]]:
    """A callback that draws the bar: what is done, with how many chunks, time left."""
    with _bar("{task.fields[phase]}", "chunks ·", shown=shown) as bar:

        def update(progress: TransferProgress) -> None:
            bar.update(
                bar.tasks[0].id,
                phase=progress.phase.capitalize(),
                completed=progress.chunks,
                total=progress.of_chunks,
            )

        yield update


@contextmanager
def evaluating_progress(rows: int, *, shown: bool) -> Iterator[Callable[[], None]]:
    """A callback that draws the bar: one more row is measured, of how many, time left."""
    with _bar("Measuring", "rows ·", shown=shown) as bar:
        bar.update(bar.tasks[0].id, total=rows)
        yield lambda: bar.advance(bar.tasks[0].id)


@contextmanager
def _bar(name: str, unit: str, *, shown: bool) -> Iterator["Bar"]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    columns = (TextColumn(name), BarColumn(), MofNCompleteColumn(), TextColumn(unit))
    with Bar(
        *columns,
        TimeRemainingColumn(),
        console=console,
        disable=not (shown and console.is_terminal),
        transient=True,
    ) as bar:
        bar.add_task("", total=None, rate=0, phase="")
        yield bar
