"""Long documents are read in groups of pages, and the answers become one."""

import pytest
from glyphstream.client import Completed, Degraded, Options, TextDelta, Upload
from glyphstream.common.v1 import common_pb2

from gateway import errors
from gateway.answers import (
    Evidence,
    FinishReason,
    GroupAnswer,
    Memory,
    Progress,
    Question,
    Stage,
    Task,
    Timings,
    Usage,
    best,
    join,
    settled,
)
from gateway.documents import Manifest, PageSize
from gateway.groups import Group, GroupLimits, nearest_first, question_for, split, vision_in_document
from tests.gateway.fakes import PAGE_TOKENS, found

TEXT = "aaaaaaaaaabbbbbbbbbbccccccccccdddddddddde"  # 10 characters a page at 14 px: pages a, b, c, d, e
LINES = "aaaaaaaaa\nbbbbbbbbb\nccccccccc\nddddddddd\neeeeeeeee\n"  # the same with a line a page


def manifest(pages: int) -> Manifest:
    sizes = tuple(PageSize(28, 28, 100 * page, 100 * (page + 1), (0, 50)) for page in range(pages))
    return Manifest(100 * pages, sizes, 10 * pages)


def answered(found: bool, confidence: float, **more) -> GroupAnswer:
    finish = more.pop("finish_reason", FinishReason.STOP)
    return GroupAnswer(finish, Usage(1, 1, 1), Timings(1, 1, 1), Memory(5, 4, 3), found, confidence=confidence, **more)


@pytest.mark.parametrize(
    ("pages", "limits", "lengths"),
    [
        pytest.param(5, GroupLimits(), [5], id="no limit"),
        pytest.param(5, GroupLimits(pages=8), [5], id="short enough"),
        pytest.param(20, GroupLimits(pages=8), [8, 8, 4], id="longer than the weights read"),
        pytest.param(5, GroupLimits(vision_tokens=25), [2, 2, 1], id="larger than the card holds"),
        pytest.param(3, GroupLimits(vision_tokens=4), [1, 1, 1], id="one page alone is tried"),
        pytest.param(9, GroupLimits(pages=2, vision_tokens=60), [2, 2, 2, 2, 1], id="the tighter limit holds"),
    ],
)
def test_the_split(pages, limits, lengths):
    groups = split(manifest(pages), limits)
    assert [group.last - group.first for group in groups] == lengths
    assert [group.first for group in groups] == [sum(lengths[:index]) for index in range(len(lengths))]


@pytest.mark.parametrize(
    ("answers", "winner"),
    [
        pytest.param([(True, 0.2), (True, 0.9), (True, 0.5)], 1, id="highest confidence"),
        pytest.param([(False, 0.9), (True, 0.1)], 1, id="found before confident"),
        pytest.param([(False, 0.1), (False, 0.2)], 1, id="nobody found it"),
        pytest.param([(True, 0.5), (True, 0.5)], 0, id="first among equals"),
    ],
)
def test_which_answer_is_told(answers, winner):
    assert best([answered(*answer) for answer in answers]) == winner


@pytest.mark.parametrize(
    ("answers", "near", "winner"),
    [
        pytest.param([(True, 0.9), (True, 0.7)], [0.1, 0.9], 1, id="the question's words stand around it"),
        pytest.param([(True, 0.9), (True, 0.2)], [0.3, 0.8], 0, id="far less sure of it"),
        pytest.param([(False, 0.9), (True, 0.1)], [0.0, 0.0], 1, id="found before near"),
    ],
)
def test_an_answer_amid_the_words_of_the_question_is_worth_more(answers, near, winner):
    assert best([answered(*answer) for answer in answers], near) == winner


@pytest.mark.parametrize(
    ("answers", "near", "left", "over"),
    [
        pytest.param([(True, 0.9)], [1.0], 0.8, True, id="even certainty of the nearest line left is worth less"),
        pytest.param([(True, 0.9)], [1.0], 0.9, False, id="certainty there would be worth more"),
        pytest.param([(True, 0.9), (True, 0.2)], [1.0, 1.0], 0.8, True, id="an earlier one was that good"),
        pytest.param([(False, 1.0)], [0.0], 0.0, False, id="nothing is found"),
        pytest.param([], [], 0.0, False, id="nothing is asked"),
    ],
)
def test_whether_a_group_that_is_left_could_do_better(answers, near, left, over):
    assert settled([answered(*answer) for answer in answers], near, left) is over


def test_the_groups_with_the_nearest_lines_come_first():
    groups = [Group(0, 2), Group(2, 4), Group(4, 5)]
    near = ((0.1,), (0.2, 0.3), (0.0,), (), (0.3, 0.9))
    assert nearest_first(groups, Question(nearness=near)) == [groups[2], groups[0], groups[1]]
    assert nearest_first(groups, Question()) == groups


def test_joined_answers_keep_every_evidence_and_any_cut():
    cut = answered(False, 0.5, finish_reason=FinishReason.LENGTH, evidence=(Evidence(0, 1, 2),))
    whole = answered(True, 0.7, evidence=(Evidence(1, 3, 4),))
    joined = join([cut, whole])
    assert joined.finish_reason is FinishReason.LENGTH
    assert joined.found
    assert [evidence.page for evidence in joined.evidence] == [0, 1]
    assert joined.usage == Usage(2, 2, 2)
    assert (joined.memory.measured_peak_bytes, joined.memory.pixels) == (4, 6)


def test_a_transcription_may_be_as_long_as_its_text():
    question = Question(Task.TRANSCRIBE)
    assert question_for(Group(1, 3), question, manifest(5)).max_new_tokens == 200 + 4 + 64
    assert question_for(Group(1, 3), Question(Task.ASK, "?"), manifest(5)).max_new_tokens == 0


@pytest.mark.parametrize(
    ("pages", "named", "tokens"),
    [
        pytest.param(2, 0, 512, id="a short text"),
        pytest.param(8, 0, 800, id="as many as it has characters"),
        pytest.param(40, 0, 960, id="a long text"),
        pytest.param(40, 9, 9, id="what the caller names"),
    ],
)
def test_a_summary_may_be_as_long_as_its_text_within_bounds(pages, named, tokens):
    question = Question(Task.SUMMARIZE, max_new_tokens=named)
    assert question_for(Group(0, pages), question, manifest(40)).max_new_tokens == tokens


async def test_the_tokens_that_the_caller_allows_are_for_all_groups_together(client, reader):
    reader.transcribe_pages = 1
    options = Options(task="transcribe", max_new_tokens=25)
    events = await everything(client.read(Upload(TEXT.encode()), "", options))
    assert [request.max_new_tokens for request in reader.asked] == [25, 15, 5]  # ten characters are ten tokens here
    assert isinstance(events[-1], Completed)


def test_pages_seen_are_counted_in_the_document():
    seen = Progress(Stage.VISION, 1, 2)
    assert vision_in_document(2, seen, manifest(5)) == Progress(Stage.VISION, 3, 5)


async def everything(stream):
    return [event async for event in stream]


def texts(events):
    return "".join(event.text for event in events if isinstance(event, TextDelta))


async def test_a_question_is_put_to_every_group_and_the_most_confident_find_is_told(client, reader):
    reader.ask_pages = 2
    evidence = [common_pb2.Evidence(page=1, text_start=30, text_end=40)]
    reader.reply = lambda text: (
        (text, found(text, 0.9, evidence=evidence)) if "c" in text else ("no", found("no", 0.8, found=False))
    )
    events = await everything(client.read(Upload(TEXT.encode()), "Where is c?"))
    assert texts(events) == "ccccccccccdddddddddd"
    assert [len(pages) for pages in reader.ingested] == [2, 2, 1]
    assert [[page.index for page in pages] for pages in reader.ingested] == [[0, 1], [0, 1], [0]]
    assert [found.page for found in events[-1].evidence] == [3]
    assert events[-1].usage.vision_tokens == 3 * PAGE_TOKENS
    assert events[-1].document.vision_tokens == 5 * PAGE_TOKENS


async def test_a_reader_that_weighs_it_is_told_the_lines_of_each_group(client, reader):
    reader.ask_pages, reader.weighs_nearness = 2, True
    await everything(client.read(Upload(TEXT.encode()), "Where is cccccccccc?"))
    near = [[list(page.lines) for page in request.nearness] for request in reader.asked]
    assert [len(group) for group in near] == [2, 2, 1]
    assert max(max(page) for group in near for page in group) == 1.0
    reader.asked.clear()
    reader.weighs_nearness = False
    await everything(client.read(Upload(TEXT.encode()), "Where is dddddddddd?"))
    assert not any(request.nearness for request in reader.asked)


def pages_seen(events):
    """How many were told to be seen, each time."""
    told = [event for event in events if isinstance(event, common_pb2.Progress)]
    return [event.done for event in told if event.stage == common_pb2.STAGE_VISION]


def placed(confidence):
    """A reader's reply: all the text of its pages, found at its first character, so sure of it."""

    def reply(text):
        start = LINES.index(text[0])
        evidence = [common_pb2.Evidence(page=0, text_start=start, text_end=start + 10)]
        return text, found(text, confidence, evidence=evidence)

    return reply


async def test_groups_that_cannot_have_a_better_answer_are_left_unread(client, reader):
    reader.ask_pages, reader.weighs_nearness, reader.reply = 2, True, placed(0.9)
    events = await everything(client.read(Upload(LINES.encode()), "Where is ccccccccc?"))
    assert texts(events) == "ccccccccc\nddddddddd\n"
    assert len(reader.ingested) == len(reader.asked) == 1
    assert pages_seen(events) == [2]
    assert [found.page for found in events[-1].evidence] == [2]
    again = await everything(client.ask(events[-1].document.document_id, "Where is aaaaaaaaa?"))
    assert texts(again) == "aaaaaaaaa\nbbbbbbbbb\n"
    assert len(reader.ingested) == 2


async def test_every_group_is_read_for_an_answer_that_is_not_sure(client, reader):
    reader.ask_pages, reader.weighs_nearness = 2, True
    reader.reply = lambda text: placed(0.9 if "a" in text else 0.1)(text)
    events = await everything(client.read(Upload(LINES.encode()), "Where is ccccccccc?"))
    assert texts(events) == "aaaaaaaaa\nbbbbbbbbb\n"
    assert pages_seen(events) == [2, 3, 5]


async def test_a_transcription_streams_through_its_groups_in_order(client, reader):
    reader.transcribe_pages = 1
    events = await everything(client.read(Upload(TEXT.encode()), "", Options(task="transcribe")))
    assert texts(events) == TEXT
    assert len(reader.asked) == 5
    assert sum(isinstance(event, Completed) for event in events) == 1


async def test_a_group_evicted_between_two_groups_is_read_again_unnoticed(client, reader):
    reader.transcribe_pages = 2
    document = await client.create(Upload(TEXT.encode()))
    reader.resident.clear()
    events = await everything(client.ask(document.document_id, "", Options(task="transcribe")))
    reader.resident.popitem()
    again = await everything(client.ask(document.document_id, "", Options(task="transcribe")))
    assert texts(events) == texts(again) == TEXT


async def test_memory_running_out_in_a_later_group_starts_the_next_rung_over(client, reader):
    reader.ask_pages = 2
    calls = []

    def reply(text):
        calls.append(text)
        if len(calls) == 2:
            raise errors.GpuOutOfMemory("no memory")
        return text, found(text, 1 / len(calls))

    reader.reply = reply
    events = await everything(client.read(Upload(TEXT.encode()), "Where is a?"))
    assert texts(events) == "aaaaaaaaaabbbbbbbbbbcc"  # two pages at 12 px
    assert sum(isinstance(event, Degraded) for event in events) == 1


async def test_below_the_smallest_size_a_document_is_read_in_groups_that_fit(client, reader, renderer):
    reader.largest_vision_tokens = 2 * PAGE_TOKENS
    reader.ingest_errors.extend([errors.DoesNotFit("too large")] * 2)
    events = await everything(client.read(Upload(TEXT.encode()), "Where is a?"))
    assert renderer.rendered == [14, 12, 10]
    assert [len(pages) for pages in reader.ingested[2:]] == [2, 1]
    assert isinstance(events[-1], Completed)
