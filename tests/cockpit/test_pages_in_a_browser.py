"""The pages in a real browser: they work by keyboard, in the dark and on a phone, and break no rule of their policy."""

import asyncio
import re
import socket
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from playwright.async_api import Page, ViewportSize, expect

from bot.sign_in.visitor import Visitor
from tests.support.console.terminal import PATIENCE, READY, Terminal
from tests.support.pages.browser import browser, find_barriers, watch_errors
from tests.support.pages.client import pages

expect.set_options(timeout=30_000)  # the machine may be busy
pytestmark = [pytest.mark.usefixtures("quiet_logs"), pytest.mark.programs]


ADMINISTRATOR = Visitor(is_administrator=True, adapter="channel", workspace="w", actor="ann", name="Ann")
PERSON = Visitor(adapter="channel", workspace="w", actor="pia", name="Pia", is_administrator=False)
#: Something is drawn in the chart.
DRAWN = """() => {
  const chart = document.querySelector("#chart canvas")?.getContext("2d");
  return chart && chart.getImageData(0, 0, 500, 200).data.some(Boolean);
}"""
PHONE = ViewportSize(width=320, height=693)  # the narrowest that people have
SCREEN = ViewportSize(width=1280, height=720)


@pytest.mark.long
async def test_everybody_walks_through_their_pages(tmp_path: Path) -> None:
    """By keyboard, in the dark and on a phone; an administrator and a person have fewer pages, and are refused others.

    The operator signs in, sees the overview move, opens every page of the menu, changes the language and signs out.
    """
    async with pages(tmp_path) as web, browser() as chromium:
        web.service.adapter.named = {"w": "Workshop", "general": LOBBY}
        await web.service.ask("a fox", command="image", who="pia")
        await web.service.core.inbox.background.drain()
        page = await (await chromium.new_context(reduced_motion="reduce")).new_page()
        errors = watch_errors(page)
        administrators = await walk(page, web.link(ADMINISTRATOR), refused=f"{web.base}/cockpit/platforms")
        persons = await walk(page, web.link(PERSON), refused=f"{web.base}/cockpit/requests")
        await visit(page, f"{web.base}/cockpit/mine")  # the operator has no such page
        assert await find_barriers(page) == []
        await page.goto(web.link())
        assert await find_barriers(page) == []
        await page.keyboard.press("Enter")  # the button has the focus
        await page.wait_for_url("**/cockpit")
        await page.get_by_text("1 request").first.wait_for()
        await web.service.ask("a question", conversation="2")
        await page.get_by_text("2 requests").first.wait_for()

        await page.goto(f"{web.base}/cockpit/requests")  # what is chosen stays so while the list moves
        await page.get_by_label("Choose request 2").check()
        await page.get_by_role("link", name="Request 2").focus()
        await web.service.ask("another question", conversation="3")
        await page.get_by_label("Choose request 3").wait_for()
        await expect(page.get_by_role("link", name="Request 2")).to_be_focused()
        await expect(page.get_by_label("Choose request 2")).to_be_checked()
        await expect(page.get_by_label("Choose request 3")).not_to_be_checked()
        await expect(page.get_by_role("cell", name=f"#{LOBBY} Workshop · channel")).to_have_count(3)
        for channel, count in ((LOBBY.capitalize(), 3), ("elsewhere", 0)):
            await page.get_by_role("textbox", name="Channel").fill(channel)
            await page.keyboard.press("Enter")
            await expect(page.get_by_role("checkbox")).to_have_count(count)

        paths = await find_pages(page)
        assert (len(administrators), len(persons)) == (12, 2)
        assert {*administrators, *persons} < {*paths, "/cockpit/mine"}
        person = "/cockpit/people?adapter=channel&workspace=w&person=pia"
        for path in (*paths, "/cockpit/requests/1", person, "/cockpit/settings/temperature"):
            await look_at(page, f"{web.base}{path}")

        with closing(sqlite3.connect(tmp_path / "bot.db")) as db, db:  # the same was used a day before
            db.execute("CREATE TEMP TABLE earlier AS SELECT * FROM usage")
            db.execute("UPDATE earlier SET hour = hour - 24")
            db.execute("INSERT INTO usage SELECT * FROM earlier")
        await visit(page, f"{web.base}/cockpit/usage")
        await page.wait_for_function(DRAWN)
        await visit(page, f"{web.base}/cockpit/usage?by=kind")
        assert await find_barriers(page) == []
        await expect(page.locator("meter")).to_have_count(2)
        await expect_refusal(page, f"{web.base}/cockpit/mine", 403, "You may not see this page.")
        await page.get_by_role("button", name="繁體中文").click()
        await page.get_by_role("heading", name="總覽").wait_for()
        await page.goto(f"{web.base}/cockpit/sessions")
        await page.get_by_role("button", name="登出").click()
        await page.get_by_role("heading", name="你已登出。").wait_for()
        await expect_refusal(page, f"{web.base}/cockpit/sessions", 401, "你還沒有登入。")
        assert [error for error in errors if "the server responded with a status of 40" not in error] == []


async def walk(page: Page, link: str, *, refused: str) -> list[str]:
    """Sign in as a visitor who is not the operator, open every page, then one that is refused; return their paths."""
    await page.goto(link)
    await page.locator("button.primary").press("Enter")
    await page.get_by_role("navigation", name="Pages").wait_for()
    paths = await find_pages(page)
    for path in paths:  # barriers are looked for in the operator's
        await visit(page, urljoin(link, path))
    await expect_refusal(page, refused, 403, "You may not see this page.")
    return paths


async def find_pages(page: Page) -> list[str]:
    """Return the paths of the menu."""
    return [str(await link.get_attribute("href")) for link in await page.locator("header nav a").all()]


LOBBY = "lobby-" + "and-so-on" * 8
#: Returns the lines of the longest text of elements.
_LINES = """selector => Math.max(0, ...[...document.querySelectorAll(selector)].map((element) => {
  const rows = document.createRange();
  rows.selectNodeContents(element);
  return new Set([...rows.getClientRects()].map((rect) => Math.round(rect.top))).size;
}))"""


async def look_at(page: Page, url: str) -> None:
    """Open a page that everybody can use: in the dark on a phone, and in the light on a screen."""
    await page.emulate_media(color_scheme="dark")
    await page.set_viewport_size(PHONE)
    await visit(page, url)
    assert await find_barriers(page, is_contrast_only=True) == [], url
    width = await page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE["width"], f"{url} scrolls sideways on a phone"
    assert await page.evaluate(_LINES, "td.time, dt") <= 2, f"{url} squeezes dates or labels on a phone"
    await expect(page.locator("header nav [aria-current]")).to_be_in_viewport(ratio=1)
    await page.emulate_media(color_scheme="light")
    await page.set_viewport_size(SCREEN)
    assert await find_barriers(page) == [], url


async def expect_refusal(page: Page, url: str, status: int, sentence: str) -> None:
    """Open a page that the visitor has no right to: it says so."""
    response = await page.goto(url)
    assert response is not None
    assert response.status == status
    await page.get_by_role("heading", name=sentence).wait_for()


async def visit(page: Page, url: str) -> None:
    """Open a page that the visitor may see."""
    response = await page.goto(url)
    assert response is not None
    assert response.ok, url


async def test_from_the_terminal_to_the_simulated_platforms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The start prints a link that signs in. "Try it" starts the pages, which end with the service, even by SIGKILL."""
    monkeypatch.setenv("BOT_PORT", "0")
    terminal = Terminal(tmp_path, "run")
    try:
        printed = await asyncio.to_thread(terminal.until, READY)
        [link] = re.findall(r"http://127\.0\.0\.1:\d+/cockpit/enter\S+", printed)
        async with browser() as chromium:
            page = await chromium.new_page()
            errors = watch_errors(page)
            await page.goto(link)
            await page.get_by_role("button", name="Sign in").click()
            await page.get_by_role("link", name="Try it").click()
            await page.get_by_role("button", name="Start it").click()
            await page.get_by_role("link", name="Open the Discord-like page").wait_for()
            assert await find_barriers(page) == []
            await page.get_by_role("link", name="Open the Slack-like page").click()
            await expect(page.locator(".service.ready")).to_be_visible()
            address = urlsplit(page.url)
            assert errors == []
        with socket.create_connection((address.hostname, address.port), timeout=PATIENCE) as connection:
            terminal.process.kill()
            assert connection.recv(1) == b"", "the pages outlive the service"
    finally:
        terminal.close()
