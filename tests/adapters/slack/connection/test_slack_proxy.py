"""Where the environment names a proxy, every request of the Slack side goes through it."""

from pathlib import Path

import pytest

from adapters.kit.connection.environment_proxy import proxy_for
from bot.models import Answer, Media
from simulators.slack import SlackSimulator
from tests.support.deploy.http_proxy import forwarding
from tests.support.slack.adapter import RecordingCore, RunningAdapter


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
