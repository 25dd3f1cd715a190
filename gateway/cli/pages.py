"""`glyphstream render` and `glyphstream estimate`: what a document looks like, and what it would cost."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import click
from glyphstream.client import Document, EstimateResponse, Page, Upload, mode_name

from gateway.cli.session import (
    FILE,
    Target,
    connected,
    refuse,
    run,
    upload_of,
    with_charset,
    with_gateway,
    with_mode,
    with_reflow,
    with_timeout,
)
from gateway.cli.terminal import Terminal, compression, layout

MANIFEST = "manifest.json"
PAGE = re.compile(r"page-\d{4,}\.png")


@click.command()
@click.argument("file", type=FILE)
@click.option(
    "-o", "--output", "folder", metavar="DIR", required=True, type=click.Path(file_okay=False, path_type=Path)
)
@with_mode
@with_reflow
@with_gateway
@with_timeout
def render(file: str, folder: Path, mode: str, reflow: bool, **target: Any) -> None:
    """Paint the pages of FILE as PNG into DIR, with a manifest.json."""
    upload = upload_of(file, mode, reflow=reflow)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        refuse(f"{folder}: {error.strerror or error}")
    run(lambda: _render(upload, folder, Target(**target)), file)


@click.command()
@click.argument("file", type=FILE)
@with_mode
@with_charset
@with_reflow
@with_gateway
@with_timeout
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def estimate(file: str, mode: str, charset: str, reflow: bool, as_json: bool, **target: Any) -> None:
    """Say what reading FILE would cost, without reading it."""
    upload = upload_of(file, mode, charset, reflow=reflow)
    run(lambda: _estimate(upload, Target(**target), as_json), file)


async def _render(upload: Upload, folder: Path, target: Target) -> None:
    terminal = Terminal()
    async with connected(target, terminal) as client:
        document = (await client.estimate(upload)).document
        pages = [_kept(page, folder) async for page in client.pages(document.document_id)]
    for name in _painted_before(folder) - {page["file"] for page in pages}:
        (folder / name).unlink(missing_ok=True)
    manifest = {**facts(document), "pages": pages}
    (folder / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1) + "\n")
    terminal.say(f"{layout(document)} in {folder}")


async def _estimate(upload: Upload, target: Target, as_json: bool) -> None:
    async with connected(target, Terminal()) as client:
        estimated = await client.estimate(upload)
    click.echo(json.dumps(_record(estimated), ensure_ascii=False) if as_json else _told(estimated))


def _painted_before(folder: Path) -> set[str]:
    """The pages that stand here from an earlier time: none without a manifest of ours, and nothing but pages."""
    try:
        pages = json.loads((folder / MANIFEST).read_text("utf-8"))["pages"]
        return {page["file"] for page in pages if PAGE.fullmatch(page["file"])}
    except (OSError, ValueError, LookupError, TypeError):
        return set()


def _kept(page: Page, folder: Path) -> dict[str, Any]:
    """The page's entry in the manifest, after the page has been written."""
    name = f"page-{page.index + 1:04d}.png"
    (folder / name).write_bytes(page.image)
    return {
        "file": name,
        "width": page.width,
        "height": page.height,
        "text_start": page.text_start,
        "text_end": page.text_end,
        "missing_glyphs": page.missing_glyphs,
        "sha256": page.sha256.hex(),
    }


def facts(document: Document) -> dict[str, Any]:
    """What is known of a document, as plain data."""
    return {
        "document_id": document.document_id,
        "name": document.name,
        "mode": mode_name(document.mode),
        "rung": document.rung.name,
        "font_px": document.rung.font_px,
        "media_type": document.media_type,
        "charset": document.charset,
        "characters": document.characters,
        "source_characters": document.source_characters,
        "vision_tokens": document.vision_tokens,
        "missing_glyphs": document.missing_glyphs,
        "removed": dict(document.removed),
    }


def _record(estimated: EstimateResponse) -> dict[str, Any]:
    document = estimated.document
    return {
        **facts(document),
        "pages": document.pages,
        "page_width": document.page_width,
        "page_height": document.page_height,
        "characters_per_token": round(estimated.characters_per_token, 3),
        "kv_bytes": estimated.kv_bytes,
        "fits": estimated.fits,
    }


def _told(estimated: EstimateResponse) -> str:
    document = estimated.document
    fits = "fits the reader" if estimated.fits else "does not fit the reader at this size: a smaller one will be used"
    lines = [
        f"{document.name}: {document.characters:,} characters, {kind(document)}",
        layout(document),
        f"{compression(document):.1f} characters a vision token, {estimated.kv_bytes / 1e6:.1f} MB of KV cache",
        fits,
    ]
    if document.missing_glyphs:
        lines.append(f"{document.missing_glyphs:,} characters that no font can draw")
    return "\n".join([*lines, *cleaned(document)])


def kind(document: Document) -> str:
    """The media type, and the encoding where there is one."""
    return f"{document.media_type} in {document.charset}" if document.charset else document.media_type


def cleaned(document: Document) -> list[str]:
    """What was left out on the way from file to text, and how much that saves; no line where it was nothing."""
    if not document.removed:
        return []
    parts = ", ".join(f"{count:,} {kind.replace('_', ' ')}" for kind, count in sorted(document.removed.items()))
    before, now = document.source_characters, document.characters
    share = f" ({1 - now / before:.0%} of {before:,} characters)" if now < before else ""
    return [f"left out{share}: {parts}"]
