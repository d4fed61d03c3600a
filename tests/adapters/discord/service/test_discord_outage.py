"""An outage of the AI API, seen from Discord."""

from pathlib import Path

import pytest

from bot.i18n import translate
from simulators.discord.values import BOB, CHANNEL, ME
from tests.support.discord.messages import actions_of, text_of
from tests.support.discord.whole import whole
from tests.support.service import quiet_logs

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


async def test_an_outage_is_waited_out_beside_everything_else(tmp_path: Path) -> None:
    """One quiet message says so and becomes the answer; other people, free commands and pictures go on meanwhile."""
    async with whole(tmp_path, bot_patience=600) as one:
        one.echo.broken.add("hello")
        status = translate("status.outage", "en-US", minutes=10)
        thread = await one.mention("hello")
        waiting = await one.see(thread, status)
        assert actions_of(waiting) == ["stop"]
        his = await one.mention("good day", by=BOB)
        await one.see(his, "re: good day")
        await one.command("chat", prompt="good night")
        await one.see(CHANNEL, "re: good night")
        await one.command("usage", channel=thread)
        await one.command("image", channel=thread, prompt="a fox")
        await one.simulator.until(lambda: [m for m in one.simulator.bot_messages(thread) if m["attachments"]])
        await one.simulator.say(thread, f"<@{ME}> and then?")
        assert text_of(waiting).count(status) == 1
        one.echo.broken.clear()
        await one.simulator.until(lambda: text_of(waiting) == "re: hello")
        await one.see(thread, "re: and then?")


async def test_stop_ends_the_wait(tmp_path: Path) -> None:
    """The button under the status, also after a restart, of a mention and of a slash command."""
    async with whole(tmp_path, bot_patience=600) as one:
        one.echo.broken.add("hello")
        places = {await one.mention("hello"): "en-US", CHANNEL: "zh-TW"}
        await one.command("chat", prompt="hello again")
        told = [(place, translate("status.outage", locale, minutes=10)) for place, locale in places.items()]
        waiting = [await one.see(place, status) for place, status in told]
        await one.stop()
        await one.start()
        for message in waiting:
            await one.press(message, "stop")
        stopped = {translate("status.stopped", locale) for locale in places.values()}
        await one.simulator.until(lambda: {text_of(message) for message in waiting} <= stopped)
        one.echo.broken.clear()
        await one.idle()
