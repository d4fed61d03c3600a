"""The pages in a real browser: they work by keyboard, in the dark and on a phone, and break no rule of their policy."""

from pathlib import Path

import pytest

from tests.support.pages.browser import browser, find_barriers, watch_errors
from tests.support.pages.client import pages

pytestmark = pytest.mark.usefixtures("quiet_logs")


async def test_the_operator_walks_through_the_pages(tmp_path: Path) -> None:
    """Sign in by keyboard, see the overview move, open every page of the menu, change the language, sign out."""
    async with pages(tmp_path) as web, browser() as chromium:
        page = await (await chromium.new_context()).new_page()
        errors = watch_errors(page)
        await page.goto(web.link())
        assert await find_barriers(page) == []
        await page.keyboard.press("Enter")  # the button has the focus
        await page.wait_for_url("**/cockpit")
        assert await find_barriers(page) == []
        await web.service.ask("a question")
        await page.get_by_text("1 request").first.wait_for()

        paths = [await link.get_attribute("href") for link in await page.locator("nav a").all()]
        dark = await chromium.new_context(
            storage_state=await page.context.storage_state(),
            color_scheme="dark",
            viewport={"width": 390, "height": 844},
        )
        phone = await dark.new_page()
        for path in paths:
            for one in (page, phone):
                response = await one.goto(f"{web.base}{path}")
                assert response is not None
                assert response.ok
                assert await find_barriers(one) == [], path
            width = await phone.evaluate("document.documentElement.scrollWidth")
            assert width <= 390, f"{path} scrolls sideways on a phone"

        await page.get_by_role("button", name="繁體中文").click()
        await page.get_by_role("heading", name="總覽").wait_for()
        await page.goto(f"{web.base}/cockpit/sessions")
        await page.get_by_role("button", name="登出").click()
        await page.get_by_role("heading", name="你已登出。").wait_for()
        assert errors == []
