"""Reading what people attached: in pieces, and from a fresh address when the old one has expired."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import discord
from discord.http import HTTPClient

from adapters.discord.gateway.errors import NETWORK
from bot.errors import DownloadFailed
from bot.models import Attachment

PIECE = 64 * 1024
_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=15, sock_read=30)
_OK = 200


async def read(session: aiohttp.ClientSession, http: HTTPClient, attachment: Attachment) -> AsyncIterator[bytes]:
    """The file's bytes in pieces of at most `PIECE`. Raises `DownloadFailed`."""
    try:
        address = attachment.source.get("url", "")
        for is_last in (False, True):
            async with session.get(address, timeout=_TIMEOUT) as response:
                if response.status == _OK:
                    async for piece in response.content.iter_chunked(PIECE):
                        yield piece
                    return
            if not is_last:
                address = await _address(http, attachment)
    except (discord.HTTPException, discord.RateLimited, aiohttp.InvalidURL, *NETWORK) as exc:
        raise DownloadFailed(f"{attachment.name} can't be read from Discord any more") from exc
    raise DownloadFailed(f"{attachment.name} can't be read from Discord: it answers {response.status}")


async def _address(http: HTTPClient, attachment: Attachment) -> str:
    """Where the file is now. Raises `DownloadFailed` when its message no longer has it."""
    source = attachment.source
    if source.get("message"):
        message: dict[str, Any] = {**await http.get_message(int(source["channel"]), int(source["message"]))}
        snapshots = [snapshot["message"] for snapshot in message.get("message_snapshots", ())]
        for holder in (message, *snapshots):
            for file in holder.get("attachments", ()):
                if str(file["id"]) == source.get("id"):
                    return str(file["url"])
    raise DownloadFailed(f"{attachment.name} is no longer on Discord")
