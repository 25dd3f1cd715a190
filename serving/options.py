"""Owns the channel arguments of both ends: message limits set on purpose and keepalive that notices a frozen peer."""

from __future__ import annotations

ChannelOptions = tuple[tuple[str, int], ...]

MIB = 1024 * 1024
KEEPALIVE_TIME_MS = 20_000
KEEPALIVE_TIMEOUT_MS = 10_000
# What a server tolerates must lie below what our clients send, or it answers with "too many pings".
SHORTEST_PING_INTERVAL_MS = 10_000


def limits(max_receive_bytes: int, max_send_bytes: int) -> ChannelOptions:
    """Longest message each way. Beyond it grpc fails the call with RESOURCE_EXHAUSTED and no ErrorInfo."""
    return (
        ("grpc.max_receive_message_length", max_receive_bytes),
        ("grpc.max_send_message_length", max_send_bytes),
    )


def keepalive() -> ChannelOptions:
    """For clients and servers. Without the ping timeout a frozen peer is noticed after 65 s only."""
    return (
        ("grpc.keepalive_time_ms", KEEPALIVE_TIME_MS),
        ("grpc.keepalive_timeout_ms", KEEPALIVE_TIMEOUT_MS),
        ("grpc.http2.ping_timeout_ms", KEEPALIVE_TIMEOUT_MS),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0),
    )


def channel_options(max_receive_bytes: int = 8 * MIB, max_send_bytes: int = 4 * MIB) -> ChannelOptions:
    """For a client's channel; retries and load balancing are the client's own."""
    return (*limits(max_receive_bytes, max_send_bytes), *keepalive())


def server_options(max_receive_bytes: int, max_send_bytes: int) -> ChannelOptions:
    """For a server. A port that is taken is an error, not shared."""
    return (
        *limits(max_receive_bytes, max_send_bytes),
        *keepalive(),
        ("grpc.http2.min_ping_interval_without_data_ms", SHORTEST_PING_INTERVAL_MS),
        ("grpc.so_reuseport", 0),
    )
