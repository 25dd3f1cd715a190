"""Owns the question that a supervisor asks a server: `python -m serving.healthcheck HOST:PORT [SERVICE]`."""

import sys
from typing import Any

import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

TIMEOUT_S = 3.0


def is_serving(target: str, service: str = "") -> bool:
    """Whether the server at `target` says SERVING within TIMEOUT_S; no answer is a no."""
    with grpc.insecure_channel(target) as channel:
        stub: Any = HealthStub(channel)  # its published types lack the methods
        try:
            answer = stub.Check(HealthCheckRequest(service=service), timeout=TIMEOUT_S)
        except grpc.RpcError:
            return False
        return bool(answer.status == HealthCheckResponse.SERVING)


if __name__ == "__main__":
    sys.exit(0 if is_serving(*sys.argv[1:]) else 1)
