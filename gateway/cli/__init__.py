"""The command line: `glyphstream …`. Exit 0 fine, 2 wrong usage, 3 the input was refused, 4 a service failed."""

from __future__ import annotations

import click

from gateway.cli.asking import ask, read
from gateway.cli.batches import batch, summarize
from gateway.cli.chat import chat
from gateway.cli.completion import completion
from gateway.cli.demo import demo
from gateway.cli.doctor import doctor
from gateway.cli.pages import estimate, render
from gateway.cli.profiles import profile
from gateway.cli.up import up
from gateway.settings import use_file


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="glyphstream")
@click.option(
    "--config", metavar="FILE", type=click.Path(exists=True, dir_okay=False), help="Settings of the services, in TOML."
)
def main(config: str | None) -> None:
    """Long documents read as pictures by a vision-language model.

    Without --gateway a command starts the three services on this machine and ends them when it is done.
    """
    if config:
        use_file(config)


for command in (ask, summarize, read, chat, batch, render, estimate, up, doctor, profile, completion, demo):
    main.add_command(command)
