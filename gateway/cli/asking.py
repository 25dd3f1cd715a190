"""`glyphstream ask` and `glyphstream read`."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import click
from glyphstream.client import Completed, Document, Event, Options, TextDelta, Upload, mode_name
from glyphstream.common.v1 import common_pb2

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
from gateway.cli.terminal import Terminal, as_degraded, cost

NOT_FOUND = "the document does not tell"
CUT = "the answer was cut: it reached the most tokens allowed"
FINISH = {common_pb2.FINISH_REASON_STOP: "stop", common_pb2.FINISH_REASON_LENGTH: "length"}
TRANSCRIBE = Options(task="transcribe")


@click.command()
@click.argument("file", type=FILE)
@click.argument("questions", nargs=-1, required=True, metavar="QUESTION...")
@with_mode
@with_charset
@with_reflow
@with_gateway
@with_timeout
@click.option("--json", "as_json", is_flag=True, help="One JSON object a question.")
def ask(
    file: str, questions: tuple[str, ...], mode: str, charset: str, reflow: bool, as_json: bool, **target: Any
) -> None:
    """Ask questions about FILE; "-" is standard input."""
    upload = upload_of(file, mode, charset, reflow=reflow)
    run(lambda: _ask(upload, questions, Target(**target), as_json), file)


@click.command()
@click.argument("file", type=FILE)
@with_mode
@with_charset
@with_reflow
@with_gateway
@with_timeout
def read(file: str, mode: str, charset: str, reflow: bool, **target: Any) -> None:
    """Write what the reader sees on the pages of FILE: a transcription."""
    upload = upload_of(file, mode, charset, reflow=reflow)
    run(lambda: _read(upload, Target(**target)), file)


async def _ask(upload: Upload, questions: tuple[str, ...], target: Target, as_json: bool) -> None:
    terminal = Terminal()
    async with connected(target, terminal) as client:
        document_id = ""
        for question in questions:
            events = client.ask(document_id, question) if document_id else client.read(upload, question)
            completed, answer = await tell(events, terminal, quiet=as_json)
            document_id = completed.document.document_id
            if as_json:
                click.echo(json.dumps(record(question, answer, completed), ensure_ascii=False))
            elif not completed.found:
                terminal.say(NOT_FOUND)
            terminal.say(cost(completed))


async def _read(upload: Upload, target: Target) -> None:
    terminal = Terminal()
    async with connected(target, terminal) as client:
        completed, _ = await tell(client.read(upload, "", TRANSCRIBE), terminal)
        terminal.say(cost(completed))


async def tell(
    events: AsyncGenerator[Event | Document], terminal: Terminal, *, quiet: bool = False
) -> tuple[Completed, str]:
    """Writes an answer to standard output as it comes, unless `quiet`; returns how it ended, and its text."""
    completed, pieces = Completed(), []
    async with aclosing(events) as stream:
        async for event in stream:
            match event:
                case TextDelta():
                    pieces += [] if event.reasoning else [event.text]
                    if not (quiet or event.reasoning):
                        _write(event.text, terminal)
                case Completed():
                    completed = event
                case Document():
                    pass
                case _:
                    terminal.show(event)
    terminal.clear()
    if not quiet and pieces:
        _write("\n", terminal)
    if completed.finish_reason == common_pb2.FINISH_REASON_LENGTH:
        terminal.say(CUT)
    return completed, "".join(pieces)


def _write(text: str, terminal: Terminal) -> None:
    terminal.clear()
    sys.stdout.write(text)
    sys.stdout.flush()


def record(question: str, answer: str, completed: Completed) -> dict[str, Any]:
    """One answer as plain data: what `--json` prints."""
    document = completed.document
    return {
        "question": question,
        "answer": answer,
        "found": completed.found,
        "finish_reason": FINISH.get(completed.finish_reason, ""),
        "mode": mode_name(document.mode),
        "rung": document.rung.name,
        "pages": document.pages,
        "vision_tokens": document.vision_tokens,
        "characters": document.characters,
        "ttft_ms": round(completed.timings.ttft_ms, 1),
        "total_ms": round(completed.timings.total_ms, 1),
        "peak_memory_bytes": completed.memory.measured_peak_bytes,
        "degraded": as_degraded(completed.degraded),
    }
