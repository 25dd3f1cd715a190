"""Owns the OpenAI-compatible HTTP API: chat completions over a document in the messages.

Decodes, calls `ask`, encodes.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from gateway import ask, records
from gateway.answers import Completed, FinishReason, Question, Sampling, Task, TextDelta, Usage
from gateway.ask import Desk
from gateway.deadline import Deadline
from gateway.documents import Document, Header
from gateway.errors import UnknownModel
from gateway.http.bodies import parsed
from gateway.http.events import EventStream
from gateway.ladder import Mode
from gateway.openai_messages import Conversation, Message, conversation_of
from gateway.reading import Event, Tell
from serving.telemetry import request_id

API = "/v1/"
MODELS = {"glyphstream": Mode.PRECISE, "glyphstream-fast": Mode.FAST, "glyphstream-code": Mode.CODE}
DONE = "[DONE]"
NAME = "message.txt"
FINISHES = {FinishReason.STOP: "stop", FinishReason.LENGTH: "length", FinishReason.UNSPECIFIED: "stop"}
Tokens = Annotated[int, Field(ge=1, lt=1 << 31)]


def _refused(value: Any) -> Any:
    """What is empty, false or nought asks for nothing."""
    if value:
        raise PydanticCustomError("not_offered", "this is not offered here")
    return value


NotOffered = Annotated[Any, AfterValidator(_refused)]


class StreamOptions(BaseModel):
    """What a stream tells besides text."""

    include_usage: bool = False


class PlainText(BaseModel):
    """The one format that answers have."""

    type: Literal["text"]


class ChatRequest(BaseModel):
    """The body of a chat completion. What would change the answer and is not offered is refused, not left out."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    model: str
    messages: Annotated[tuple[Message, ...], Field(min_length=1)]
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    seed: Annotated[int, Field(ge=0, lt=1 << 63)] | None = None
    stop: str | tuple[str, ...] | None = None
    max_tokens: Tokens | None = None
    max_completion_tokens: Tokens | None = None

    n: Literal[1] | None = None
    response_format: PlainText | None = None
    logprobs: NotOffered = None
    top_logprobs: NotOffered = None
    logit_bias: NotOffered = None
    tools: NotOffered = None
    functions: NotOffered = None
    audio: NotOffered = None
    frequency_penalty: NotOffered = None
    presence_penalty: NotOffered = None

    def to_question(self, conversation: Conversation) -> Question:
        """What is asked, and how it is answered."""
        stop = (self.stop,) if isinstance(self.stop, str) else self.stop or ()
        sampling = Sampling(self.temperature or 0.0, self.top_p or 0.0, seed=self.seed or 0, stop=stop)
        most = self.max_completion_tokens or self.max_tokens or 0
        return Question(Task.ASK, conversation.question, conversation.history, sampling, most)


@dataclass(frozen=True)
class ChatLimits:
    """What one request may take, and from how many characters on a text in a message is a document."""

    climb_limit_s: float
    long_characters: int


class OpenAiApi:
    """The API, without state of its own. Models are this service's modes."""

    def __init__(self, desk: Desk, limits: ChatLimits) -> None:
        self._desk, self._limits = desk, limits
        self._began_s = int(time.time())

    def table(self) -> list[web.RouteDef]:
        """Every route."""
        return [
            web.get(API + "models", self.models),
            web.get(API + "models/{model}", self.model),
            web.post(API + "chat/completions", self.chat),
        ]

    async def models(self, _request: web.Request) -> web.Response:
        """Every model."""
        return web.json_response({"object": "list", "data": [self._model(name) for name in MODELS]})

    async def model(self, request: web.Request) -> web.Response:
        """One model."""
        name = request.match_info["model"]
        _mode(name)
        return web.json_response(self._model(name))

    async def chat(self, request: web.Request) -> web.StreamResponse:
        """One completion, whole or streamed."""
        asked = parsed(ChatRequest, await request.read())
        mode = _mode(asked.model)
        conversation = conversation_of(asked.messages, self._limits.long_characters)
        question, reply = asked.to_question(conversation), Reply(asked.model)

        async def read(tell: Tell) -> Completed:
            return await self._read(conversation, mode, question, tell)

        if asked.stream:
            usage = bool(asked.stream_options and asked.stream_options.include_usage)
            return await _streamed(request, read, reply, usage=usage)
        return await _whole(read, reply)

    async def _read(self, conversation: Conversation, mode: Mode, question: Question, tell: Tell) -> Completed:
        deadline = Deadline(self._limits.climb_limit_s)
        if conversation.pages:
            return await ask.read_pages(self._desk, conversation.pages, question, deadline, tell)
        upload = (Header(NAME, charset="utf-8", mode=mode), conversation.document.encode())
        return await ask.read(self._desk, upload, question, deadline, tell)

    def _model(self, name: str) -> Mapping[str, Any]:
        return {"id": name, "object": "model", "created": self._began_s, "owned_by": "glyphstream"}


Read = Callable[[Tell], Awaitable[Completed]]


class Reply:
    """One completion as its messages: whole, or in chunks that share id and time."""

    def __init__(self, model: str) -> None:
        self._model, self._created_s = model, int(time.time())

    def whole(self, completed: Completed, text: str, reasoning: str) -> dict[str, Any]:
        """The completion at once."""
        message = {"role": "assistant", "content": text, **({"reasoning_content": reasoning} if reasoning else {})}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(completed)}
        return {**self._head("chat.completion", [choice]), "usage": _usage(completed), **_besides(completed)}

    def delta(self, **delta: str) -> dict[str, Any]:
        """A chunk with more of the message."""
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}
        return self._head("chat.completion.chunk", [choice])

    def last(self, completed: Completed) -> dict[str, Any]:
        """The chunk that says why it ended."""
        choice = {"index": 0, "delta": {}, "logprobs": None, "finish_reason": _finish(completed)}
        return {**self._head("chat.completion.chunk", [choice]), **_besides(completed)}

    def usage(self, completed: Completed) -> dict[str, Any]:
        """The chunk that says what it took."""
        return {**self._head("chat.completion.chunk", []), "usage": _usage(completed)}

    def _head(self, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        name = f"chatcmpl-{request_id.get()}"
        return {"id": name, "object": kind, "created": self._created_s, "model": self._model, "choices": choices}


async def _whole(read: Read, reply: Reply) -> web.Response:
    pieces: dict[bool, list[str]] = {False: [], True: []}

    async def tell(event: Event) -> None:
        if isinstance(event, TextDelta):
            pieces[event.reasoning].append(event.text)

    completed = await read(tell)
    return web.json_response(reply.whole(completed, "".join(pieces[False]), "".join(pieces[True])))


async def _streamed(request: web.Request, read: Read, reply: Reply, *, usage: bool) -> web.StreamResponse:
    async with EventStream(request) as stream:

        async def tell(event: Event) -> None:
            match event:
                case Document() if not stream.begun:  # from here on nothing is the caller's mistake any more
                    await stream.send(reply.delta(role="assistant", content=""))
                case TextDelta(text, reasoning):
                    await stream.send(reply.delta(**{"reasoning_content" if reasoning else "content": text}))

        completed = await read(tell)
        await stream.send(reply.last(completed))
        if usage:
            await stream.send(reply.usage(completed))
        await stream.send(DONE)
    return stream.response


def _mode(model: str) -> Mode:
    try:
        return MODELS[model]
    except KeyError:
        raise UnknownModel(f"the model {model[:64]!r} is none of {', '.join(MODELS)}") from None


def _finish(completed: Completed) -> str:
    return FINISHES[completed.answer.finish_reason]


def _usage(completed: Completed) -> dict[str, Any]:
    """Vision tokens are the prompt's image tokens."""
    usage: Usage = completed.answer.usage
    prompt = usage.vision_tokens + usage.prompt_tokens
    return {
        "prompt_tokens": prompt,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": prompt + usage.completion_tokens,
        "prompt_tokens_details": {"image_tokens": usage.vision_tokens, "text_tokens": usage.prompt_tokens},
    }


def _besides(completed: Completed) -> dict[str, Any]:
    """What OpenAI's API has no field for: where the answer stands, whether it was found, steps down, memory."""
    return {"glyphstream": records.completed(completed)}
