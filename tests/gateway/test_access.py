"""The token over gRPC: who presents it passes, health is open, the command line takes it from its environment."""

import asyncio
import sys

import pytest
from glyphstream import Client
from glyphstream.client import Upload
from glyphstream.errors import Unauthenticated

from gateway.access import check_token
from gateway.errors import BadToken
from gateway.settings import child_environment
from serving.healthcheck import is_serving
from tests.gateway.fakes import gateway_over

UPLOAD = Upload(b"The pump P-17 delivers 42 litres a minute.")


@pytest.fixture
async def guarded(renderer, reader, tmp_path):
    async with gateway_over([renderer], reader, tmp_path, token="s3cret") as address:
        yield address


@pytest.mark.parametrize("token", ["", "wrong"], ids=["none", "a wrong one"])
async def test_without_the_token_nothing_passes(guarded, renderer, token):
    async with Client(guarded, timeout_s=15, token=token) as client:
        with pytest.raises(Unauthenticated) as caught:
            await client.create(UPLOAD)
    assert caught.value.reason == "BAD_TOKEN"
    assert renderer.extracted == 0


async def test_with_the_token_everything_does(guarded):
    async with Client(guarded, timeout_s=15, token="s3cret") as client:
        assert (await client.create(UPLOAD)).pages == 5


async def test_health_is_open_to_supervisors(guarded):
    assert await asyncio.to_thread(is_serving, guarded)


async def test_the_command_line_takes_the_token_from_its_environment(guarded, tmp_path):
    document = tmp_path / "pump.txt"
    document.write_bytes(UPLOAD.data)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from gateway.cli import main; main()"),
        *("estimate", str(document), "--gateway", guarded),
        env=child_environment({"GLYPHSTREAM_GATEWAY_TOKEN": "s3cret"}),
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert (process.returncode, b"80 vision tokens" in out) == (0, True)


@pytest.mark.parametrize(
    ("token", "authorization", "admitted"),
    [
        ("", "", True),
        ("", "Bearer any", True),
        ("s3cret", "Bearer s3cret", True),
        ("s3cret", "bearer  s3cret", True),
        ("s3cret", "Basic s3cret", False),
        ("s3cret", "s3cret", False),
        ("s3cret", "Bearer ", False),
        ("密码", "Bearer 密码", True),
    ],
)
def test_who_knows_the_token(token, authorization, admitted):
    if admitted:
        check_token(token, authorization)
    else:
        with pytest.raises(BadToken):
            check_token(token, authorization)
