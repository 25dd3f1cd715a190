"""A request that bears a name is done once, however often it comes."""

import asyncio

import pytest
from glyphstream.client import Completed, Degraded, Document, Options, TextDelta, Upload
from glyphstream.errors import InvalidQuestion

from gateway import answers, errors
from gateway.errors import GpuOutOfMemory
from gateway.repeats import Repeats

TEXT = "aaaaaaaaaabbbbbbbbbb"
NAMED = Options(request_id="order-7")


def said(events: list[object]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


async def test_a_repeated_question_is_answered_without_being_read_again(client, reader):
    document = await client.create(Upload(TEXT.encode()))
    first = [event async for event in client.ask(document.document_id, "What?", NAMED)]
    again = [event async for event in client.ask(document.document_id, "What?", NAMED)]
    assert said(first) == said(again) == TEXT
    assert first[-1].timings == again[-1].timings
    assert len(reader.asked) == 1
    await anext(client.ask(document.document_id, "What?", Options(request_id="order-8")))
    assert len(reader.asked) == 2


async def test_a_repeated_reading_begins_with_its_document(client, reader):
    events = [[event async for event in client.read(Upload(TEXT.encode()), "What?", NAMED)] for _ in range(2)]
    assert [kind for kind in map(type, events[1]) if kind is not Degraded] == [Document, TextDelta, Completed]
    assert said(events[0]) == said(events[1])
    assert len(reader.asked) == 1


async def test_a_name_belongs_to_one_question(client):
    document = await client.create(Upload(TEXT.encode()))
    _ = [event async for event in client.ask(document.document_id, "What?", NAMED)]
    with pytest.raises(InvalidQuestion, match="another name"):
        await anext(client.ask(document.document_id, "Who?", NAMED))


async def test_a_request_that_failed_is_done_again(client, reader):
    document = await client.create(Upload(TEXT.encode()))
    reader.answer_errors.extend([errors.InvalidQuestion("not that")])
    with pytest.raises(InvalidQuestion, match="not that"):
        await anext(client.ask(document.document_id, "What?", NAMED))
    assert said([event async for event in client.ask(document.document_id, "What?", NAMED)]) == TEXT


class Bench:
    """Work that tells two texts and ends when it is let go, or fails."""

    def __init__(self, *outcomes: BaseException | None) -> None:
        self.outcomes, self.let_go, self.runs = list(outcomes), asyncio.Event(), 0

    async def work(self, tell):
        self.runs += 1
        for text in ("a", "b"):
            await tell(answers.TextDelta(text))
        await self.let_go.wait()
        if error := self.outcomes.pop(0):
            raise error
        return COMPLETED


COMPLETED = answers.Completed(answer=None, document=None)  # type: ignore[arg-type]


async def nobody(_event) -> None:
    """Hears nothing."""


async def test_one_who_comes_while_it_is_done_waits_for_it():
    repeats, bench, heard = Repeats(), Bench(None), []

    async def hear(event) -> None:
        heard.append(event)

    first = asyncio.create_task(repeats.once("n", 1, nobody, bench.work))
    second = asyncio.create_task(repeats.once("n", 1, hear, bench.work))
    bench.let_go.set()
    assert await asyncio.gather(first, second) == [COMPLETED, COMPLETED]
    assert bench.runs == 1
    assert heard == [None, answers.TextDelta("ab")]


async def test_one_who_waits_for_what_fails_does_it_himself():
    repeats, bench = Repeats(), Bench(GpuOutOfMemory("no"), None)
    first = asyncio.create_task(repeats.once("n", 1, nobody, bench.work))
    second = asyncio.create_task(repeats.once("n", 1, nobody, bench.work))
    bench.let_go.set()
    with pytest.raises(GpuOutOfMemory):
        await first
    assert await second is COMPLETED
    assert bench.runs == 2


@pytest.mark.parametrize(("most", "passed_s"), [(1, 0), (9, 700)], ids=["too many", "too old"])
async def test_old_answers_are_forgotten(most, passed_s):
    now_s = [0.0]
    repeats, bench = Repeats(most=most, kept_s=600, clock=lambda: now_s[0]), Bench(None, None, None, None)
    bench.let_go.set()
    for name in ("a", "b"):
        await repeats.once(name, 1, nobody, bench.work)
    now_s[0] += passed_s
    await repeats.once("c", 1, nobody, bench.work)
    await repeats.once("a", 1, nobody, bench.work)
    assert bench.runs == 4


async def test_without_a_name_it_is_done_every_time():
    repeats, bench = Repeats(), Bench(None, None)
    bench.let_go.set()
    for _ in range(2):
        await repeats.once("", 1, nobody, bench.work)
    assert bench.runs == 2
