"""The description of the HTTP APIs holds what the routes do, and holds together."""

import re

import pytest

from gateway.openai_api import ChatRequest


@pytest.fixture
async def told(session, url):
    async with session.get(f"{url}/openapi.json") as response:
        assert response.status == 200
        return await response.json()


async def test_every_call_is_described_and_the_pages_files_are_not(told):
    calls = {f"{method} {path}" for path, methods in told["paths"].items() for method in methods}
    assert {"post /v1/chat/completions", "get /v1/models", "post /api/documents", "get /readyz"} <= calls
    assert {"get /api/documents/{document_id}/pages", "delete /api/documents/{document_id}"} <= calls
    assert not any(path.endswith((".js", ".css", ".txt")) for path in told["paths"])
    assert all(call["summary"] for methods in told["paths"].values() for call in methods.values())


async def test_every_name_that_it_refers_to_is_there(told):
    names = set(re.findall(r"#/components/schemas/(\w+)", str(told)))
    assert {"ChatRequest", "Asked", "Failure", "Message"} <= names <= set(told["components"]["schemas"])


async def test_bodies_are_those_that_are_checked(told):
    schema = told["components"]["schemas"]["ChatRequest"]
    assert set(schema["properties"]) == set(ChatRequest.model_fields)
    assert schema["required"] == ["model", "messages"]


async def test_what_stands_in_a_path_is_a_parameter(told):
    (parameter,) = told["paths"]["/api/documents/{document_id}/pages"]["get"]["parameters"]
    assert (parameter["name"], parameter["in"], parameter["required"]) == ("document_id", "path", True)
