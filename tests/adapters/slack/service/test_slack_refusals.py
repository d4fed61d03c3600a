"""Calls that Slack refuses, delays or loses: the answer arrives all the same, once and whole."""

import asyncio
import json
from functools import partial
from pathlib import Path

import pytest
from aiohttp import web

from bot.i18n import translate
from simulators.slack import Message, SlackSimulator
from simulators.slack.faults import Rule
from simulators.slack.workspace import Channel
from tests.support.scripted_api import piece
from tests.support.slack.service import FAST, Service, quiet_logs, service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)

#: What an answer that takes a while calls, and what a picture does.
STREAM_CALLS = ("chat.startStream", "chat.appendStream", "chat.stopStream")
CHAT_CALLS = ("users.info", "assistant.threads.setStatus", *STREAM_CALLS, "chat.update")
UPLOAD_CALLS = ("files.getUploadURLExternal", "files.completeUploadExternal")
PIECES = tuple(f"Part {number} of the answer is here. " * 8 for number in (1, 2, 3))


async def ask(running: Service, text: str) -> list[Message]:
    """Ask, and return the bot's messages in the thread when all is done. Chat answers come in three pieces."""
    slack = running.slack
    visible = [asyncio.Event() for _ in PIECES]

    async def step(request: web.Request) -> web.StreamResponse:
        if "chat" not in request.path:
            return await running.echo(request)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for words, is_shown in zip(PIECES, visible, strict=True):
            await response.write(f"data: {json.dumps(piece(words))}\n\n".encode())
            await is_shown.wait()
        await response.write(b"data: [DONE]\n\n")
        return response

    running.api.play(step)
    question = slack.ada.mention(text)

    def shows(words: str) -> bool:
        there = slack.from_bot(slack.general, thread=question.ts)
        return any(message.files or words.strip() in message.content for message in there)

    for words, is_shown in zip(PIECES, visible, strict=True):
        await slack.until(partial(shows, words))
        is_shown.set()
    await running.idle()
    return slack.from_bot(slack.general, thread=question.ts)


def has_one_text(visible: list[Message]) -> bool:
    """Whether the chat answer is there, whole, in one message that is finished."""
    [answer] = visible
    is_whole = all(answer.content.count(words.strip()) == 1 for words in PIECES)
    return is_whole and answer.stream in ("", "stopped")


def has_one_picture(visible: list[Message]) -> bool:
    """Whether the picture is there, in one message."""
    [message] = visible
    return len(message.files) == 1


async def test_rate_limits_delay_and_lose_nothing(slack: SlackSimulator, tmp_path: Path) -> None:
    """429 with Retry-After, twice on every method: everything is shown, once."""
    rules = [slack.faults.limit(method, 0.05, times=2) for method in ("auth.test", *CHAT_CALLS, *UPLOAD_CALLS)]
    async with service(slack, tmp_path, timing=FAST, aimodels_streaming=True) as running:
        assert has_one_text(await ask(running, "tell me"))
        assert has_one_picture(await ask(running, "image a fox"))
    assert all(rule.hit for rule in rules)
    assert not slack.team.statuses


@pytest.mark.parametrize("fault", ["lost-before", "lost-after", "crash"])
@pytest.mark.parametrize("method", CHAT_CALLS)
async def test_a_failing_call_loses_and_doubles_nothing(
    slack: SlackSimulator, tmp_path: Path, method: str, fault: str
) -> None:
    """A connection that ends before or after the call took effect, a bare 503: the answer is shown, once."""
    rule = fail(slack, method, fault)
    async with service(slack, tmp_path, timing=FAST, aimodels_streaming=True) as running:
        assert has_one_text(await ask(running, "tell me"))
    assert rule.hit == 1


async def test_rate_limits_without_streams(slack: SlackSimulator, tmp_path: Path) -> None:
    """The same for an answer that is posted and edited, a private one, and one that is deleted."""
    slack.faults.unknown("chat.*Stream")
    posted = [slack.faults.limit(method, 0.05, times=2) for method in ("chat.postMessage", "chat.update")]
    told = [slack.faults.limit(method, 0.05, times=2) for method in ("chat.postEphemeral", "chat.delete")]
    async with service(slack, tmp_path, timing=FAST, aimodels_streaming=True) as running:
        [answer] = await ask(running, "tell me")
        assert has_one_text([answer])
        slack.ada.press(answer, "press:feedback")
        await slack.until(lambda: slack.ada.sees(thread=answer.root) and told[0].hit)
        [picture] = await ask(running, "image a fox")
        slack.ada.press(picture, "press:delete")
        await slack.until(lambda: not slack.from_bot(slack.general, thread=picture.root))
        await running.idle()
    assert all(rule.hit for rule in (*posted, *told))


@pytest.mark.parametrize("fault", ["lost-before", "lost-after", "crash"])
@pytest.mark.parametrize("method", UPLOAD_CALLS)
async def test_a_failing_share_loses_and_doubles_nothing(
    slack: SlackSimulator, tmp_path: Path, method: str, fault: str
) -> None:
    """The same for a picture."""
    rule = fail(slack, method, fault)
    async with service(slack, tmp_path, timing=FAST) as running:
        assert has_one_picture(await ask(running, "image a fox"))
    assert rule.hit == 1


def fail(slack: SlackSimulator, method: str, fault: str) -> Rule:
    if fault == "crash":
        return slack.faults.crash(method, 503)
    return slack.faults.drop(method, when="after" if fault == "lost-after" else "before")


REFUSALS = {
    "no-streaming": ("chat.startStream", "unknown_method", None),
    "stream-gone": ("chat.appendStream", "message_not_in_streaming_state", 1),
    "stream-gone-at-the-end": ("chat.stopStream", "message_not_in_streaming_state", 1),
    "blocks": ("chat.update", "invalid_blocks", 1),
    "too-long": ("chat.update", "msg_too_long", 1),
    "blocks-too-long": ("chat.update", "msg_blocks_too_long", 1),
    "no-edit": ("chat.update", "cant_update_message", None),
    "no-edit-any-more": ("chat.update", "edit_window_closed", None),
    "no-edit-of-a-stream": ("chat.update", "streaming_state_conflict", None),
    "no-status": ("assistant.threads.setStatus", "unknown_method", None),
}


@pytest.mark.parametrize(("method", "error", "times"), REFUSALS.values(), ids=REFUSALS)
async def test_refused_calls_are_replaced(
    slack: SlackSimulator, tmp_path: Path, method: str, error: str, times: int | None
) -> None:
    """A refused method, stream or block changes the look, never the text, of an answer."""
    rule = slack.faults.fail(method, error, times=times)
    async with service(slack, tmp_path, timing=FAST, aimodels_streaming=True) as running:
        assert has_one_text(await ask(running, "tell me"))
    assert rule.hit >= 1


async def test_a_method_that_is_not_there_is_asked_for_once(slack: SlackSimulator, tmp_path: Path) -> None:
    """A bare 404 is an unknown method: later answers grow by edits at once."""
    rule = slack.faults.crash("chat.startStream", 404, times=None)
    async with service(slack, tmp_path, timing=FAST, aimodels_streaming=True) as running:
        for text in ("tell me", "tell me more"):
            assert has_one_text(await ask(running, text))
    assert rule.hit == 1


@pytest.mark.parametrize("error", ["channel_not_found", "not_in_channel", "is_archived"])
async def test_a_forbidden_channel_is_answered_in_direct_messages(
    slack: SlackSimulator, tmp_path: Path, error: str
) -> None:
    """When the bot was removed from the channel meanwhile, the answer is sent in direct messages, once."""
    async with service(slack, tmp_path, timing=FAST) as running:
        gate = running.echo.hold("hello")
        slack.ada.mention("hello")
        await running.echo.until(lambda: running.echo.prompts == ["hello"])
        forbid_writing(slack, error)
        gate.set()
        direct = slack.team.direct(slack.ada.id)
        await slack.until(lambda: slack.from_bot(direct))
        await running.idle()
        [told] = slack.from_bot(direct)
        assert "re: hello" in told.content


def forbid_writing(slack: SlackSimulator, error: str) -> None:
    """Refuse every write to #general from now on."""
    if error == "is_archived":
        slack.general.is_archived = True
    else:
        slack.general.members.remove(slack.team.bot.id)
        slack.general.is_private = error == "channel_not_found"


async def test_direct_messages_between_two_people(slack: SlackSimulator, tmp_path: Path) -> None:
    """What is asked there is answered to the asker alone, and has none of the rights of their own direct messages."""
    between = Channel(id="D0BETWEEN", members=[slack.ada.id, slack.bob.id], is_im=True)
    slack.team.channels[between.id] = between
    question = slack.ada.say("what is a monad?", channel=between)
    direct = slack.team.direct(slack.bob.id)

    async def see(words: str, channel: Channel = between) -> None:
        await slack.until(lambda: any(words in m.content for m in slack.bob.sees(channel)))

    async with service(slack, tmp_path, timing=FAST) as running:
        slack.bob.message_shortcut("explain", question)
        await see("re: Explain this message")
        slack.bob.message_shortcut("summarise", question)
        await see(translate("slack.unread_direct", "en-US"))
        slack.bob.slash("/catchup", channel=between)
        await slack.until(lambda: sum("can't read direct messages" in m.content for m in slack.bob.sees(between)) == 2)
        slack.bob.slash("/settings", "temperature 1 --for channel", channel=between)
        await see(translate("settings.not_allowed.channel", "en-US"))
        slack.bob.slash("/schedule", "every day 9:00 what is new?", channel=between)
        await see(translate("schedule.no_place", "en-US"))
        assert slack.from_bot(direct) == []
        slack.bob.message_shortcut("gone", question)
        await see(translate("request.outdated", "en-US"), direct)
        slack.bob.slash("/image", channel=between)
        await slack.bob.submit(await slack.bob.modal(), {"prompt": "a red fox"})
        await slack.until(lambda: any(m.files for m in slack.from_bot(direct)))
        await see(translate("slack.shut_out_direct", "en-US"), direct)
        slack.bob.slash("/settings", "temperature 1 --for channel", channel=direct)
        await see("temperature is set (this channel)", direct)
        await running.idle()
    assert slack.ada.sees(between) == []
    assert all(m.is_ephemeral for m in slack.bob.sees(between))


async def test_a_revoked_token_ends_the_tries(slack: SlackSimulator, tmp_path: Path) -> None:
    """With a revoked token nothing can be sent: health says so, and the service does not try for ever."""
    async with service(slack, tmp_path, timing=FAST) as running:
        gate = running.echo.hold("hello")
        slack.ada.mention("hello")
        await running.echo.until(lambda: running.echo.prompts == ["hello"])
        slack.revoke(slack.token)
        gate.set()
        await running.idle()
        before = len(slack.calls)
        await running.idle()
        assert len(slack.calls) == before
        assert slack.from_bot(slack.general) == []


@pytest.mark.parametrize("how", ["cut", "refused"])
async def test_an_upload_that_fails_half_way_is_done_again(slack: SlackSimulator, tmp_path: Path, how: str) -> None:
    """The picture is shown once, whole."""
    async with service(slack, tmp_path, timing=FAST) as running:
        if how == "cut":
            slack.storage.cut_after = 1
        else:
            slack.faults.crash("upload", 500)
        question = slack.ada.mention("image a fox")
        await running.answers(question)
        await slack.until(lambda: any(m.files for m in slack.from_bot(slack.general, thread=question.ts)))
        await running.idle()
    [message] = slack.from_bot(slack.general, thread=question.ts)
    [file] = message.files
    assert file.content is not None
    assert len(file.content) == file.size
    assert slack.storage.uploads == 2


async def test_a_denied_person_is_told_once(slack: SlackSimulator, tmp_path: Path) -> None:
    """Mentions get one private sentence a day; a command's acknowledgement says that it was said."""
    async with service(slack, tmp_path, bot_deny_people=(slack.bob.id,)) as running:
        for number in range(3):
            slack.bob.mention(f"question {number}")
        await running.idle()
        [told] = slack.bob.sees()
        assert (told.content, told.is_ephemeral) == (translate("policy.person", "en-US"), True)
        delivery = slack.bob.slash("/chat", "and now?")
        await slack.until(lambda: delivery.is_done)
        assert delivery.response["text"] == translate("request.refused_before", "en-US")
        assert running.echo.prompts == []
