"""Owns the ways in which a request to the gateway can fail.

GatewayError
├── InvalidDocument            the caller's bytes
│   ├── DocumentTooLong
│   └── InvalidPages           pages that came painted
├── InvalidQuestion
├── InvalidRequest             no such field, or nothing that can be done
├── UnknownModel
├── BadToken                   none, or a wrong one
├── ForeignPage                a web page of somebody else's
├── DocumentNotFound           unknown or expired here
├── DoesNotFit                 the card, at this style, ever
├── GpuOutOfMemory             the card, this time
├── DocumentNotResident        evicted at the reader
├── Busy                       worth another try after a while
│   ├── ReaderBusy
│   ├── RendererBusy
│   ├── Draining
│   └── Warming
├── Lost                       a peer is gone
│   ├── RendererLost
│   ├── ReaderLost
│   └── GpuLost
└── DeadlineExceeded
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class GatewayError(Exception):
    """One failed request. `reason` is what ErrorInfo says, empty where only kinds of this one are raised.

    `retry_after_s` is known where waiting helps.
    """

    reason: ClassVar[str] = ""

    def __init__(
        self, message: str = "", *, metadata: Mapping[str, str] | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message)
        self.metadata = dict(metadata or {})
        self.retry_after_s = retry_after_s


class InvalidDocument(GatewayError):
    """Malformed, not text, or corrupt."""

    reason = "INVALID_DOCUMENT"


class DocumentTooLong(InvalidDocument):
    """Longer than the service takes."""

    reason = "DOCUMENT_TOO_LONG"


class InvalidPages(InvalidDocument):
    """Pages that came painted and that the reader cannot look at as they are."""

    reason = "INVALID_PAGES"


class InvalidQuestion(GatewayError):
    """Nothing that can be asked."""

    reason = "INVALID_QUESTION"


class InvalidRequest(GatewayError):
    """A request whose fields say nothing that can be done."""

    reason = "INVALID_REQUEST"


class UnknownModel(GatewayError):
    """A model that is not offered."""

    reason = "MODEL_NOT_FOUND"


class BadToken(GatewayError):
    """No token, or a wrong one."""

    reason = "BAD_TOKEN"


class ForeignPage(GatewayError):
    """Sent by a browser on behalf of a page that is not ours."""

    reason = "FOREIGN_PAGE"


class DocumentNotFound(GatewayError):
    """Never uploaded, deleted or expired."""

    reason = "DOCUMENT_NOT_FOUND"


class DoesNotFit(GatewayError):
    """Will never fit the card at this style; metadata largestVisionTokens."""

    reason = "DOES_NOT_FIT"


class GpuOutOfMemory(GatewayError):
    """The card ran out of memory although the prediction said otherwise."""

    reason = "GPU_OUT_OF_MEMORY"


class DocumentNotResident(GatewayError):
    """The reader evicted the document."""

    reason = "DOCUMENT_NOT_RESIDENT"


class Busy(GatewayError):
    """A peer takes nothing new for now."""


class ReaderBusy(Busy):
    """The reader's queue is full."""

    reason = "READER_BUSY"


class RendererBusy(Busy):
    """The renderer's queue is full."""

    reason = "RENDERER_BUSY"


class Draining(Busy):
    """A peer is about to end."""

    reason = "DRAINING"


class Warming(Busy):
    """A peer has not finished starting."""

    reason = "WARMING"


class Lost(GatewayError):
    """A peer vanished, before or during the call."""


class RendererLost(Lost):
    """No renderer can be reached, or one vanished in the middle of a stream."""

    reason = "RENDERER_LOST"


class ReaderLost(Lost):
    """The reader cannot be reached, or vanished in the middle of a stream."""

    reason = "READER_LOST"


class GpuLost(Lost):
    """The reader's card is gone; its process ends and is started anew by its supervisor."""

    reason = "GPU_LOST"


class DeadlineExceeded(GatewayError):
    """The time for the whole climb is up."""

    reason = "DEADLINE_EXCEEDED"
