"""Benchmark of `make play`: seconds from the command to the first answer in the Slack-like page.

`python -m bench.cockpit.first_answer` runs it five times, in a Chromium that is already open, as that of a person is.
"""

import asyncio
import os
import signal
import statistics
import sys
import time

from playwright.async_api import Browser, expect

from bench.pictures.chromium import find_chromium, run_chromium

RUNS = 5
MOST = 10.0  #: seconds until the answer


async def measure(browser: Browser) -> tuple[float, float, float]:
    """Return the seconds until the page's address is printed, the service is connected and the answer is complete."""
    began = time.monotonic()
    play = await asyncio.create_subprocess_exec(
        *("make", "--no-print-directory", "play", "ARGS=--no-browser"),
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        assert play.stdout is not None
        address = (await play.stdout.readline()).decode().split()[-1]
        served = time.monotonic() - began
        page = await browser.new_page()
        await page.goto(f"{address}/slack")
        await page.locator("#composer-text").fill("@Muse how do I start?")
        await page.locator(".service.ready").wait_for()
        connected = time.monotonic() - began
        await page.keyboard.press("Escape")  # the offered completion
        await page.keyboard.press("Enter")
        await page.get_by_role("button", name="1 reply").click()
        answer = page.get_by_role("complementary", name="Thread").locator(".message.bot")
        await expect(answer.get_by_role("button", name="Again")).to_be_visible(timeout=30_000)
        answered = time.monotonic() - began
        await page.close()
    finally:
        os.killpg(play.pid, signal.SIGINT)  # as Ctrl-C on a terminal
        await play.wait()
    return served, connected, answered


async def main() -> None:
    """Print the table."""
    found = find_chromium()
    if found is None:
        sys.exit("Chromium is not installed")
    async with run_chromium(found) as browser:
        runs = [await measure(browser) for _ in range(RUNS)]
    print(f"### From `make play` to the first answer, {RUNS} runs\n")
    print("| seconds until | median | slowest | at most |\n| --- | --- | --- | --- |")
    for name, times, most in zip(
        ("the page's address is printed", "the service is connected", "the whole answer is shown"),
        zip(*runs, strict=True),
        ("", "", f"{MOST:g}"),
        strict=True,
    ):
        print(f"| {name} | {statistics.median(times):.1f} | {max(times):.1f} | {most} |")


if __name__ == "__main__":
    asyncio.run(main())
