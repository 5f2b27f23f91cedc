"""The command line ``benefits-chat``."""

import sys
from typing import Any

import click

from chat_app.commands import asking, documents, evaluating, models, running
from chat_app.errors import ChatError
from retrieval.errors import RetrievalError


class _Commands(click.Group):
    """Turns the errors of the product into one line and exit status 1, never a stack trace."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - the signature of click
        try:
            return super().invoke(ctx)
        except (RetrievalError, ChatError) as error:
            click.echo(f"benefits-chat: {error}", err=True)
        except BrokenPipeError:
            sys.stderr.close()
        except OSError as error:
            name = f"{error.filename}: " if error.filename else ""
            click.echo(f"benefits-chat: {name}{error.strerror or error}", err=True)
        raise SystemExit(1)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="benefits-chat")
def main() -> None:
    """Verified, cited answers from benefit plan documents."""


for command in (
    documents.index,
    documents.list_documents,
    documents.remove,
    documents.copy,
    asking.search,
    asking.ask,
    evaluating.evaluate,
    running.chat,
    running.doctor,
    models.download,
):
    main.add_command(command)
