"""What a caller sees when a handler fails, whichever kind of handler it is."""

import asyncio
from contextlib import asynccontextmanager, nullcontext

import grpc
import grpc.aio
import pytest
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from structlog.testing import capture_logs

from serving.handlers import around
from serving.process import running
from serving.status import Row, ServiceError, failure, row_of, to_status

KINDS = ("unary_unary", "unary_stream", "stream_unary", "stream_stream")
Code = grpc.StatusCode


class TooBig(ServiceError): ...


class MuchTooBig(TooBig): ...


class Huge(MuchTooBig): ...


TABLE = {
    TooBig: Row(Code.OUT_OF_RANGE, "DOES_NOT_FIT"),
    Huge: Row(Code.RESOURCE_EXHAUSTED, "HUGE"),
    KeyError: Row(Code.NOT_FOUND, "NO_SUCH_KEY"),
}


def infos(status: Status) -> list[ErrorInfo]:
    found = []
    for detail in status.details:
        info = ErrorInfo()
        if detail.Unpack(info):
            found.append(info)
    return found


def raising(error: BaseException):
    async def act(_context):
        raise error

    return act


@asynccontextmanager
async def failing(kinds, caller, error):
    async with running(kinds(raising(error)).register, table=TABLE) as port:
        yield caller(port)


async def failed(call, kind):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call(kind)
    return caught.value


@pytest.mark.parametrize(
    ("error", "code", "reason", "message"),
    [
        pytest.param(TooBig("12 pages"), Code.OUT_OF_RANGE, "DOES_NOT_FIT", "12 pages", id="its own row"),
        pytest.param(MuchTooBig("x"), Code.OUT_OF_RANGE, "DOES_NOT_FIT", "x", id="the row of its base"),
        pytest.param(Huge("x"), Code.RESOURCE_EXHAUSTED, "HUGE", "x", id="the most specific row"),
        pytest.param(KeyError("k"), Code.NOT_FOUND, "NO_SUCH_KEY", "'k'", id="an error that is not ours"),
        pytest.param(ValueError("secret"), Code.INTERNAL, "INTERNAL", "internal error, request r1", id="no row: a bug"),
    ],
)
def test_an_error_becomes_the_status_of_its_row(error, code, reason, message):
    status = to_status(error, TABLE, "r1")
    assert (status.code, status.message) == (code.value[0], message)
    assert [(info.reason, info.domain) for info in infos(status)] == [(reason, "glyphstream")]


def test_a_bug_tells_the_caller_nothing_but_the_request_id():
    error = ValueError("secret")
    error.metadata = {"secret": "secret"}  # type: ignore[attr-defined]
    assert b"secret" not in to_status(error, TABLE, "r1").SerializeToString()


@pytest.mark.parametrize(("metadata", "seen"), [({"pages": 3}, {"pages": "3"}), ("text", {}), (None, {})])
def test_only_a_mapping_travels_as_metadata(metadata, seen):
    error = KeyError("k")
    error.metadata = metadata  # type: ignore[attr-defined]
    (info,) = infos(to_status(error, TABLE, "r1"))
    assert dict(info.metadata) == seen


def test_an_error_without_a_table_is_a_bug():
    assert row_of(TooBig(), {}).reason == "INTERNAL"


def test_a_message_is_cut_so_that_the_status_fits_into_trailing_metadata():
    status = to_status(TooBig("页" * 100_000), TABLE, "r1")
    on_the_wire = len(status.message.encode()) * 3 + len(status.SerializeToString()) * 4 / 3
    assert on_the_wire < 8 * 1024


@pytest.mark.parametrize("kind", KINDS)
async def test_a_caller_reads_back_what_the_error_said(kind, kinds, caller):
    error = TooBig("too big", metadata={"largestVisionTokens": "12"}, retry_after_s=1.5)
    async with failing(kinds, caller, error) as call:
        seen = failure(await failed(call, kind))
    assert (seen.code, seen.reason, seen.message) == (Code.OUT_OF_RANGE, "DOES_NOT_FIT", "too big")
    assert (seen.metadata, seen.retry_after_s) == ({"largestVisionTokens": "12"}, 1.5)
    assert seen.request_id


@pytest.mark.parametrize("kind", KINDS)
async def test_a_bug_reaches_the_caller_as_internal(kind, kinds, caller):
    async with failing(kinds, caller, RuntimeError("secret")) as call:
        error = await failed(call, kind)
    seen = failure(error)
    assert (seen.code, seen.reason, seen.metadata) == (Code.INTERNAL, "INTERNAL", {})
    assert "secret" not in str(error)
    assert seen.request_id in seen.message


@pytest.mark.parametrize("kind", KINDS)
async def test_an_abort_of_the_handler_itself_passes_unchanged(kind, kinds, caller):
    async def act(context):
        await context.abort(Code.ALREADY_EXISTS, "there")

    async with running(kinds(act).register, table=TABLE) as port:
        with capture_logs() as logged:
            seen = failure(await failed(caller(port), kind))
    assert (seen.code, seen.reason, seen.message) == (Code.ALREADY_EXISTS, "", "there")
    assert logged == []


@pytest.mark.parametrize(
    ("error", "event", "level"), [(TooBig("x"), "refused", "warning"), (ValueError("secret"), "bug", "error")]
)
async def test_a_failed_call_is_logged_once(kinds, caller, error, event, level):
    async with failing(kinds, caller, error) as call:
        with capture_logs() as logged:
            await failed(call, "unary_stream")
    assert [(line["event"], line["log_level"], line["method"]) for line in logged] == [
        (event, level, "/test.Kinds/unary_stream")
    ]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_handler_that_does_not_fail_answers_as_it_did(kind, kinds, caller):
    async def act(_context):
        pass

    async with running(kinds(act).register, table=TABLE) as port:
        messages = await caller(port)(kind)
    assert messages == ([b"first", b"done"] if kind.endswith("stream") else [b"done"])


async def test_a_handler_may_write_through_its_context(kinds, caller):
    class Writing(kinds):
        async def stream(self, request, context):
            await context.write(b"written")

    async with running(Writing(raising(KeyError())).register) as port:
        assert await caller(port)("stream_stream") == [b"written"]


async def test_a_stream_is_closed_when_its_caller_leaves(kinds):
    waiting, left = asyncio.Event(), asyncio.Event()

    async def act(_context):
        waiting.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            left.set()
            raise

    service = kinds(act)
    async with running(service.register) as port, grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        call = channel.unary_stream("/test.Kinds/unary_stream")(b"?")
        await waiting.wait()
        call.cancel()
        await asyncio.wait_for(left.wait(), 5)
        assert service.closed == ["stream"]


async def test_a_stream_is_closed_before_its_call_ends_even_if_it_waits_to_be_read(kinds):
    class Gone:
        async def write(self, _message):
            raise asyncio.CancelledError

    service = kinds(raising(KeyError()))
    handler = around(grpc.unary_stream_rpc_method_handler(service.stream), lambda _context: nullcontext())
    with pytest.raises(asyncio.CancelledError) as caught:
        await handler.unary_stream(b"?", Gone())
    assert service.closed == ["stream"], caught.traceback  # the traceback would keep the generator alive


def test_a_status_of_grpc_itself_has_no_reason():
    error = grpc.aio.AioRpcError(Code.UNAVAILABLE, grpc.aio.Metadata(), grpc.aio.Metadata(), details="refused")
    seen = failure(error)
    assert (seen.code, seen.reason, seen.message, seen.retry_after_s) == (Code.UNAVAILABLE, "", "refused", None)


@pytest.mark.parametrize(("late", "code"), [(False, Code.UNAVAILABLE), (True, Code.DEADLINE_EXCEEDED)])
def test_a_status_that_a_failed_write_masked_means_that_the_peer_is_gone_or_the_time_is_up(late, code):
    masked = grpc.aio.AioRpcError(
        Code.INTERNAL, grpc.aio.Metadata(), grpc.aio.Metadata(), details="Internal error from Core"
    )
    seen = failure(masked, late=late)
    assert (seen.code, seen.reason) == (code, "")


def test_details_that_are_no_status_are_as_good_as_none():
    trailing = grpc.aio.Metadata(("grpc-status-details-bin", b"\xff\xff\xff"))
    seen = failure(grpc.aio.AioRpcError(Code.INTERNAL, grpc.aio.Metadata(), trailing, details="odd"))
    assert (seen.code, seen.reason, seen.message) == (Code.INTERNAL, "", "odd")


def test_retry_info_is_there_only_when_the_error_knows_when():
    with_wait, without = to_status(TooBig(retry_after_s=0.25), TABLE, ""), to_status(TooBig(), TABLE, "")
    assert [detail.Is(RetryInfo.DESCRIPTOR) for detail in with_wait.details] == [False, True]
    assert [detail.Is(RetryInfo.DESCRIPTOR) for detail in without.details] == [False]
