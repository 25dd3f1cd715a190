"""What a process logs, and how the request id gets from hop to hop."""

import asyncio
import io
import json
import logging
import os

import grpc.aio
import pytest
import structlog

from serving import telemetry
from serving.process import running


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def configured(monkeypatch):
    """Configures into a stream of the test's own and puts everything back."""
    monkeypatch.setattr(logging.root, "handlers", [])
    monkeypatch.setattr(logging.root, "level", logging.root.level)

    def configure(stream):
        telemetry.configure("toy", stream)
        return stream

    yield configure
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def test_a_log_whose_reader_is_gone_raises_nothing(configured):
    source, sink = os.pipe()
    os.close(source)
    stream = configured(os.fdopen(sink, "w", buffering=1))
    structlog.get_logger().info("nobody hears this")
    with pytest.raises(BrokenPipeError):
        stream.close()  # it was written to


def test_a_pipe_gets_one_json_object_a_line(configured):
    stream = configured(io.StringIO())
    structlog.get_logger().info("页 painted", pages=12)
    line = json.loads(stream.getvalue())
    assert (line["event"], line["pages"], line["service"], line["level"]) == ("页 painted", 12, "toy", "info")
    assert "页" in stream.getvalue()


def test_a_terminal_gets_lines_for_people(configured):
    stream = configured(Terminal())
    structlog.get_logger().info("painted", pages=12)
    assert "painted" in stream.getvalue()
    with pytest.raises(json.JSONDecodeError):
        json.loads(stream.getvalue())


@pytest.mark.parametrize("stream_type", [io.StringIO, Terminal])
def test_an_exception_is_logged_with_its_traceback_but_no_local_variables(configured, stream_type):
    stream = configured(stream_type())
    document = "-".join(["private"] * 2)
    try:
        raise KeyError("lost", len(document))
    except KeyError:
        structlog.get_logger().exception("failed")
    assert "KeyError" in stream.getvalue()
    assert "test_telemetry" in stream.getvalue()
    assert document not in stream.getvalue()


async def test_libraries_that_warn_through_logging_come_out_the_same_way(configured):
    stream = configured(io.StringIO())
    telemetry.begin_request("r7")
    logging.getLogger("library").info("chatter")
    logging.getLogger("library").warning("careful with %s", "that")
    line = json.loads(stream.getvalue())
    assert (line["event"], line["level"], line["request_id"]) == ("careful with that", "warning", "r7")


@pytest.mark.parametrize(
    ("proposed", "taken"),
    [
        pytest.param("a-b_c.1:2", True, id="a name"),
        pytest.param("", False, id="nothing"),
        pytest.param("x" * 129, False, id="too long"),
        pytest.param('x"} {"level": "error', False, id="a forged log line"),
        pytest.param("\u9875", False, id="not ascii"),
    ],
)
async def test_a_request_id_is_taken_only_if_it_is_a_name(proposed, taken):
    chosen = telemetry.begin_request(proposed)
    assert (chosen == proposed) is taken
    assert telemetry.request_id.get() == chosen
    assert chosen


async def seen_by(caller, kinds, kind, metadata):
    """The id that a handler two hops away sees, and what the first hop's caller got back."""
    seen = {}

    async def last(_context):
        seen["last"] = telemetry.request_id.get()

    async with running(kinds(last).register) as last_port:

        async def first(_context):
            seen["first"] = telemetry.request_id.get()
            await caller(last_port)("stream_unary", metadata=telemetry.outgoing_metadata())

        async with running(kinds(first).register) as first_port:
            await caller(first_port)(kind, metadata=metadata)
    return seen


@pytest.mark.parametrize("kind", ["unary_unary", "unary_stream", "stream_unary", "stream_stream"])
async def test_a_request_id_goes_through_all_hops(caller, kinds, kind):
    seen = await seen_by(caller, kinds, kind, (("x-request-id", "r42"),))
    assert seen == {"first": "r42", "last": "r42"}


async def test_a_caller_without_a_request_id_is_given_one(caller, kinds):
    seen = await seen_by(caller, kinds, "unary_unary", ())
    assert seen["first"] == seen["last"] != ""


async def test_a_caller_is_told_the_request_id_at_the_end(kinds):
    async def act(_context):
        pass

    async with running(kinds(act).register) as port, grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        call = channel.unary_unary("/test.Kinds/unary_unary")(b"?", metadata=(("x-request-id", "r1"),))
        await call
        assert dict(await call.trailing_metadata())["x-request-id"] == "r1"
        assert "x-request-id" not in dict(await call.initial_metadata())


async def test_requests_at_the_same_time_keep_their_own_ids(caller, kinds):
    seen, both = [], asyncio.Barrier(2)

    async def act(_context):
        await both.wait()
        seen.append(telemetry.request_id.get())

    async with running(kinds(act).register) as port:
        call = caller(port)
        await asyncio.gather(*(call("unary_unary", metadata=(("x-request-id", name),)) for name in ("a", "b")))
    assert sorted(seen) == ["a", "b"]


async def test_outside_a_request_nothing_is_sent_on():
    assert telemetry.outgoing_metadata() == ()
