"""`make play` in a real browser: people talk to the service on both pages, over the simulated platforms."""

import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, FilePayload, Locator, Page, ViewportSize, expect

from simulators.play.session import PlaySession
from tests.support.pages.browser import browser, find_barriers, watch_errors

expect.set_options(timeout=30_000)  # the machine may be busy


ROOT = Path(__file__).parents[3]
TEXT: FilePayload = {"name": "<i>notes.txt", "mimeType": "text/plain", "buffer": b"three words here"}
SLOWLY = 2.0  #: seconds after each piece of an answer, until it was seen to grow
ROLL = """
import secrets
from bot.commands import Context, Parts, command
from bot.models import CommandSpec, Lane, Text

@command(CommandSpec(name="roll", description="Roll dice.", lane=Lane.FREE))
async def roll(ctx: Context) -> Parts:
    yield Text("thrown")
"""
#: Returns the width of an entry's title, in pixels, beside an outcome with these words.
TITLE_WIDTH = """(entry, words) => {
  const copy = entry.parentElement.appendChild(entry.cloneNode(true));
  copy.querySelector(".outcome").textContent = words;
  const { width } = copy.querySelector(".title").getBoundingClientRect();
  copy.remove();
  return width;
}"""


def link_code(folder: Path) -> Path:
    """The service's packages in a folder of their own, to which a command can be added."""
    (folder / "bot").mkdir(parents=True)
    for name in ("adapters", "aimodels", "sandbox"):
        (folder / name).symlink_to(ROOT / name)
    for path in (ROOT / "bot").iterdir():
        if path.name not in {"commands", "__pycache__"}:
            (folder / "bot" / path.name).symlink_to(path)
    shutil.copytree(ROOT / "bot" / "commands", folder / "bot" / "commands")  # with what is compiled of it
    return folder


@asynccontextmanager
async def play(folder: Path) -> AsyncIterator[PlaySession]:
    """Everything that `make play` starts."""
    session = PlaySession(folder / "data", code=link_code(folder / "code"))
    session.refused_for = 2.0
    await session.start()
    try:
        yield session
    finally:
        await session.stop()


async def write(page: Page, text: str, *, field: str = "#composer-text") -> None:
    """Type a message, choosing what is offered for a first word that begins with @ or /."""
    await page.locator(field).press_sequentially(text.partition(" ")[0])
    await page.locator(".completions [aria-selected=true]").wait_for()
    await page.keyboard.press("Enter")
    await page.keyboard.type(text.partition(" ")[2])
    await page.keyboard.press("Enter")


async def choose(page: Page, message: Locator, entry: str) -> None:
    """Choose in the menu of a message."""
    await message.get_by_role("button", name="More actions").click()
    await page.get_by_role("menuitem", name=entry, exact=True).click()


async def kill(page: Page) -> None:
    """Kill the service; return when its successor is connected."""
    await page.get_by_role("button", name="Kill the service now").click()
    await expect(page.get_by_text("the service starts again").last).to_be_visible()
    await expect(page.locator(".service.ready")).to_be_visible()


#: Messages of which a button covers a part: buttons are there without a pointer.
COVERED = """() => [...document.querySelectorAll(".message")].filter((message) => {
  const [tools, text] = [".tools", ".body"].map((one) => message.querySelector(one)?.getBoundingClientRect());
  return tools && text && tools.left < text.right && tools.top < text.bottom;
}).map((message) => message.textContent)"""


async def look_at_phone(chromium: Browser, urls: Sequence[str]) -> None:
    """Open pages on a phone, in the dark, in the browser's language; in another, which is remembered."""
    size = ViewportSize(width=390, height=800)
    context = await chromium.new_context(
        color_scheme="dark", viewport=size, locale="zh-TW", reduced_motion="reduce", has_touch=True, is_mobile=True
    )
    page = await context.new_page()
    await page.goto(urls[0])
    await expect(page.locator(".service.ready")).to_have_text("服務已連線")
    await page.get_by_label("語言").select_option("简体中文")
    await expect(page.locator(".service.ready")).to_have_text("服务已连接")
    for url in urls:
        await page.goto(url)
        await expect(page.locator(".service.ready")).to_have_text("服务已连接")
        assert await find_barriers(page, is_contrast_only=True) == []
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390
        assert await page.evaluate(COVERED) == []
    await context.close()


@pytest.mark.long
@pytest.mark.programs
async def test_people_walk_through_both_pages(tmp_path: Path) -> None:
    """Ask, see the answer grow, use a form and buttons, get private answers, and one answer over a SIGKILL."""
    async with play(tmp_path) as session, browser() as chromium:
        size = ViewportSize(width=1280, height=800)
        page = await (await chromium.new_context(viewport=size, reduced_motion="reduce")).new_page()
        errors = watch_errors(page)
        urls = []
        for walk in (walk_slack, walk_discord):
            session.api.pause = SLOWLY
            await walk(page, session)
            await use_new_command(page, tmp_path / "code")
            urls.append(page.url)
        await page.goto(f"{session.url}/cockpit")
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_role("link", name="Try it").click()
        await page.get_by_role("link", name="Open the Discord-like page").click()
        chosen = page.get_by_role("link", name="Discord-like", exact=True)
        await expect(chosen).to_have_attribute("aria-current", "page")
        assert errors == []
        await page.close()
        await look_at_phone(chromium, urls)


async def use_new_command(page: Page, code: Path) -> None:
    """Add a command, if it is not there yet; after a reload of the page it can be used."""
    added = code / "bot" / "commands" / "roll.py"
    if not added.exists():
        added.write_text(ROLL, encoding="utf-8")
    await page.reload()
    await expect(page.locator(".service.ready")).to_be_visible()
    await page.get_by_role("button", name="# random", exact=True).click()
    await page.locator("#composer-text").press_sequentially("/roll")
    await page.locator(".completions [aria-selected=true]").wait_for()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")  # sends it, or confirms its form
    await expect(page.locator("#messages .bot")).to_contain_text("thrown")


async def walk_slack(page: Page, session: PlaySession) -> None:
    """Ada on the Slack-like page."""
    await page.goto(f"{session.url}/slack")
    await expect(page.locator(".service.ready")).to_be_visible()
    await write(page, "@Muse how do I start?")
    await page.get_by_role("button", name="1 reply").click()
    thread = page.get_by_role("complementary", name="Thread")
    answers = thread.locator(".message.bot:not(.ephemeral)")
    await expect(thread.locator(".streaming")).to_be_visible()
    session.api.pause = 0.0
    await expect(answers.get_by_role("button", name="Again")).to_be_visible()
    await page.get_by_role("button", name="Send the event twice").click()
    await expect(page.get_by_text("app_mention was sent again")).to_be_visible()
    await page.get_by_role("button", name="API answers 429").click()
    await page.get_by_role("button", name="Slack is slow", pressed=False).click()
    await page.get_by_role("button", name="Slack is slow", pressed=True).click()
    await page.locator("#thread-composer-files").set_input_files([TEXT])
    await page.locator("#thread-composer-text").fill("summarise this file")
    await page.keyboard.press("Enter")
    await expect(page.locator(".entry.wrong", has_text="/v1/chat/completions")).to_contain_text("429")
    assert await page.locator(".entry.wrong").first.evaluate(TITLE_WIDTH, "ClientConnectionResetError 234 ms") > 40
    await expect(answers.nth(1)).to_contain_text("three words here")
    await answers.nth(1).get_by_role("button", name="Good").click()
    await expect(page.locator(".entry", has_text="block_actions")).to_contain_text("acknowledged")
    await expect(answers).to_have_count(2)
    await expect(thread.get_by_role("link", name="<i>notes.txt")).to_be_visible()
    assert await find_barriers(page) == []

    await write(page, "/image ")
    dialog = page.get_by_role("dialog")
    assert await find_barriers(page) == []
    await dialog.get_by_label("prompt").fill("<b>a red fox</b>")
    await dialog.get_by_role("radiogroup", name="size").get_by_label("512x512").check()
    await dialog.get_by_role("button", name="Go").click()
    await page.get_by_role("log", name="Messages", exact=True).get_by_text("<b>a red fox</b>").wait_for()
    await page.locator("#messages .message").nth(1).get_by_role("button", name="1 reply").click()
    await expect(thread.locator("img")).to_have_js_property("naturalWidth", 512)

    await write(page, "/usage ")
    await expect(page.locator("#messages .ephemeral")).to_contain_text("Only visible to you")
    await page.get_by_role("button", name="Muse", exact=True).click()
    await page.get_by_role("button", name="Home", exact=True).click()
    await page.get_by_role("button", name="Make a picture").wait_for()
    assert await find_barriers(page) == []
    await page.get_by_role("button", name="Messages", exact=True).click()
    session.api.pause = SLOWLY
    await page.locator("#composer-text").fill("how do I start?")
    await page.keyboard.press("Enter")
    await thread.locator(".streaming").wait_for()
    session.api.pause = 0.0
    await kill(page)
    await expect(answers.get_by_role("button", name="Again")).to_be_visible()
    await expect(answers).to_have_count(1)
    await talk(page, answers)


async def talk(page: Page, answers: Locator) -> None:
    """Say something in the direct messages with the app, and have the answer read aloud."""
    await page.locator("#composer-text").fill("2 + 3")
    await page.locator("#composer").get_by_role("button", name="Say it: a voice message").click()
    await expect(answers.last).to_contain_text("🎤 2 + 3")
    await expect(answers.last.get_by_role("button", name="Good")).to_be_visible()
    await answers.last.get_by_role("button", name="Read aloud").click()
    await expect(answers.locator("audio")).to_be_visible()


async def walk_discord(page: Page, session: PlaySession) -> None:
    """Ada on the Discord-like page."""
    await page.goto(f"{session.url}/discord")
    await expect(page.locator(".service.ready")).to_be_visible()
    await write(page, "@Muse how do I start?")
    await page.get_by_role("button", name="🧵 how do I start?").last.click()
    answers = page.locator("#messages .message.bot")
    await expect(answers.get_by_role("button", name="Stop")).to_be_visible()
    session.api.pause = 0.0
    await expect(answers.get_by_role("button", name="Again")).to_be_visible()
    await page.get_by_role("button", name="Send the event twice").click()
    await expect(page.get_by_text("MESSAGE_CREATE was sent again")).to_be_visible()
    await choose(page, answers.first, "Reply")
    await page.locator("#composer-files").set_input_files([TEXT])
    await page.locator("#composer-text").fill("summarise this file")
    await page.keyboard.press("Enter")
    await expect(answers.nth(1)).to_contain_text("three words here")
    await expect(answers).to_have_count(2)
    await expect(page.locator("#messages .message:not(.bot)").last).to_contain_text("↱ Muse: Hello!")
    await expect(page.get_by_role("link", name="<i>notes.txt")).to_be_visible()
    await page.get_by_role("button", name="# general", exact=True).click()

    await page.locator("#composer-text").press_sequentially("/ima")
    await page.keyboard.press("Enter")
    form = page.get_by_role("group", name="Command image")
    await form.get_by_label("size").select_option("512x512")
    await form.get_by_label("model").focus()
    await expect(form.locator("datalist option")).to_have_attribute("value", "seeddream-4.0")
    await form.get_by_label("prompt").fill("**a blue bird**")
    assert await find_barriers(page) == []
    await page.keyboard.press("Enter")
    await expect(answers.locator("img")).to_have_js_property("naturalWidth", 512)
    await answers.get_by_role("button", name="Delete").click()
    private = page.locator("#messages .ephemeral")
    await expect(private).to_contain_text("Deleted.")
    await expect(answers).to_have_count(1)  # what moves the page is over
    await choose(page, private, "Dismiss")
    await expect(answers).to_have_count(0)

    await page.locator("#composer-text").press_sequentially("/comp")
    await page.keyboard.press("Enter")
    await page.get_by_role("group", name="Command compose").get_by_label("command").select_option("chat")
    await page.get_by_role("button", name="Use", exact=True).click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Prompt").fill("2 + 3")
    assert await find_barriers(page) == []
    await dialog.get_by_role("button", name="Submit").click()
    await expect(answers).to_contain_text("2 + 3 = 5")

    await page.locator("#composer-text").press_sequentially("/usage")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Use", exact=True).click()
    await expect(private).to_contain_text("Only you can see this")
    await page.get_by_role("button", name="Muse", exact=True).click()
    await talk(page, answers)
    assert await find_barriers(page) == []
