"""Writes the CloudFormation template: ``python deploy/app.py [FOLDER]``, or by the CDK command."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from aws_cdk import App

from deploy.configuration import ConfigurationError, read_configuration
from deploy.stack import BenefitsChatStack

STACK = "BenefitsChat"


def main(folder: str | None = None, context: Mapping[str, Any] | None = None) -> None:
    """Write the template.

    Args:
        folder: where to; by default CDK's folder, or a temporary one.
        context: context values beside those of the CDK command.

    Raises:
        SystemExit: a context value cannot be used; the message says which.
    """
    app = App(outdir=folder, context=context, analytics_reporting=False)
    try:
        configuration = read_configuration(app.node.get_all_context())
    except ConfigurationError as error:
        sys.exit(f"Error: {error}")
    BenefitsChatStack(app, STACK, configuration)
    written = Path(app.synth().directory) / f"{STACK}.template.json"
    # On the error stream: `cdk synth` prints the template on the other.
    click.echo(f"The template is in {written}", err=True)


if __name__ == "__main__":
    main(sys.argv[1] if sys.argv[1:] else None)
