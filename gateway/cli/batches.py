"""`glyphstream summarize` and `glyphstream batch`: the same of many files, in their order, whatever becomes of one."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import click
from glyphstream.client import Answer, Client, Document, Options
from glyphstream.common.v1 import common_pb2
from glyphstream.errors import GlyphstreamError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gateway.cli.asking import CUT, FINISH, NOT_FOUND, record
from gateway.cli.session import (
    FILE,
    INPUT_REFUSED,
    Target,
    Unreadable,
    connected,
    read_upload,
    run,
    status_of,
    told,
    with_charset,
    with_gateway,
    with_mode,
    with_reflow,
    with_timeout,
)
from gateway.cli.terminal import Terminal

SUMMARIZE = Options(task="summarize")
with_files = click.argument("files", nargs=-1, required=True, type=FILE, metavar="FILE...")
with_parallel = click.option(
    "--parallel", type=click.IntRange(1, 32), default=2, show_default=True, help="Files that are worked on at once."
)
with_json = click.option("--json", "as_json", is_flag=True, help="JSON lines: one object a file or question.")


@dataclass(frozen=True)
class Plan:
    """What is done with each file: a summary, or questions answered."""

    mode: str
    charset: str
    reflow: bool = False
    questions: Sequence[str] = ()


@dataclass(frozen=True)
class Outcome:
    """What became of one file: its answers up to an error, if there was one; `status` is the exit status of that."""

    file: str
    answers: Sequence[tuple[str, Answer]] = ()
    error: str = ""
    reason: str = ""
    status: int = 0


@click.command()
@with_files
@with_mode
@with_charset
@with_reflow
@with_gateway
@with_timeout
@with_parallel
@with_json
def summarize(
    files: tuple[str, ...], mode: str, charset: str, reflow: bool, parallel: int, as_json: bool, **target: Any
) -> None:
    """Summarize each FILE: title, outline, key facts."""
    run(lambda: _work(files, Plan(mode, charset, reflow), Target(**target), parallel, as_json))


@click.command()
@with_files
@click.option("-q", "--question", "questions", multiple=True, required=True, help="A question about each file.")
@with_mode
@with_charset
@with_reflow
@with_gateway
@with_timeout
@with_parallel
@with_json
def batch(
    files: tuple[str, ...],
    questions: tuple[str, ...],
    mode: str,
    charset: str,
    reflow: bool,
    parallel: int,
    as_json: bool,
    **target: Any,
) -> None:
    """Ask the same questions about every FILE. A file that fails is told, the others go on."""
    run(lambda: _work(files, Plan(mode, charset, reflow, questions), Target(**target), parallel, as_json))


async def _work(files: Sequence[str], plan: Plan, target: Target, parallel: int, as_json: bool) -> None:
    status = 0
    terminal = Terminal()
    async with connected(target, terminal) as client:
        with _bar(len(files)) as bar:
            async for outcome in _outcomes(client, files, plan, parallel):
                _tell(outcome, as_json, named=len(files) > 1)
                for _, answer in outcome.answers:
                    if answer.completed.finish_reason == common_pb2.FINISH_REASON_LENGTH:
                        terminal.say(f"{outcome.file}: {CUT}")
                bar.advance(bar.task_ids[0])
                status = max(status, outcome.status)
    if status:
        sys.exit(status)


def _bar(total: int) -> Progress:
    """A bar on standard error where that is a terminal and there is something to wait for."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal or total < 2)
    bar.add_task("files", total=total)
    return bar


async def _outcomes(client: Client, files: Sequence[str], plan: Plan, parallel: int) -> AsyncIterator[Outcome]:
    """In the order of the files, each as soon as it and those before it are done."""
    places = asyncio.Semaphore(parallel)

    async def one(file: str) -> Outcome:
        async with places:
            return await _outcome(client, file, plan)

    async with asyncio.TaskGroup() as group:
        for task in [group.create_task(one(file)) for file in files]:
            yield await task


async def _outcome(client: Client, file: str, plan: Plan) -> Outcome:
    answers: list[tuple[str, Answer]] = []
    try:
        upload = read_upload(file, plan.mode, plan.charset, reflow=plan.reflow)
        if not plan.questions:
            answers.append(("", await client.answer(upload, "", SUMMARIZE)))
        for question in plan.questions:
            known = answers[0][1].completed.document.document_id if answers else ""
            answers.append((question, await client.answer(known or upload, question)))
    except Unreadable as error:
        return Outcome(file, answers, str(error), "UNREADABLE", INPUT_REFUSED)
    except GlyphstreamError as error:
        return Outcome(file, answers, told(error), error.reason or error.code.name, status_of(error))
    return Outcome(file, answers)


def _tell(outcome: Outcome, as_json: bool, *, named: bool) -> None:
    if as_json:
        for line in _records(outcome):
            click.echo(json.dumps(line, ensure_ascii=False))
    else:
        for question, answer in outcome.answers:
            head = " ".join(part for part in (f"{outcome.file}:" if named else "", question) if part)
            text = answer.text if answer.completed.found or not question else NOT_FOUND
            click.echo(f"{head}\n{text}\n" if head else text)
    if outcome.error:
        click.echo(f"glyphstream: {outcome.file}: {outcome.error}", err=True)


def _records(outcome: Outcome) -> list[dict[str, Any]]:
    """One object an answer, and one for the error."""
    told = [
        {"file": outcome.file, **(record(question, answer.text, answer.completed) if question else _summary(answer))}
        for question, answer in outcome.answers
    ]
    error = {"file": outcome.file, "error": outcome.error, "reason": outcome.reason}
    return [*told, error] if outcome.error else told


def _summary(answer: Answer) -> dict[str, Any]:
    summary, document = answer.completed.summary, answer.completed.document
    return {
        "title": summary.title,
        "outline": list(summary.outline),
        "key_facts": list(summary.key_facts),
        "text": answer.text,
        "finish_reason": FINISH.get(answer.completed.finish_reason, ""),
        **_figures(document),
        "total_ms": round(answer.completed.timings.total_ms, 1),
    }


def _figures(document: Document) -> dict[str, Any]:
    return {"pages": document.pages, "vision_tokens": document.vision_tokens, "characters": document.characters}
