"""What a supervisor learns of a server."""

import asyncio
import sys

import pytest

from serving.process import running


async def nothing(_context):
    pass


async def asked(*arguments: str) -> int | None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "serving.healthcheck", *arguments)
    return await process.wait()


@pytest.mark.parametrize(("service", "status"), [("", 0), ("test.Kinds", 0), ("test.Other", 1)])
async def test_a_serving_process_is_healthy_for_the_services_it_has(kinds, service, status):
    async with running(kinds(nothing).register) as port:
        assert await asked(f"127.0.0.1:{port}", service) == status


async def test_a_process_that_drains_is_not_healthy(kinds):
    answers = []

    async def drain():
        answers.append(await asked(f"127.0.0.1:{port}"))

    async with running(kinds(nothing).register, drain=drain) as port:
        pass
    assert answers == [1]


async def test_nobody_there_is_not_healthy(kinds):
    async with running(kinds(nothing).register) as port:
        pass
    assert await asked(f"127.0.0.1:{port}") == 1
