"""A real Chromium, driven by Playwright."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page

from bench.pictures.chromium import find_chromium, run_chromium

#: Returns the serious findings of axe; those about contrast alone if `isContrastOnly`. Contrast takes axe most of its
#: time: of elements that have the same text style, on the same backgrounds, it looks at one.
_FIND = """async (isContrastOnly) => {
  const lookOf = (element) => {
    const { color, fontSize, fontWeight, textShadow } = getComputedStyle(element);
    const isDisabled = element.matches(":disabled, [aria-disabled=true]");
    const look = [element.tagName, isDisabled, color, fontSize, fontWeight, textShadow];
    for (let around = element; around; around = around.parentElement) {
      const { backgroundColor, backgroundImage, opacity, position } = getComputedStyle(around);
      look.push(backgroundColor, backgroundImage, opacity, position);
    }
    return look.join();
  };
  const hasText = (element) => element.matches("input, select, textarea")
    || [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  const looks = new Map();
  for (const element of document.body.querySelectorAll("*")) {
    if (hasText(element) && element.checkVisibility()) looks.set(lookOf(element), element);
  }
  const options = { resultTypes: ["violations"], preload: false };
  const contrast = { runOnly: { type: "rule", values: ["color-contrast"] } };
  const all = [await axe.run({ include: [...looks.values()] }, { ...options, ...contrast })];
  if (!isContrastOnly) all.push(await axe.run({ ...options, rules: { "color-contrast": { enabled: false } } }));
  return all.flatMap((results) => results.violations)
    .filter((violation) => ["serious", "critical"].includes(violation.impact))
    .flatMap((violation) => violation.nodes.map((node) => `${violation.id}: ${node.html}`));
}"""


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """Run the system's Chromium; skips the test where there is none."""
    found = find_chromium()
    if found is None:
        pytest.skip("Chromium is not installed")
    async with run_chromium(found) as one:
        yield one


async def find_barriers(page: Page, *, is_contrast_only: bool = False) -> list[str]:
    """Return what keeps people from using a page, by keyboard, screen reader or eyesight: serious findings of axe.

    `is_contrast_only`: only the text that is hard to tell from its background.
    """
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(Axe().axe_script)
        await page.add_init_script(Axe().axe_script)  # for the next pages, where it is compiled already
    found: list[str] = await page.evaluate(_FIND, is_contrast_only)
    return found


def watch_errors(page: Page) -> list[str]:
    """Return a list that fills with the errors that a page's console shows, such as breaches of the policy."""
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    return errors
