"""What a batch teaches is what stands on the pages that are shown."""

import random
from dataclasses import replace

import numpy as np
import pytest

from gateway.overlap import Asked, folded
from render_service.style import Flow
from training import examples, showing
from training.alphabet import ABSENT, COLUMN, FIRST_CHARACTER, IM_END, IMAGE_PAD, PAGE, ROW
from training.bearing import ON_LINE, repeated
from training.checkpoint import PAGE_ANCHORS, ROW_ANCHORS, alphabet
from training.documents import Question
from training.examples import Source
from training.laid import NONE, SINK, SLOTS, Recipe, lay
from training.network import Shape
from training.rows import Entry, dialogue, summary, transcription
from training.showing import shown_again
from training.sorts import ASKED, Sorts

SHAPE = Shape(2, 4, 8, text=256)
LINES = [f"第{i}条 数值为 {i * 37} 元，保留 {i} 天。" for i in range(1, 60)]
TEXT = "\n".join(LINES)


class Always(random.Random):
    """A generator whose every number is the same."""

    def __init__(self, number: float) -> None:
        super().__init__()
        self.number = number

    def random(self) -> float:
        return self.number


class Prose:
    """Stands in for the corpus: numbered rules, as many as are asked for."""

    held = False

    def window(self, rng, lang, characters, openings=0.0):
        things = {"zh": "水泵电机阀门滤网轴承线缆", "en": "pump engine valve filter bearing cable"}[lang]
        rules = characters // 20 + 1
        if lang == "zh":
            named = ("".join(rng.sample(things, 4)) for _ in range(rules))
            return "\n".join(f"{rng.randrange(999)}. {name}保存 {rng.randrange(99)} 天。" for name in named)
        named = (" ".join(rng.sample(things.split(), 2)) for _ in range(rules))
        return "\n".join(f"{rng.randrange(999)}. The {name} is kept {rng.randrange(99)} days." for name in named)

    passage = window


class Headed(Prose):
    """The same under a heading."""

    def passage(self, rng, lang, characters, openings=0.0):
        return "# 保存\n" + "\n".join("保存若干天。" for _ in range(12))


ASKING, TELLING, SHOWING = Always(0.99), Always(0.0), Always(0.91)


def recipe(flow: Flow = Flow.CELLS, px: int = 14) -> Recipe:
    return Recipe(SHAPE, px, flow, 1, 1.0)


def characters(ids: list[int]) -> str:
    known = alphabet()
    return "".join(known[i - FIRST_CHARACTER] for i in ids if FIRST_CHARACTER <= i < COLUMN)


def replies(row) -> list[list[int]]:
    out, open_ = [], False
    for token, answer in zip(row.ids, row.answer, strict=True):
        if answer and not open_:
            out.append([])
        open_ = answer
        if answer:
            out[-1].append(token)
    return out


def spans_of(line: str) -> tuple[tuple[int, int], ...]:
    return ((TEXT.index(line), TEXT.index(line) + len(line)),)


@pytest.mark.parametrize("first", [0.0, 0.4, 0.99])
def test_a_window_holds_successive_pages_of_the_text(first):
    laid = lay(TEXT, recipe(), first)
    assert len(laid.pages) == SHAPE.pages
    assert laid.pages[0].text_end == laid.pages[1].text_start
    inked = laid.places.cell >= 0
    assert not inked[: laid.start].any()
    assert inked[laid.start : laid.end].any()
    assert set(laid.places.page[inked]) == {0, 1}


def test_an_answer_on_the_window_is_copied_behind_its_anchors():
    laid = lay(TEXT, recipe(), 0.4)
    line = laid.text[laid.start :].split("\n")[1]
    row = dialogue(laid, [Question("哪一条？", spans_of(line), "fact")], "zh", SHAPE, ASKING)
    (reply,) = replies(row)
    page, at, column = reply[:3]
    start = spans_of(line)[0][0]
    assert (page - PAGE, at - ROW) == (laid.places.page[start], laid.places.row[start])
    assert column - COLUMN == laid.places.column[start]
    assert characters(reply) == line
    assert reply[-1] == IM_END


def test_what_stands_outside_the_window_is_denied():
    laid = lay(TEXT, recipe(), 0.99)
    row = dialogue(laid, [Question("第一条？", spans_of(LINES[0]), "fact")], "zh", SHAPE, ASKING)
    (reply,) = replies(row)
    assert reply[0] == ABSENT


def test_an_answer_that_the_window_cuts_is_not_asked_for():
    laid = lay(TEXT, recipe(), 0.4)
    cut = ((laid.start - 3, laid.start + 3),)
    assert dialogue(laid, [Question("哪里？", cut, "fact")], "zh", SHAPE, ASKING).ids == []


def test_history_is_given_without_anchors_and_not_predicted():
    laid = lay(TEXT, recipe())
    row = dialogue(laid, [Question("第一条？", spans_of(LINES[0]), "fact")], "zh", SHAPE, TELLING)
    assert not any(row.answer)
    assert characters(row.ids) == "第一条？" + LINES[0]
    assert row.ids[-1] == IM_END


def test_pages_are_shown_again_behind_a_question_and_read_there(monkeypatch):
    monkeypatch.setattr(showing, "SHOWN_PAGES", (2,))
    laid, shape = lay(TEXT, recipe(), 0.4), replace(SHAPE, text=400)
    line = laid.text[laid.start :].split("\n")[1]
    row = dialogue(laid, [Question("哪一条？", spans_of(line), "fact")], "zh", shape, SHOWING)
    cells = [at for at, token in enumerate(row.ids) if token == IMAGE_PAD]
    page = int(laid.places.page[spans_of(line)[0][0]])
    assert [row.again[at] for at in cells] == list(range(SHAPE.pages * SHAPE.cells))
    asked = characters(row.ids[: cells[0]])
    assert asked == characters(row.ids[cells[-1] : row.answer.index(True)]) == "哪一条？"
    (reply,) = replies(row)
    assert reply[0] == PAGE + page
    found = row.key[row.answer.index(True)] - shape.prefix
    assert row.again[found] == row.cell[row.answer.index(True)]
    assert sum(row.asked) == len("哪一条？") + 2  # foretold once, with its task and its end


def test_lines_with_words_of_the_question_are_named_behind_the_pages_shown_again(monkeypatch):
    monkeypatch.setattr(showing, "SHOWN_PAGES", (2,))
    laid, shape = lay(TEXT, recipe()), replace(SHAPE, text=400)
    start, end = spans_of("第4条")[0]
    row = dialogue(laid, [Question("第4条的数值？", ((start, end),), "fact")], "zh", shape, SHOWING)
    shown = [at for at, token in enumerate(row.ids) if token == IMAGE_PAD]
    page, line = int(laid.places.page[start]), int(laid.places.row[start])
    begin = laid.pages[page].text_start + laid.pages[page].line_starts[line]
    assert row.ids[shown[-1] + 2 :][:2] == [PAGE + page, ROW + line]
    assert row.cell[shown[-1] + 2 :][:2] == [int(laid.places.cell[begin])] * 2
    assert row.answer.index(True) > shown[-1] + 2 * showing.LINES_NAMED, "they are given"


def test_no_line_is_named_that_has_no_word_of_the_question():
    laid = lay(TEXT, recipe())
    shown = shown_again(laid, Asked(folded(laid.text), "谁？"), None, 3, SHOWING)
    assert (shown.anchors, shown.cells) == ([], [])


def test_pages_that_the_text_has_no_room_for_are_not_shown_again():
    laid = lay(TEXT, recipe())
    row = dialogue(laid, [Question("第一条？", spans_of(LINES[0]), "fact")], "zh", replace(SHAPE, text=60), SHOWING)
    assert IMAGE_PAD not in row.ids
    assert any(row.answer)


def test_as_many_pages_are_shown_again_as_there_is_room_for(monkeypatch):
    monkeypatch.setattr(showing, "SHOWN_PAGES", (2,))
    laid, shape = lay(TEXT, recipe()), replace(SHAPE, text=SHAPE.cells + 60)
    row = dialogue(laid, [Question("第一条？", spans_of(LINES[0]), "fact")], "zh", shape, SHOWING)
    assert row.ids.count(IMAGE_PAD) == SHAPE.cells
    assert any(row.answer)


def test_nothing_more_is_asked_where_no_page_can_be_shown_again(monkeypatch):
    monkeypatch.setattr(showing, "SHOWN_PAGES", (1,))
    laid, shape = lay(TEXT, recipe()), replace(SHAPE, text=2 * SHAPE.cells + 60)
    asked = [Question("第一条？", spans_of(LINES[0]), "fact") for _ in range(9)]
    row = dialogue(laid, asked, "zh", shape, SHOWING)
    assert row.ids.count(IMAGE_PAD) == len(replies(row)) * SHAPE.cells
    assert len(row.ids) < shape.text


def test_the_pages_shown_again_are_those_that_the_question_speaks_of(monkeypatch):
    laid = lay(TEXT, recipe())
    monkeypatch.setattr(showing, "SHOWN_PAGES", (1,))
    last = laid.text[laid.pages[1].text_start :].split("\n")[1]
    first = spans_of(LINES[0])[0]
    asked = Asked(folded(laid.text), last)
    assert shown_again(laid, asked, None, 1, SHOWING).pages == [1]
    assert shown_again(laid, asked, first, 1, SHOWING).pages == [1], "one in ten that the answer does not stand on"
    assert shown_again(laid, asked, first, 1, Always(0.5)).pages == [0]


def test_questions_are_foretold_and_their_replies_are_not_counted_among_them():
    batch = Source(Prose(), 3, Sorts({"cards": 1.0})).batch(replace(recipe(), batch=4))
    assert len(batch.asked)
    assert not np.intersect1d(batch.asked, batch.answers).size


def test_denials_stay_a_share_of_a_dialogue():
    laid = lay(TEXT, recipe())
    lines = laid.text.split("\n")[:4]
    asked = [Question(f"有{i}吗？", (), "absent") for i in range(20)]
    asked += [Question(line[:3], spans_of(line), "fact") for line in lines]
    denied = [reply[0] == ABSENT for reply in replies(dialogue(laid, asked, "zh", replace(SHAPE, text=2000), ASKING))]
    assert 0 < sum(denied) <= 0.5 * len(denied)


@pytest.mark.parametrize(("flow", "px"), [(Flow.CELLS, 14), (Flow.CELLS, 12), (Flow.COLUMNS, 14)])
def test_a_transcription_is_its_page_and_every_cell_is_where_the_character_stands(flow, px):
    laid = lay(TEXT, recipe(flow, px))
    row = next(r for seed in range(20) if (r := transcription(laid, SHAPE, random.Random(seed))) and not r.skip)
    page = row.ids[2] - PAGE
    shown = laid.pages[page]
    assert characters(row.ids[2:]) == laid.text[shown.text_start : shown.text_end]
    place = {int(o): (int(x), int(y)) for o, x, y in zip(shown.offsets, shown.x, shown.y, strict=True)}
    at = shown.text_start
    for token, cell, slot in zip(row.ids[2:], row.cell[2:], row.slot[2:], strict=True):
        if not FIRST_CHARACTER <= token < COLUMN:
            continue
        if at in place:
            x, y = place[at]
            assert cell == page * SHAPE.cells + (y + px // 2) // 28 * SHAPE.columns + (cell % SHAPE.columns)
            assert x // 28 <= cell % SHAPE.columns <= (x + px) // 28
            assert slot >= 0
        at += 1


@pytest.mark.parametrize("flow", [Flow.CELLS, Flow.COLUMNS])
def test_a_page_that_begins_with_an_indent_is_transcribed_from_there(flow):
    text = "    return left\n  pass\nend"
    laid = lay(text, recipe(flow))
    row = next(r for seed in range(20) if (r := transcription(laid, SHAPE, random.Random(seed))) and not r.skip)
    assert characters(row.ids[2:]) == text
    assert row.ids[3] == ROW, "the line is announced before its spaces"
    inked = laid.pages[0].offsets[0]
    assert laid.places.column[inked] - laid.places.column[0] == inked, "one column for each space of the indent"


@pytest.mark.parametrize("flow", [Flow.CELLS, Flow.COLUMNS])
@pytest.mark.parametrize(
    ("maker", "share"),
    [
        pytest.param("card", ASKED.shares["cards"], id="keys and values"),
        pytest.param("planted", ASKED.shares["planted"], id="facts in real text"),
        pytest.param("synthesize", ASKED.shares["synthesised"] * (1 - examples.AMID), id="synthesised"),
        pytest.param("retold", ASKED.shares["written"] * (1 - examples.AMID), id="written"),
        pytest.param("amid", ASKED.shares["synthesised"], id="with and without real text between"),
    ],
)
def test_every_sort_of_document_reaches_the_dialogues(monkeypatch, flow, maker, share):
    made: list[str] = []
    make = getattr(examples, maker)

    def remember(*args):
        document = make(*args)
        made.append(document.text.rstrip("\n"))
        return document

    monkeypatch.setattr(examples, maker, remember)
    monkeypatch.setattr(examples, "SHOWN", 0.0)
    source = Source(Prose(), 7)
    draws = max(400, round(40 / share))  # forty of a sort on average, so that half as many are no chance
    drawn = [found[0] for _ in range(draws) if (found := source._document(recipe(flow), ASKED))]
    reached = sum(document.text in made for document in drawn)
    assert reached > 0.5 * share * len(drawn)
    assert len(drawn) > 0.8 * draws


def test_summaries_of_natural_text_tell_its_headings(monkeypatch):
    monkeypatch.setattr(examples, "synthesize", lambda *_: pytest.fail("natural text is asked for"))
    source = Source(Headed(), 5, summarised=Sorts({"natural": 1.0}))
    source.rng = Always(0.8)
    row, _ = source._summary(recipe())
    assert characters(row.ids).startswith("# 保存\n")


def test_a_batch_asks_answers_and_denies():
    batch = Source(Prose(), 3).batch(replace(recipe(), batch=24))
    answered = batch.ids.ravel()[batch.answers]
    assert (answered == ABSENT).sum() >= 3
    assert len(np.unique(batch.answers // SHAPE.text)) == 24, "every row has something to answer"
    assert ((answered >= PAGE) & (answered < ROW)).sum() >= 12
    assert batch.glyphs[:, 0].max() >= 23 * SHAPE.pages  # the last document, on its first page at least
    assert (batch.find.key > 0).sum() >= 24


def test_a_summary_tells_headings_with_their_level_and_key_sentences():
    laid = lay(TEXT, recipe())
    heading, key = spans_of(LINES[0])[0], spans_of(LINES[1])[0]
    row = summary(laid, SHAPE, [Entry(2, heading, key)])
    (reply,) = replies(row)
    assert characters(reply) == f"## {LINES[0]}\n- {LINES[1]}\n"


def test_marks_of_a_summary_have_no_place_on_the_page():
    laid = lay(TEXT, recipe())
    row = summary(laid, SHAPE, [Entry(1, spans_of(LINES[0])[0], None)])
    marks = [cell for token, cell in zip(row.ids, row.cell, strict=True) if characters([token]) == "#"]
    assert marks == [NONE]


def test_anchors_leave_room_for_every_page_and_line_that_is_trained():
    assert SHAPE.pages <= PAGE_ANCHORS
    laid = lay(TEXT, recipe())
    assert np.max(laid.places.row) < ROW_ANCHORS
    assert SINK < NONE < 0


def asked_again(question: str, answer: str):
    """A turn about both pages, which are shown again: the row, and by text position the cell that is shown there."""
    laid = lay(TEXT, recipe())
    at = TEXT.index(answer)
    row = dialogue(laid, [Question(question, ((at, at + len(answer)),), "fact")], "zh", SHAPE, SHOWING)
    return laid, row, {i: cell for i, cell in enumerate(row.again) if cell != NONE}


def test_cells_that_are_shown_again_know_whether_they_bear_the_answer():
    laid, row, shown = asked_again("第 7 条的数值是多少？", "259 元")
    start = TEXT.index("259 元")
    slots = {(int(laid.places.cell[i]), int(laid.places.slot[i])) for i in range(start, start + 5)}
    assert shown
    for i, cell in shown.items():
        assert {(cell, bit) for bit in range(SLOTS) if row.bears[i] >> bit & 1} == {s for s in slots if s[0] == cell}
        assert bool(row.bears[i] & ON_LINE) == (cell // SHAPE.columns in {c // SHAPE.columns for c, _ in slots})
    assert all(mask == NONE for i, mask in enumerate(row.bears) if i not in shown)


def test_a_denial_teaches_that_no_cell_bears_anything():
    row = dialogue(lay(TEXT, recipe()), [Question("谁签字？", (), "absent")], "zh", SHAPE, SHOWING)
    assert {mask for mask, cell in zip(row.bears, row.again, strict=True) if cell != NONE} == {0}


def test_cells_that_are_shown_again_look_at_what_they_repeat_of_the_question():
    laid, row, shown = asked_again("数值第 7 条？", "259 元")
    looking = {i: key - SHAPE.prefix for i, key in enumerate(row.repeats) if key > 0}
    assert set(looking) <= set(shown)
    for i, at in looking.items():
        stands = laid.text[: laid.end]
        assert characters([row.ids[at]]) in {
            c for c, cell in zip(stands, laid.places.cell, strict=True) if cell == shown[i]
        }
    repeated = {characters([row.ids[at]]) for at in looking.values()}
    assert {"数", "值"} <= repeated
    assert "条" not in repeated or "7" in repeated  # a character alone is no match
    nothing = [i for i, key in enumerate(row.repeats) if key == 0]
    assert 0 < len(nothing) <= len(looking)
    assert not {shown[i] for i in nothing} & {shown[i] for i in looking}


def test_capitals_repeat_small_letters():
    text = "The Gateway TIMEOUT is 30 s.\nNothing else is told here."
    laid = lay(text, recipe())
    found = repeated(laid, "which timeout?", 1, [0], SHAPE)
    told = {text[i].lower() for i in range(len(text)) if found.get(int(laid.places.cell[i]), 0) > 0}
    assert set("timeout") <= told
    assert {"which timeout?"[at - 1] for at in found.values() if at > 0} <= set("timeout ")
