"""Downloads of the files that people attached."""

from dataclasses import replace

import pytest
from aiohttp import web

from bot.errors import DownloadFailed
from bot.models import Attachment
from simulators.slack import SlackSimulator
from tests.support.slack.adapter import RecordingCore, RunningAdapter


async def _read(service: RunningAdapter, attachment: Attachment) -> bytes:
    return b"".join([piece async for piece in service.adapter.open(attachment)])


async def test_files_of_a_message(slack: SlackSimulator, service: RunningAdapter, core: RecordingCore) -> None:
    """Attached files come with their names and types, and their bytes are read in pieces."""
    content = bytes(range(256)) * 2048
    files = [slack.ada.file("a.png", content, mimetype="image/png"), slack.ada.file("notes.txt", b"notes")]
    slack.ada.mention("look", files=files)
    [event] = await core.wait_for_events(1)
    assert [(file.name, file.size) for file in event.attachments] == [("a.png", len(content)), ("notes.txt", 5)]
    pieces = [piece async for piece in service.adapter.open(event.attachments[0])]
    assert b"".join(pieces) == content
    assert max(map(len, pieces)) <= 64 * 1024


async def test_file_that_came_without_its_address(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """The address of a file of which Slack sends only the id, as in shared channels, is requested."""
    slack.ada.mention("look", files=[slack.ada.file("a.txt", b"text")])
    [event] = await core.wait_for_events(1)
    [file] = event.attachments
    bare = replace(file, source={name: value for name, value in file.source.items() if name != "url"})
    assert await _read(service, bare) == b"text"


async def test_file_that_is_gone(slack: SlackSimulator, service: RunningAdapter, core: RecordingCore) -> None:
    """A file that was deleted can't be read, with a sentence."""
    given = slack.ada.file("a.txt", b"text")
    slack.ada.mention("look", files=[given])
    [event] = await core.wait_for_events(1)
    given.is_deleted = True
    with pytest.raises(DownloadFailed, match=r"a\.txt can't be read"):
        await _read(service, event.attachments[0])


async def test_the_token_goes_to_slack_alone(service: RunningAdapter) -> None:
    """A file on another host is not requested at all, and a redirect to one is not followed with the token."""
    tokens: list[str | None] = []

    async def elsewhere(request: web.Request) -> web.Response:
        tokens.append(request.headers.get("Authorization"))
        return web.Response(body=b"secret")

    app = web.Application()
    app.router.add_get("/file", elsewhere)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/file"
        wrong = (
            "https://slack.com.example.org/file",
            "http://files.slack.com/file",
            "file:///etc/passwd",
            "https://a：b",
        )
        for address in (url, *wrong):
            with pytest.raises(DownloadFailed, match="not on Slack"):
                await _read(service, Attachment(name="a", source={"url": address}))
    finally:
        await runner.cleanup()
    assert tokens == []
