"""The OpenAI-compatible API through OpenAI's own client, over real connections."""

import asyncio
import base64

import openai
import pytest
from glyphstream.common.v1 import common_pb2

from gateway import errors
from tests.gateway.fakes import LONG_CHARACTERS, found, http_over, png

DOCUMENT = (
    "The pump P-17 delivers 42 litres a minute.\n\nIt stands in hall 3, next to the boiler, and is serviced monthly."
)
QUESTION = "How much does it deliver?"
OOM = errors.GpuOutOfMemory("no memory")


@pytest.fixture
async def client(url):
    async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as client:
        yield client


def user(*texts):
    return {"role": "user", "content": [{"type": "text", "text": text} for text in texts]}


def image(data):
    url = "data:image/png;base64," + base64.b64encode(data).decode()
    return {"type": "image_url", "image_url": {"url": url}}


async def completion(client, *messages, model="glyphstream", **more):
    return await client.chat.completions.create(model=model, messages=list(messages), **more)


async def streamed(client, *messages, **more):
    return [chunk async for chunk in await completion(client, *messages, stream=True, **more)]


async def test_the_modes_are_the_models(client):
    assert [model.id async for model in client.models.list()] == ["glyphstream", "glyphstream-fast", "glyphstream-code"]
    assert (await client.models.retrieve("glyphstream-fast")).owned_by == "glyphstream"
    with pytest.raises(openai.NotFoundError):
        await client.models.retrieve("gpt-1")
    with pytest.raises(openai.NotFoundError, match="glyphstream-code"):
        await completion(client, user(DOCUMENT, QUESTION), model="gpt-1")


async def test_a_long_text_becomes_pages_and_vision_tokens(client, reader, renderer):
    assert len(DOCUMENT) > LONG_CHARACTERS
    told = await completion(client, user(DOCUMENT, QUESTION))
    assert told.choices[0].message.content == DOCUMENT
    assert told.choices[0].finish_reason == "stop"
    assert reader.asked[0].question == QUESTION
    assert renderer.rendered == [14]
    usage = told.usage
    assert usage.prompt_tokens_details.image_tokens == 16
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert told.model_extra["glyphstream"]["document"]["pages"] == len(reader.ingested[0])


async def test_a_stream_is_the_same_piece_by_piece(client):
    chunks = await streamed(client, user(DOCUMENT, QUESTION), stream_options={"include_usage": True})
    *texts, last, usage = chunks
    assert texts[0].choices[0].delta.role == "assistant"
    assert "".join(chunk.choices[0].delta.content for chunk in texts) == DOCUMENT
    assert last.choices[0].finish_reason == "stop"
    assert (usage.choices, usage.usage.prompt_tokens_details.image_tokens) == ([], 16)
    assert len({chunk.id for chunk in chunks}) == 1


async def test_a_stream_tells_its_usage_only_when_asked(client):
    assert all(chunk.usage is None for chunk in await streamed(client, user(DOCUMENT, QUESTION)))


async def test_the_mode_is_the_models(client, renderer):
    await completion(client, user(DOCUMENT, QUESTION), model="glyphstream-fast")
    assert renderer.rendered == [10]


async def test_a_conversation_goes_on_without_rendering_anew(client, reader, renderer):
    first = [user(DOCUMENT, QUESTION)]
    told = await completion(client, *first)
    reply = {"role": "assistant", "content": told.choices[0].message.content}
    await completion(client, *first, reply, {"role": "user", "content": "Where?"})
    asked = reader.asked[-1]
    assert asked.question == "Where?"
    assert [(turn.question, turn.answer) for turn in asked.history] == [(QUESTION, DOCUMENT)]
    assert renderer.rendered == [14]


async def test_how_it_is_answered_reaches_the_reader(client, reader):
    how = {"temperature": 0.5, "top_p": 0.9, "seed": 7, "stop": ["\n"], "max_completion_tokens": 5}
    await completion(client, user(DOCUMENT, QUESTION), **how)
    sampling = reader.asked[0].sampling
    assert (sampling.temperature, sampling.seed, list(sampling.stop)) == (0.5, 7, ["\n"])
    assert sampling.top_p == pytest.approx(0.9)
    assert reader.asked[0].max_new_tokens == 5


async def test_an_answer_that_was_cut_says_length(client, reader):
    reader.reply = lambda text: ("4", found("4", finish_reason=common_pb2.FINISH_REASON_LENGTH))
    assert (await completion(client, user(DOCUMENT, QUESTION))).choices[0].finish_reason == "length"


async def test_pages_that_come_painted_are_read_as_they_are(client, reader, renderer):
    pages = [png(448, 224) + b"1:on page one; ", png(448, 28) + b"1:on page two"]
    message = {"role": "user", "content": [*map(image, pages), {"type": "text", "text": QUESTION}]}
    told = await completion(client, message)
    assert told.choices[0].message.content == "on page one; on page two"
    assert [bytes(page.image) for page in reader.ingested[0]] == pages
    assert [(page.index, page.width, page.height) for page in reader.ingested[0]] == [(0, 448, 224), (1, 448, 28)]
    assert told.model_extra["glyphstream"]["document"]["rung"]["name"] == "as sent"
    assert renderer.extracted == 0


async def test_pages_asked_about_again_are_still_resident(client, reader):
    message = {"role": "user", "content": [image(png(448, 224) + b"1:text"), {"type": "text", "text": QUESTION}]}
    await completion(client, message)
    await completion(client, message)
    assert (len(reader.ingested), len(reader.asked)) == (1, 2)


async def test_painted_pages_have_no_lower_resolution(client, reader):
    reader.ingest_errors.append(OOM)
    message = {"role": "user", "content": [image(png(448, 224) + b"1:text"), {"type": "text", "text": QUESTION}]}
    with pytest.raises(openai.InternalServerError, match="no memory"):
        await completion(client, message)
    assert len(reader.ingested) == 1


@pytest.mark.parametrize(
    ("messages", "more", "said"),
    [
        pytest.param([user(QUESTION)], {}, "there is no document, or no question", id="no document"),
        pytest.param([user("a" * LONG_CHARACTERS)], {}, "no document, or no question", id="no question"),
        pytest.param([user(DOCUMENT, QUESTION)], {"n": 2}, "n: ", id="two answers"),
        pytest.param(
            [user(DOCUMENT, QUESTION)], {"tools": [{"type": "function"}]}, "tools: this is not offered", id="tools"
        ),
        pytest.param([user(DOCUMENT, QUESTION)], {"logit_bias": {"7": 100}}, "logit_bias: this", id="a bias"),
        pytest.param([user(DOCUMENT, QUESTION)], {"presence_penalty": 0.5}, "presence_penalty: this", id="a penalty"),
        pytest.param([user(DOCUMENT, QUESTION)], {"temperature": 9}, "temperature", id="too hot"),
        pytest.param(
            [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://127.0.0.1/a.png"}}]}],
            {},
            "nothing is fetched",
            id="a page elsewhere",
        ),
        pytest.param(
            [{"role": "user", "content": [image(b"GIF89a"), {"type": "text", "text": QUESTION}]}],
            {},
            "page 0 is no PNG",
            id="no PNG",
        ),
        pytest.param(
            [{"role": "user", "content": [image(png(28, 28)), {"type": "text", "text": DOCUMENT}]}],
            {},
            "not both",
            id="pages and a text",
        ),
    ],
)
async def test_what_cannot_be_answered_is_a_bad_request(client, reader, messages, more, said):
    with pytest.raises(openai.BadRequestError, match=said):
        await completion(client, *messages, **more)
    assert reader.asked == []


async def test_the_field_that_is_wrong_is_named_where_clients_look(client):
    with pytest.raises(openai.BadRequestError) as caught:
        await completion(client, user(DOCUMENT, QUESTION), tools=[{"type": "function"}])
    assert (caught.value.param, caught.value.code) == ("tools", "INVALID_REQUEST")


async def test_fields_that_ask_for_nothing_are_taken(client):
    nothing = {"tools": [], "logprobs": False, "presence_penalty": 0, "logit_bias": {}, "n": 1}
    assert (await completion(client, user(DOCUMENT, QUESTION), **nothing)).choices[0].message.content


async def test_what_the_reader_refuses_about_pages_is_told(client, reader):
    reader.ingest_errors.append(errors.InvalidPages("page 0 is 449x224 px"))
    message = {"role": "user", "content": [image(png(448, 224)), {"type": "text", "text": QUESTION}]}
    with pytest.raises(openai.BadRequestError, match="449x224") as caught:
        await completion(client, message)
    assert caught.value.code == "INVALID_PAGES"


async def test_an_error_in_the_middle_of_a_stream_is_an_error_at_the_client(client, reader):
    reader.error_after_text = OOM
    heard = []

    async def hear():
        async for chunk in await completion(client, user(DOCUMENT, QUESTION), stream=True):
            heard.append(chunk.choices[0].delta.content)  # noqa: PERF401 - what was heard before the error counts

    with pytest.raises(openai.APIError, match="no memory"):
        await hear()
    assert heard == ["", DOCUMENT[0]]


async def test_a_client_that_leaves_cancels_the_readers_call(client, reader):
    reader.pause = asyncio.Event()
    stream = await completion(client, user(DOCUMENT, QUESTION), stream=True)
    async for chunk in stream:
        if chunk.choices[0].delta.content:
            break
    await stream.close()
    async with asyncio.timeout(15):
        await reader.left.wait()


async def test_the_api_key_is_the_token(desk):
    async with http_over(desk, token="s3cret") as url:
        async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="wrong", max_retries=0) as client:
            with pytest.raises(openai.AuthenticationError):
                await client.models.list()
        async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="s3cret", max_retries=0) as client:
            assert (await client.models.list()).data
