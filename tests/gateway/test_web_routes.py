"""The web page's HTTP over real connections: documents in, events out, one ending, nobody let in who should not be."""

import asyncio
import io
import json
from html.parser import HTMLParser
from importlib import resources

import pytest
from glyphstream.common.v1 import common_pb2

from gateway import errors
from tests.gateway.fakes import found, http_over

TEXT = "The pump P-17 delivers 42 litres a minute."
ASKED = {"question": "How much?"}
OOM = errors.GpuOutOfMemory("no memory")


async def taken_in(session, url, text=TEXT, **query):
    async with session.post(f"{url}/api/documents", data=text.encode(), params=query) as response:
        assert response.status == 200
        return await response.json()


async def events(response):
    """Every event of a stream, as (name, data)."""
    assert (response.status, response.content_type) == (200, "text/event-stream")
    heard = []
    for block in (await response.text()).split("\n\n")[:-1]:
        name, _, data = block.partition("\n")
        heard.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return heard


async def answered(session, url, document_id, **asked):
    async with session.post(f"{url}/api/documents/{document_id}/answers", json={**ASKED, **asked}) as response:
        return await events(response)


def told(heard, name):
    return [data for said, data in heard if said == name]


async def test_a_document_is_taken_in_and_costed_before_anything_is_read(session, url, reader):
    estimate = await taken_in(session, url, name="pump.txt", mode="code")
    document = estimate["document"]
    assert (document["name"], document["mode"], document["pages"]) == ("pump.txt", "code", 5)
    assert document["rung"] == {"name": "comfortable", "font_px": 14}
    assert (document["vision_tokens"], estimate["text_tokens"], estimate["fits"]) == (80, 11, True)
    assert reader.ingested == []


async def test_lines_flow_on_where_the_query_says_so(session, url, renderer):
    plain, flowing = [await taken_in(session, url, **query) for query in ({}, {"reflow": "true"})]
    assert plain["document"]["document_id"] != flowing["document"]["document_id"]
    assert [style.reflow for style in renderer.styles] == [False, True]


async def test_pages_come_one_by_one_and_end(session, url):
    document = (await taken_in(session, url))["document"]
    async with session.get(f"{url}/api/documents/{document['document_id']}/pages") as response:
        heard = await events(response)
    assert [data["index"] for data in told(heard, "page")] == [0, 1, 2, 3, 4]
    assert heard[-1] == ("end", {})


async def test_an_answer_streams_and_ends_once_with_what_it_cost(session, url, reader):
    evidence = [common_pb2.Evidence(page=2, text_start=20, text_end=30, score=0.9)]
    reader.reply = lambda text: ("42", found("42", evidence=evidence))
    document = (await taken_in(session, url))["document"]
    heard = await answered(session, url, document["document_id"])
    (completed,) = told(heard, "completed")
    assert heard[-1] == ("completed", completed)
    assert "".join(data["text"] for data in told(heard, "delta")) == "42"
    assert completed["evidence"] == [
        {"page": 2, "text_start": 20, "text_end": 30, "score": pytest.approx(0.9), "quote": TEXT[20:30].strip()}
    ]
    assert completed["memory"]["measured_peak_bytes"] == 100
    assert completed["timings"]["ttft_ms"] <= completed["timings"]["total_ms"]
    assert {"progress", "document", "delta"} <= {name for name, _ in heard}


async def test_a_follow_up_carries_its_history(session, url, reader):
    document = (await taken_in(session, url))["document"]
    await answered(session, url, document["document_id"], history=[{"question": "Which?", "answer": "P-17"}])
    assert [(turn.question, turn.answer) for turn in reader.asked[0].history] == [("Which?", "P-17")]


@pytest.mark.parametrize(("task", "wire"), [("summarize", common_pb2.TASK_SUMMARIZE), ("ask", common_pb2.TASK_ASK)])
async def test_the_task_is_the_wires(session, url, reader, task, wire):
    document = (await taken_in(session, url))["document"]
    await answered(session, url, document["document_id"], task=task)
    assert reader.asked[0].task == wire


async def test_a_summary_ends_with_its_parts(session, url, reader):
    reader.reply = lambda text: ("# Pump\n- Rate: 42 litres", found(""))
    document = (await taken_in(session, url))["document"]
    (completed,) = told(await answered(session, url, document["document_id"], task="summarize"), "completed")
    assert completed["summary"] == {"title": "Pump", "outline": [], "key_facts": ["Rate: 42 litres"]}


async def test_the_same_request_is_answered_once(session, url, reader):
    document = (await taken_in(session, url))["document"]
    first, again = [await answered(session, url, document["document_id"], request_id="order-66") for _ in range(2)]
    assert len(reader.asked) == 1
    assert told(again, "completed") == told(first, "completed")
    assert told(again, "completed")[0]["request_id"] == "order-66"


async def test_a_step_down_is_an_event_and_stays_in_the_end(session, url, reader):
    reader.ingest_errors.append(OOM)
    document = (await taken_in(session, url))["document"]
    heard = await answered(session, url, document["document_id"])
    step = {
        "from": {"name": "comfortable", "font_px": 14},
        "to": {"name": "standard", "font_px": 12},
        "reason": "GPU_OUT_OF_MEMORY",
    }
    assert told(heard, "degraded") == [step]
    assert told(heard, "completed")[0]["degraded"] == [step]


async def test_what_fails_before_anything_was_told_is_a_status(session, url):
    async with session.post(f"{url}/api/documents/{'0' * 64}/answers", json=ASKED) as response:
        error = (await response.json())["error"]
        assert response.status == 404
        assert (error["reason"], error["request_id"]) == ("DOCUMENT_NOT_FOUND", response.headers["x-request-id"])


async def test_what_fails_later_is_the_last_event(session, url, reader):
    reader.error_after_text = OOM
    document = (await taken_in(session, url))["document"]
    heard = await answered(session, url, document["document_id"])
    assert told(heard, "delta") == [{"text": "T", "reasoning": False}]
    assert (heard[-1][0], heard[-1][1]["error"]["reason"]) == ("error", "GPU_OUT_OF_MEMORY")


async def test_a_bug_keeps_its_text_to_itself(session, url, reader):
    reader.answer_errors.append(RuntimeError("secret"))
    document = (await taken_in(session, url))["document"]
    heard = await answered(session, url, document["document_id"])
    error = heard[-1][1]["error"]
    assert error["reason"] == "INTERNAL"
    assert error["request_id"] in error["message"]
    assert "secret" not in json.dumps(heard)


async def test_a_busy_reader_says_when_to_come_back(session, url, reader):
    reader.answer_errors.append(errors.ReaderBusy("full", retry_after_s=60))
    document = (await taken_in(session, url))["document"]
    heard = await answered(session, url, document["document_id"])
    assert heard[-1][1]["error"]["retry_after_s"] == 60


async def test_a_caller_that_leaves_cancels_the_readers_call(session, url, reader):
    reader.pause = asyncio.Event()
    document = (await taken_in(session, url))["document"]
    asking = session.post(f"{url}/api/documents/{document['document_id']}/answers", json=ASKED)
    async with asking as response:
        async for line in response.content:
            if line.startswith(b"event: delta"):
                break
        response.close()
    async with asyncio.timeout(15):
        await reader.left.wait()


async def test_a_document_over_the_limit_is_refused_on_its_way(session, desk, renderer):
    async def chunks():
        for _ in range(5):
            yield bytes(1000)

    async with (
        http_over(desk, document_max_bytes=4096) as url,
        session.post(f"{url}/api/documents", data=chunks()) as response,
    ):
        assert (response.status, (await response.json())["error"]["reason"]) == (413, "DOCUMENT_TOO_LONG")
    assert renderer.extracted == 0


async def test_a_document_that_says_it_is_too_long_is_refused_before_it_is_sent(url):
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"POST /api/documents HTTP/1.1\r\nHost: {host}\r\nContent-Length: {1 << 30}\r\n\r\n".encode())
    assert (await reader.readline()).split()[1] == b"413"
    writer.close()


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "reason"),
    [
        pytest.param("POST", "/api/documents?mode=tiny", b"text", 400, "INVALID_REQUEST", id="no such mode"),
        pytest.param("GET", "/api/documents?page_token=x", None, 400, "INVALID_REQUEST", id="no such page token"),
        pytest.param("POST", "/api/documents", b"", 400, "INVALID_DOCUMENT", id="nothing in it"),
        pytest.param("POST", "/api/documents/x/answers", b"{", 400, "INVALID_REQUEST", id="no JSON"),
        pytest.param("POST", "/api/documents/x/answers", b'{"questoin": "?"}', 400, "INVALID_REQUEST", id="misspelt"),
        pytest.param(
            "POST", "/api/documents/x/answers", b'{"question": " "}', 400, "INVALID_QUESTION", id="no question"
        ),
        pytest.param("POST", "/api/documents/x/answers", b" " * (3 << 20), 413, "DOCUMENT_TOO_LONG", id="huge"),
        pytest.param("GET", "/api/nothing", None, 404, "NOT_FOUND", id="no such path"),
        pytest.param("PUT", "/api/documents", b"", 405, "METHOD_NOT_ALLOWED", id="no such method"),
    ],
)
async def test_what_makes_no_sense_is_one_json_error(session, url, method, path, body, status, reason):
    data = None if body is None else io.BytesIO(body)
    async with session.request(method, url + path, data=data) as response:
        assert (response.status, (await response.json())["error"]["reason"]) == (status, reason)


async def test_documents_are_listed_looked_up_and_forgotten(session, url, reader):
    document = (await taken_in(session, url, name="pump.txt"))["document"]
    one = f"{url}/api/documents/{document['document_id']}"
    await answered(session, url, document["document_id"])
    async with session.get(f"{url}/api/documents") as response:
        assert [entry["name"] for entry in (await response.json())["documents"]] == ["pump.txt"]
    async with session.get(one) as response:
        assert (await response.json())["characters"] == len(TEXT)
    async with session.delete(one) as response:
        assert response.status == 204
    async with session.get(one) as response:
        assert response.status == 404
    assert reader.resident == {}


class Markup(HTMLParser):
    """What a page refers to, and whatever it holds that its policy forbids."""

    def __init__(self) -> None:
        super().__init__()
        self.refers_to: list[str] = []
        self.forbidden: list[str] = []
        self._script = False

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self._script = tag in {"script", "style"}
        self.forbidden += [name for name in given if name.startswith("on") or name == "style"]
        self.refers_to += [value for name, value in attrs if name in {"src", "href"} and not value.startswith("#")]

    def handle_data(self, data):
        if self._script and data.strip():
            self.forbidden.append(data)
        self._script = False


async def test_the_page_and_all_it_refers_to_is_served_under_a_strict_policy(session, url):
    markup = Markup()
    async with session.get(f"{url}/") as response:
        markup.feed(await response.text())
        policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert "unsafe" not in policy
    assert markup.forbidden == []
    assert {"app.js", "style.css", "icon.svg"} == set(markup.refers_to)
    served = [file.name for file in resources.files("gateway").joinpath("web").iterdir()]
    for name in {*served, "examples/spec_zh.txt"} - {"index.html"}:
        async with session.get(f"{url}/{name}") as response:
            assert response.status == 200, name
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert response.charset == "utf-8"


@pytest.mark.timeout(10)  # before the request's own deadline would end it
async def test_what_still_runs_when_the_service_ends_is_cancelled(session, desk, reader):
    reader.pause = asyncio.Event()
    async with http_over(desk, drain_s=0.05) as url:
        document = (await taken_in(session, url))["document"]
        asking = session.post(f"{url}/api/documents/{document['document_id']}/answers", json=ASKED)
        response = await asking
        async for line in response.content:
            if line.startswith(b"event: delta"):
                break
    response.close()
    async with asyncio.timeout(15):
        await reader.left.wait()
