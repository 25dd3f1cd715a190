"""Owns what a caller gives and gets: uploads, options, whole answers; and how they become messages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from glyphstream.common.v1 import common_pb2
from glyphstream.common.v1.common_pb2 import Sampling, Turn
from glyphstream.gateway.v1 import gateway_pb2
from glyphstream.gateway.v1.gateway_pb2 import Completed

MODES = {"precise": common_pb2.MODE_PRECISE, "fast": common_pb2.MODE_FAST, "code": common_pb2.MODE_CODE}
TASKS = {
    "ask": common_pb2.TASK_ASK,
    "summarize": common_pb2.TASK_SUMMARIZE,
    "transcribe": common_pb2.TASK_TRANSCRIBE,
}
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Upload:
    """A document's bytes and what they are said to be. `mode` is one of "precise", "fast", "code".

    With `reflow` short lines flow on behind a visible ↵, for fewer pages; code keeps its lines.
    """

    data: bytes
    name: str = ""
    mode: str = "precise"
    media_type: str = ""
    charset: str = ""
    reflow: bool = False

    @classmethod
    def from_path(cls, path: str | Path, mode: str = "precise", charset: str = "", *, reflow: bool = False) -> Self:
        """A file under its own name. Raises OSError."""
        return cls(Path(path).read_bytes(), Path(path).name, mode, charset=charset, reflow=reflow)


@dataclass(frozen=True)
class Options:
    """How a question is answered. `task` is "ask", "summarize" or "transcribe"; zeros leave it to the service.

    `request_id` names the request: sent again under the same name, it is answered with what was answered before.
    `timeout_s` 0 is the client's.
    """

    task: str = "ask"
    history: tuple[Turn, ...] = ()
    sampling: Sampling | None = None
    max_new_tokens: int = 0
    request_id: str = ""
    timeout_s: float = 0.0


DEFAULTS = Options()


@dataclass(frozen=True)
class Answer:
    """A whole answer: its text, and how it ended (evidence, found, usage, timings, memory, steps down, summary)."""

    text: str
    completed: Completed


def mode_name(mode: int) -> str:
    """The name of a mode as `Upload` takes it."""
    return next((name for name, number in MODES.items() if number == mode), "precise")


async def in_chunks(request: Any, header: Any, data: bytes) -> AsyncIterator[Any]:
    """A call's messages: the header, then the bytes in pieces."""
    yield request(header=header)
    for start in range(0, len(data), CHUNK_BYTES):
        yield request(chunk=common_pb2.Chunk(data=data[start : start + CHUNK_BYTES]))


def header_of(upload: Upload) -> gateway_pb2.DocumentHeader:
    """The upload's header. Raises KeyError for a mode that does not exist."""
    return gateway_pb2.DocumentHeader(
        name=upload.name,
        media_type=upload.media_type,
        charset=upload.charset,
        mode=MODES[upload.mode],
        reflow=upload.reflow,
    )


def question_of(question: str, options: Options) -> gateway_pb2.AskRequest:
    """The question as it is asked; its document is still to be named."""
    return gateway_pb2.AskRequest(
        task=TASKS[options.task],
        question=question,
        history=options.history,
        sampling=options.sampling,
        max_new_tokens=options.max_new_tokens,
        request_id=options.request_id,
    )
