"""How the stores grow: ``python -m benchmarks.scale``.

Puts 1,000 to 100,000 chunks of 4, 100 and 10,000 plans into each store (``--million`` for 1,000,000
too, which takes half an hour and 5 GB of disk), each step in a process of its own, and asks 200
questions with the filter of a plan and year and 200 without. Writes ``scale.json``, ``scale.csv``
and ``scale.html`` with plots, and prints the table and the lines that were fitted to it.
"""

import csv
import itertools
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np

from benchmarks.scale_data import COMMON, make_world
from benchmarks.scale_plots import plotted
from benchmarks.scale_step import index, search

SIZES = (1_000, 10_000, 100_000)
MILLION = 1_000_000
POLICIES = (4, 100, 10_000)
LEAST = 5
"""Chunks of a plan, below which there is no such index."""
COLUMNS = {
    "store": "{}",
    "chunks": "{:,}",
    "policies": "{:,}",
    "index_s": "{:.1f}",
    "index_mb_grown": "{:.0f}",
    "disk_mb": "{:.0f}",
    "first_query_s": "{:.2f}",
    "search_mb": "{:.0f}",
    "plan_p50_ms": "{:.1f}",
    "plan_p95_ms": "{:.1f}",
    "plan_recall": "{:.4f}",
    "all_p50_ms": "{:.1f}",
    "all_p95_ms": "{:.1f}",
    "all_recall": "{:.4f}",
}
FITTED = ("index_s", "index_mb_grown", "disk_mb", "first_query_s", "search_mb", "all_p50_ms")

Row = dict[str, Any]


@click.group(invoke_without_command=True)
@click.option("--out", type=click.Path(path_type=Path), default=Path("scale"))
@click.option("--store", "stores", multiple=True, default=("chroma", "memory"))
@click.option("--size", "sizes", multiple=True, type=int, default=SIZES)
@click.option("--plans", "policies", multiple=True, type=int, default=POLICIES)
@click.option("--million", is_flag=True, help="1,000,000 chunks too.")
@click.pass_context
def main(
    context: click.Context,
    out: Path,
    stores: Sequence[str],
    sizes: Sequence[int],
    policies: Sequence[int],
    *,
    million: bool,
) -> None:
    """Measure all steps, or one."""
    if context.invoked_subcommand:
        return
    out.mkdir(parents=True, exist_ok=True)
    # In a process of its own: one that is started anew counts its parent's memory as its own.
    _step("prepare", "", 1, 1, out, out / "sentences.npy")
    rows: list[Row] = []
    click.echo("| " + " | ".join(COLUMNS) + " |\n" + "|---" * len(COLUMNS) + "|")
    steps = itertools.product(stores, [*sizes, *([MILLION] if million else [])], policies)
    for row in _measured(steps, out):
        rows.append(row)
        click.echo("| " + " | ".join(f.format(row[n]) for n, f in COLUMNS.items()) + " |")
        (out / "scale.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")
    with (out / "scale.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    lines = _model(rows)
    click.echo("\n" + "\n".join(lines))
    (out / "scale.html").write_text(plotted(rows, lines), encoding="utf-8")


@main.command()
@click.argument("what", type=click.Choice(["prepare", "index", "search"]))
@click.argument("store")
@click.argument("chunks", type=int)
@click.argument("policies", type=int)
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("cache", type=click.Path(path_type=Path))
def step(what: str, store: str, chunks: int, policies: int, folder: Path, cache: Path) -> None:
    """One step; prints what it measured as JSON."""
    world = make_world(chunks, policies, cache)
    measures = {"prepare": lambda *_: {}, "index": index, "search": search}
    click.echo(json.dumps(measures[what](world, store, folder)))


def _measured(steps: Iterable[tuple[str, int, int]], out: Path) -> Iterator[Row]:
    for store, chunks, policies in steps:
        if chunks - chunks // COMMON < LEAST * policies:
            continue
        row: Row = {"store": store, "chunks": chunks, "policies": policies}
        with tempfile.TemporaryDirectory(dir=out) as folder:
            for what in ("index", "search"):
                row |= _step(what, store, chunks, policies, folder, out / "sentences.npy")
        yield row


def _step(*words: object) -> Row:
    command = [sys.executable, "-m", "benchmarks.scale", "step", *map(str, words)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - ourselves
    return dict(json.loads(done.stdout))


def _model(rows: Sequence[Row]) -> list[str]:
    """What 1,000,000 and 10,000,000 chunks take by a straight line through what was measured."""
    lines = []
    for store in dict.fromkeys(row["store"] for row in rows):
        chosen = [row for row in rows if row["store"] == store and row["chunks"] >= 10_000]
        if len({row["chunks"] for row in chosen}) < 2:
            continue
        sizes = [row["chunks"] for row in chosen]
        for name in FITTED:
            values = np.array([row[name] for row in chosen])
            # Weighted by the size, so that the small steps count as much as the large ones.
            slope, base = np.polyfit(sizes, values, 1, w=1 / np.array(sizes))
            lines.append(
                f"{store}: {name} = {base:.3g} + {slope * 1e6:.4g} a million chunks; "
                f"10 million: {base + slope * 1e7:.4g}"
            )
    return lines


if __name__ == "__main__":
    main()
