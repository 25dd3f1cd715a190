"""A call that ends before its caller has sent everything: the caller still learns how it ended."""

import asyncio
from contextlib import asynccontextmanager

import grpc
import grpc.aio
import pytest

from serving import handlers
from serving.process import running
from serving.status import Row, failure

CALLS = 40  # of callers who are not heard out, every second to tenth sees the wrong end
TABLE = {KeyError: Row(grpc.StatusCode.NOT_FOUND, "NO_SUCH_KEY")}


@asynccontextmanager
async def served(service):
    """A channel to the service."""
    async with (
        running(service.register, table=TABLE) as port,
        grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel,
    ):
        async with asyncio.timeout(5):
            yield channel


@pytest.fixture
def hasty(kinds):
    """A service whose handlers end without reading a single request."""

    class Hasty(kinds):
        async def stream(self, request, context):
            await self.act(context)
            yield b"early"

    return Hasty


async def refuse(_context):
    raise KeyError("k")


async def agree(_context):
    pass


async def outcomes(port, kind, size_bytes):
    """How each of CALLS calls with three messages ended: a reason or what it answered."""
    ended = set()
    for _ in range(CALLS):
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            call = getattr(channel, kind)(f"/test.Kinds/{kind}")(iter([b"x" * size_bytes] * 3))
            try:
                ended.add(await call if kind == "stream_unary" else b"".join([message async for message in call]))
            except grpc.aio.AioRpcError as error:
                ended.add(failure(error).reason)
    return ended


@pytest.mark.parametrize("kind", ["stream_unary", "stream_stream"])
@pytest.mark.parametrize("size_bytes", [10, 1_000_000])
async def test_a_refusal_reaches_a_caller_who_is_still_sending(hasty, kind, size_bytes):
    async with running(hasty(refuse).register, table=TABLE) as port:
        assert await outcomes(port, kind, size_bytes) == {"NO_SUCH_KEY"}


@pytest.mark.parametrize(("kind", "answer"), [("stream_unary", b"done"), ("stream_stream", b"early")])
async def test_an_early_answer_reaches_a_caller_who_is_still_sending(hasty, kind, answer):
    async with running(hasty(agree).register) as port:
        assert await outcomes(port, kind, 10) == {answer}


@pytest.mark.parametrize("sent", [0, 1])
async def test_a_caller_who_neither_sends_nor_ends_is_not_waited_for(hasty, monkeypatch, sent):
    monkeypatch.setattr(handlers, "LONGEST_PAUSE_S", 0.01)
    async with served(hasty(refuse)) as channel:
        call = channel.stream_unary("/test.Kinds/stream_unary")()
        for _ in range(sent):
            await call.write(b"one")
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call
    assert failure(caught.value).reason == "NO_SUCH_KEY"


async def test_a_caller_who_never_stops_sending_is_cut_off(hasty, monkeypatch):
    monkeypatch.setattr(handlers, "LONGEST_UPLOAD_S", 0.05)

    async def endless():
        while True:
            yield b"x" * 1000

    async with served(hasty(refuse)) as channel:
        with pytest.raises(grpc.aio.AioRpcError):
            await channel.stream_unary("/test.Kinds/stream_unary")(endless())


async def test_a_handler_that_left_a_read_behind_still_answers(hasty):
    reading = []

    class Reading(hasty):
        async def single(self, request, context):
            reading.append(asyncio.ensure_future(context.read()))
            await asyncio.sleep(0)
            return b"done"

    async with served(Reading(agree)) as channel:
        assert await channel.stream_unary("/test.Kinds/stream_unary")() == b"done"
    await asyncio.gather(*reading, return_exceptions=True)
