"""How a reader wants its pages and its tasks: the `glyphstream.json` of a model folder, or defaults by model type."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import Any

FILE_NAME = "glyphstream.json"
QUESTION = "{question}"


class Task(Enum):
    """What a reader is asked to do."""

    ASK = "ask"
    SUMMARIZE = "summarize"
    TRANSCRIBE = "transcribe"


@dataclass(frozen=True)
class StyleProfile:
    """How pages of one mode look to this model; sizes in pixels, 0 leaves a page side to the mode's cap."""

    mode: str
    flow: str
    font_px: tuple[int, ...]
    line_height_permille: int = 1000
    page_width_px: int = 0
    page_height_px: int = 0
    margin_px: int = 0

    @property
    def page_pixels(self) -> int:
        """Pixels of a page; of one of 320 × 320 where the mode's cap decides."""
        return self.page_width_px * self.page_height_px or 320 * 320


@dataclass(frozen=True)
class Anchors:
    """Patterns of tokens that name places, `{}` standing for a number that counts from `first`."""

    page: str = ""
    row: str = ""
    absent: str = ""
    first: int = 0


@dataclass(frozen=True)
class Reasoning:
    """Tokens around the model's reasoning, and tokens to leave out of its text."""

    open: str = "<think>"
    close: str = "</think>"
    silent: tuple[str, ...] = ("<answer>", "</answer>", "<|begin_of_box|>", "<|end_of_box|>")


@dataclass(frozen=True)
class ReaderProfile:
    """A reader's habits. `ask_pages`, `transcribe_pages`: 0 is no limit. `absent_text`: an answer that means no.

    `sidecar_characters`: most verbatim characters that help it beside the pages; 0: it answers better without any.
    `least_place_probability`: of the anchors before an answer, all together; behind less likely ones it denies instead.
    `pages_shown_again`: how many pages, those nearest to a question, it is shown once more behind it; 0: none.
    `lines_named`: how many of their lines, the nearest, are named to it by their anchors behind them.
    """

    name: str
    languages: tuple[str, ...]
    styles: tuple[StyleProfile, ...]
    tasks: Mapping[str, str]
    ask_pages: int = 0
    transcribe_pages: int = 0
    sidecar_characters: int = 0
    least_place_probability: float = 0.0
    pages_shown_again: int = 0
    lines_named: int = 0
    absent_text: str = ""
    anchors: Anchors = field(default_factory=Anchors)
    reasoning: Reasoning = field(default_factory=Reasoning)

    @property
    def weighs_nearness(self) -> bool:
        """Whether it helps to know which places are likely: pages that hold them are shown again, or places are said
        before answers and doubted."""
        return bool(self.pages_shown_again or (self.least_place_probability and self.anchors.absent))

    def task_text(self, task: Task, question: str, sidecar: Sequence[str] = ()) -> str:
        """The task's template with the question at its place, behind verbatim lines of the document if there are any.

        `separate` tells what is the caller's from what is the template's.
        """
        text = self.tasks[task.value].replace(QUESTION, guard(question))
        return SIDECAR.replace(LINES, guard("\n".join(sidecar))) + text if sidecar else text


_GUARD_OPEN, _GUARD_CLOSE = "\ue0f0", "\ue0f1"


def guard(text: str) -> str:
    """Marks text as the caller's, so that nothing in it can pass for a control token."""
    return _GUARD_OPEN + text.replace(_GUARD_OPEN, "").replace(_GUARD_CLOSE, "") + _GUARD_CLOSE


def is_guarded(character: str) -> bool:
    """Whether a character of a prompt opens the caller's words."""
    return character == _GUARD_OPEN


def separate(prompt: str) -> list[tuple[str, bool]]:
    """A prompt as pieces (text, is_the_callers), without the guards."""
    first, *rest = prompt.split(_GUARD_OPEN)
    pieces = [(first, False)]
    for part in rest:
        inside, _, outside = part.partition(_GUARD_CLOSE)
        pieces += [(inside, True), (outside, False)]
    return [piece for piece in pieces if piece[0]]


LINES = "{lines}"
# What to trust for what: pages show where a thing stands, the lines how an identifier is spelt.
SIDECAR = f"Lines of the document, character by character:\n{LINES}\n\n"
# Twenty lines of a specification; more would be reading text instead of pages.
_PLAIN_SIDECAR_CHARACTERS = 1_000
_PLAIN_TASKS = {
    "ask": QUESTION + "\nAnswer from the pages above only. If they do not tell, reply with exactly: NOT FOUND",
    "summarize": "Summarize the pages above in their own language: a title, an outline, the key facts.",
    "transcribe": "Transcribe the text of the pages above, nothing else.",
}
# Unknown models: 12 px Latin, 14 px Chinese until measured, so 14 px is the smallest that reads both.
_PLAIN_STYLES = (
    StyleProfile("precise", "proportional", (18, 16, 14), 1200),
    StyleProfile("fast", "proportional", (14,), 1150),
    StyleProfile("code", "columns", (16, 14), 1150),
)
# zai-org/Glyph reads A4 at 72 dpi, 9 px type on 10 px leading; it steps by scale: 120, 96, 72 dpi.
_GLYPH_FONT_PX = (15, 12, 9)
_GLYPH_STYLES = tuple(
    StyleProfile(mode, flow, fonts, 1111, 595, 842, 10)
    for mode, flow, fonts in (
        ("precise", "proportional", _GLYPH_FONT_PX),
        ("fast", "proportional", _GLYPH_FONT_PX[-1:]),
        ("code", "columns", _GLYPH_FONT_PX),
    )
)


def default_profile(model_type: str, name: str) -> ReaderProfile:
    """The habits of a model that brings no profile of its own."""
    styles = _GLYPH_STYLES if model_type == "glm4v" else _PLAIN_STYLES
    most = _PLAIN_SIDECAR_CHARACTERS
    return ReaderProfile(name, ("zh", "en"), styles, _PLAIN_TASKS, sidecar_characters=most, absent_text="NOT FOUND")


def load_profile(folder: Path, model_type: str, name: str) -> ReaderProfile:
    """The folder's profile over the defaults of its model type; ValueError names a field that does not exist."""
    path = folder / FILE_NAME
    plain = default_profile(model_type, name)
    return parse_profile(json.loads(path.read_text("utf-8")), plain) if path.is_file() else plain


def parse_profile(data: Mapping[str, Any], plain: ReaderProfile) -> ReaderProfile:
    """A profile from JSON values over a plain one."""
    fields = dict(data)
    try:
        parsed: dict[str, Any] = {
            "styles": tuple(StyleProfile(**{**row, "font_px": tuple(row["font_px"])}) for row in fields.pop("styles")),
            "anchors": Anchors(**fields.pop("anchors", {})),
            "tasks": {**plain.tasks, **fields.pop("tasks", {})},
            "languages": tuple(fields.pop("languages", plain.languages)),
        }
        if parsed["anchors"].absent:  # it has no sentence for "not told", and was taught to read pages alone
            plain = replace(plain, absent_text="", sidecar_characters=0)
        if "reasoning" in fields:
            reasoning = fields.pop("reasoning")
            parsed["reasoning"] = Reasoning(**{**reasoning, "silent": tuple(reasoning.get("silent", ()))})
        profile = replace(plain, **parsed, **fields)
        if not 0 <= profile.least_place_probability <= 1:
            raise ValueError(f"{FILE_NAME}: least_place_probability is not within 0 and 1")
        for name in ("pages_shown_again", "lines_named"):
            if getattr(profile, name) < 0:
                raise ValueError(f"{FILE_NAME}: {name} is below 0")
        return profile
    except (TypeError, KeyError) as error:
        raise ValueError(f"{FILE_NAME}: {error}") from error
