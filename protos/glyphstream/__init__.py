"""Client side of glyphstream: the generated stubs and the asynchronous client."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glyphstream.client import Answer, Client, Options, Upload
    from glyphstream.errors import GlyphstreamError

__all__ = ["Answer", "Client", "GlyphstreamError", "Options", "Upload"]


def __getattr__(name: str) -> object:
    """The client is imported when it is first named: who needs the stubs alone does not pay for it."""
    if name not in __all__:
        raise AttributeError(name)
    from importlib import import_module

    module = "glyphstream.errors" if name == "GlyphstreamError" else "glyphstream.client"
    return getattr(import_module(module), name)
