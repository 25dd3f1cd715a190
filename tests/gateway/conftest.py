"""One gateway with a scripted renderer and reader behind it, and a client before it."""

from collections.abc import AsyncIterator

import pytest
from glyphstream import Client

from tests.gateway.fakes import FakeReader, FakeRenderer, gateway_over


@pytest.fixture
def renderer() -> FakeRenderer:
    return FakeRenderer()


@pytest.fixture
def reader() -> FakeReader:
    return FakeReader()


@pytest.fixture
async def address(renderer: FakeRenderer, reader: FakeReader, tmp_path) -> AsyncIterator[str]:
    async with gateway_over([renderer], reader, tmp_path) as address:
        yield address


@pytest.fixture
async def client(address: str) -> AsyncIterator[Client]:
    async with Client(address, timeout_s=15) as client:
        yield client
