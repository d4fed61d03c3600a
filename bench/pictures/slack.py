"""Draws a conversation in Slack: `python -m bench.pictures.slack`.

The service answers from its sandbox on the Slack simulator; its messages become an HTML page, and the page a picture.
"""

import asyncio
import tempfile
from functools import partial
from pathlib import Path

from pydantic import SecretStr

from adapters.slack import Settings as SlackSettings
from adapters.slack.adapter import Slack
from bench.pictures.browser import render_png
from bench.pictures.slack_page import Page
from bot import bootstrap
from bot.ops import logs
from bot.service import run_until
from bot.settings.core import Settings
from simulators.slack import Message, SlackSimulator

PICTURE = Path(__file__).parents[2] / "docs" / "slack.png"
WIDTH = 680


async def run_conversation(slack: SlackSimulator, folder: Path) -> list[Message]:
    """Ask typical questions in a channel; return the root messages of the threads."""
    slack.team.users[slack.bob.id].name, slack.team.users[slack.bob.id].locale = "美玲", "zh-TW"
    adapter = Slack(
        SlackSettings(  # type: ignore[call-arg, unused-ignore]
            _env_file=None,
            slack_bot_token=SecretStr(slack.token),
            slack_app_token=SecretStr(slack.app_token),
            slack_api_url=slack.api_url,
        )
    )
    settings = Settings(_env_file=None, bot_data_dir=folder, bot_requests_per_minute=0)  # type: ignore[call-arg, unused-ignore]
    stopping = asyncio.Event()
    async with bootstrap.build(settings, {adapter.name: adapter}) as core:
        running = asyncio.create_task(run_until(core, stopping))
        await slack.until(lambda: slack.sockets.open)
        roots = []
        for person, command, text in (
            (slack.ada, "code", "--language python is a word a palindrome?"),
            (slack.bob, "image", "雪地裡的紅狐狸"),
        ):
            before = len(slack.from_bot(slack.general))
            person.slash(command, text)
            await slack.until(partial(is_complete, slack, before), 60)
            await core.worker.drain()
            await slack.until_delivered()
            roots.append(slack.from_bot(slack.general)[before])
        roots[:0] = [await ask_in_thread(slack, core)]
        stopping.set()
        await running
    return roots


async def ask_in_thread(slack: SlackSimulator, core: bootstrap.Core) -> Message:
    """Ask in a channel, then without a mention in the thread; return the root message."""
    root = slack.ada.mention("my name is Ada and I keep bees")
    await slack.until(lambda: slack.from_bot(slack.general, thread=root.ts), 60)
    await core.worker.drain()
    slack.ada.say("what is my name?", thread=root)
    await slack.until(lambda: len(slack.from_bot(slack.general, thread=root.ts)) == 2, 60)
    await core.worker.drain()
    await slack.until_delivered()
    return root


def is_complete(slack: SlackSimulator, before: int) -> bool:
    """Return whether the answer to a command is there with its buttons."""
    return any("again" in str(message.blocks) for message in slack.from_bot(slack.general)[before:])


async def build_page() -> str:
    """Return the conversation as an HTML page."""
    logs.configure("warning", "json")
    with tempfile.TemporaryDirectory() as folder:
        async with SlackSimulator() as slack:
            roots = await run_conversation(slack, Path(folder))
            return Page(slack, slack.ada.id).render("# general", roots)


def main() -> None:
    """Write the picture."""
    render_png(asyncio.run(build_page()), PICTURE, width=WIDTH)
    print(f"{PICTURE}: {PICTURE.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
