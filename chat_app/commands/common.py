"""What the commands share: their options, the application, and how results are printed."""

import json
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from chat_app.wiring import Application

JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
POLICIES = click.option("--policy", "policies", multiple=True, help="Plan; may be repeated.")
YEAR = click.option("--year", type=click.IntRange(2000, 2099), help="Plan year.")


def open_here() -> "Application":
    """The application, until the command ends; imported late, so that ``--help`` is quick."""
    from chat_app.wiring import open_application

    application = open_application(notify)
    click.get_current_context().call_on_close(application.retrieval.store.close)
    return application


def notify(text: str) -> None:
    """Tell the user of long work."""
    click.echo(text, err=True)


def print_json(value: object) -> None:
    """One JSON object on one line."""
    click.echo(json.dumps(value, ensure_ascii=False))
