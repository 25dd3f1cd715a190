"""Owns how resolution is chosen: modes, rungs, the style of a rung, and the one decision what follows a failure.

Data and pure functions. Numbers of modes and flows are the wire's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum, auto


class Mode(IntEnum):
    """What the page geometry favours."""

    PRECISE = 1
    FAST = 2
    CODE = 3


class Flow(IntEnum):
    """How characters are placed on a line."""

    PROPORTIONAL = 1
    CELLS = 2
    COLUMNS = 3


@dataclass(frozen=True)
class ModeRow:
    """Caps of one mode, and the flow that is taken when the reader prescribes none."""

    mode: Mode
    max_width_px: int
    max_height_px: int
    max_pixels: int
    flow: Flow
    from_smallest: bool = False


MODES = {
    row.mode: row
    for row in (
        ModeRow(Mode.PRECISE, 1280, 3200, 320 * 320, Flow.PROPORTIONAL),
        ModeRow(Mode.FAST, 1280, 2000, 256 * 256, Flow.PROPORTIONAL, from_smallest=True),
        ModeRow(Mode.CODE, 1280, 2400, 320 * 320, Flow.COLUMNS),
    )
}
UNTUNED_FONT_PX = (16, 14, 12)  # a reader without a profile: 12 px Latin and 14 px Chinese until measured


@dataclass(frozen=True)
class StyleProfile:
    """How pages of one mode look to the reader's model. Zeros leave the choice to the mode's caps."""

    mode: Mode
    flow: Flow
    font_px: tuple[int, ...]
    line_height_permille: int = 0
    page_width_px: int = 0
    page_height_px: int = 0
    margin_px: int = 0


@dataclass(frozen=True)
class Style:
    """Everything that decides how text becomes pages; field by field the wire's Style."""

    flow: Flow
    font_px: int
    line_height_px: int
    max_width_px: int
    max_height_px: int
    max_pixels: int
    grid_px: int
    margin_px: int
    reflow: bool = False


@dataclass(frozen=True)
class Rung:
    """One resolution. `lower` is the rung below, None at the smallest legible size."""

    name: str
    font_px: int
    lower: Rung | None = None


def top_rung(mode: Mode, profile: StyleProfile) -> Rung:
    """The rung where reading starts, linked to those below: comfortable → standard → smallest; fast: smallest."""
    sizes = sorted(set(profile.font_px or UNTUNED_FONT_PX), reverse=True)
    if MODES[mode].from_smallest:
        sizes = sizes[-1:]
    rung: Rung | None = None
    for font_px, name in reversed(list(zip(sizes, _names(len(sizes)), strict=True))):
        rung = Rung(name, font_px, rung)
    assert rung is not None
    return rung


def _names(rungs: int) -> list[str]:
    """Names from the top; the last one is always "smallest", whatever lies between is "standard"."""
    return [*["comfortable", *["standard"] * (rungs - 2)][: rungs - 1], "smallest"]


def profile_of(mode: Mode, profiles: Sequence[StyleProfile]) -> StyleProfile:
    """The reader's profile of a mode, or the mode's own defaults where the reader has none."""
    untuned = StyleProfile(mode, MODES[mode].flow, UNTUNED_FONT_PX)
    return next((profile for profile in profiles if profile.mode == mode), untuned)


def plan_style(
    profile: StyleProfile, rung: Rung, grid_px: int, most_page_pixels: int = 0, *, reflow: bool = False
) -> Style:
    """The style of a rung: a page size that the profile pins is kept, else the mode's caps hold.

    `grid_px` is the reader's patch times merge, `most_page_pixels` its own cap on a page (0: none). Columns keep their
    lines, `reflow` or not.
    """
    row = MODES[profile.mode]
    pinned_pixels = profile.page_width_px * profile.page_height_px
    return Style(
        flow=profile.flow,
        font_px=rung.font_px,
        line_height_px=round(rung.font_px * (profile.line_height_permille or 1000) / 1000),
        max_width_px=profile.page_width_px or row.max_width_px,
        max_height_px=profile.page_height_px or row.max_height_px,
        max_pixels=pinned_pixels or min(row.max_pixels, most_page_pixels or row.max_pixels),
        grid_px=grid_px,
        margin_px=profile.margin_px,
        reflow=reflow and profile.flow is not Flow.COLUMNS,
    )


class Said(IntEnum):
    """How much the caller has heard when something fails."""

    NOTHING = 0
    WHOLE_GROUPS = 1
    PART_OF_A_GROUP = 2


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended: `reason` of its ErrorInfo, empty when it went well."""

    reason: str = ""
    retry_after_s: float | None = None
    said: Said = Said.NOTHING


class Action(Enum):
    """What follows an attempt."""

    GO_ON = auto()
    NEXT_RUNG = auto()
    AGAIN = auto()
    RENEW = auto()
    GIVE_UP = auto()


@dataclass(frozen=True)
class Step:
    """What follows an attempt, after `wait_s`."""

    action: Action
    wait_s: float = 0.0


@dataclass(frozen=True)
class Rule:
    """What is done about one reason, at most `attempts` times on one rung; `first_wait_s` doubles each time."""

    action: Action
    attempts: int = 1
    first_wait_s: float = 0.0


LONGEST_WAIT_S = 5.0
RULES = {
    "DOES_NOT_FIT": Rule(Action.NEXT_RUNG),
    "GPU_OUT_OF_MEMORY": Rule(Action.NEXT_RUNG),
    "DOCUMENT_NOT_RESIDENT": Rule(Action.RENEW, attempts=4),
    "RENDERER_LOST": Rule(Action.AGAIN, attempts=4, first_wait_s=0.05),
    "RENDERER_BUSY": Rule(Action.AGAIN, attempts=20, first_wait_s=0.1),
    "READER_BUSY": Rule(Action.AGAIN, attempts=20, first_wait_s=0.2),
    "READER_LOST": Rule(Action.AGAIN, attempts=4, first_wait_s=0.2),
    "GPU_LOST": Rule(Action.AGAIN, attempts=8, first_wait_s=0.5),
    "DRAINING": Rule(Action.AGAIN, attempts=8, first_wait_s=0.2),
    "WARMING": Rule(Action.AGAIN, attempts=20, first_wait_s=0.2),
}


def next_step(rung: Rung, outcome: Outcome, attempt: int) -> Step:
    """What follows attempt number `attempt` (from 1, counted anew on every rung).

    Once the caller has heard a part of a group nothing can be said twice; once it has heard anything the rung stays.
    """
    if not outcome.reason:
        return Step(Action.GO_ON)
    rule = RULES.get(outcome.reason)
    if rule is None or outcome.said is Said.PART_OF_A_GROUP:
        return Step(Action.GIVE_UP)
    if rule.action is Action.NEXT_RUNG:
        return Step(rule.action if rung.lower and outcome.said is Said.NOTHING else Action.GIVE_UP)
    if attempt >= rule.attempts:
        return Step(Action.GIVE_UP)
    backoff_s = min(LONGEST_WAIT_S, rule.first_wait_s * 2 ** (attempt - 1))
    return Step(rule.action, backoff_s if outcome.retry_after_s is None else outcome.retry_after_s)
