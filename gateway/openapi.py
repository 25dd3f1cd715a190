"""Owns how the HTTP APIs are described in OpenAPI's words: out of the routes, their docstrings and their bodies."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from typing import Any

from aiohttp import web
from pydantic import BaseModel

from gateway.openai_api import ChatRequest
from gateway.routes import API, Asked, is_public

PATH = "/openapi.json"
SCHEMA = "#/components/schemas/{model}"
BODIES: Mapping[str, type[BaseModel]] = {
    "POST /v1/chat/completions": ChatRequest,
    f"POST {API}documents/{{document_id}}/answers": Asked,
}
BYTES = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
QUERIES: Mapping[str, Sequence[str]] = {
    f"POST {API}documents": ("name", "mode", "media_type", "charset", "reflow"),
    f"GET {API}documents": ("page_token",),
}
STREAMS = re.compile(r"/(pages|answers|completions)$")
HEALTH = ("/healthz", "/readyz", "/metrics")
TEXT, NUMBER = {"type": ["string", "null"]}, {"type": ["number", "null"]}
FAILURE = {
    "type": "object",
    "description": "Every failure; `code` is `reason`, where OpenAI's clients look for it.",
    "properties": {
        "error": {
            "type": "object",
            "properties": {
                **dict.fromkeys(("message", "type", "param", "code", "reason", "request_id"), TEXT),
                "retry_after_s": NUMBER,
            },
        }
    },
}


def with_description(routes: Iterable[web.RouteDef]) -> list[web.RouteDef]:
    """The routes, and one more that describes them."""
    known = list(routes)
    told = description(known)

    async def describe(_request: web.Request) -> web.Response:
        return web.json_response(told)

    return [*known, web.get(PATH, describe)]


def description(routes: Iterable[web.RouteDef]) -> dict[str, Any]:
    """The whole description; the page's files are left out."""
    paths: dict[str, dict[str, Any]] = {}
    schemas: dict[str, Any] = {"Failure": FAILURE}
    for route in routes:
        if not is_public(route.path) or route.path in HEALTH:
            paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "glyphstream", "version": version("glyphstream")},
        "security": [{}, {"token": []}],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }


def _operation(route: web.RouteDef, schemas: dict[str, Any]) -> dict[str, Any]:
    name = f"{route.method} {route.path}"
    kind = "text/event-stream" if STREAMS.search(route.path) else "application/json"
    failure = {"application/json": {"schema": {"$ref": SCHEMA.format(model="Failure")}}}
    operation: dict[str, Any] = {
        "summary": (route.handler.__doc__ or "").partition("\n")[0],
        "parameters": [
            *(_parameter(found, "path") for found in re.findall(r"{(\w+)}", route.path)),
            *(_parameter(query, "query") for query in QUERIES.get(name, ())),
        ],
        "responses": {
            "2XX": {"description": "done", "content": {kind: {}}},
            "default": {"description": "a failure", "content": failure},
        },
    }
    if name in BODIES:
        operation["requestBody"] = {"required": True, "content": _body(BODIES[name], schemas)}
    elif route.method == "POST":
        operation["requestBody"] = {"required": True, "content": BYTES}
    return operation


def _body(kind: type[BaseModel], schemas: dict[str, Any]) -> dict[str, Any]:
    schema = kind.model_json_schema(ref_template=SCHEMA)
    schemas.update(schema.pop("$defs", {}))
    schemas[kind.__name__] = schema
    return {"application/json": {"schema": {"$ref": SCHEMA.format(model=kind.__name__)}}}


def _parameter(name: str, where: str) -> dict[str, Any]:
    return {"name": name, "in": where, "required": where == "path", "schema": {"type": "string"}}
