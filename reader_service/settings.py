"""The reader's settings: the only place that reads the environment, and every default's one home."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from reader_service.budget import ChunkLimits
from serving.settings import ServiceSettings

EMBEDDED_MODEL = Path(__file__).parent / "weights" / "embedded"
MIB = 1024 * 1024
Count = Annotated[int, Field(ge=1)]
Fraction = Annotated[float, Field(gt=0, le=1)]


class Settings(ServiceSettings):
    """Environment variables are these names in capitals behind GLYPHSTREAM_READER_."""

    model_config = SettingsConfigDict(env_prefix="GLYPHSTREAM_READER_", use_attribute_docstrings=True)
    service = "reader"

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 50052
    max_receive_bytes: Count = 8 * MIB
    max_send_bytes: Count = 4 * MIB
    drain_s: float = 30.0

    model: str = str(EMBEDDED_MODEL)
    """Checkpoint folder or hub id."""
    device: Literal["auto", "cuda", "cpu"] = "auto"
    """"cuda", "cpu", or "auto": the card when there is one."""
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """Number format of what is computed; "auto" is bfloat16 on a card and float32 on a CPU."""
    weights: Literal["plain", "int8", "int4", "small"] = "plain"
    """How weights are held: as they are; 8 bits a row; 4 bits (group 128), the head at 8 and embeddings on the host;
    "small" is int4 with the vision tower at 8 bits as well, of which never more than two blocks are on the card."""
    memory_fraction: Fraction = 0.85
    """Part of the card (on a CPU: of the machine's memory) that may be used at all."""
    card_bytes: Annotated[int, Field(ge=0)] = 0
    """Treats the device as one of so many bytes; 0 takes it as it is."""
    offload_threshold: Fraction = 0.75
    """Part of the card above which the vision tower moves to the host while no page waits."""
    torch_threads: Annotated[int, Field(ge=0)] = 0
    """Threads of one operation of a chunk on a CPU; 0 takes every core."""
    torch_token_threads: Annotated[int, Field(ge=0)] = 0
    """Threads of one operation of a token on a CPU; 0 takes half of a chunk's."""

    card_page_pixels: Count = 4 * 1024 * 1024
    """Most pixels of one page on a card: a page is never split, so the largest one is memory set aside."""
    vision_chunk_patches: Annotated[int, Field(ge=0)] = 0
    """Most patches in one step of the vision tower; 0 means 1,024 on a CPU and 8,192 on a card."""
    prefill_chunk_tokens: Annotated[int, Field(ge=0)] = 0
    """Most tokens in one step of a prefill; 0 means 512 on a CPU and 2,048 on a card."""
    queue_limit_requests: Count = 32
    running_limit_requests: Annotated[int, Field(ge=0)] = 0
    """Most requests at work at once; 0 means 16 on a CPU and 64 on a card."""
    retry_after_s: float = 2.0
    document_ttl_s: float = 1800.0
    max_pages: Count = 4096
    max_new_tokens: Count = 512
    """Tokens of an answer when the caller names no number."""
    max_new_tokens_limit: Count = 8192
    max_prompt_tokens: Count = 8192
    stream_backlog_events: Count = 256
    """Events that a slow caller may be behind before its request pauses."""

    def chunks(self, *, on_card: bool) -> ChunkLimits:
        """How much one step takes on."""
        return ChunkLimits(
            self.vision_chunk_patches or (8192 if on_card else 1024),
            self.prefill_chunk_tokens or (2048 if on_card else 512),
        )

    def running_limit(self, *, on_card: bool) -> int:
        """Most requests at work at once."""
        return self.running_limit_requests or (64 if on_card else 16)


def bound_spinning() -> None:
    """Lets torch's idle threads sleep soon; works only before torch is imported.

    By default they spin for each other so long that one busy neighbour on two cores takes decoding from 120 to
    10 tokens a second; after 20,000 turns it keeps above 90 % of its speed on an idle machine.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", "20000")
