"""The pages in a real browser: they work by keyboard, in the dark and on a phone, and break no rule of their policy."""

from pathlib import Path

import pytest
from playwright.async_api import Page, ViewportSize

from bot.cockpit.visitor import Visitor
from tests.support.pages.browser import browser, find_barriers, watch_errors
from tests.support.pages.client import pages

pytestmark = pytest.mark.usefixtures("quiet_logs")


ADMINISTRATOR = Visitor(is_administrator=True, adapter="channel", workspace="w", actor="ann", name="Ann")
PERSON = Visitor(adapter="channel", workspace="w", actor="pia", name="Pia", is_administrator=False)
PHONE = ViewportSize(width=390, height=844)


async def test_everybody_walks_through_their_pages(tmp_path: Path) -> None:
    """By keyboard, in the dark and on a phone; an administrator and a person have fewer pages, and are refused others.

    The operator signs in, sees the overview move, opens every page of the menu, changes the language and signs out.
    """
    async with pages(tmp_path) as web, browser() as chromium:
        await web.service.ask("a fox", command="image", who="pia")
        page = await (await chromium.new_context()).new_page()
        errors = watch_errors(page)
        await page.goto(web.link())
        assert await find_barriers(page) == []
        await page.keyboard.press("Enter")  # the button has the focus
        await page.wait_for_url("**/cockpit")
        await page.get_by_text("1 request").first.wait_for()
        await web.service.ask("a question", conversation="2")
        await page.get_by_text("2 requests").first.wait_for()

        paths = await walk(page)
        dark = await chromium.new_context(
            storage_state=await page.context.storage_state(), color_scheme="dark", viewport=PHONE
        )
        phone = await dark.new_page()
        person = "/cockpit/people?adapter=channel&workspace=w&person=pia"
        for path in (*paths, "/cockpit/requests/1", person, "/cockpit/settings/temperature"):
            await open_page(phone, f"{web.base}{path}")
            width = await phone.evaluate("document.documentElement.scrollWidth")
            assert width <= PHONE["width"], f"{path} scrolls sideways on a phone"

        for visitor, number, refused in ((ADMINISTRATOR, 12, "platforms"), (PERSON, 2, "requests")):
            other = await (await chromium.new_context()).new_page()
            await other.goto(web.link(visitor))
            await other.keyboard.press("Enter")
            await other.get_by_role("navigation", name="Pages").wait_for()
            own = await walk(other, checked="mine")
            assert len(own) == number
            assert set(own) < {*paths, "/cockpit/mine"}
            shown = await other.goto(f"{web.base}/cockpit/{refused}")
            assert shown is not None
            assert shown.status == 403
            await other.get_by_role("heading", name="You may not see this page.").wait_for()
            await other.context.close()

        await page.get_by_role("button", name="繁體中文").click()
        await page.get_by_role("heading", name="總覽").wait_for()
        await page.goto(f"{web.base}/cockpit/sessions")
        await page.get_by_role("button", name="登出").click()
        await page.get_by_role("heading", name="你已登出。").wait_for()
        assert errors == []


async def walk(page: Page, *, checked: str = "") -> list[str]:
    """Open every page of the menu; return their paths. `checked`: only paths with this are looked at for barriers."""
    base = page.url.partition("/cockpit")[0]
    paths = [str(await link.get_attribute("href")) for link in await page.locator("header nav a").all()]
    for path in paths:
        await open_page(page, f"{base}{path}", is_checked=checked in path)
    return paths


async def open_page(page: Page, url: str, *, is_checked: bool = True) -> None:
    """Open a page that everybody can use."""
    response = await page.goto(url)
    assert response is not None
    assert response.ok, url
    assert not is_checked or await find_barriers(page) == [], url
