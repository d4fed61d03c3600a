"""Pictures of the Discord-like page."""

from typing import Any

from bench.pictures.camera import Camera
from simulators.discord.checks import LOADING
from simulators.discord.values import ADA, BOB, CHANNEL
from simulators.play.session import PlaySession

MEI = "1033044521375764532"
_MADE = 90.0  #: seconds for a picture or a film


async def command(session: PlaySession, person: str, name: str, **values: str) -> dict[str, Any]:
    """Use a slash command; return its answer once it is complete."""
    discord = session.discord.simulator
    known = set(discord.originals)
    body = {"channel": CHANNEL, "command": name, "values": values}
    await session.discord.act(person, "command", body)
    [token] = await discord.until(lambda: set(discord.originals) - known)
    await discord.until(lambda: token in discord.originals and not discord.originals[token]["flags"] & LOADING, _MADE)
    answer: dict[str, Any] = discord.originals[token]
    await discord.until(lambda: answer["components"] or answer["flags"], _MADE)
    return answer


async def scenes(session: PlaySession, camera: Camera) -> None:
    """A channel with code and pictures, the options of a command, a form, and a film in the dark."""
    url, discord = f"{session.url}/discord", session.discord.simulator
    await discord.until(lambda: session.discord.is_connected and discord.commands)
    said = await session.discord.act(ADA, "say", {"channel": CHANNEL, "text": "@Muse my name is Ada and I keep bees"})
    await discord.until(lambda: any(m["components"] for m in discord.bot_messages(said["id"])), _MADE)
    await command(session, ADA, "code", prompt="is a word a palindrome?", language="python")
    await command(session, MEI, "image", prompt="雪地裡的紅狐狸", n="2", size="512x512")
    page = await camera.open(url, size=(1080, 900), place=CHANNEL)
    await page.locator("#messages img").nth(1).wait_for()
    await camera.take(page, "discord")

    await page.locator("#composer-text").press_sequentially("/image")
    await page.keyboard.press("Enter")
    await page.keyboard.type("a lighthouse in a storm, seen from the sea")
    await camera.take(page, "discord-options")
    await page.keyboard.press("Escape")

    await session.discord.act(BOB, "command", {"channel": CHANNEL, "command": "compose", "values": {"command": "chat"}})
    page = await camera.open(url, size=(820, 640), place=CHANNEL, person=BOB)
    await page.get_by_role("dialog").get_by_label("Prompt").fill("Explain how a transistor works.")
    await camera.take(page, "discord-form")
    await session.discord.act(BOB, "close", {})

    await command(session, ADA, "video", prompt="a boat at sunset", duration="3")
    page = await camera.open(url, size=(390, 780), dark=True, place=CHANNEL)
    await camera.show_film(page.locator("video"))
    await camera.take(page, "discord-phone")
