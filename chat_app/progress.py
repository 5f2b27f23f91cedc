"""A progress bar for indexing: documents, chunks a second, time left."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from retrieval.indexing import Progress


@contextmanager
def indexing_progress(*, shown: bool) -> Iterator[Callable[[Progress], None]]:
    """A callback that draws the bar on standard error, where that is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    bar = Bar(
        TextColumn("Indexing"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("documents · {task.fields[rate]} chunks/s ·"),
        TimeRemainingColumn(),
        console=console,
        disable=not (shown and console.is_terminal),
        transient=True,
    )
    with bar:
        task = bar.add_task("index", total=None, rate=0)

        def update(progress: Progress) -> None:
            elapsed = bar.tasks[0].elapsed or 0
            bar.update(
                task,
                completed=progress.documents,
                total=progress.of_documents,
                rate=round(progress.chunks / elapsed) if elapsed else 0,
            )

        yield update
