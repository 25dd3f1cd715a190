"""Owns the defaults of the render service; the only module here that reads the environment (GLYPHSTREAM_RENDER_*)."""

import os

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from render_service.documents import MAX_DOCUMENT_BYTES
from serving.settings import ServiceSettings

MIB = 1024 * 1024


class RenderSettings(ServiceSettings):
    """One value a line; every number bears its unit or counts what its name says."""

    model_config = SettingsConfigDict(env_prefix="GLYPHSTREAM_RENDER_")
    service = "render"

    host: str = "127.0.0.1"
    port: int = Field(50051, ge=0, le=65535)
    workers: int = Field(default_factory=lambda: len(os.sched_getaffinity(0)), ge=1)
    waiting_jobs: int = Field(16, ge=0)
    retry_after_s: float = Field(1.0, gt=0)
    max_document_bytes: int = Field(MAX_DOCUMENT_BYTES, ge=1, le=MAX_DOCUMENT_BYTES)
    kept_bytes: int = Field(64 * MIB, ge=0)
    max_receive_bytes: int = 4 * MIB
    max_send_bytes: int = 8 * MIB
    upload_wait_s: float = Field(60.0, gt=0)
    drain_s: float = Field(20.0, ge=0)
