"""The gateway's outgoing calls, in plain values: the only part of it, besides servicer and CLI, that speaks grpc."""
