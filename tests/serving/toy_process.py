"""A process to send signals to: `hold` answers once the drain has begun, `stay` never does. It ends with its input."""

import asyncio
import sys

import grpc
import grpc.aio
import structlog

from serving.process import Endpoint, serve
from serving.telemetry import configure

draining = asyncio.Event()


async def hold(_request, _context):
    structlog.get_logger().info("holding")
    await draining.wait()
    return b"kept"


async def stay(_request, _context):
    structlog.get_logger().info("staying")
    await asyncio.Event().wait()


def register(server):
    handlers = {name.__name__: grpc.unary_unary_rpc_method_handler(name) for name in (hold, stay)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Toy", handlers),))
    return ["test.Toy"]


async def drain():
    draining.set()


def main() -> int:
    configure("toy")
    endpoint = Endpoint(drain_s=float(sys.argv[1]))
    announce = lambda port: print(port, flush=True)  # noqa: E731
    return asyncio.run(
        serve(
            name="toy",
            endpoint=endpoint,
            table={},
            register=register,
            drain=drain,
            announce=announce,
            end_with_stdin=True,
        )
    )


if __name__ == "__main__":
    sys.exit(main())
