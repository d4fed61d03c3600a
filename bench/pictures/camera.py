"""A browser that takes small pictures of the pages of `make play`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from urllib.parse import urlencode

from PIL import Image
from playwright.async_api import Browser, Locator, Page

from bench.pictures.chromium import find_chromium, run_chromium

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
PACKAGES = "chromium fonts-noto-core fonts-noto-cjk fonts-noto-color-emoji"  # of Debian
LARGEST = 150_000  #: bytes of a picture
_FRAME = 205  #: pixels above and below the messages of a window
#: Fits the window to what is written, and hides what nobody needs to see in a picture.
_STYLE = ".tools, .top .service, #wire-button { display: none !important; }"


@asynccontextmanager
async def camera() -> AsyncIterator["Camera"]:
    """Run the system's Chromium. Raises `FileNotFoundError` with an instruction."""
    found = find_chromium()
    if found is None:
        raise FileNotFoundError(f"no Chromium: install it, on Debian with apt-get install {PACKAGES}")
    FOLDER.mkdir(exist_ok=True)
    async with run_chromium(found) as browser:
        yield Camera(browser)


class Camera:
    """Opens pages as people, and takes pictures of them."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser

    async def open(self, url: str, *, size: tuple[int, int], dark: bool = False, **query: str) -> Page:
        """Open a page without its wire, in a window of that size."""
        context = await self._browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            device_scale_factor=2 if size[0] < 500 else 1.5,
            color_scheme="dark" if dark else "light",
            timezone_id="UTC",
            bypass_csp=True,  # for the style below
        )
        page = await context.new_page()
        await page.goto(f"{url}?{urlencode(query)}")
        await page.add_style_tag(content=_STYLE)
        await page.locator(".service.ready").wait_for(state="attached")
        if await page.locator("#wire").is_visible():
            await page.evaluate("document.querySelector('#wire-button').click()")
        return page

    async def sign_in(self, link: str, *, size: tuple[int, int]) -> Page:
        """Open the service's own pages with a link that signs in."""
        context = await self._browser.new_context(
            viewport={"width": size[0], "height": size[1]}, device_scale_factor=1.5, timezone_id="UTC"
        )
        page = await context.new_page()
        await page.goto(link)
        await page.locator("button.primary").click()
        await page.wait_for_url("**/cockpit")
        return page

    async def show_film(self, video: Locator, *, at: float = 1.5) -> None:
        """Show a film at a time in seconds."""
        await video.evaluate(
            """(one, at) => new Promise((done) => {
                one.onseeked = () => requestAnimationFrame(done);
                one.preload = "auto";
                one.currentTime = at;
            })""",
            at,
        )
        await video.page.wait_for_timeout(2000)  # the sign that it loads fades

    async def take_message(self, message: Locator, name: str) -> None:
        """Save a picture of a window that is as high as its last message needs."""
        await message.wait_for()
        page = message.page
        box = await message.bounding_box()
        assert box is not None
        assert page.viewport_size is not None
        await page.set_viewport_size({"width": page.viewport_size["width"], "height": round(box["height"]) + _FRAME})
        await page.locator("#scroll").evaluate("(one) => { one.scrollTop = one.scrollHeight; }")
        await self.take(page, name)

    async def take(self, page: Page, name: str) -> None:
        """Save a picture as small as it gets without being ugly. Raises `ValueError` for one that stays too big."""
        await page.evaluate(
            """() => Promise.all([...document.images].map((one) => one.complete || new Promise((done) => {
                one.onload = one.onerror = done;
                one.loading = "eager";
            })))"""
        )
        await page.mouse.move(2, 2)
        raw = await page.screenshot(animations="disabled", caret="hide")
        target = FOLDER / f"{name}.webp"
        with Image.open(BytesIO(raw)) as image:
            for quality in (88, 80, 70, 60):
                image.convert("RGB").save(target, quality=quality, method=6)
                if target.stat().st_size <= LARGEST:
                    print(f"{target.name}: {target.stat().st_size / 1000:.0f} kB")
                    return
        raise ValueError(f"{target} is too big")
