"""Sources in other languages than Python: declarations and functions with comments, as their files have them."""

from __future__ import annotations

from training.documents import names
from training.documents.chance import pick
from training.documents.frames import frames, tagged
from training.documents.modules import tell_once
from training.documents.page import Page

# How a file begins, and what follows a piece.
_FILES = {
    "go": ('package {n}\n\nimport (\n\t"errors"\n\t"time"\n)\n\n', "\n\n", ""),
    "java": ("package org.{n};\n\npublic final class {N} {\n", "\n\n", "    "),
    "sql": ("-- {n}\nBEGIN;\n\n", "\n", ""),
    "shell": ("#!/bin/sh\n# {n}\nset -eu\n\n", "\n", ""),
    "js": ("import {n} from './{n}.js';\n\n", "\n\n", ""),
}


def source(page: Page) -> None:
    """A file of one language."""
    rng = page.rng
    page.kinds = page.kinds.of("en")
    language = pick(rng, tuple(_FILES))
    top, after, indent = _FILES[language]
    name = names.latin(rng)
    page.put(top.replace("{n}", name).replace("{N}", name.capitalize()))
    every = tagged("sources", "en", language)
    page.genre = [*every, *every, *frames("sources", "en")]
    while not page.full:
        tell_once(page, pick(rng, every), after, None, indent)
    page.put("}\n" if language == "java" else "COMMIT;\n" if language == "sql" else "")
