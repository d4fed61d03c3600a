"""Draws a conversation in Discord: `python -m bench.pictures.discord`.

The service answers from its sandbox on the Discord simulator; its messages become an HTML page, and the page a picture.
"""

import asyncio
import tempfile
from functools import partial
from pathlib import Path

from pydantic import SecretStr

from adapters.discord.adapter import Discord
from bench.pictures.browser import render_png
from bench.pictures.discord_page import Page
from bot import bootstrap
from bot.ops import logs
from bot.service import run_until
from bot.settings.core import Settings
from simulators.discord.checks import LOADING
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import ADA, BOB, CHANNEL, ME, TOKEN, Json, member, snowflake

PICTURE = Path(__file__).parents[2] / "docs" / "discord.png"
WIDTH = 680
NAMES = {ADA: "Ada", BOB: "美玲", ME: "Muse"}


async def run_conversation(simulator: DiscordSimulator, folder: Path) -> None:
    """Ask typical questions in a channel, and wait for each answer."""
    adapter = Discord(token=SecretStr(TOKEN), api_url=simulator.api)
    settings = Settings(_env_file=None, bot_data_dir=folder, bot_requests_per_minute=0)  # type: ignore[call-arg, unused-ignore]
    stopping = asyncio.Event()
    async with bootstrap.build(settings, {adapter.name: adapter}) as core:
        running = asyncio.create_task(run_until(core, stopping))
        await simulator.until(lambda: simulator.gateway.is_connected)
        said = await simulator.say(CHANNEL, f"<@{ME}> my name is Ada and I keep bees")
        thread = str(said["id"])
        await simulator.until(partial(simulator.bot_messages, thread), 60)
        await core.worker.drain()
        await simulator.say(thread, "what is my name?")
        await simulator.until(lambda: len(simulator.bot_messages(thread)) == 2, 60)
        await core.worker.drain()
        for person, name, given in (
            (ADA, "code", {"prompt": "is a word a palindrome?", "language": "python"}),
            (BOB, "image", {"prompt": "雪地裡的紅狐狸", "n": 2}),
        ):
            options = [{"name": key, "type": 4 if key == "n" else 3, "value": value} for key, value in given.items()]
            data: Json = {"id": snowflake(), "name": name, "type": 1, "options": options}
            locale = "zh-TW" if person == BOB else "en-US"
            interaction = await simulator.interact(
                2, data, locale=locale, member={**member(person), "permissions": "0"}
            )
            await simulator.until(partial(is_complete, simulator, interaction["token"]), 60)
            await core.worker.drain()
        stopping.set()
        await running


def is_complete(simulator: DiscordSimulator, token: str) -> bool:
    """Return whether a command's answer is there with its files and buttons."""
    message = simulator.originals.get(token, {"flags": LOADING})
    return not message["flags"] & LOADING and "again" in str(message["components"])


async def build_page() -> str:
    """Return the conversation as an HTML page."""
    logs.configure("warning", "json")
    with tempfile.TemporaryDirectory() as folder:
        async with DiscordSimulator() as simulator:
            await run_conversation(simulator, Path(folder))
            return Page(simulator, NAMES).render("general", CHANNEL)


def main() -> None:
    """Write the picture."""
    render_png(asyncio.run(build_page()), PICTURE, width=WIDTH)
    print(f"{PICTURE}: {PICTURE.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
