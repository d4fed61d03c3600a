"""A real Chromium, driven by Playwright."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page

from bench.pictures.chromium import find_chromium, run_chromium

#: Violations of these weights fail a test.
_SERIOUS = {"serious", "critical"}


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """Run the system's Chromium; skips the test where there is none."""
    found = find_chromium()
    if found is None:
        pytest.skip("Chromium is not installed")
    async with run_chromium(found) as one:
        yield one


async def find_barriers(page: Page) -> list[str]:
    """Return what keeps people from using a page, by keyboard, screen reader or eyesight: serious findings of axe."""
    if not await page.evaluate("'axe' in window"):  # it is half a megabyte
        await page.evaluate(Axe().axe_script)
    results: Any = await page.evaluate("axe.run({resultTypes: ['violations']})")
    return [
        f"{violation['id']}: {node['html']}"
        for violation in results["violations"]
        if violation["impact"] in _SERIOUS
        for node in violation["nodes"]
    ]


def watch_errors(page: Page) -> list[str]:
    """Return a list that fills with the errors that a page's console shows, such as breaches of the policy."""
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    return errors
