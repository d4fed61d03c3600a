"""Downloads of attachments: streamed, and from a fresh URL when the old one has expired."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import discord
from discord.http import HTTPClient

from adapters.discord.timing import Timing
from adapters.kit.connection.environment_proxy import proxy_for
from adapters.kit.errors import NETWORK_ERRORS
from bot.errors import DownloadFailed
from bot.models import Attachment

#: Bytes of one chunk.
CHUNK = 64 * 1024
_OK = 200


async def download(
    session: aiohttp.ClientSession, http: HTTPClient, attachment: Attachment, timing: Timing
) -> AsyncIterator[bytes]:
    """Yield a file's bytes in chunks of at most `CHUNK`. Raises `DownloadFailed`."""
    timeout = aiohttp.ClientTimeout(total=None, connect=timing.download_connect, sock_read=timing.download_read)
    try:
        url = attachment.source.get("url", "")
        for is_last in (False, True):
            async with session.get(url, timeout=timeout, proxy=proxy_for(url)) as response:
                if response.status == _OK:
                    async for chunk in response.content.iter_chunked(CHUNK):
                        yield chunk
                    return
            if not is_last:
                url = await _fetch_url(http, attachment)
    except (discord.HTTPException, discord.RateLimited, aiohttp.InvalidURL, *NETWORK_ERRORS) as exc:
        raise DownloadFailed(f"{attachment.name} can't be read from Discord any more") from exc
    raise DownloadFailed(f"{attachment.name} can't be read from Discord: it answers {response.status}")


async def _fetch_url(http: HTTPClient, attachment: Attachment) -> str:
    """Return the current URL of a file. Raises `DownloadFailed` when its message no longer has it."""
    source = attachment.source
    if source.get("message"):
        message: dict[str, Any] = {**await http.get_message(int(source["channel"]), int(source["message"]))}
        snapshots = [snapshot["message"] for snapshot in message.get("message_snapshots", ())]
        for holder in (message, *snapshots):
            for file in (*holder.get("attachments", ()), *_media_of(holder.get("components", []))):
                if source.get("id") and source["id"] in (str(file.get("id")), str(file.get("attachment_id"))):
                    return str(file["url"])
    raise DownloadFailed(f"{attachment.name} is no longer on Discord")


def _media_of(components: Any) -> Iterator[dict[str, Any]]:
    """Yield the unfurled media items of components, nested ones too."""
    if isinstance(components, dict):
        if "url" in components:
            yield components
        components = list(components.values())
    if isinstance(components, list):
        for component in components:
            yield from _media_of(component)
