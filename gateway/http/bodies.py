"""Owns how a JSON body becomes a checked value."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from gateway.errors import InvalidRequest

Body = TypeVar("Body", bound=BaseModel)


def parsed(kind: type[Body], data: bytes) -> Body:
    """The value that a body says. Raises InvalidRequest, which names the first wrong field, in `metadata` too."""
    try:
        return kind.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        said = f"{where}: {first['msg']}" if where else first["msg"]
        raise InvalidRequest(said, metadata={"field": where}) from error
