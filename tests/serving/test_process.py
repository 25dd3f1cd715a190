"""How a server starts, warms, serves, drains and stops, told in process."""

import asyncio
import socket

import grpc
import grpc.aio
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest
from grpc_reflection.v1alpha.reflection_pb2_grpc import ServerReflectionStub

from serving import options
from serving.health import Health
from serving.process import LOST, CannotListen, Endpoint, running, serve
from serving.status import failure

Code = grpc.StatusCode
SERVING, NOT_SERVING = HealthCheckResponse.SERVING, HealthCheckResponse.NOT_SERVING


async def nothing(_context=None):
    pass


async def forever(_context=None):
    await asyncio.Event().wait()


def channel_to(port):
    return grpc.aio.insecure_channel(f"127.0.0.1:{port}")


async def health(port, service=""):
    async with channel_to(port) as channel:
        return (await HealthStub(channel).Check(HealthCheckRequest(service=service), timeout=10)).status


async def refusal(call):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call("unary_unary")
    return failure(caught.value)


class Process:
    """`serve` as a task of this loop, whose port is known once it listens."""

    def __init__(self, kinds, **hooks):
        self.port = asyncio.get_running_loop().create_future()
        self.ended = asyncio.create_task(
            serve(
                name="toy",
                endpoint=Endpoint(drain_s=5),
                table={},
                register=kinds(nothing).register,
                announce=self.port.set_result,
                **hooks,
            )
        )


async def test_a_process_that_warms_is_not_serving_and_says_so(kinds, caller):
    warm, lost = asyncio.Event(), asyncio.Event()
    process = Process(kinds, warm=warm.wait, lost=lost)
    port = await process.port
    assert await health(port) == NOT_SERVING
    refused = await refusal(caller(port))
    assert (refused.code, refused.reason) == (Code.UNAVAILABLE, "WARMING")
    assert refused.retry_after_s == 1.0
    async with channel_to(port) as channel:
        watch = HealthStub(channel).Watch(HealthCheckRequest(service="test.Kinds"))
        assert (await watch.read()).status == NOT_SERVING
        warm.set()
        assert (await watch.read()).status == SERVING
        watch.cancel()
    assert await caller(port)("unary_unary") == [b"done"]
    lost.set()
    await process.ended


async def test_a_process_that_lost_what_it_serves_with_ends_with_70_without_draining(kinds):
    lost, drained = asyncio.Event(), []

    async def drain():
        drained.append(True)

    process = Process(kinds, drain=drain, lost=lost)
    await process.port
    lost.set()
    assert await process.ended == LOST == 70
    assert not drained


async def test_a_process_that_cannot_warm_raises_and_is_gone(kinds):
    async def warm():
        raise FileNotFoundError("no model")

    process = Process(kinds, warm=warm)
    port = await process.port
    with pytest.raises(FileNotFoundError, match="no model"):
        await process.ended
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_a_taken_port_is_an_error(kinds):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(CannotListen, match="it is taken"):
            async with running(kinds(nothing).register, endpoint=Endpoint(port=taken.getsockname()[1])):
                pass


async def test_while_draining_nothing_new_is_taken(kinds, caller):
    seen = {}

    async def drain():
        seen["call"] = await refusal(caller(port))
        seen["health"] = await health(port)

    async with running(kinds(nothing).register, drain=drain) as port:
        pass
    assert (seen["call"].code, seen["call"].reason) == (Code.UNAVAILABLE, "DRAINING")
    assert seen["call"].retry_after_s == 1.0
    assert seen["health"] == NOT_SERVING


async def test_a_drain_that_hangs_takes_no_longer_than_allowed(kinds):
    async with asyncio.timeout(5), running(kinds(nothing).register, endpoint=Endpoint(drain_s=0.05), drain=forever):
        pass


async def test_a_call_that_hangs_is_cancelled_after_the_grace_and_seen_out(kinds):
    begun = asyncio.Event()

    async def act(_context):
        begun.set()
        try:
            await forever()
        finally:
            await asyncio.sleep(0.1)  # what it takes to put things away

    service = kinds(act)
    async with asyncio.timeout(5):
        async with running(service.register, endpoint=Endpoint(drain_s=0.05)) as port:
            channel = channel_to(port)
            call = channel.unary_stream("/test.Kinds/unary_stream")(b"?")
            await begun.wait()
    assert service.closed == ["stream"]
    with pytest.raises(grpc.aio.AioRpcError):
        [message async for message in call]
    await channel.close()


async def test_an_open_watch_of_health_ends_with_the_server(kinds):
    async with asyncio.timeout(5):
        async with running(kinds(nothing).register, endpoint=Endpoint(drain_s=600)) as port:
            channel = channel_to(port)
            watch = HealthStub(channel).Watch(HealthCheckRequest())
            assert (await watch.read()).status == SERVING
        assert (await watch.read()).status == NOT_SERVING
        assert await watch.read() is grpc.aio.EOF
        await channel.close()


async def test_health_knows_the_services_of_the_process_and_no_other(kinds):
    async with running(kinds(nothing).register) as port, channel_to(port) as channel:
        assert await health(port) == await health(port, "test.Kinds") == SERVING
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await health(port, "test.Other")
        assert caught.value.code() == Code.NOT_FOUND
        watch = HealthStub(channel).Watch(HealthCheckRequest(service="test.Other"))
        assert (await watch.read()).status == HealthCheckResponse.SERVICE_UNKNOWN
        watch.cancel()


async def test_a_watch_of_health_hears_of_changes_only():
    toy = Health(["test.Kinds"])
    watch = toy.Watch(HealthCheckRequest(), None)
    said = [await anext(watch)]
    following = asyncio.ensure_future(anext(watch))
    for state in (NOT_SERVING, SERVING):
        await asyncio.sleep(0)  # the watcher's turn
        toy.become(state)
    said.append(await following)
    toy.become(NOT_SERVING)
    said.append(await anext(watch))
    toy.close()
    said += [message async for message in watch]
    assert [message.status for message in said] == [NOT_SERVING, SERVING, NOT_SERVING]


async def test_reflection_names_every_service(kinds):
    async with running(kinds(nothing).register) as port, channel_to(port) as channel:
        call = ServerReflectionStub(channel).ServerReflectionInfo(iter([ServerReflectionRequest(list_services="")]))
        answer = await call.read()
        call.cancel()
    names = {service.name for service in answer.list_services_response.service}
    assert names == {"test.Kinds", "grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"}


@pytest.mark.parametrize(("size", "passes"), [(1000, True), (1001, False)])
async def test_a_message_over_the_limit_is_refused(kinds, size, passes):
    endpoint = Endpoint(max_receive_bytes=1000)
    async with running(kinds(nothing).register, endpoint=endpoint) as port, channel_to(port) as channel:
        code = await channel.unary_unary("/test.Kinds/unary_unary")(b"x" * size).code()
    assert (code == Code.OK) is passes
    assert passes or code == Code.RESOURCE_EXHAUSTED


def test_our_clients_ping_no_more_often_than_our_servers_tolerate():
    client, server = dict(options.channel_options()), dict(options.server_options(1, 1))
    assert client["grpc.keepalive_time_ms"] >= server["grpc.http2.min_ping_interval_without_data_ms"]
    assert "grpc.http2.ping_timeout_ms" in client.keys() & server.keys()
