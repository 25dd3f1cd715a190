"""`glyphstream up`: the three services in the foreground."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress

import click

from gateway.cli.session import run
from gateway.cli.terminal import Terminal
from gateway.local_stack import running_stack
from gateway.settings import Settings


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), help="The gateway's port; 0 takes a free one.")
@click.option("--http", metavar="[HOST]:PORT", help="Serve the web page and the HTTP API there, such as :8080.")
def up(port: int | None, http: str | None) -> None:
    """Run the services until Ctrl-C; their logs go to standard error, their addresses to standard output."""
    run(lambda: _up(port, http))


async def _up(port: int | None, http: str | None) -> None:
    settings = Settings() if http is None else Settings(http=http)
    terminal = Terminal()
    gateway_port = settings.port if port is None else port
    terminal.say("starting the services")
    async with running_stack(gateway_port, settings.store_path, _log, settings.http) as addresses:
        for name in ("gateway", "render", "reader"):
            click.echo(f"{name} {getattr(addresses, name)}")
        if addresses.http:
            click.echo(f"web http://{addresses.http}/")
        with suppress(asyncio.CancelledError):  # being told to end is how this command ends
            await asyncio.Event().wait()


def _log(line: str) -> None:
    sys.stderr.write(f"{line}\n")
