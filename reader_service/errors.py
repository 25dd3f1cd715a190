"""Every way a request to the reader can end other than by finishing.

    ReaderError
    ├── InvalidPages          the pages cannot be read: missing, corrupt, off the grid
    ├── InvalidQuestion       the question cannot be asked: empty where one is needed, too long
    ├── DoesNotFit            no amount of waiting makes room for it
    ├── OutOfMemory           the device ran out of memory although the request was admitted
    ├── DocumentNotResident   the document was never here, was evicted, or was deleted
    ├── Busy                  the queue is full
    ├── Draining              the process is about to end
    └── DeviceLost            the device does not answer any more; the process ends

Messages are for people; the servicer's table turns types into codes.
"""

from __future__ import annotations


class ReaderError(Exception):
    """Root of the tree. `metadata` travels with the status."""

    def __init__(self, message: str, metadata: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.metadata = metadata or {}


class InvalidPages(ReaderError):
    """Pages are missing, corrupt or not on the model's pixel grid."""


class InvalidQuestion(ReaderError):
    """The question is empty where one is needed, or too long."""


class DoesNotFit(ReaderError):
    """The request needs more bytes than the device can ever give it."""

    def __init__(self, message: str, largest_vision_tokens: int) -> None:
        super().__init__(message, {"largestVisionTokens": str(largest_vision_tokens)})


class OutOfMemory(ReaderError):
    """The device ran out of memory while this request ran; others keep running."""


class DocumentNotResident(ReaderError):
    """No such document on the device."""


class Busy(ReaderError):
    """The queue is full; `retry_after_s` says when to come back."""

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Draining(Busy):
    """The process takes no new work."""


class DeviceLost(ReaderError):
    """The device does not answer any more."""
