"""Reading what people attached: in pieces, with the bot's token, which goes to Slack's own hosts and nowhere else."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.connection.errors import FAILED, NETWORK
from adapters.slack.connection.proxies import proxy_of
from adapters.slack.connection.workspaces import Workspaces
from bot.errors import DeliveryError, DownloadFailed
from bot.models import Attachment

PIECE = 64 * 1024
_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=15, sock_read=30)
_HOSTS = ("slack.com", "slack-files.com", "slack-edge.com", "slack-gov.com")
_HOPS = 3
_OK, _MOVED, _BAD = 200, 300, 400


async def read(
    session: aiohttp.ClientSession, workspaces: Workspaces, attachment: Attachment, *, api: str
) -> AsyncIterator[bytes]:
    """The file's bytes in pieces of at most `PIECE`. `api`: the Web API's address. Raises `DownloadFailed`."""
    source = attachment.source
    try:
        client = await workspaces.client(source.get("team", ""), source.get("enterprise", ""))
        url = source.get("url") or await _address(client, attachment)
        for _ in range(_HOPS):
            if not _is_slacks(url, api):
                raise DownloadFailed(f"{attachment.name} is not on Slack, so it was not read")
            headers = {"Authorization": f"Bearer {client.token}"}
            async with session.get(
                url, headers=headers, timeout=_TIMEOUT, allow_redirects=False, proxy=proxy_of(url)
            ) as response:
                if response.status == _OK:
                    if response.content_type == "text/html" and not _is_html(attachment):  # a page to log in at
                        raise DownloadFailed(f"Slack did not give {attachment.name}: the app may lack files:read")
                    async for piece in response.content.iter_chunked(PIECE):
                        yield piece
                    return
                if not _MOVED <= response.status < _BAD:
                    raise DownloadFailed(f"{attachment.name} can't be read from Slack: it answers {response.status}")
                url = urljoin(url, response.headers.get("Location", ""))
    except (*FAILED, *NETWORK, aiohttp.InvalidURL, DeliveryError) as exc:
        raise DownloadFailed(f"{attachment.name} can't be read from Slack any more") from exc
    raise DownloadFailed(f"{attachment.name} can't be read from Slack: it is sent from place to place")


def _is_slacks(url: str, api: str) -> bool:
    """Whether the token may go there: one of Slack's hosts by https, or the very host of the configured API."""
    parts, own = urlsplit(url), urlsplit(api)
    host = parts.hostname or ""
    if (parts.scheme, parts.netloc) == (own.scheme, own.netloc):
        return True
    return parts.scheme == "https" and any(host == known or host.endswith(f".{known}") for known in _HOSTS)


def _is_html(attachment: Attachment) -> bool:
    return attachment.content_type == "text/html" or attachment.name.lower().endswith((".html", ".htm"))


async def _address(client: AsyncWebClient, attachment: Attachment) -> str:
    """Where a file is that came without an address. Raises `SlackApiError` and the like, or `DownloadFailed`."""
    told = await client.files_info(file=attachment.source.get("id", ""))
    file: dict[str, Any] = told["file"]
    url = file.get("url_private_download") or file.get("url_private")
    if not url:
        raise DownloadFailed(f"{attachment.name} is no longer on Slack")
    return str(url)
