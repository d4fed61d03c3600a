"""Catching up with a channel of Discord, through the whole service."""

import re
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.scheduler.timing import ScheduleTiming
from simulators.discord.checks import EPHEMERAL
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import (
    ADA,
    BOB,
    CHANNEL,
    EPOCH,
    GROUP,
    GUILD,
    ME,
    OTHER,
    READ_HISTORY,
    Json,
    member,
    user,
)
from tests.support.catchup.digest_api import DigestApi
from tests.support.discord.messages import actions_of, text_of
from tests.support.discord.whole import whole
from tests.support.schedules.clock import SetClock
from tests.support.service import FAST

_PRICES = ("gpt-4-turbo=input:1|output:2",)  # of a million tokens: a token costs one micro, or two
_BOB = {"locale": "en-US", "member": {**member(BOB), "permissions": "0"}}
_PRIVATE = 12  # the type of a private thread
_LINK = re.compile(r"\[\d+\]\(<https://discord\.com/channels/(\d+)/(\d+)/(\d+)>\)")


def write(simulator: DiscordSimulator, text: str, *, ago: float, by: str = ADA, channel: str = CHANNEL) -> Json:
    """Put a message into a channel that was written so many seconds ago."""
    number = str(int((time.time() - ago - EPOCH) * 1000) << 22)
    return simulator.message(channel, text, by=by, id=number)


def linked(simulator: DiscordSimulator, answer: Json) -> list[str]:
    """Return what the messages say that an answer links to."""
    found = []
    for guild, channel, number in _LINK.findall(text_of(answer)):
        message = simulator.find(channel, number)
        assert message is not None
        assert guild == GUILD
        found.append(message["content"])
    return found


async def test_a_channel_of_5000_messages(tmp_path: Path) -> None:
    """It is caught up within its quoted price, for who asked alone, with links that lead where they say."""
    decisions = [f"DECIDED number {n}" for n in range(7, 4996, 1000)]
    api = DigestApi()
    async with whole(tmp_path, bot_prices=_PRICES, bot_quote_above=0.01) as one:
        one.api.play(api)
        write(one.simulator, "who is there?", ago=6001)
        root = write(one.simulator, "where do we meet?", ago=6000)
        for number in range(4998):
            text = f"small talk about the weather {number}"
            write(one.simulator, decisions[number // 1000] if number % 1000 == 7 else text, ago=5999 - number)
        one.simulator.add_thread(root["id"], "where", owner=ADA, parent=CHANNEL)
        write(one.simulator, "DECIDED to meet at the lake", ago=30, channel=root["id"])
        await one.command("catchup", span="last 10000 messages", told=_BOB)
        quote = await one.see_ephemeral(CHANNEL, "The last 5000 messages")
        assert actions_of(quote)[0] == "quote-make"
        price = re.search(r"Make it \((.*?)\)", str(quote))
        assert price is not None
        assert api.bodies == []
        await one.press(quote, "quote-make", **_BOB)
        answer = await one.see_ephemeral(CHANNEL, "Decisions")
        assert linked(one.simulator, answer) == ["DECIDED to meet at the lake", *decisions]
        assert "evil" not in text_of(answer)
        assert "Earlier messages are not included: these are the newest 5000." in text_of(answer)
        await one.core.worker.drain()
        rows = await one.core.store.usage(since=datetime.fromtimestamp(0, UTC))
        assert 0 < sum(row.cost for row in rows) <= float(price[1])
        assert one.simulator.bot_messages(CHANNEL) == []
        assert answer["flags"] & EPHEMERAL
        await one.simulator.say(CHANNEL, f"<@{ME}> could you sum up the last 3 messages here, please?")
        answer = await one.see(CHANNEL, "The last 3 messages")
        assert linked(one.simulator, answer) == ["DECIDED to meet at the lake"]


async def test_nobody_reads_what_they_may_not(tmp_path: Path) -> None:
    """The asker's and the bot's rights count, in private threads, too; what is missing is said in one sentence.

    Then the answer is about what came since they were there; one that is scheduled, up to that time, in private.

    Plain words ask for it where they are not about a conversation with the bot, and it is not switched off.
    """
    api, clock = DigestApi(), SetClock(datetime.now(UTC))
    timing = replace(FAST, schedules=ScheduleTiming(clock=clock))
    async with whole(tmp_path, core_timing=timing) as one:
        simulator = one.simulator
        one.api.play(api)
        write(simulator, "see you", ago=50, by=BOB)
        write(simulator, f"DECIDED for <@{BOB}>", ago=40)

        async def ask(sentence: str, channel: str = CHANNEL) -> Json:
            await one.command("catchup", channel=channel, told=_BOB)
            return await one.see_ephemeral(channel, sentence)

        simulator.denied_to[CHANNEL, BOB] = READ_HISTORY
        await ask("You may not read the history of this channel")
        simulator.denied_to = {(CHANNEL, ME): READ_HISTORY}
        await ask("View Channel and Read Message History")
        simulator.denied_to.clear()
        group: Json = {"id": "1457510428359008888", "type": GROUP, "recipients": [user(BOB, "Bob")], "owner_id": ADA}
        simulator.channels[group["id"]] = {**group, "icon": None, "name": None}
        await one.command("catchup", channel=group["id"])
        await one.see_ephemeral(group["id"], "我不在這個對話裡")
        thread = simulator.add_thread("1457510428359004999", "secret", owner=ADA, parent=CHANNEL, kind=_PRIVATE)["id"]
        simulator.thread_people[thread] = {ME}
        write(simulator, "DECIDED in secret", ago=30, channel=thread)
        await ask("You may not read the history of this channel", thread)
        assert api.bodies == []
        simulator.thread_people[thread] = {BOB, ME}
        assert linked(simulator, await ask("Decisions", thread)) == ["DECIDED in secret"]
        answer = await ask("1 message since your last one")
        assert linked(simulator, answer) == [f"DECIDED for <@{BOB}>"]
        assert "Ada: DECIDED for @Bob" in api.bodies[-1]["messages"][1]["content"]
        await ask("Nothing new since you last caught up")
        write(simulator, "DECIDED much later", ago=-60)
        await one.command("schedule", what="in 2 hours /catchup last 10 messages", told=_BOB)
        await one.see_ephemeral(CHANNEL, "Scheduled")
        await clock.set(clock.time + timedelta(hours=2))
        scheduled = await simulator.until(
            lambda: [m for place in simulator.channels for m in simulator.history(place) if "Decisions" in text_of(m)]
        )
        assert simulator.channel(scheduled[0]["channel_id"])["recipients"][0]["id"] == BOB
        assert linked(simulator, scheduled[0]) == [f"DECIDED for <@{BOB}>", "DECIDED much later"]
        one.api.play(one.echo)
        thread = (await simulator.say(OTHER, f"<@{ME}> here is my packing list: socks"))["id"]
        await one.see(thread, "re: here is my packing list: socks")
        await simulator.say(thread, "did I miss anything?")
        await one.see(thread, "re: did I miss anything?")
        there: Json = {"value": "commands_off catchup", "for": "channel"}
        await one.command("settings", channel=OTHER, **there)
        await one.see_ephemeral(OTHER, "已設定")
        thread = (await simulator.say(OTHER, f"<@{ME}> summarize the last 5 messages"))["id"]
        await one.see(thread, "re: summarize the last 5 messages")
        client = one.core.adapters["discord"].client  # type: ignore[attr-defined]
        client.drop_message_content()
        await ask("Message Content Intent under Bot")
