"""Fetching what a link in a question leads to: from public addresses alone, bounded in size and time."""

import asyncio
from collections.abc import AsyncGenerator
from urllib.parse import urlsplit

import aiohttp

from bot.errors import DownloadFailed
from bot.media.network import SafeClient
from bot.values import valueclass


@valueclass(frozen=True, slots=True)
class WebPages:
    """The web, for links that people send. `client`: without any allowed origin; `seconds`: for one whole page."""

    client: SafeClient
    seconds: float

    async def open(self, url: str) -> AsyncGenerator[bytes, None]:
        """Read what is at an address, in pieces. An http address is asked for by https. Raises `MediaError`."""
        try:
            address = urlsplit(url)._replace(scheme="https", fragment="").geturl()
        except ValueError as exc:  # such as a fullwidth colon in the name
            raise DownloadFailed("the page's address is not valid") from exc
        deadline = asyncio.get_running_loop().time() + self.seconds
        try:
            async with asyncio.timeout_at(deadline):
                response = await self.client.get(address)
            async with response:
                while True:
                    async with asyncio.timeout_at(deadline):
                        piece = await response.content.readany()
                    if not piece:
                        return
                    yield piece
        except (aiohttp.ClientError, TimeoutError) as exc:
            raise DownloadFailed(f"the page could not be fetched: {exc or 'no answer'}") from exc
