"""Where the environment names a proxy, Discord is reached through it."""

import pytest
from aiohttp import ClientSession
from pydantic import SecretStr

from adapters.discord.gateway.client import Login
from adapters.discord.inbound.downloads import download
from adapters.discord.timing import Timing
from bot.models import Attachment
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import TOKEN
from tests.support.deploy.http_proxy import forwarding


async def test_discord_is_reached_through_the_proxy(
    simulator: DiscordSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library's requests, ours beside it and downloads all go through the proxy."""
    addresses: list[str] = []
    simulator.files["a.txt"] = b"what is in it"
    async with forwarding(addresses) as address, ClientSession() as session:
        monkeypatch.setenv("HTTP_PROXY", address)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        login = Login(SecretStr(TOKEN), message_content="auto", api_url=simulator.api, timing=Timing())
        client = await login.log_in()
        try:
            attachment = Attachment(
                name="a.txt",
                content_type="text/plain",
                size=13,
                source={"url": f"http://127.0.0.1:{simulator.port}/cdn/a.txt"},
            )
            pieces = [piece async for piece in download(session, client.http, attachment, Timing())]
        finally:
            await login.close()
    assert b"".join(pieces) == b"what is in it"
    assert {"@me", "gateway", "a.txt"} <= set(addresses)
