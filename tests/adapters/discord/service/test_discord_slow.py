"""The service while something takes long: Discord for a message, or a file that was made for that."""

import asyncio
from pathlib import Path

import pytest

from bot.i18n import translate
from bot.pipeline.timing import PipelineTiming
from bot.timing import ServiceTiming
from bot.waiting.timing import WaitingTiming
from simulators.discord.rest import Call, Moment
from simulators.discord.values import BOB, CHANNEL, DM, ME, Json, snowflake
from tests.support.discord.messages import actions_of, text_of
from tests.support.discord.whole import Whole, whole
from tests.support.hostile.children import parsers, until_parsing
from tests.support.media_files import slow_pdf

#: A twentieth of the time that an update is given, so that no test waits for it.
SHORT = ServiceTiming(
    pipeline=PipelineTiming(first_update=0.05, last_update=0.3, delayed=0.05, shortest_pause=0.001, longest_pause=0.02),
    waiting=WaitingTiming(look=3600.0),
)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("how", ["mention", "private"])
async def test_first_sign_that_takes_too_long(tmp_path: Path, moment: Moment, how: str) -> None:
    """The answer is shown, once, though its first sign was given up while Discord was still making it."""
    async with whole(tmp_path, core_timing=SHORT) as one:
        slow: list[Call] = []

        async def hook(at: Moment, call: Call) -> bool:
            if at == moment and not slow and call.method == "POST" and call.path.endswith("/messages"):
                slow.append(call)
                await asyncio.sleep(1)
            return False

        one.simulator.rest.hook = hook
        hold = one.echo.hold("hello")
        if how == "mention":
            place = await one.mention("hello")
        else:
            place = DM
            await one.simulator.say(DM, "hello")
        await one.simulator.until(lambda: slow)
        hold.set()
        await one.see(place, "re: hello")
        await asyncio.sleep(1)
        await one.core.worker.drain()
        [message] = one.simulator.bot_messages(place)
        assert text_of(message) == "re: hello"
        assert "stop" not in actions_of(message)


def attach(one: Whole, name: str, content: bytes) -> list[Json]:
    """Upload a file; return it for a message."""
    one.simulator.files[name] = content
    url = f"http://127.0.0.1:{one.simulator.port}/cdn/{name}"
    return [{"id": snowflake(), "filename": name, "size": len(content), "url": url, "proxy_url": url}]


async def test_a_prepared_file_holds_nobody_up(tmp_path: Path) -> None:
    """While a PDF that takes minutes is read, another person's file is answered; a stop ends the reading."""
    async with whole(tmp_path) as one:
        thread = await one.mention("read this", attachments=attach(one, "a.pdf", slow_pdf()))
        parser = await until_parsing()
        files = attach(one, "plan.md", b"Ship on Friday.")
        question = await one.simulator.say(CHANNEL, f"<@{ME}> when?", by=BOB, attachments=files)
        await one.see(str(question["id"]), "re: when?")
        assert "Ship on Friday." in str(one.echo.bodies)
        assert parsers() == [parser]
        await one.press(await one.see(thread, translate("chat.reading", "en-US")), "stop")
        await one.see(thread, "Stopped")
        await one.core.worker.drain()
        assert not parsers()
