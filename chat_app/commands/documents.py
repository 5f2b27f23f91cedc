"""Commands about the documents of the index: index, list, remove, copy."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chat_app.commands.common import JSON, YEAR, open_here, print_json

if TYPE_CHECKING:
    from retrieval.catalog import Entry


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--policy", help="The plan all these documents belong to.")
@YEAR
@click.option("--rebuild", is_flag=True, help="Empty the index first.")
@click.option("--prune", is_flag=True, help="Remove documents that are not under PATHS.")
@JSON
def index(
    *,
    paths: tuple[Path, ...],
    policy: str | None,
    year: int | None,
    rebuild: bool,
    prune: bool,
    as_json: bool,
) -> None:
    """Bring files, folders or JSONL rows into the index; only what changed is done again."""
    from chat_app.progress import indexing_progress
    from retrieval.indexing import Scope
    from retrieval.loading import find

    found = list(find(paths, policy, year))
    retrieval = open_here().retrieval
    indexer = retrieval.indexer()
    with indexing_progress(shown=not as_json) as progress:
        report = indexer.index(
            found,
            rebuild=rebuild,
            prune=Scope(policy, year) if prune else None,
            progress=progress,
        )
        retrieval.refresh_words()
    for error in report.failed:
        click.echo(f"not indexed: {error}", err=True)
    if as_json:
        print_json(report.to_json())
    else:
        click.echo(
            f"{report.added} added, {report.changed} changed, {report.unchanged} unchanged, "
            f"{report.removed} removed, {len(report.failed)} not indexed; "
            f"{report.chunks} chunks in {report.seconds:.1f} s"
        )
        _tell_common(retrieval.catalog.entries())
    done = report.added + report.changed + report.unchanged
    if report.failed and not done:
        sys.exit(1)


def _tell_common(entries: "Sequence[Entry]") -> None:
    """Say which documents are searched with every plan: where plans are not told apart, all are."""
    common = sum(entry.policy is None for entry in entries)
    if common:
        click.echo(
            f"Of no plan, and searched with each: {common} of {len(entries)} documents; "
            "--policy or folders POLICY/YEAR/ say whose they are"
        )


@click.command("list")
@JSON
def list_documents(*, as_json: bool) -> None:
    """Show documents by policy and year, with chunk counts."""
    entries = sorted(
        open_here().retrieval.catalog.entries(),
        key=lambda e: (e.policy or "", e.plan_year or 0, e.name),
    )
    for entry in entries:
        if as_json:
            print_json(entry.to_json())
        else:
            plan = f"{entry.policy or 'all plans'} {entry.plan_year or ''}".strip()
            click.echo(f"{plan:24} {entry.chunk_count:6} chunks  {entry.name}")
    if not entries and not as_json:
        click.echo("The index holds no documents: run `benefits-chat index PATH`.", err=True)


@click.command()
@click.argument("documents", nargs=-1, required=True)
@JSON
def remove(*, documents: tuple[str, ...], as_json: bool) -> None:
    """Remove documents, by the names that `list` shows, with all their chunks."""
    removed = open_here().retrieval.indexer().remove(documents)
    if as_json:
        print_json({"removed": removed})
    else:
        click.echo(f"{removed} removed")


@click.command()
@click.option(
    "--to",
    "store",
    required=True,
    type=click.Choice(["memory", "chroma", "s3_vectors"]),
    help="The store to copy to; the settings say where it is.",
)
@click.option("--replace", is_flag=True, help="Remove from the target what the index lacks.")
@JSON
def copy(*, store: str, replace: bool, as_json: bool) -> None:
    """Copy the index to another store, vectors and all; run again, it goes on where it was."""
    from chat_app.progress import copying_progress

    with (
        open_here().retrieval.transfer(store) as transfer,
        copying_progress(shown=not as_json) as progress,
    ):
        report = transfer.run(replace=replace, progress=progress)
    for name in report.incomplete:
        click.echo(f"not copied: {name} is incomplete, index it again", err=True)
    if as_json:
        print_json(report.to_json())
    else:
        click.echo(
            f"{report.copied} chunks copied, {report.unchanged} were there, "
            f"{report.removed} removed; {report.verified} read back and equal, "
            f"in {report.seconds:.1f} s"
        )
