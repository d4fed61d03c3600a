"""The service while Discord delivers twice, refuses, is late, or while things are deleted or closed."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from adapters.discord import interaction_tokens
from adapters.discord.adapter import Discord
from adapters.discord.timing import Timing
from bot.i18n import translate
from simulators.discord.errors import refused
from simulators.discord.rest import Moment
from simulators.discord.values import ADA, CHANNEL, CREATE_THREADS, DM, ME, SEND, SEND_IN_THREADS, VIEW, snowflake
from tests.support.discord.messages import text_of
from tests.support.discord.whole import Whole, whole

PRIVATE = 64
ELSEWHERE = "1457510428359008888"


@pytest.fixture
async def one(tmp_path: Path, timing: Timing) -> AsyncIterator[Whole]:
    async with whole(tmp_path, timing=timing) as one:
        yield one


async def tell_the_time(one: Whole) -> None:
    """A command that is made now tells the service what time it is by Discord's clock."""
    await one.command("help", channel=DM)
    await one.idle()


def nearly_over() -> str:
    """The id of an interaction that was made so long ago that its token ends soon."""
    return str(int(snowflake()) - ((15 * 60 - 44) * 1000 << 22))


def texts(one: Whole, place: str) -> list[str]:
    return [text_of(message) for message in one.simulator.bot_messages(place)]


# ------------------------------------------------------------------ told more than once, or not at all


async def test_an_event_delivered_twice_has_one_answer(one: Whole) -> None:
    """A message and a command that are delivered twice have one answer each."""
    await one.simulator.say(DM, "hello")
    await one.simulator.gateway.replay()
    await one.command("chat", prompt="good day")
    await one.simulator.gateway.replay()
    await one.see(CHANNEL, "re: good day")
    await one.idle()
    assert len(texts(one, DM)) == 2
    assert len(texts(one, CHANNEL)) == 1


async def test_resume_that_repeats_everything(one: Whole) -> None:
    """Fifty events that a resumed session repeats have no second answer."""
    for number in range(50):
        await one.simulator.say(DM, f"question {number}")
    await one.see(DM, "re: question 49")
    one.simulator.gateway.rewinds = 200
    await one.simulator.gateway.drop()
    await one.simulator.until(lambda: one.simulator.gateway.resumed)
    await one.idle()
    assert sorted(texts(one, DM)[:50]) == sorted(f"re: question {number}" for number in range(50))
    assert len(texts(one, DM)) == 51


async def test_messages_sent_without_a_session_are_answered_once(one: Whole) -> None:
    """Messages sent while there was no session are answered once, though they are delivered again too."""
    thread = await one.mention("hello")
    await one.see(thread, "re: hello")
    await one.simulator.say(DM, "heard")
    await one.see(DM, "re: heard")
    one.simulator.message(thread, "missed")
    private = one.simulator.message(DM, "missed in private")
    await one.simulator.gateway.invalidate()
    await one.see(thread, "re: missed")
    await one.simulator.gateway.dispatch("MESSAGE_CREATE", private)
    await one.idle()
    assert texts(one, thread) == ["re: hello", "re: missed"]
    assert len([text for text in texts(one, DM) if "missed" in text]) == 1


# ------------------------------------------------------------------ refused on the way


@pytest.mark.parametrize("is_global", [True, False])
async def test_too_many_requests(one: Whole, is_global: bool) -> None:
    """When Discord gets too many requests an answer comes later, once."""
    for method in ("POST", "PATCH"):
        one.simulator.rest.limits.refuse(method, "messages", times=2, retry_after=0.02, is_global=is_global)
    thread = await one.mention("hello")
    await one.command("chat", prompt="good day")
    await one.see(thread, "re: hello")
    await one.see(CHANNEL, "re: good day")
    await one.idle()
    assert (texts(one, thread), texts(one, CHANNEL)) == (["re: hello"], ["re: good day"])
    assert one.simulator.rest.limits.refused == 4


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_requests_whose_answer_is_lost_are_done_once(one: Whole, moment: Moment) -> None:
    """Requests whose answer never comes are made again, and what they had done already is not done twice."""
    for method, path in (("POST", "/messages"), ("POST", "/threads"), ("PATCH", "/messages")):
        one.simulator.rest.cut(method, path, moment=moment)
    thread = await one.mention("hello")
    await one.command("chat", prompt="good day")
    await one.see(thread, "re: hello")
    await one.see(CHANNEL, "re: good day")
    await one.idle()
    assert (texts(one, thread), texts(one, CHANNEL)) == (["re: hello"], ["re: good day"])


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_lost_acknowledgement_leads_to_one_answer(one: Whole, moment: Moment) -> None:
    """When nobody knows whether an acknowledgement was taken there is one answer, and nothing that waits for ever."""
    one.simulator.rest.cut("POST", "callback", moment=moment)
    await one.command("chat", prompt="hello")
    await one.see(CHANNEL, "re: hello")
    await one.idle()
    assert texts(one, CHANNEL) == ["re: hello"]


async def test_message_that_discord_does_not_take(one: Whole) -> None:
    """When Discord refuses the body of an answer the asker gets a sentence, and the next question is answered."""
    for method in ("POST", "PATCH"):
        one.simulator.rest.fail(method, f"channels/{CHANNEL}/messages", refused(50035), times=1000)
    await one.simulator.deny(CHANNEL, CREATE_THREADS)
    await one.mention("hello")
    await one.simulator.until(lambda: one.simulator.bot_messages(DM))
    await one.idle()


@pytest.mark.parametrize("code", [10062, 40060])
async def test_acknowledgement_that_is_not_taken(one: Whole, code: int) -> None:
    """When an acknowledgement comes too late, or another had come, the answer is a message of the bot."""
    one.simulator.rest.fail("POST", "callback", refused(code))
    await one.command("chat", prompt="hello")
    await one.see(CHANNEL, "re: hello")
    await one.idle()
    [message] = one.simulator.bot_messages(CHANNEL)
    assert "webhook_id" not in message


@pytest.mark.parametrize("is_member", [True, False])
async def test_token_that_ended(one: Whole, is_member: bool) -> None:
    """When a token ends in mid-answer the bot answers itself; where it can't, it does not try for ever."""
    hold = one.echo.hold("hello")
    told = {} if is_member else {"authorizing_integration_owners": {"1": ADA}}
    channel = CHANNEL if is_member else ELSEWHERE
    token = await one.command("chat", channel=channel, told=told, prompt="hello")
    await one.see(channel, "思考中")
    one.simulator.interactions[token].is_expired = True
    expired = one.simulator.rest.calls[-1].number
    hold.set()
    if is_member:
        await one.see(CHANNEL, "re: hello")
    await one.idle()
    if is_member:
        assert texts(one, channel) == ["re: hello"]
    assert not any(
        call.status == 200 for call in one.simulator.rest.calls if token in call.path and call.number > expired
    )


async def test_an_answer_outlives_the_token_of_its_interaction(one: Whole) -> None:
    """An answer that takes longer than its token goes on as a message of the bot's own, and is seen once."""
    hold = one.echo.hold("hello")
    await tell_the_time(one)
    token = await one.command("chat", prompt="hello", told={"id": nearly_over()})
    await one.see(CHANNEL, translate("discord.long", "zh-TW"))
    one.simulator.interactions[token].is_expired = True
    calls = len(one.simulator.rest.calls)
    hold.set()
    await one.see(CHANNEL, "re: hello")
    await one.idle()
    assert texts(one, CHANNEL) == ["re: hello"]
    assert not any("webhooks" in call.path for call in one.simulator.rest.calls[calls:])


async def test_twenty_minutes_where_the_bot_is_no_member(one: Whole) -> None:
    """Where only the token can answer, it is said before its end that the answer will not be in time."""
    hold = one.echo.hold("hello")
    told = {"id": nearly_over(), "authorizing_integration_owners": {"1": ADA}}
    await tell_the_time(one)
    token = await one.command("chat", channel=ELSEWHERE, prompt="hello", told=told)
    late = await one.see(ELSEWHERE, "/retry")
    one.simulator.interactions[token].is_expired = True
    hold.set()
    await one.idle()
    assert one.simulator.bot_messages(ELSEWHERE) == [late]


@pytest.mark.parametrize("is_member", [True, False])
async def test_twenty_minutes_in_the_queue(one: Whole, is_member: bool) -> None:
    """A command that is still queued when its token is about to end says so in time, and its answer is kept."""
    hold = one.echo.hold("first")
    channel, told = (CHANNEL, {}) if is_member else (ELSEWHERE, {"authorizing_integration_owners": {"1": ADA}})
    await one.command("chat", channel=channel, prompt="first", told=told)
    await one.echo.until(lambda: "first" in one.echo.prompts)
    token = await one.command("chat", channel=channel, prompt="second", told={**told, "id": nearly_over()})
    await one.see(channel, translate("discord.long" if is_member else "discord.late", "zh-TW"))
    assert "second" not in one.echo.prompts
    one.simulator.interactions[token].is_expired = True
    hold.set()
    if not is_member:
        await one.echo.until(lambda: "second" in one.echo.prompts)
        await one.idle()
        await one.command("retry", channel=channel, told=told)
    await one.see(channel, "re: second")
    await one.idle()
    assert one.echo.prompts.count("second") == 1
    assert sum("re: second" in text for text in texts(one, channel)) == 1


async def test_restart_while_a_command_waits(tmp_path: Path) -> None:
    """A command that is queued over a restart is announced as late by the next process, and then no longer stored."""
    told = {"authorizing_integration_owners": {"1": ADA}}
    async with whole(tmp_path, timing=Timing(token_reserve=0.0), bot_shutdown_timeout=0) as one:
        one.echo.hold("first")
        await one.command("chat", channel=ELSEWHERE, prompt="first", told=told)
        await one.echo.until(lambda: "first" in one.echo.prompts)
        token = await one.command("chat", channel=ELSEWHERE, prompt="second", told={**told, "id": nearly_over()})
        await one.simulator.until(lambda: token in one.simulator.originals)
        await one.stop()
        assert not text_of(one.simulator.originals[token])
        one.timing = Timing()
        await one.start()
        await one.see(ELSEWHERE, translate("discord.late", "zh-TW"))
        one.echo.holds.pop("first").set()
        await one.see(ELSEWHERE, "re: first")
        await one.idle()
        await one.stop()
        await one.start()
        adapter = one.core.adapters["discord"]
        assert isinstance(adapter, Discord)
        assert adapter._services is not None
        assert not await adapter._services.storage(interaction_tokens.NAMESPACE).items()


# ------------------------------------------------------------------ closed, deleted, not allowed


async def test_an_answer_without_its_channel_is_a_direct_message(one: Whole) -> None:
    """When a channel is deleted in mid-answer the asker gets the answer as a direct message, and others are served."""
    hold = one.echo.hold("hello")
    thread = await one.mention("hello")
    await one.echo.until(lambda: "hello" in one.echo.prompts)
    await one.simulator.until(lambda: one.simulator.bot_messages(thread))
    await one.simulator.delete_channel(CHANNEL)
    await one.simulator.delete_channel(thread)
    hold.set()
    await one.see(DM, "re: hello")
    await one.idle()


async def test_a_question_deleted_before_its_thread_is_opened_is_dropped(one: Whole) -> None:
    """A question that is deleted before its thread is opened is not asked about any more."""
    hold = one.echo.hold("hello")
    said = await one.simulator.say(CHANNEL, f"<@{ME}> hello")
    await one.simulator.delete(said)
    hold.set()
    await one.idle()
    assert not texts(one, CHANNEL)


async def test_question_deleted_while_it_is_answered(one: Whole) -> None:
    """The request to the API ends, and nothing of the answer stays."""
    thread = await one.mention("hello")
    await one.see(thread, "re: hello")
    one.echo.hold("good day")
    said = await one.simulator.say(thread, "good day")
    await one.simulator.until(lambda: len(one.simulator.bot_messages(thread)) == 2)
    await one.simulator.delete(said)
    await one.echo.until(lambda: one.echo.left["good day"] == 1)
    await one.idle()
    assert texts(one, thread) == ["re: hello"]


@pytest.mark.parametrize("is_locked", [False, True])
async def test_an_answer_is_finished_in_a_thread_archived_meanwhile(one: Whole, is_locked: bool) -> None:
    """In a thread that is archived meanwhile the answer is finished; what is locked is answered in private."""
    thread = await one.mention("hello")
    await one.see(thread, "re: hello")
    hold = one.echo.hold("good day")
    await one.simulator.say(thread, "good day")
    await one.simulator.until(lambda: len(one.simulator.bot_messages(thread)) == 2)
    await one.simulator.close_thread(thread, is_locked=is_locked)
    hold.set()
    await one.see(DM if is_locked else thread, "re: good day")
    await one.idle()
    assert sum("re: good day" in text for place in (DM, thread) for text in texts(one, place)) == 1


@pytest.mark.parametrize(
    ("denied", "place"),
    [(CREATE_THREADS, CHANNEL), (SEND_IN_THREADS, CHANNEL), (SEND | SEND_IN_THREADS, DM), (VIEW, DM)],
)
@pytest.mark.parametrize("is_told", [True, False])
async def test_without_permissions_an_answer_is_a_reply_or_private(
    one: Whole, denied: int, place: str, is_told: bool
) -> None:
    """Where the bot may not open a thread it replies; where it may not write at all it answers in private."""
    if is_told:
        await one.simulator.deny(CHANNEL, denied)
    else:
        one.simulator.denied[CHANNEL] = denied
        place = CHANNEL if denied == CREATE_THREADS else DM
    await one.mention("hello")
    await one.see(place, "re: hello")
    await one.idle()


@pytest.mark.parametrize("timing", [Timing(free_edits=0.0)])
@pytest.mark.parametrize("is_told", [True, False])
async def test_message_too_old_to_edit(one: Whole, is_told: bool) -> None:
    """An answer whose message may not be changed any more is posted anew, and the old one is gone."""
    hold = one.echo.hold("hello")
    await one.simulator.say(DM, "hello")
    [message] = await one.simulator.until(lambda: one.simulator.bot_messages(DM))
    if is_told:  # as one of many requests, which the library would repeat
        one.simulator.old.add(message["id"])
    else:
        one.simulator.rest.fail("PATCH", message["id"], refused(30046, retry_after=0.001), times=5)
    hold.set()
    await one.see(DM, "re: hello")
    await one.idle()
    assert texts(one, DM)[0] == "re: hello"
    assert one.simulator.find(DM, message["id"]) is None


@pytest.mark.parametrize("code", [30034, 50035])
async def test_commands_that_are_not_taken(tmp_path: Path, code: int, monkeypatch: Any) -> None:
    """When Discord takes no commands today mentions are answered all the same, and the next start tries again."""
    async with whole(tmp_path) as one:
        await one.simulator.until(lambda: one.simulator.called("PUT", "commands"))
        await one.stop()
        one.simulator.commands = []
        one.simulator.rest.fail("PUT", "commands", refused(code, retry_after=3600.0), times=2)
        (tmp_path / "bot.db").unlink()
        for _ in range(2):
            await one.start()
            await one.idle()
            await one.stop()
        await one.start()
        await one.simulator.until(lambda: one.simulator.commands)
