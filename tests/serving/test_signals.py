"""What SIGTERM and SIGINT do to a real process."""

import asyncio
import json
import signal
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
import grpc.aio
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Toy:
    process: asyncio.subprocess.Process
    channel: grpc.aio.Channel

    async def logged(self, event: str) -> dict:
        """The next log line that says `event`."""
        while True:
            line = json.loads(await self.process.stderr.readline())
            if line["event"] == event:
                return line

    def call(self, method: str, **options):
        return self.channel.unary_unary(f"/test.Toy/{method}")(b"", **options)

    async def ended(self) -> int:
        async with asyncio.timeout(20):
            return await self.process.wait()


@asynccontextmanager
async def toy(drain_s: float):
    """A serving toy process; it is gone afterwards."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.serving.toy_process", str(drain_s)),
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        cwd=ROOT,
    )
    try:
        port = int(await process.stdout.readline())
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            running = Toy(process, channel)
            await running.logged("serving")
            yield running
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_lets_a_running_call_finish_and_ends_with_0(number):
    async with toy(drain_s=30) as process:
        call = process.call("hold")
        await process.logged("holding")
        process.process.send_signal(number)
        assert await call == b"kept"
        assert await process.ended() == 0


async def test_the_end_of_standard_input_lets_a_running_call_finish_too():
    async with toy(drain_s=30) as process:
        call = process.call("hold")
        await process.logged("holding")
        process.process.stdin.write(b"what is written means nothing")
        await process.process.stdin.drain()
        process.process.stdin.close()
        assert await call == b"kept"
        assert await process.ended() == 0


async def test_a_watch_of_health_hears_of_the_end_and_does_not_delay_it():
    async with toy(drain_s=600) as process:
        watch = HealthStub(process.channel).Watch(HealthCheckRequest(service="test.Toy"))
        assert (await watch.read()).status == HealthCheckResponse.SERVING
        process.process.send_signal(signal.SIGTERM)
        assert (await watch.read()).status == HealthCheckResponse.NOT_SERVING
        assert await watch.read() is grpc.aio.EOF
        assert await process.ended() == 0


async def test_a_call_that_outlasts_the_drain_is_cut_off():
    async with toy(drain_s=0.2) as process:
        call = process.call("stay")
        await process.logged("staying")
        process.process.send_signal(signal.SIGTERM)
        with pytest.raises(grpc.aio.AioRpcError):
            await call
        assert await process.ended() == 0


async def test_a_second_signal_ends_the_process_at_once():
    async with toy(drain_s=600) as process:
        call = process.call("stay")
        await process.logged("staying")
        process.process.send_signal(signal.SIGTERM)
        await process.logged("draining")
        process.process.send_signal(signal.SIGTERM)
        assert await process.ended() == -signal.SIGTERM
        call.cancel()


async def test_every_log_line_of_a_request_bears_its_id():
    async with toy(drain_s=5) as process:
        call = process.call("hold", metadata=(("x-request-id", "r9"),))
        assert (await process.logged("holding"))["request_id"] == "r9"
        process.process.send_signal(signal.SIGTERM)
        await call
        assert "request_id" not in await process.logged("stopped")
