"""The web page in a real browser: paste, answer, follow-up, step down, error, stop, on a desk and on a phone."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from glyphstream.common.v1 import common_pb2
from playwright.async_api import Browser, Page, async_playwright, expect

from gateway import errors
from gateway.answers import Stage
from gateway.http.failures import STATUSES
from tests.gateway.fakes import FakeReader, found, http_over

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
TEXT = "The pump P-17 delivers 42 litres a minute. " * 6
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
PATIENCE_S = 15
OOM = errors.GpuOutOfMemory("no memory")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt-get install chromium")


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    # Chromium's sandbox does not start as root, as which containers run this.
    flags = ["--no-sandbox"] if os.getuid() == 0 else []
    expect.set_options(timeout=PATIENCE_S * 1000)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        await browser.close()


async def opened(browser: Browser, url: str, size=DESK, **more) -> Page:
    """The page; whatever it complains of, a violated policy included, ends up in `page.complaints`."""
    context = await browser.new_context(viewport=size, locale="en-GB", reduced_motion="reduce", **more)
    await context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = await context.new_page()
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("console", lambda line: page.complaints.append(line.text) if line.type == "error" else None)
    await page.goto(url)
    return page


@pytest.fixture
async def page(browser, url) -> AsyncIterator[Page]:
    page = await opened(browser, url)
    yield page
    assert [said for said in page.complaints if "Failed to load resource" not in said] == []


async def paste(page: Page, text: str = TEXT) -> None:
    await page.evaluate("text => navigator.clipboard.writeText(text)", text)
    await page.focus("#source")
    await page.keyboard.press("Control+V")


async def ask(page: Page, question: str = "How much?") -> None:
    await page.fill("#question", question)
    await page.keyboard.press("Enter")


def reply(reader: FakeReader, text: str, page: int = 2) -> None:
    lines = [(page * 10, page * 10 + 4), (page * 10 + 4, page * 10 + 10)]
    evidence = [common_pb2.Evidence(page=page, text_start=start, text_end=end) for start, end in lines]
    reader.reply = lambda _: (text, found(text, evidence=evidence))


async def test_what_is_pasted_becomes_pages_and_the_answers_page_is_marked(page, reader):
    reply(reader, "42 litres")
    await paste(page)
    pages = page.locator("#pages li:not(.waiting) img")
    await expect(pages).to_have_count(26)
    assert await pages.last.evaluate("image => image.decode().then(() => image.naturalWidth)") == 448
    await ask(page)
    await expect(page.locator(".turn .answer")).to_have_text("42 litres")
    await expect(page.locator("#pages li.answer")).to_have_count(1)
    await expect(page.locator("#pages li:nth-child(3)")).to_have_class("answer")
    bands = page.locator("#pages .band")
    assert await bands.evaluate_all("bands => bands.map(band => [band.style.top, band.style.height])") == [
        ["0%", "6.25%"]
    ]
    await expect(page.locator(".evidence q")).to_have_text(f"{TEXT[20:24].strip()} {TEXT[24:30].strip()}")
    costs = page.locator(".costs")
    for figure in ("26", "416", "5.9× more", "GB", "First token", "14 px, comfortable"):
        await expect(costs).to_contain_text(figure)


async def test_a_question_that_is_faster_than_its_document_waits_for_it(page, reader, renderer):
    reply(reader, "42 litres")
    sent, free = asyncio.Event(), asyncio.Event()

    async def hold(route):
        sent.set()
        await free.wait()
        await route.continue_()

    await page.route("**/api/documents?*", hold)
    await paste(page)
    await sent.wait()
    await ask(page)
    free.set()
    await expect(page.locator(".turn .answer")).to_have_text("42 litres")
    assert renderer.extracted == 1


async def test_a_page_is_enlarged_turned_and_closed(page, reader):
    reply(reader, "42 litres")
    await paste(page)
    await ask(page)
    await page.click(".evidence button")
    await expect(page.locator("#viewer-title")).to_have_text("Page 3 of 26 · 448 × 224 px")
    await expect(page.locator("#viewer-quote")).to_be_visible()
    await page.keyboard.press("ArrowRight")
    await expect(page.locator("#viewer-title")).to_contain_text("Page 4 of 26")
    await page.keyboard.press("Escape")
    await expect(page.locator("#viewer")).to_be_hidden()


async def test_a_follow_up_knows_what_was_said_before(page, reader, renderer):
    reply(reader, "42 litres")
    await paste(page)
    await ask(page)
    await expect(page.locator(".costs")).to_have_count(1)
    rendered = len(renderer.rendered)
    await ask(page, "And in an hour?")
    await expect(page.locator(".costs")).to_have_count(2)
    await expect(page.locator(".costs:visible")).to_have_count(1)
    assert [(turn.question, turn.answer) for turn in reader.asked[1].history] == [("How much?", "42 litres")]
    assert len(renderer.rendered) == rendered


async def test_a_summary_has_title_outline_and_key_facts(page, reader):
    reader.reply = lambda _: ("# Pump\n## Data\n- Rate: 42 litres\n- Place: hall <b>3</b>", found(""))
    await paste(page)
    await page.click("#summarize")
    await expect(page.locator(".written h4")).to_have_text("Pump")
    await expect(page.locator(".written h5")).to_have_text(["Outline", "Key facts"])
    await expect(page.locator(".written li")).to_have_text(["Data", "Rate: 42 litres", "Place: hall <b>3</b>"])
    assert reader.asked[0].task == common_pb2.TASK_SUMMARIZE


async def test_a_step_down_is_told_and_the_pages_are_those_that_were_read(page, reader):
    reader.ingest_errors.append(OOM)
    reply(reader, "42 litres")
    await paste(page)
    await ask(page)
    await expect(page.locator(".banner")).to_contain_text("set in 12 px instead of 14 px")
    await expect(page.locator("#document-facts")).to_contain_text("type 12 px")
    await expect(page.locator("#pages li:not(.waiting)")).to_have_count(24)
    await expect(page.locator("#pages li.answer")).to_have_count(1)


async def test_an_error_is_told_in_plain_words_and_can_be_tried_again(page, reader):
    reader.answer_errors.append(errors.ReaderBusy("queue full", retry_after_s=60))
    reply(reader, "42 litres")
    await paste(page)
    await ask(page)
    alert = page.locator(".turn .alert")
    await expect(alert).to_contain_text("The reader has too much to do right now. Try again in about 60 s.")
    await alert.locator("summary").click()
    await expect(alert.locator("code")).to_contain_text("READER_BUSY · queue full")
    await alert.get_by_role("button", name="Try again").click()
    await expect(page.locator(".turn .answer")).to_have_text("42 litres")
    await expect(alert).to_be_hidden()


async def test_what_is_no_document_is_refused_at_the_desk(page, tmp_path):
    file = tmp_path / "noise.bin"
    file.write_bytes(bytes(1000))
    await page.set_input_files("#file", file)
    await expect(page.locator("#desk-alert")).to_contain_text("This cannot be read as a document.")
    await expect(page.locator("#desk-alert code")).to_be_visible()
    file.write_bytes(b"a" * (2 << 20))
    await page.set_input_files("#file", file)
    await expect(page.locator("#desk-alert")).to_contain_text("larger than the 1 MiB")


async def test_stop_ends_the_answer_here_and_at_the_reader(page, reader):
    reader.pause = asyncio.Event()
    await paste(page)
    await ask(page)
    await expect(page.locator(".turn .answer")).to_have_text("T")
    await expect(page.locator("#pages li.seen")).to_have_count(26)
    await page.click("#cancel")
    await expect(page.locator(".turn")).to_contain_text("Stopped. Nothing more is being computed.")
    async with asyncio.timeout(PATIENCE_S):
        await reader.left.wait()
    await expect(page.locator("#ask")).to_be_visible()


async def test_closing_the_tab_ends_the_answer_at_the_reader(browser, url, reader):
    reader.pause = asyncio.Event()
    page = await opened(browser, url)
    await paste(page)
    await ask(page)
    await expect(page.locator(".turn .answer")).to_have_text("T")
    await page.close()
    async with asyncio.timeout(PATIENCE_S):
        await reader.left.wait()


async def test_a_document_that_the_service_forgot_is_given_to_it_again(page, reader, desk):
    reply(reader, "42 litres")
    await paste(page)
    await expect(page.locator("#document-name")).to_have_text("Pasted text")
    (document,), _ = await desk.store.newest(9)
    await desk.store.delete(document.document_id)
    await ask(page)
    await expect(page.locator(".turn .answer")).to_have_text("42 litres")


async def test_a_dropped_file_in_another_mode(page):
    await page.check("input[value=code]", force=True)
    carried = await page.evaluate_handle(
        """() => { const carried = new DataTransfer();
                   carried.items.add(new File(["level=error code=17\\n".repeat(9)], "service.log"));
                   return carried; }"""
    )
    await page.dispatch_event("body", "drop", {"dataTransfer": carried})
    await expect(page.locator("#document-name")).to_have_text("service.log")
    await expect(page.locator("#pages li:not(.waiting)")).to_have_count(18)


async def test_both_languages_are_spoken_throughout(page, reader):
    reply(reader, "42 litres")
    await paste(page)
    await ask(page)
    await expect(page.locator(".costs")).to_be_visible()
    await page.click("#language")
    await expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    await expect(page.locator(".costs")).to_contain_text("视觉词元")
    await expect(page.locator(".evidence")).to_contain_text("第 3 页")
    await expect(page.locator("#question")).to_have_attribute("placeholder", "想知道什么？")
    # What is still English is the user's own.
    english = await page.evaluate("""() => [...document.querySelectorAll("body *")]
        .filter(node => !node.closest("[hidden], dialog, noscript, [lang=en], h1, .turn h3, .turn .answer, q"))
        .flatMap(node => [...node.childNodes].filter(child => child.nodeType === 3).map(child => child.data.trim()))
        .filter(text => /[A-Za-z]{3,}/.test(text.replace("GPU", "")))""")
    assert english == []


async def test_every_error_has_plain_words_in_both_languages(page):
    spoken = """async () => {
        const { words, speakOther } = await import("./words.js");
        const first = words();
        speakOther();
        return [first, words()].map(said => [Object.keys(said), Object.keys(said.errors), Object.keys(said.stages)]);
    }"""
    english, chinese = await page.evaluate(spoken)
    assert english == chinese
    reasons = {error.reason for error in STATUSES} - {errors.DocumentNotResident.reason}
    assert reasons <= set(english[1])
    assert {stage.name.lower() for stage in Stage} <= set(english[2])


async def test_a_token_is_asked_for_once(browser, desk, reader):
    reply(reader, "42 litres")
    async with http_over(desk, token="s3cret") as url:
        page = await opened(browser, url)
        await expect(page.locator("#gate")).to_be_visible()
        await page.fill("#token", "s3cret")
        await page.keyboard.press("Enter")
        await expect(page.locator("#gate")).to_be_hidden()
        await paste(page)
        await ask(page)
        await expect(page.locator(".turn .answer")).to_have_text("42 litres")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_it_is_accessible_and_nothing_sticks_out(browser, url, reader, size, scheme):
    reader.ingest_errors.append(OOM)
    reply(reader, "42 litres")
    page = await opened(browser, url, size, color_scheme=scheme)
    await sound(page, size)
    await paste(page)
    await ask(page)
    await expect(page.locator("#pages li.answer")).to_have_count(1)
    await sound(page, size)
    await page.click(".evidence button")
    await sound(page, size)
    await page.click("#viewer-close")
    reader.answer_errors.append(errors.ReaderBusy("queue full", retry_after_s=60))
    await ask(page)
    await expect(page.locator(".alert")).to_be_visible()
    await sound(page, size)


async def sound(page: Page, size) -> None:
    """No rule of WCAG 2.2 AA is broken and nothing is wider than the screen."""
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]}
    results = await Axe().run(page, options=rules)
    broken = [(rule["id"], [node["html"][:120] for node in rule["nodes"]]) for rule in results.response["violations"]]
    assert broken == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_the_page_needs_no_build():
    served = Path(__file__).parents[2] / "gateway" / "web"
    assert {path.suffix for path in served.iterdir()} == {".html", ".css", ".js", ".svg"}
