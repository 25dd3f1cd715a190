"""A summary's text comes apart into title, outline and key facts, whatever form the model gave it."""

import pytest
from glyphstream.client import Completed, Options, Upload

from gateway.answers import Summary
from gateway.summary import summary_of

WHOLE = Summary("TR-8 Recorder", ("Overview", "Data"), ("Interval: 15 s", "Weight: 640 g"))


@pytest.mark.parametrize(
    ("text", "summary"),
    [
        pytest.param("TR-8 Recorder\nOverview\nData\nInterval: 15 s\nWeight: 640 g\n", WHOLE, id="plain lines"),
        pytest.param(
            "# TR-8 Recorder\n\n## Outline\n- Overview\n- Data\n\n## Key facts\n* Interval: 15 s\n* Weight: 640 g",
            WHOLE,
            id="Markdown",
        ),
        pytest.param(
            "# TR-8 Recorder\n# Overview\n- It records what the sensors tell.\n## Data: days kept\n- Interval: 15 s",
            Summary(
                "TR-8 Recorder",
                ("Overview", "Data: days kept"),
                ("It records what the sensors tell.", "Interval: 15 s"),
            ),
            id="headings by their marks",
        ),
        pytest.param(
            "Title: TR-8 Recorder\nKey facts:\nInterval: 15 s\nWeight: 640 g\nOutline:\nOverview\nData",
            WHOLE,
            id="named",
        ),
        pytest.param(
            "**标题：计量泵**\n大纲：\n一、概述\n关键事实：\n- 额定流量：32 L/h\n- 防腐蚀",
            Summary("计量泵", ("一、概述",), ("额定流量：32 L/h", "防腐蚀")),
            id="Chinese",
        ),
        pytest.param("Title\nA | 1\n", Summary("Title", (), ("A | 1",)), id="a row of a table"),
        pytest.param("only a title", Summary("only a title"), id="a title alone"),
        pytest.param(" \n", Summary(), id="nothing"),
    ],
)
def test_a_summary_comes_apart(text, summary):
    assert summary_of(text) == summary


async def test_a_summary_arrives_in_its_parts(client, reader):
    text = "TR-8\nData\nInterval: 15 s"
    events = [event async for event in client.read(Upload(text.encode()), "", Options(task="summarize"))]
    summary = events[-1].summary
    assert (summary.title, summary.outline, summary.key_facts) == ("TR-8", ["Data"], ["Interval: 15 s"])


async def test_an_answer_is_no_summary(client):
    events = [event async for event in client.read(Upload(b"a"), "What?")]
    assert isinstance(events[-1], Completed)
    assert not events[-1].HasField("summary")
