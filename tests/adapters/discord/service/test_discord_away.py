"""What people say while the service is away, or while its database is."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from adapters.discord.inbound import missed_messages
from adapters.discord.timing import Timing
from adapters.kit.store_outage import OutageTiming
from bot.errors import StoreUnavailable
from bot.i18n import translate
from simulators.discord.errors import Refused, refused
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import BOB, CHANNEL, DIRECT, DM, ME, OTHER, snowflake, user
from tests.support.discord.messages import text_of
from tests.support.discord.processes import Process
from tests.support.discord.whole import Whole, whole
from tests.support.scripted_api import piece, scripted_api

MISSED = translate("request.missed", "en-US")


@pytest.fixture
async def one(tmp_path: Path, timing: Timing) -> AsyncIterator[Whole]:
    async with whole(tmp_path, timing=timing) as one:
        yield one


def texts(simulator: DiscordSimulator, place: str) -> list[str]:
    return [text_of(message) for message in simulator.bot_messages(place)]


async def ask_everywhere(simulator: DiscordSimulator) -> str:
    """Ask in the channel and in direct messages; return the thread of the channel's answer."""
    asked = await simulator.say(CHANNEL, f"<@{ME}> hello")
    await simulator.say(DM, "hello")
    await simulator.until(lambda: "re: hello" in texts(simulator, asked["id"]) and "re: hello" in texts(simulator, DM))
    return str(asked["id"])


def miss_everywhere(simulator: DiscordSimulator, thread: str) -> str:
    """Say something in each place without telling the service; return the id of the message in the channel."""
    simulator.message(thread, "missed in the thread")
    simulator.message(DM, "missed in private")
    simulator.message(CHANNEL, "not for the bot")
    return str(simulator.message(CHANNEL, f"<@{ME}> missed in the channel")["id"])


async def see_everywhere(simulator: DiscordSimulator, thread: str, channel: str) -> None:
    await simulator.until(lambda: "re: missed in the thread" in texts(simulator, thread))
    await simulator.until(lambda: "re: missed in private" in texts(simulator, DM))
    await simulator.until(lambda: "re: missed in the channel" in texts(simulator, channel))


async def test_said_during_a_restart(one: Whole) -> None:
    """What was said in a channel, a thread and direct messages while the service was stopped is answered once."""
    thread = await ask_everywhere(one.simulator)
    await one.stop()
    channel = miss_everywhere(one.simulator, thread)
    await one.start()
    await see_everywhere(one.simulator, thread, channel)
    await one.stop()
    await one.start()
    await one.idle()
    assert one.echo.prompts.count("missed in private") == one.echo.prompts.count("missed in the channel") == 1
    assert texts(one.simulator, channel) == ["re: missed in the channel"]


async def test_said_after_a_clock_was_wrong(one: Whole, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's clock was an hour ahead while missed messages were read: those of the next absence are answered."""
    thread = await ask_everywhere(one.simulator)
    await one.stop()
    right = missed_messages._snowflake_of
    with monkeypatch.context() as patch:
        patch.setattr(missed_messages, "_snowflake_of", lambda seconds: right(seconds + 3600))
        channel = miss_everywhere(one.simulator, thread)
        await one.start()
        await see_everywhere(one.simulator, thread, channel)
        await one.stop()
    await one.simulator.say(thread, "missed later")
    await one.start()
    await one.simulator.until(lambda: "re: missed later" in texts(one.simulator, thread))


async def echo(request: web.Request) -> web.StreamResponse:
    """Stream the prompt back."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
    prompt = (await request.json())["messages"][-1]["content"]
    await response.prepare(request)
    await response.write(f"data: {json.dumps(piece(f're: {prompt}', finish='stop'))}\n\ndata: [DONE]\n\n".encode())
    return response


async def test_killed_in_its_first_minute(tmp_path: Path) -> None:
    """A process that was killed before it saved anything for the first time loses nothing either."""
    async with DiscordSimulator() as simulator, scripted_api() as api, asyncio.timeout(300), AsyncExitStack() as stack:
        api.play(echo)
        first, second = (Process(simulator, api.url, tmp_path) for _ in range(2))
        await first.start()
        stack.push_async_callback(first.kill)
        thread = await ask_everywhere(simulator)
        await asyncio.sleep(0.5)
        await first.kill()
        channel = miss_everywhere(simulator, thread)
        await second.start()
        stack.push_async_callback(second.stop)
        await see_everywhere(simulator, thread, channel)


async def test_an_edit_that_a_killed_process_had(tmp_path: Path) -> None:
    """Discord sends no edit twice: the next process finds it where it reads what was missed."""
    async with DiscordSimulator() as simulator, scripted_api() as api, asyncio.timeout(300), AsyncExitStack() as stack:
        api.play(echo)
        first, second = (Process(simulator, api.url, tmp_path) for _ in range(2))
        await first.start()
        stack.push_async_callback(first.kill)
        asked = await simulator.say(DM, "before the edit")
        await simulator.until(lambda: "re: before the edit" in texts(simulator, DM))
        await first.kill()
        asked["content"], asked["edited_timestamp"] = "after the edit", asked["timestamp"]
        await second.start()
        stack.push_async_callback(second.stop)
        await simulator.until(lambda: texts(simulator, DM) == ["re: after the edit"])


@pytest.mark.parametrize("timing", [Timing(missed_retry=3600)])
async def test_a_new_message_waits_for_the_missed_ones(one: Whole) -> None:
    """Missed messages of a channel are recorded before new ones, in the order in which they were written."""
    await ask_everywhere(one.simulator)
    await one.stop()
    one.simulator.message(DM, "missed in private")
    one.simulator.rest.fail("GET", f"channels/{DM}/messages", Refused(400, 0, "once"))
    await one.start()
    await one.simulator.until(lambda: not one.simulator.rest.faults)
    await one.simulator.say(DM, "said next")
    await one.see(DM, "re: said next")
    assert one.echo.prompts[-2:] == ["missed in private", "said next"]


async def test_said_where_a_command_was_used(one: Whole) -> None:
    """A channel in which somebody used a command is one in which the service was asked."""
    await one.command("chat", prompt="hello", channel=OTHER)
    await one.see(OTHER, "re: hello")
    await one.idle()
    await one.stop()
    missed = one.simulator.message(OTHER, f"<@{ME}> missed in the channel")
    await one.start()
    await one.see(missed["id"], "re: missed in the channel")


async def test_said_by_somebody_new(one: Whole) -> None:
    """The first direct message of a person is found when they write again, as Discord lists no direct messages."""
    await ask_everywhere(one.simulator)
    await one.stop()
    place = snowflake()
    one.simulator.channels[place] = {"id": place, "type": DIRECT, "recipients": [user(BOB, "Bob")]}
    one.simulator.message(place, "is anybody there?", by=BOB)
    await one.start()
    await one.idle()
    await one.simulator.say(place, "hello again", by=BOB)
    await one.see(place, "re: hello again")
    assert one.echo.prompts[-2:] == ["is anybody there?", "hello again"]


@pytest.mark.parametrize("timing", [Timing(missed_retry=0.02)])
async def test_a_history_that_can_not_be_read_at_first(one: Whole) -> None:
    """A failed reading is repeated, and a message that nobody can parse hides no other."""
    thread = await ask_everywhere(one.simulator)
    await one.stop()
    channel = miss_everywhere(one.simulator, thread)
    odd = one.simulator.message(DM, "odd")
    odd["interaction_metadata"] = {"id": snowflake(), "type": 2}  # without a user, which Discord's specification allows
    one.simulator.rest.fail("GET", f"channels/{DM}/messages", Refused(400, 0, "once"), times=2)
    one.simulator.rest.fail("GET", f"channels/{CHANNEL}/messages", Refused(400, 0, "once"), times=2)
    await one.start()
    await see_everywhere(one.simulator, thread, channel)


async def test_a_channel_that_may_not_be_read_any_more(one: Whole) -> None:
    """What can't be read in one channel keeps nothing from being answered in the others."""
    thread = await ask_everywhere(one.simulator)
    await one.stop()
    miss_everywhere(one.simulator, thread)
    one.simulator.rest.fail("GET", f"channels/{CHANNEL}/messages", refused(50001), times=20)
    await one.start()
    await one.see(DM, "re: missed in private")
    await one.see(thread, "re: missed in the thread")


async def test_too_much_was_missed(one: Whole, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where more was said than is read, the newest is answered, and one sentence says so, once."""
    monkeypatch.setattr(missed_messages, "MAX_MESSAGES", 3)
    thread = await ask_everywhere(one.simulator)
    await one.stop()
    for number in range(5):
        one.simulator.message(DM, f"missed {number}")
    one.simulator.message(thread, "only this")
    await one.start()
    await one.see(DM, "re: missed 4")
    await one.see(thread, "re: only this")
    await one.idle()
    await one.stop()
    await one.start()
    await one.idle()
    assert texts(one.simulator, DM).count(MISSED) == 1
    assert MISSED not in texts(one.simulator, thread)
    assert [prompt for prompt in one.echo.prompts if "missed" in prompt] == ["missed 2", "missed 3", "missed 4"]


@pytest.mark.parametrize("timing", [Timing(missed_reach=0.0)])
async def test_too_long_away(one: Whole) -> None:
    """A question of too long ago is not answered; one sentence says so in each place where one was."""
    thread = await ask_everywhere(one.simulator)
    await one.stop()
    miss_everywhere(one.simulator, thread)
    one.simulator.message(DM, "missed, too")
    await one.start()
    await one.see(DM, MISSED)
    await one.see(CHANNEL, MISSED)
    await one.idle()
    assert not [prompt for prompt in one.echo.prompts if "missed" in prompt]


# ------------------------------------------------------------------ a database that is away


def break_store(one: Whole, *names: str) -> Any:
    """Let these methods of the store fail; return what mends them."""
    is_away = True
    store: Any = one.core.store

    def breaking(method: Any) -> Any:
        async def call(*args: Any, **options: Any) -> Any:
            if is_away:
                raise StoreUnavailable("away")
            return await method(*args, **options)

        return call

    for name in names:
        setattr(store, name, breaking(getattr(store, name)))

    def mend() -> None:
        nonlocal is_away
        is_away = False

    return mend


async def test_messages_wait_for_the_database(one: Whole) -> None:
    """What is said in a thread, a channel or direct messages while the database is away is answered, without a word."""
    thread = await ask_everywhere(one.simulator)
    mend = break_store(one, "record", "participants")
    await one.simulator.say(thread, "in the thread")
    await one.simulator.say(thread, "and another")
    await one.simulator.say(DM, "in private")
    channel = await one.mention("in the channel")
    await asyncio.sleep(0.5)
    mend()
    await one.see(thread, "re: in the thread")
    await one.see(thread, "re: and another")
    await one.see(DM, "re: in private")
    await one.see(channel, "re: in the channel")
    assert texts(one.simulator, thread) == ["re: hello", "re: in the thread", "re: and another"]
    assert texts(one.simulator, CHANNEL) == []


@pytest.mark.parametrize("timing", [Timing(outage=OutageTiming(patience=0.2))])
async def test_a_database_that_stays_away(one: Whole) -> None:
    """Nobody is told that something was not asked, which may be untrue."""
    break_store(one, "record")
    await one.simulator.say(DM, "in private")
    await one.see(DM, translate("discord.not_recorded"))


@pytest.mark.parametrize("timing", [Timing(record_timeout=0.1)])
async def test_a_command_waits_for_the_database(one: Whole) -> None:
    """A command that is acknowledged before it is recorded says so, as its process may die; then it is answered."""
    mend = break_store(one, "record")
    token = await one.command("chat", prompt="a command")
    await one.see(CHANNEL, translate("discord.recording", "zh-TW"))
    hold = one.echo.hold("a command")
    mend()
    await one.echo.until(lambda: "a command" in one.echo.prompts)
    await one.simulator.until(lambda: one.simulator.called("PATCH", token))
    hold.set()
    await one.see(CHANNEL, "re: a command")
    await one.idle()
    assert texts(one.simulator, CHANNEL) == ["re: a command"]


@pytest.mark.parametrize("timing", [Timing(record_timeout=0.1, outage=OutageTiming(patience=0.4))])
async def test_a_command_that_is_never_recorded(one: Whole) -> None:
    """No "thinking" is left beside a command that could not be recorded."""
    break_store(one, "record")
    await one.command("chat", prompt="a command")
    await one.see(CHANNEL, translate("discord.not_recorded", "zh-TW"))
    assert len(texts(one.simulator, CHANNEL)) == 1
