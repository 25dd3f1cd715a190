"""`glyphstream demo`: two bundled documents, a question about each, and what it cost."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib import resources

import click
from glyphstream.client import Client, Upload

from gateway.cli.asking import tell
from gateway.cli.session import SERVICE_FAILED, Target, connected, run, with_gateway, with_timeout
from gateway.cli.terminal import Terminal, compression, layout

WRONG = f"the answer should contain {{}}: the services work, the reader does not read (exit {SERVICE_FAILED})"


@dataclass(frozen=True)
class Example:
    """A bundled document, a question about it, and what the answer must contain."""

    file: str
    question: str
    expected: str


EXAMPLES = (
    Example("spec_zh.txt", "额定流量是多少？", "32 L/h"),
    Example("spec_en.txt", "What is the supply voltage?", "24 V"),
)


@click.command()
@with_gateway
@with_timeout
def demo(gateway: str | None, timeout_s: float) -> None:
    """Read a Chinese and an English document as pictures and answer a question about each."""
    run(lambda: _demo(Target(gateway, timeout_s)))


async def _demo(target: Target) -> None:
    terminal = Terminal()
    async with connected(target, terminal) as client:
        right = [await _show(client, example, terminal) for example in EXAMPLES]
    if not all(right):
        sys.exit(SERVICE_FAILED)


async def _show(client: Client, example: Example, terminal: Terminal) -> bool:
    """Asks, tells the answer as it comes and what it cost; whether the answer is right."""
    data = resources.files("gateway").joinpath("demo", example.file).read_bytes()
    click.echo(f"\n{example.file}: {example.question}\n  ", nl=False)
    completed, answer = await tell(client.read(Upload(data, name=example.file), example.question), terminal)
    document = completed.document
    click.echo(f"  pages              {layout(document)}")
    click.echo(f"  vision tokens      {document.vision_tokens:,}")
    click.echo(f"  compression        {compression(document):.2f} characters a vision token")
    click.echo(f"  first token after  {completed.timings.ttft_ms / 1e3:.2f} s")
    right = same(example.expected) in same(answer)
    if not right:
        click.echo("  " + WRONG.format(repr(example.expected)), err=True)
    return right


def same(text: str) -> str:
    """The text without what a reader may write either way: spaces and case."""
    return "".join(text.split()).casefold()
