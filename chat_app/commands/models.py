"""Commands about the models that run on this machine: download."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from chat_app.commands.common import JSON, print_json


@click.command()
@click.argument("model")
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to; by default in the data folder.",
)
@JSON
def download(*, model: str, folder: Path | None, as_json: bool) -> None:
    """Download MODEL, by its short name or its name on the Hugging Face hub.

    Run again after an interruption, it goes on where it was.
    """
    from chat_app.downloading import download as fetch
    from chat_app.local_models import hub_name

    name = hub_name(model)
    target = folder or _models_folder() / name.rpartition("/")[2]
    with _progress(name, shown=not as_json) as progress:
        done = fetch(name, target, progress)
    if as_json:
        print_json(done.to_json())
    else:
        click.echo(
            f"{name} is in {target} ({done.bytes / 1e9:.1f} GB, {done.fetched / 1e9:.1f} GB of it "
            "fetched now). To use it:\n"
            f"BENEFITS_CHAT_GENERATOR=transformers BENEFITS_CHAT_MODEL={target} "
            "benefits-chat ask QUESTION"
        )


def _models_folder() -> Path:
    from chat_app.settings import Settings
    from retrieval.settings import load_settings

    return load_settings(Settings).data_dir / "models"


@contextmanager
def _progress(name: str, *, shown: bool) -> Iterator[Callable[[int, int], None]]:
    """A callback that draws the bar on a terminal: bytes there, of how many, speed, time left."""
    from huggingface_hub.utils import logging
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    # Its warnings about each attempt would stand between the bar and the one error at the end.
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # without annotations
    console = Console(stderr=True)
    # A name is no markup, whatever stands in it.
    words = TextColumn("{task.description}", markup=False)
    with Progress(
        words,
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not (shown and console.is_terminal),
        transient=True,
    ) as bar:
        task = bar.add_task(name, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)
