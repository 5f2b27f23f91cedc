"""Commands about the product itself: chat and doctor."""

import sys
from pathlib import Path

import click

from chat_app.commands.common import JSON, notify, open_here, print_json


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
def chat(*, host: str, port: int) -> None:
    """Serve the chat in the browser."""
    from chat_app.serving import serve

    # Not kept: the server puts its own application together, and a model is 130 MB.
    open_here().assistant()
    serve(host, port)


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@JSON
def doctor(*, paths: tuple[Path, ...], as_json: bool) -> None:
    """Say what is configured, what works and what to do; with PATHS, what indexing would cost."""
    from chat_app.doctor import examine

    findings = []
    for finding in examine(paths, notify):
        findings.append(finding)
        if as_json:
            print_json(finding.to_json())
        else:
            click.echo(f"{'ok  ' if finding.works else 'FAIL'} {finding.part:10} {finding.what}")
    if not all(finding.works for finding in findings):
        sys.exit(1)
