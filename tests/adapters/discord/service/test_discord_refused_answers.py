"""Answers that Discord refuses, for their words or for any other reason: each ends in one clean message."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from adapters.discord.timing import Timing
from bot.i18n import translate
from simulators.discord.errors import Refused
from simulators.discord.rest import Call
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import ATTACH, CHANNEL, CREATE_THREADS, DM, ME, Json
from tests.support.discord.messages import actions_of, text_of
from tests.support.discord.whole import Whole, whole
from tests.support.media_files import PNG
from tests.support.service import FAST

ALWAYS = 1000
LINK = "https://evil.example/x"
#: Codes of refusals: harmful links, automatic moderation, an invalid form, and one that is not documented.
CODES = (240000, 200000, 50035, 987654)


@pytest.fixture
async def one(tmp_path: Path, timing: Timing) -> AsyncIterator[Whole]:
    async with whole(tmp_path, timing=timing, core_timing=FAST) as one:
        yield one


def refusal(code: int) -> Refused:
    return Refused(400, code, "refused")


def refuse(one: Whole, code: int, where: Any, *, place: str = "/messages") -> None:
    """Refuse the messages for which `where` is true of the request."""
    for method in ("POST", "PATCH"):
        one.simulator.rest.fail(method, place, refusal(code), times=ALWAYS, where=where)
    one.simulator.rest.fail("POST", "webhooks/", refusal(code), times=ALWAYS, where=where)


def everything(one: Whole) -> list[Json]:
    """Every message of the bot, wherever it is."""
    places = [CHANNEL, DM, *one.simulator.threads]
    return [message for place in places for message in one.simulator.messages.get(place, ()) if is_own(message)]


def is_own(message: Json) -> bool:
    return bool(message["author"]["id"] == ME and "the end" not in text_of(message))


def dead_buttons(one: Whole) -> list[Json]:
    return [message for message in everything(one) if "stop" in actions_of(message)]


def files_of(simulator: DiscordSimulator, message: Json) -> list[bytes]:
    return [simulator.cdn.uploads[file["id"]].content for file in message["attachments"]]


async def ask(one: Whole, how: str, text: str) -> str:
    """Ask where the answer is seen while it grows; return the channel of the answer."""
    hold = one.echo.hold("see")
    place = CHANNEL
    if how == "mention":
        place = await one.mention(text)
    elif how == "private":
        place = DM
        await one.simulator.say(DM, text)
    else:
        await one.command("chat", prompt=text)
    await one.simulator.until(lambda: dead_buttons(one))
    hold.set()
    return place


HOW = ("mention", "private", "command")


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("code", CODES)
async def test_link_that_is_refused(one: Whole, how: str, code: int) -> None:
    """Without the links the same words are taken, once, and nothing else is left."""
    refuse(one, code, lambda call: LINK in str(call.body))
    place = await ask(one, how, f"see [the page]({LINK}) and {LINK} now")
    await one.see(place, "the page")
    await one.idle()
    [message] = everything(one)
    assert text_of(message).startswith("re: see the page")
    assert "evil.example" not in text_of(message)
    assert "stop" not in actions_of(message)
    assert "again" in actions_of(message)


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("code", CODES)
async def test_words_that_are_refused(one: Whole, how: str, code: int) -> None:
    """Words that no message may have come as a file, whole, and nothing else is left."""
    refuse(one, code, lambda call: "forbidden" in str(call.body))
    place = await ask(one, how, "see the forbidden words")
    await one.simulator.until(lambda: [m for m in everything(one) if m["attachments"]])
    await one.idle()
    [message] = everything(one)
    assert message["channel_id"] == place
    assert files_of(one.simulator, message) == [b"re: see the forbidden words"]
    assert "stop" not in actions_of(message)


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("code", CODES)
async def test_answer_that_is_refused_in_every_form(one: Whole, how: str, code: int) -> None:
    """The asker reads that the answer is kept; the button shows it, without generating it again; it is counted."""
    refuse(one, code, lambda call: "forbidden" in str(call.body) or call.uploads)
    place = await ask(one, how, "see the forbidden words")
    await one.simulator.until(lambda: [m for m in everything(one) if str(code) in text_of(m)])
    await one.idle()
    [message] = everything(one)
    assert message["channel_id"] == place
    assert "retry" in text_of(message)
    assert "stop" not in actions_of(message)
    counted = one.core.metrics.render(await one.core.store.counts(), one.core.api.rate_limiter).decode()
    assert 'bot_events_total{adapter="discord",command="chat",outcome="undelivered"} 1.0' in counted
    assert "retry" in actions_of(message)
    one.simulator.rest.faults.clear()
    await one.press(message, "retry")
    await one.see(place, "re: see the forbidden words")
    await one.idle()
    assert [prompt for prompt in one.echo.prompts if "forbidden" in prompt] == ["see the forbidden words"]


@pytest.mark.parametrize("how", ["mention", "command"])
async def test_place_where_nothing_is_taken(one: Whole, how: str) -> None:
    """Where not even that sentence is taken it comes in private, and nothing is left where it was asked."""

    def is_last(call: Call) -> bool:
        text = str(call.body)
        is_private = DM in call.path or (call.body or {}).get("flags") == 64
        return not is_private and ("thinking" not in text.lower() and "思考中" not in text)

    refuse(one, 50035, is_last)
    await ask(one, how, "see the words")
    await one.simulator.until(lambda: [m for m in everything(one) if "50035" in text_of(m)])
    await one.idle()
    [message] = everything(one)
    assert message["channel_id"] == DM or message["flags"] & 64
    assert "retry" in text_of(message)


@pytest.mark.parametrize("is_refused_twice", [False, True])
async def test_title_that_is_refused(one: Whole, is_refused_twice: bool) -> None:
    """A thread whose title is refused has another; where that is refused too the answer is a reply in the channel."""
    one.simulator.forbidden["bad title"] = 200001
    if is_refused_twice:
        one.simulator.forbidden["name"] = 200001
    thread = await one.mention("bad title")
    place = CHANNEL if is_refused_twice else thread
    await one.see(place, "re: bad title")
    await one.idle()
    [message] = everything(one)
    assert message["channel_id"] == place


@pytest.mark.parametrize("takes_dms", [True, False])
async def test_upload_that_is_refused(one: Whole, takes_dms: bool) -> None:
    """Where no files may be attached the picture comes as a direct message, and the channel says so."""
    hold = one.echo.hold("fox")
    await one.simulator.say(CHANNEL, f"<@{ME}> image a fox")
    await one.simulator.until(lambda: dead_buttons(one))
    one.simulator.denied[CHANNEL] = ATTACH
    one.simulator.refuses_dms = not takes_dms
    hold.set()
    await one.simulator.until(lambda: not dead_buttons(one))
    if takes_dms:
        await one.simulator.until(lambda: [m for m in one.simulator.bot_messages(DM) if m["attachments"]])
        await one.idle()
    else:
        await one.core.worker.drain()
    [message] = one.simulator.bot_messages(CHANNEL)
    if takes_dms:
        assert text_of(message) == translate("discord.sent_privately", "")
    else:
        assert "retry" in text_of(message)
    assert actions_of(message) == ([] if takes_dms else ["retry"])


async def until_uploaded(one: Whole, number: int) -> None:
    await one.simulator.until(lambda: len(one.simulator.cdn.uploads) == number)


async def test_passing_trouble_switches_nothing_off(one: Whole) -> None:
    """An error of Discord, and a connection that breaks at each of three big pictures: all come as big as they are."""
    one.echo.files["a.png"] = picture = PNG + bytes(12 * 1024 * 1024)  # a break at a small file is no sign of a limit
    one.simulator.cdn.limit = 20 * 1024 * 1024
    rest, uploads, place = one.simulator.rest, one.simulator.cdn.uploads, f"channels/{DM}/messages"
    # A picture is posted, or takes the place of a status that is shown already: either is refused.
    rest.fail("", place, Refused(500, 0, "Internal Server Error"), where=lambda call: bool(call.uploads))
    for number in range(1, 4):
        rest.cut("", place, moment="before", where=lambda call: bool(call.uploads))
        await one.simulator.say(DM, "image a fox")
        await until_uploaded(one, number)
    assert [upload.size for upload in uploads.values()] == [len(picture)] * 3
    assert not rest.faults


async def test_place_that_is_closed_meanwhile(one: Whole) -> None:
    """In a channel where the bot may write no more, the answer comes privately and no dead button stays."""
    hold = one.echo.hold("hello")
    await one.simulator.deny(CHANNEL, CREATE_THREADS)
    await one.mention("hello")
    await one.simulator.until(lambda: dead_buttons(one))
    refuse(one, 50013, lambda call: CHANNEL in call.path, place=f"{CHANNEL}/messages")
    hold.set()
    await one.see(DM, "re: hello")
    await one.idle()
    assert one.simulator.bot_messages(CHANNEL) == []
