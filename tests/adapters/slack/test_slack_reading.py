"""What is read from Slack besides what it tells: files that people attached, and earlier messages of a thread."""

from dataclasses import replace

import pytest
from aiohttp import web

from bot.errors import DeliveryDelayed, DownloadFailed
from bot.models import Attachment
from simulators.slack import FakeSlack, Message
from tests.support.slack.stage import Core, Service


async def _read(service: Service, attachment: Attachment) -> bytes:
    return b"".join([piece async for piece in service.adapter.open(attachment)])


async def test_files_of_a_message(slack: FakeSlack, service: Service, core: Core) -> None:
    """Attached files come with their names and types, and their bytes are read in pieces."""
    content = bytes(range(256)) * 2048
    files = [slack.ada.file("a.png", content, mimetype="image/png"), slack.ada.file("notes.txt", b"notes")]
    slack.ada.mention("look", files=files)
    [event] = await core.count(1)
    assert [(file.name, file.size) for file in event.attachments] == [("a.png", len(content)), ("notes.txt", 5)]
    pieces = [piece async for piece in service.adapter.open(event.attachments[0])]
    assert b"".join(pieces) == content
    assert max(map(len, pieces)) <= 64 * 1024


async def test_file_that_came_without_its_address(slack: FakeSlack, service: Service, core: Core) -> None:
    """A file of which Slack tells only the id, as in shared channels, is asked for."""
    slack.ada.mention("look", files=[slack.ada.file("a.txt", b"text")])
    [event] = await core.count(1)
    [file] = event.attachments
    bare = replace(file, source={name: value for name, value in file.source.items() if name != "url"})
    assert await _read(service, bare) == b"text"


async def test_file_that_is_gone(slack: FakeSlack, service: Service, core: Core) -> None:
    """A file that was deleted can't be read, with a sentence."""
    given = slack.ada.file("a.txt", b"text")
    slack.ada.mention("look", files=[given])
    [event] = await core.count(1)
    given.is_deleted = True
    with pytest.raises(DownloadFailed, match=r"a\.txt can't be read"):
        await _read(service, event.attachments[0])


async def test_the_token_goes_to_slack_alone(service: Service) -> None:
    """A file elsewhere is not asked for at all, and a redirect elsewhere is not followed with the token."""
    asked: list[str | None] = []

    async def elsewhere(request: web.Request) -> web.Response:
        asked.append(request.headers.get("Authorization"))
        return web.Response(body=b"secret")

    app = web.Application()
    app.router.add_get("/file", elsewhere)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/file"
        for address in (url, "https://slack.com.example.org/file", "http://files.slack.com/file", "file:///etc/passwd"):
            with pytest.raises(DownloadFailed, match="not on Slack"):
                await _read(service, Attachment(name="a", source={"url": address}))
    finally:
        await runner.cleanup()
    assert asked == []


async def test_earlier_messages_of_a_thread(slack: FakeSlack, service: Service, core: Core) -> None:
    """What people wrote before the bot was called is read with their names, the newest within the limit."""
    root = slack.ada.say("the build is red", files=[slack.ada.file("log.txt", b"log")])
    for number in range(30):
        slack.bob.say(f"guess {number} &lt;3", thread=root)
    slack.ada.mention("why?", thread=root)
    slack.bob.say("written after", thread=root)
    [event] = await core.count(1)
    earlier = await service.adapter.earlier(event.reply_to, limit=10)
    assert [(t.speaker, t.content) for t in earlier.turns] == [("Bob", f"guess {n} <3") for n in range(20, 30)]
    assert {turn.actor for turn in earlier.turns} == {slack.bob.id}
    assert all(turn.role == "user" and turn.at is not None for turn in earlier.turns)
    assert [file.name for file in earlier.attachments] == ["log.txt"]
    assert await _read(service, earlier.attachments[0]) == b"log"


def _guess(slack: FakeSlack, root: Message, number: int) -> None:
    """Bob said so in the thread, long before the bot was there to be told."""
    said = Message(ts=slack.clock.ts(), channel=root.channel, team=root.team, user=slack.bob.id, text=f"guess {number}")
    said.thread_ts = root.ts
    slack.general.messages.append(said)


@pytest.mark.parametrize("pauses", [{}, {20: 86_400}, {420: 86_400}, {200: 3_600, 440: 60}], ids=str)
async def test_of_a_long_thread_the_newest_is_read(
    slack: FakeSlack, service: Service, core: Core, pauses: dict[int, float]
) -> None:
    """Slack tells the oldest first; of a thread of hundreds the newest is read all the same, in a few requests."""
    root = slack.ada.say("the build is red", files=[slack.ada.file("log.txt", b"log")])
    for number in range(450):
        slack.clock.pause(pauses.get(number, 2))
        _guess(slack, root, number)
    slack.ada.mention("why?", thread=root)
    [event] = await core.count(1)
    earlier = await service.adapter.earlier(event.reply_to, limit=10)
    assert [turn.content for turn in earlier.turns] == [f"guess {number}" for number in range(440, 450)]
    assert [file.name for file in earlier.attachments] == ["log.txt"]
    assert len(slack.called("conversations.replies")) <= 4


async def test_of_a_long_thread_that_can_not_be_read_on_the_beginning_is_told(
    slack: FakeSlack, service: Service, core: Core
) -> None:
    """Where Slack lets an app read one page, there is that page."""
    root = slack.ada.say("the build is red")
    for number in range(300):
        _guess(slack, root, number)
    slack.ada.mention("why?", thread=root)
    [event] = await core.count(1)
    slack.limits.enabled, slack.limits.per_window = True, {"conversations.replies": 1}
    earlier = await service.adapter.earlier(event.reply_to, limit=10)
    assert [turn.content for turn in earlier.turns] == [f"guess {number}" for number in range(189, 199)]


async def test_the_bots_own_earlier_words_are_its(slack: FakeSlack, service: Service, core: Core) -> None:
    """Messages of the bot in the thread are the assistant's."""
    root = slack.ada.say("hello")
    client = await service.adapter.workspaces.find_client("T0LAB")
    await client.chat_postMessage(channel="C0GENERAL", thread_ts=root.ts, text="I was here")
    slack.ada.mention("and?", thread=root)
    [event] = await core.count(1)
    earlier = await service.adapter.earlier(event.reply_to, limit=10)
    assert [(turn.role, turn.content) for turn in earlier.turns] == [("user", "hello"), ("assistant", "I was here")]


async def test_earlier_messages_while_slack_has_enough(slack: FakeSlack, service: Service, core: Core) -> None:
    """A thread that can't be read for now is read later."""
    root = slack.ada.say("hello")
    slack.ada.mention("and?", thread=root)
    [event] = await core.count(1)
    slack.faults.limit("conversations.replies", 7)
    with pytest.raises(DeliveryDelayed) as delayed:
        await service.adapter.earlier(event.reply_to, limit=10)
    assert delayed.value.retry_after == 7
