"""The service while Discord takes longer for a message than an update may take."""

import asyncio
from pathlib import Path

import pytest

from bot.pipeline.timing import PipelineTiming
from bot.timing import ServiceTiming
from simulators.discord.rest import Call, Moment
from simulators.discord.values import DM
from tests.support.discord.messages import actions_of, text_of
from tests.support.discord.whole import whole

#: A twentieth of the time that an update is given, so that no test waits for it.
SHORT = ServiceTiming(
    pipeline=PipelineTiming(first_update=0.05, last_update=0.3, delayed=0.05, shortest_pause=0.001, longest_pause=0.02)
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
