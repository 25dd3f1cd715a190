"""Owns how a chat is understood: what of its messages is the document, what its pages are, what is asked.

A text of a message that is long is a document and becomes pages; what is short is a question, an earlier turn or an
instruction. Where a document and its question share one text, the question is its last paragraph, or its first.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from gateway.answers import Turn
from gateway.errors import InvalidPages, InvalidQuestion, InvalidRequest

DATA_URL = "data:image/png;base64,"
PARAGRAPHS = re.compile(r"\n\s*\n")
ASKS = re.compile(r"[?？]\s*$|^\s*(question|q|问题|问|提问)\s*[:：]", re.IGNORECASE)
LONGEST_PARAGRAPH_ASKING = 1000


class _Lenient(BaseModel):
    """Fields that are not known are left alone: clients send many that change nothing."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class TextPart(_Lenient):
    """Text of a message."""

    type: Literal["text"]
    text: str


class ImageUrl(_Lenient):
    """Where an image is."""

    url: str


class ImagePart(_Lenient):
    """A page that comes painted."""

    type: Literal["image_url"]
    image_url: ImageUrl


Part = Annotated[TextPart | ImagePart, Field(discriminator="type")]


class Message(_Lenient):
    """One message of a chat."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | tuple[Part, ...] | None = None

    def texts(self) -> list[str]:
        """Its texts that are not blank."""
        if isinstance(self.content, str):
            return [self.content] if self.content.strip() else []
        return [part.text for part in self.content or () if isinstance(part, TextPart) and part.text.strip()]

    def images(self) -> list[str]:
        """The addresses of its images."""
        parts = self.content if isinstance(self.content, tuple) else ()
        return [part.image_url.url for part in parts if isinstance(part, ImagePart)]


@dataclass(frozen=True)
class Conversation:
    """A chat, understood: a document or its pages, the question and the turns before it."""

    document: str
    pages: tuple[bytes, ...]
    question: str
    history: tuple[Turn, ...] = ()


def conversation_of(messages: Sequence[Message], long_characters: int) -> Conversation:
    """What a chat asks of what. Raises InvalidRequest, InvalidQuestion, InvalidPages where it says neither."""
    chat = _Chat(long_characters)
    for message in messages:
        chat.hear(message)
    question, documents = chat.question, chat.documents
    if not documents and not chat.pages:
        document, question = divided(question)
        documents = [document]
    if documents and chat.pages:
        raise InvalidRequest("messages: a long text or page images, not both")
    if not question.strip():
        raise InvalidQuestion("the last message asks nothing")
    asked = "\n".join([*chat.instructions, question])
    return Conversation("\n\n".join(documents), tuple(chat.pages), asked, tuple(chat.history))


@dataclass
class _Chat:
    long_characters: int
    documents: list[str] = field(default_factory=list)
    pages: list[bytes] = field(default_factory=list)
    instructions: list[str] = field(default_factory=list)
    history: list[Turn] = field(default_factory=list)
    question: str = ""

    def hear(self, message: Message) -> None:
        long = [text for text in message.texts() if len(text) >= self.long_characters]
        short = [text for text in message.texts() if len(text) < self.long_characters]
        self.pages += [_page(url) for url in message.images()]
        if message.role == "assistant":
            self.history.append(Turn(self.question, "\n".join(message.texts())))
            self.question = ""
            return
        if message.role == "user" and long and not short:
            document, question = divided(long.pop())
            long, short = [*long, document], [question]
        self.documents += long
        if message.role == "user":
            self.question = "\n".join([self.question, *short]) if self.question else "\n".join(short)
        else:
            self.instructions += short


def divided(text: str) -> tuple[str, str]:
    """Document and question of a text that holds both. Raises InvalidQuestion where no paragraph can be the one."""
    body = text.strip()
    paragraphs = [part.strip() for part in PARAGRAPHS.split(body)]
    if len(paragraphs) < 2:
        raise InvalidQuestion("there is no document, or no question: put each into a text or a paragraph of its own")
    first, last = paragraphs[0], paragraphs[-1]
    asks_first = bool(ASKS.search(first)) and not ASKS.search(last)
    question = first if asks_first else last
    if len(question) > LONGEST_PARAGRAPH_ASKING:
        raise InvalidQuestion("no paragraph is short enough to be the question: put it at the end, after a blank line")
    return (body[len(first) :].strip(), first) if asks_first else (body[: -len(last)].strip(), last)


def _page(url: str) -> bytes:
    if not url.startswith(DATA_URL):
        raise InvalidPages(f"image_url: pages come as {DATA_URL}…; nothing is fetched from elsewhere")
    try:
        return base64.b64decode(url[len(DATA_URL) :], validate=True)
    except binascii.Error as error:
        raise InvalidPages("image_url: not base64") from error
