"""Where the environment names a proxy, every request of the Slack side goes through it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from adapters.slack.connection.client import proxy_for
from bot.models import Answer, Media
from simulators.slack import SlackSimulator
from tests.support.slack.adapter import RecordingCore, RunningAdapter


@asynccontextmanager
async def forwarding(addresses: list[str]) -> AsyncIterator[str]:
    """A proxy that forwards requests and records their addresses."""
    async with aiohttp.ClientSession(auto_decompress=False) as session:

        async def forward(request: web.BaseRequest) -> web.StreamResponse:
            url = request.raw_path if request.raw_path.startswith("http") else str(request.url)
            addresses.append(url.rpartition("/")[2].partition("?")[0])
            headers = {
                name: value for name, value in request.headers.items() if name not in ("Host", "Accept-Encoding")
            }
            body = await request.read()
            async with session.request(request.method, url, headers=headers, data=body) as answer:
                return web.Response(status=answer.status, body=await answer.read(), content_type=answer.content_type)

        runner = web.ServerRunner(web.Server(forward))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()


async def test_everything_goes_through_the_proxy(
    slack: SlackSimulator, core: RecordingCore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """API calls, uploads and downloads all go through the proxy."""
    addresses: list[str] = []
    async with forwarding(addresses) as address:
        monkeypatch.setenv("HTTP_PROXY", address)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        async with RunningAdapter(slack, core, http=True) as service:
            question = slack.ada.mention("look", files=[slack.ada.file("a.txt", b"what is in it")])
            [event] = await core.wait_for_events(1)
            assert b"".join([p async for p in service.adapter.open(event.attachments[0])]) == b"what is in it"
            picture = tmp_path / "fox.png"
            picture.write_bytes(b"\x89PNG")
            media = Media(name="fox.png", content_type="image/png", size=4, path=picture)
            draft = await service.adapter.draft(event.reply_to, key=event.id, ref=None, private=False)
            await draft.finish(Answer(text="A fox.", media=(media,)))
            [answer] = slack.from_bot(thread=question.ts)
            assert [file.content for file in answer.files] == [b"\x89PNG"]
    assert {call.method for call in slack.calls} <= set(addresses)
    assert len(addresses) == len(slack.calls) + 2  # the file that was read, and the one that was sent


def test_proxies_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy is that of the scheme, where WebSockets count as http or https; excepted hosts are reached directly."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com:3128")
    monkeypatch.setenv("NO_PROXY", "slack-gov.com")
    assert (
        proxy_for("https://slack.com/api")
        == proxy_for("wss://wss-primary.slack.com/x")
        == "http://proxy.example.com:3128"
    )
    assert proxy_for("http://slack.com/api") is None
    assert proxy_for("https://files.slack-gov.com/a") is None
    assert proxy_for("") is None
