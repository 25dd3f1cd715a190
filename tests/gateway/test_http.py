"""HTTP itself: who is let in, what failures are called, how a stream stays alive, where the process listens."""

import asyncio
import json
import socket
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from gateway import errors
from gateway.http.events import EventStream
from gateway.http.failures import STATUSES
from gateway.http.guard import Guard
from gateway.local_stack import Service, ServiceDied
from gateway.settings import http_address
from tests.gateway.fakes import http_over
from tests.gateway.test_errors import leaves


@asynccontextmanager
async def served(handler):
    """One handler on a free port."""
    application = web.Application()
    application.router.add_get("/", handler)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()


async def test_with_a_token_the_page_is_open_and_documents_are_not(session, desk):
    async with http_over(desk, token="s3cret") as url:
        for path, headers, status in (
            ("/", {}, 200),
            ("/healthz", {}, 200),
            ("/api/documents", {}, 401),
            ("/v1/models", {}, 401),
            ("/api/documents", {"Authorization": "Bearer wrong"}, 401),
            ("/api/documents", {"Authorization": "Basic s3cret"}, 401),
            ("/api/documents", {"Authorization": "Bearer s3cret"}, 200),
            ("/v1/models", {"Authorization": "bearer s3cret"}, 200),
        ):
            async with session.get(url + path, headers=headers) as response:
                assert response.status == status, (path, headers)
                assert (response.headers.get("WWW-Authenticate") == "Bearer") is (status == 401)


@pytest.mark.parametrize(
    ("host", "headers", "let_in"),
    [
        pytest.param("127.0.0.1:8080", {}, True, id="no browser"),
        pytest.param(
            "localhost:8080", {"Sec-Fetch-Site": "same-origin", "Origin": "http://elsewhere"}, True, id="ours"
        ),
        pytest.param("localhost:8080", {"Sec-Fetch-Site": "none"}, True, id="typed by its user"),
        pytest.param("localhost:8080", {"Sec-Fetch-Site": "cross-site"}, False, id="another site"),
        pytest.param("localhost:8080", {"Sec-Fetch-Site": "same-site"}, False, id="another port"),
        pytest.param("localhost:8080", {"Origin": "http://localhost:8080"}, True, id="ours, by its origin"),
        pytest.param("localhost:8080", {"Origin": "http://evil.example"}, False, id="another's origin"),
        pytest.param("localhost:8080", {"Origin": "null"}, False, id="a page without origin"),
        pytest.param("evil.example:8080", {"Sec-Fetch-Site": "same-origin"}, False, id="a name that points here"),
        pytest.param("[::1]:8080", {}, True, id="IPv6"),
    ],
)
def test_another_sites_page_is_not_let_in(host, headers, let_in):
    guard = Guard(loopback=True)
    if let_in:
        guard.admit(host, headers, public=False)
    else:
        with pytest.raises(errors.ForeignPage):
            guard.admit(host, headers, public=True)


def test_a_service_for_others_answers_to_any_name():
    Guard(loopback=False).admit("reader.example", {}, public=False)
    Guard("token", loopback=True).admit("behind.a.proxy", {"Authorization": "Bearer token"}, public=False)


@pytest.mark.parametrize("kind", leaves(errors.GatewayError), ids=lambda kind: kind.__name__)
def test_every_error_has_a_status(kind):
    assert 400 <= STATUSES[kind] < 600


async def test_a_silent_stream_is_kept_alive(session):
    said = asyncio.Event()

    async def handler(request):
        async with EventStream(request, keepalive_s=0.01) as stream:
            await stream.send({"first": 1})
            await said.wait()
        return stream.response

    async with served(handler) as url, session.get(url) as response:
        lines = []
        async for line in response.content:
            lines.append(line)
            if line.startswith(b":"):
                said.set()
    assert json.loads(lines[0].removeprefix(b"data: ")) == {"first": 1}
    assert b": still here\n" in lines


async def test_the_process_listens_where_its_settings_say_and_ends(session, tmp_path):
    heard: list[str] = []
    gateway = Service("gateway", heard.append)
    environment = {"PORT": "0", "HTTP": ":0", "STORE_PATH": str(tmp_path / "documents.sqlite")}
    await gateway.start({f"GLYPHSTREAM_GATEWAY_{name}": value for name, value in environment.items()})
    try:
        await gateway.serving()
        async with session.get(f"http://{gateway.http}/healthz") as response:
            assert await response.json() == {"status": "serving"}
    finally:
        await gateway.end()
    assert json.loads(heard[-1])["event"] == "stopped"


@pytest.mark.parametrize("taken", ["PORT", "HTTP"])
async def test_a_port_that_is_taken_is_one_line_and_no_traceback(taken, tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        ports = {"PORT": "0", "HTTP": "0", taken: str(other.getsockname()[1])}
        heard: list[str] = []
        gateway = Service("gateway", heard.append)
        environment = {**ports, "STORE_PATH": str(tmp_path / "documents.sqlite")}
        await gateway.start({f"GLYPHSTREAM_GATEWAY_{name}": value for name, value in environment.items()})
        with pytest.raises(ServiceDied, match=f"status 69(.|\n)*cannot listen at 127.0.0.1:{ports[taken]}"):
            await gateway.serving()
        await gateway.end()
    assert not any("Traceback" in line for line in heard)


@pytest.mark.parametrize(
    ("http", "address"),
    [
        (":8080", ("10.0.0.1", 8080)),
        ("8080", ("10.0.0.1", 8080)),
        ("0.0.0.0:80", ("0.0.0.0", 80)),
        ("[::1]:8080", ("::1", 8080)),
    ],
)
def test_where_http_is_listened_for(http, address):
    assert http_address(http, "10.0.0.1") == address
