"""The command line: `glyphstream …`. Exit 0 fine, 2 wrong usage, 3 the input was refused, 4 a service failed."""

from __future__ import annotations

import click

from gateway.cli.asking import ask, read
from gateway.cli.demo import demo
from gateway.cli.doctor import doctor
from gateway.cli.pages import estimate, render
from gateway.cli.up import up


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="glyphstream")
def main() -> None:
    """Long documents read as pictures by a vision-language model.

    Without --gateway a command starts the three services on this machine and ends them when it is done.
    """


for command in (ask, read, render, estimate, up, doctor, demo):
    main.add_command(command)
