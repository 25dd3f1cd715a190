"""Owns the HTTP listener beside the gRPC server: one process, one loop, one life.

A caller who leaves cancels its handler, and with it every call that was made for it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from time import perf_counter

import structlog
from aiohttp import web
from aiohttp.typedefs import Middleware

from gateway.http.failures import body, told
from gateway.http.guard import Guard, is_loopback
from serving.process import CannotListen
from serving.telemetry import REQUEST_ID_KEY, begin_request, request_id

# Told a route, a status and the seconds that a request took.
Watch = Callable[[str, int, float], None]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

# The page is ours to the last byte: no script, style or font from anywhere else, none inside the markup.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}

NO_ROUTE = "none"
LEFT = 499  # the caller did, before there was an answer; nginx's number

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class HttpEndpoint:
    """Where HTTP is listened for and what is let through. Port 0 takes a free one."""

    host: str
    port: int
    body_max_bytes: int
    token: str = ""
    drain_s: float = 10.0


class HttpServer:
    """Listens once started, and is gone once ended. `public` paths need no token; `watch` hears of every request."""

    def __init__(
        self, endpoint: HttpEndpoint, routes: Iterable[web.RouteDef], public: Callable[[str], bool], watch: Watch
    ) -> None:
        self._endpoint = endpoint
        guard = Guard(endpoint.token, is_loopback(endpoint.host))
        application = web.Application(
            middlewares=(_named, _watched(watch, public), _failing_once, _guarded(guard, public)),
            client_max_size=endpoint.body_max_bytes,
        )
        application.add_routes(routes)
        application.on_response_prepare.append(_secure)
        self._runner = web.AppRunner(
            application,
            handle_signals=False,  # the process has its own way of ending
            handler_cancellation=True,
            access_log=None,
            shutdown_timeout=endpoint.drain_s / 2,  # which it waits twice: for a handler's end, then before it cancels
        )

    async def start(self) -> int:
        """Listens and returns the port. Raises CannotListen where it is taken."""
        endpoint = self._endpoint
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, endpoint.host, endpoint.port).start()
        except OSError as error:
            raise CannotListen(f"cannot listen at {endpoint.host}:{endpoint.port}: {error.strerror}") from error
        port = int(self._runner.addresses[0][1])
        log.info("listening for http", host=endpoint.host, port=port)
        if not endpoint.token and not is_loopback(endpoint.host):
            log.warning("open to everyone who reaches it: set a token, or stand it behind something that asks")
        return port

    async def end(self) -> None:
        """Takes nothing new, lets running requests finish within `drain_s`, cancels the rest. May be called again."""
        await self._runner.cleanup()


@web.middleware
async def _named(request: web.Request, handler: Handler) -> web.StreamResponse:
    begin_request(request.headers.get(REQUEST_ID_KEY, ""))
    return await handler(request)


def _watched(watch: Watch, public: Callable[[str], bool]) -> Middleware:
    @web.middleware
    async def watched(request: web.Request, handler: Handler) -> web.StreamResponse:
        began_s, status = perf_counter(), LEFT
        try:
            response = await handler(request)
            status = response.status
            return response
        finally:
            took_s, resource = perf_counter() - began_s, request.match_info.route.resource
            watch(resource.canonical if resource else NO_ROUTE, status, took_s)
            if not public(request.path):  # the page's files and health are asked for all the time
                log.info("request", method=request.method, path=request.path, status=status, ms=round(took_s * 1e3, 1))

    return watched


@web.middleware
async def _failing_once(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ConnectionError:
        raise  # nobody is there to be told
    except Exception as error:  # CancelledError is none: it passes, or the calls behind it would leak
        failure = told(error, request.path)
        return web.json_response(body(failure), status=failure.status, headers=failure.headers())


def _guarded(guard: Guard, public: Callable[[str], bool]) -> Middleware:
    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        guard.admit(request.host, request.headers, public=public(request.path))
        return await handler(request)

    return check


async def _secure(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(SECURITY_HEADERS)
    response.headers[REQUEST_ID_KEY] = request_id.get()
    response.headers["Server"] = "glyphstream"
    response.headers.setdefault("Cache-Control", "no-store")
