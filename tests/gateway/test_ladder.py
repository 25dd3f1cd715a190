"""The ladder as data: every mode, every reason."""

import pytest
from glyphstream.common.v1 import common_pb2

from gateway import errors
from gateway.answers import FinishReason, Stage, Task
from gateway.climb import last_rung
from gateway.documents import Document, Figures, Header
from gateway.ladder import (
    LONGEST_WAIT_S,
    RULES,
    Action,
    Flow,
    Mode,
    Outcome,
    Rung,
    Said,
    Step,
    StyleProfile,
    next_step,
    plan_style,
    profile_of,
    top_rung,
)

BOTTOM = Rung("smallest", 10)
MIDDLE = Rung("standard", 12, BOTTOM)
TOP = Rung("comfortable", 14, MIDDLE)
PINNED = StyleProfile(Mode.PRECISE, Flow.CELLS, (14, 12, 10), 1000, 448, 224, 0)


def down_from(rung):
    while rung:
        yield rung.name, rung.font_px
        rung = rung.lower


@pytest.mark.parametrize(
    ("mode", "sizes", "rungs"),
    [
        pytest.param(
            Mode.PRECISE, (14, 12, 10), [("comfortable", 14), ("standard", 12), ("smallest", 10)], id="precise"
        ),
        pytest.param(Mode.CODE, (14, 12, 10), [("comfortable", 14), ("standard", 12), ("smallest", 10)], id="code"),
        pytest.param(Mode.FAST, (14, 12, 10), [("smallest", 10)], id="fast starts at the smallest"),
        pytest.param(Mode.PRECISE, (10, 14), [("comfortable", 14), ("smallest", 10)], id="two sizes, any order"),
        pytest.param(Mode.PRECISE, (9,), [("smallest", 9)], id="one size"),
        pytest.param(
            Mode.PRECISE, (), [("comfortable", 16), ("standard", 14), ("smallest", 12)], id="a reader without sizes"
        ),
    ],
)
def test_the_rungs_of_a_mode(mode, sizes, rungs):
    assert list(down_from(top_rung(mode, StyleProfile(mode, Flow.CELLS, sizes)))) == rungs


@pytest.mark.parametrize(
    ("outcome", "rung", "attempt", "step"),
    [
        pytest.param(Outcome(), TOP, 1, Step(Action.GO_ON), id="went well"),
        pytest.param(Outcome("DOES_NOT_FIT"), TOP, 1, Step(Action.NEXT_RUNG), id="does not fit"),
        pytest.param(Outcome("GPU_OUT_OF_MEMORY"), MIDDLE, 1, Step(Action.NEXT_RUNG), id="out of memory"),
        pytest.param(Outcome("GPU_OUT_OF_MEMORY"), MIDDLE, 9, Step(Action.NEXT_RUNG), id="after many waits here"),
        pytest.param(Outcome("GPU_OUT_OF_MEMORY"), BOTTOM, 1, Step(Action.GIVE_UP), id="no rung below"),
        pytest.param(
            Outcome("GPU_OUT_OF_MEMORY", said=Said.WHOLE_GROUPS), TOP, 1, Step(Action.GIVE_UP), id="after a first group"
        ),
        pytest.param(
            Outcome("GPU_OUT_OF_MEMORY", said=Said.PART_OF_A_GROUP), TOP, 1, Step(Action.GIVE_UP), id="after text"
        ),
        pytest.param(Outcome("DOCUMENT_NOT_RESIDENT"), BOTTOM, 1, Step(Action.RENEW), id="evicted"),
        pytest.param(
            Outcome("DOCUMENT_NOT_RESIDENT", said=Said.WHOLE_GROUPS), TOP, 1, Step(Action.RENEW), id="evicted later"
        ),
        pytest.param(
            Outcome("DOCUMENT_NOT_RESIDENT", said=Said.PART_OF_A_GROUP), TOP, 1, Step(Action.GIVE_UP), id="mid-text"
        ),
        pytest.param(Outcome("DOCUMENT_NOT_RESIDENT"), TOP, 4, Step(Action.GIVE_UP), id="evicted every time"),
        pytest.param(Outcome("READER_BUSY", 1.5), TOP, 1, Step(Action.AGAIN, 1.5), id="busy, with a hint"),
        pytest.param(Outcome("READER_BUSY"), TOP, 1, Step(Action.AGAIN, 0.2), id="busy, without a hint"),
        pytest.param(Outcome("READER_BUSY"), TOP, 3, Step(Action.AGAIN, 0.8), id="busy for the third time"),
        pytest.param(Outcome("READER_BUSY"), TOP, 19, Step(Action.AGAIN, LONGEST_WAIT_S), id="busy for long"),
        pytest.param(Outcome("READER_BUSY"), TOP, 20, Step(Action.GIVE_UP), id="busy for too long"),
        pytest.param(Outcome("DRAINING", 0.5), TOP, 1, Step(Action.AGAIN, 0.5), id="draining"),
        pytest.param(Outcome("RENDERER_LOST"), TOP, 1, Step(Action.AGAIN, 0.05), id="renderer lost"),
        pytest.param(Outcome("GPU_LOST"), TOP, 1, Step(Action.AGAIN, 0.5), id="card lost"),
        pytest.param(Outcome("INVALID_DOCUMENT"), TOP, 1, Step(Action.GIVE_UP), id="bad document"),
        pytest.param(Outcome("DEADLINE_EXCEEDED"), TOP, 1, Step(Action.GIVE_UP), id="time is up"),
        pytest.param(Outcome("SOMETHING_NEW"), TOP, 1, Step(Action.GIVE_UP), id="unknown reason"),
    ],
)
def test_what_follows(outcome, rung, attempt, step):
    assert next_step(rung, outcome, attempt) == step


def test_every_rule_is_about_an_error_that_exists():
    def reasons(kind):
        return {kind.reason}.union(*(reasons(child) for child in kind.__subclasses__()))

    assert set(RULES) <= reasons(errors.GatewayError)


def test_a_pinned_page_is_kept_whatever_the_modes_caps_say():
    style = plan_style(PINNED, MIDDLE, grid_px=28, most_page_pixels=1 << 20)
    assert (style.max_width_px, style.max_height_px, style.max_pixels) == (448, 224, 448 * 224)
    assert (style.font_px, style.line_height_px, style.grid_px, style.flow) == (12, 12, 28, Flow.CELLS)


@pytest.mark.parametrize(
    ("mode", "reader_cap", "width", "height", "pixels"),
    [
        pytest.param(Mode.PRECISE, 0, 1280, 3200, 320 * 320, id="precise"),
        pytest.param(Mode.FAST, 0, 1280, 2000, 256 * 256, id="fast"),
        pytest.param(Mode.CODE, 0, 1280, 2400, 320 * 320, id="code"),
        pytest.param(Mode.PRECISE, 50_000, 1280, 3200, 50_000, id="the reader's own cap is lower"),
    ],
)
def test_a_page_that_nobody_pins_has_the_modes_caps(mode, reader_cap, width, height, pixels):
    profile = profile_of(mode, [])
    style = plan_style(profile, TOP, grid_px=28, most_page_pixels=reader_cap)
    assert (style.max_width_px, style.max_height_px, style.max_pixels) == (width, height, pixels)


def test_leading_follows_the_font():
    assert plan_style(StyleProfile(Mode.PRECISE, Flow.CELLS, (9,), 1111), Rung("smallest", 9), 28).line_height_px == 10


@pytest.mark.parametrize("flow", list(Flow))
def test_lines_flow_on_where_it_is_wished_and_no_columns_are_kept(flow):
    profile = StyleProfile(Mode.PRECISE, flow, (14,))
    assert not plan_style(profile, TOP, 28).reflow
    assert plan_style(profile, TOP, 28, reflow=True).reflow is (flow is not Flow.COLUMNS)


def test_code_keeps_its_columns_where_the_reader_has_no_profile():
    assert profile_of(Mode.CODE, [PINNED]).flow is Flow.COLUMNS


@pytest.mark.parametrize(
    ("font_px", "name"), [(14, "comfortable"), (12, "standard"), (10, "smallest"), (99, "comfortable")]
)
def test_reading_starts_where_the_document_was_read_last(font_px, name):
    figures = Figures("any", font_px, 1, 1, 1, 1, 0)
    assert last_rung(Document("d", Header(), 1, "text/plain", figures=figures), TOP).name == name


@pytest.mark.parametrize(
    ("ours", "wires", "prefix"),
    [
        (Mode, common_pb2.Mode, "MODE_"),
        (Flow, common_pb2.Flow, "FLOW_"),
        (Task, common_pb2.Task, "TASK_"),
        (Stage, common_pb2.Stage, "STAGE_"),
        (FinishReason, common_pb2.FinishReason, "FINISH_REASON_"),
    ],
)
def test_numbers_are_the_wires(ours, wires, prefix):
    names = {member.name: member.value for member in ours}
    assert {**names, "UNSPECIFIED": 0} == {name.removeprefix(prefix): number for name, number in wires.items()}
