"""What watchers see: counters by how things ended, readiness by who serves, one line a request."""

import asyncio

import pytest
import structlog
from prometheus_client.parser import text_string_to_metric_families

from gateway import errors
from gateway.meters import Meters
from tests.gateway.fakes import http_over

TEXT = b"The pump P-17 delivers 42 litres a minute."


async def scraped(session, url: str) -> dict[str, float]:
    """Every sample, by its name and labels as they are written."""
    async with session.get(f"{url}/metrics") as response:
        assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        families = text_string_to_metric_families(await response.text())
    return {" ".join([s.name, *s.labels.values()]): s.value for family in families for s in family.samples}


async def document_in(session, url: str) -> str:
    async with session.post(f"{url}/api/documents", data=TEXT) as response:
        return (await response.json())["document"]["document_id"]


async def asked(session, url: str, document_id: str) -> None:
    async with session.post(f"{url}/api/documents/{document_id}/answers", json={"question": "How much?"}) as response:
        await response.read()


async def test_answers_are_counted_by_how_they_ended_and_by_what_they_took(session, url, reader):
    document_id = await document_in(session, url)
    reader.ingest_errors.append(errors.GpuOutOfMemory("no memory"))
    await asked(session, url, document_id)
    await asked(session, url, "nowhere")
    seen = await scraped(session, url)
    assert seen["glyphstream_answers_total COMPLETED"] == seen["glyphstream_answers_total DOCUMENT_NOT_FOUND"] == 1
    assert seen["glyphstream_steps_down_total GPU_OUT_OF_MEMORY"] == 1
    assert seen["glyphstream_time_to_first_token_seconds_count"] == 1
    assert seen["glyphstream_vision_tokens_total"] > 0
    assert seen["glyphstream_completion_tokens_total"] > 0
    assert seen["glyphstream_reader_peak_bytes"] == 100
    assert seen["glyphstream_answers_running"] == 0
    assert seen["glyphstream_http_request_seconds_count /api/documents 200"] == 1
    assert seen["glyphstream_http_request_seconds_count /api/documents/{document_id}/answers 404"] == 1


async def test_what_a_caller_makes_up_becomes_no_label(session, url):
    async with session.get(f"{url}/no/such/path"):
        pass
    assert (await scraped(session, url))["glyphstream_http_request_seconds_count none 404"] == 1


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(asyncio.CancelledError(), "CANCELLED"), (KeyError(), "INTERNAL"), (errors.ReaderLost("gone"), "READER_LOST")],
)
def test_an_answer_that_fails_is_counted_once(error, outcome):
    meters = Meters()
    with pytest.raises(type(error)), meters.answering():
        raise error
    assert f'glyphstream_answers_total{{outcome="{outcome}"}} 1.0' in meters.text().decode()


async def test_with_a_token_the_counters_need_it_and_readiness_does_not(session, desk):
    async with http_over(desk, token="s3cret") as url:
        async with session.get(f"{url}/metrics") as response:
            assert response.status == 401
        async with session.get(f"{url}/readyz") as response:
            assert response.status == 200


async def test_ready_is_who_has_a_renderer_and_a_reader(session, url):
    async with session.get(f"{url}/readyz") as response:
        assert (response.status, await response.json()) == (200, {"status": "ready", "renderer": True, "reader": True})


async def test_who_has_nobody_behind_is_not_ready_and_says_who_is_missing(session, desk, monkeypatch):
    async def nobody(_deadline) -> bool:
        return False

    monkeypatch.setattr(desk.wings.reader, "serving", nobody)
    async with http_over(desk) as url, session.get(f"{url}/readyz") as response:
        told = {"status": "not ready", "renderer": True, "reader": False}
        assert (response.status, await response.json()) == (503, told)


async def test_every_request_is_one_line_with_its_id(session, url):
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as said:
        async with session.get(f"{url}/api/documents/nowhere", headers={"x-request-id": "mine-1"}):
            pass
        async with session.get(f"{url}/healthz"):
            pass
    (line,) = [line for line in said if line["event"] == "request"]
    assert (line["method"], line["path"], line["status"]) == ("GET", "/api/documents/nowhere", 404)
    assert line["request_id"] == "mine-1"
