"""One gateway with a scripted renderer and reader behind it, and a client before it."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession
from glyphstream import Client

from gateway.ask import Desk
from tests.gateway.fakes import FakeReader, FakeRenderer, desk_over, gateway_over, http_over


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


@pytest.fixture
async def desk(renderer: FakeRenderer, reader: FakeReader, tmp_path) -> AsyncIterator[Desk]:
    async with desk_over([renderer], reader, tmp_path) as desk:
        yield desk


@pytest.fixture
async def url(desk: Desk) -> AsyncIterator[str]:
    async with http_over(desk) as url:
        yield url


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session
