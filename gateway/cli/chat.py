"""`glyphstream chat`: a conversation about one document; every question knows those before it."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import click
from glyphstream.client import Client, Options, Turn, Upload

from gateway.cli.asking import NOT_FOUND, tell
from gateway.cli.session import (
    FILE,
    Target,
    connected,
    run,
    upload_of,
    with_charset,
    with_gateway,
    with_mode,
    with_reflow,
    with_timeout,
)
from gateway.cli.terminal import Terminal, cost, layout

PROMPT = "? "
HELP = "A question, or /forget (the questions so far), /cost (of the last answer), /help, /quit"
MOST_TURNS = 8


@click.command()
@click.argument("file", type=FILE)
@with_mode
@with_charset
@with_reflow
@with_gateway
@with_timeout
def chat(file: str, mode: str, charset: str, reflow: bool, **target: Any) -> None:
    """Talk about FILE: one question a line, until /quit or the end of input."""
    if file == "-":
        raise click.UsageError("standard input is where the questions come from: name a file")
    upload = upload_of(file, mode, charset, reflow=reflow)
    run(lambda: _chat(upload, Target(**target)), file)


async def _chat(upload: Upload, target: Target) -> None:
    terminal = Terminal()
    async with connected(target, terminal) as client:
        document = await client.create(upload, terminal.show)
        terminal.clear()
        terminal.say(layout(document))
        terminal.say(HELP)
        await Conversation(client, document.document_id, terminal).run()


class Conversation:
    """The questions so far and what the last answer cost."""

    def __init__(self, client: Client, document_id: str, terminal: Terminal) -> None:
        self._client, self._document_id, self._terminal = client, document_id, terminal
        self._turns: list[Turn] = []
        self._cost = "nothing was asked yet"

    async def run(self) -> None:
        """Until the end of input, or until told to quit."""
        while (line := await _line()) is not None:
            match line.split():
                case []:
                    continue
                case ["/quit" | "/exit" | "/q"]:
                    return
                case ["/forget"]:
                    self._turns.clear()
                case ["/cost"]:
                    click.echo(self._cost)
                case [command, *_] if command.startswith("/"):
                    click.echo(HELP)
                case _:
                    await self._ask(line.strip())

    async def _ask(self, question: str) -> None:
        options = Options(history=tuple(self._turns[-MOST_TURNS:]))
        completed, answer = await tell(self._client.ask(self._document_id, question, options), self._terminal)
        if not completed.found:
            click.echo(NOT_FOUND)
        self._turns.append(Turn(question=question, answer=answer or NOT_FOUND))
        self._cost = cost(completed)


async def _line() -> str | None:
    """The next line of input, None at its end.

    A terminal is waited for on the loop, so that Ctrl-C ends the wait. What comes from a pipe is read ahead into a
    buffer, which the loop does not see: there a thread waits.
    """
    if sys.stdin.isatty():
        sys.stdout.write(PROMPT)
        sys.stdout.flush()
        await _typed(sys.stdin.fileno())
        return sys.stdin.readline() or None
    return await asyncio.to_thread(sys.stdin.readline) or None


async def _typed(descriptor: int) -> None:
    loop, typed = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(descriptor, typed.set)
    try:
        await typed.wait()
    finally:
        loop.remove_reader(descriptor)
