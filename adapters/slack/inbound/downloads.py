"""Downloads of attached files: in pieces, with the bot's token, which is sent to Slack's own hosts only."""

from collections.abc import AsyncIterator
from urllib.parse import urljoin, urlsplit

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from adapters.kit.connection.environment_proxy import proxy_for
from adapters.kit.errors import NETWORK_ERRORS
from adapters.slack.connection.errors import API_ERRORS
from adapters.slack.connection.workspaces import Workspaces
from adapters.slack.types import Json
from bot.errors import DeliveryError, DownloadFailed
from bot.models import Attachment

PIECE = 64 * 1024
_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=15, sock_read=30)
_HOSTS = ("slack.com", "slack-files.com", "slack-edge.com", "slack-gov.com")
_HOPS = 3
_OK, _REDIRECTS, _ERRORS = 200, 300, 400


async def download(
    session: aiohttp.ClientSession, workspaces: Workspaces, attachment: Attachment, *, api: str
) -> AsyncIterator[bytes]:
    """Yield a file's bytes in pieces of at most `PIECE`. `api`: the Web API's address. Raises `DownloadFailed`."""
    source = attachment.source
    try:
        client = await workspaces.find_client(source.get("team", ""), source.get("enterprise", ""))
        url = source.get("url") or await _find_url(client, attachment)
        for _ in range(_HOPS):
            if not _is_slack_url(url, api):
                raise DownloadFailed(f"{attachment.name} is not on Slack, so it was not read")
            headers = {"Authorization": f"Bearer {client.token}"}
            async with session.get(
                url, headers=headers, timeout=_TIMEOUT, allow_redirects=False, proxy=proxy_for(url)
            ) as response:
                if response.status == _OK:
                    if response.content_type == "text/html" and not _is_html(attachment):  # a login page
                        raise DownloadFailed(f"Slack did not give {attachment.name}: the app may lack files:read")
                    async for piece in response.content.iter_chunked(PIECE):
                        yield piece
                    return
                if not _REDIRECTS <= response.status < _ERRORS:
                    raise DownloadFailed(f"{attachment.name} can't be read from Slack: it answers {response.status}")
                url = urljoin(url, response.headers.get("Location", ""))
    except (*API_ERRORS, *NETWORK_ERRORS, aiohttp.InvalidURL, DeliveryError) as exc:
        raise DownloadFailed(f"{attachment.name} can't be read from Slack any more") from exc
    raise DownloadFailed(f"{attachment.name} can't be read from Slack: it is sent from place to place")


def _is_slack_url(url: str, api: str) -> bool:
    """Whether the token may be sent there: to a host of Slack by https, or to the host of the configured API."""
    try:
        parts, own = urlsplit(url), urlsplit(api)
    except ValueError:  # such as a fullwidth colon in the name of the host
        return False
    host = parts.hostname or ""
    if (parts.scheme, parts.netloc) == (own.scheme, own.netloc):
        return True
    return parts.scheme == "https" and any(host == known or host.endswith(f".{known}") for known in _HOSTS)


def _is_html(attachment: Attachment) -> bool:
    return attachment.content_type == "text/html" or attachment.name.lower().endswith((".html", ".htm"))


async def _find_url(client: AsyncWebClient, attachment: Attachment) -> str:
    """Return the address of a file that came without one. Raises one of `API_ERRORS`, or `DownloadFailed`."""
    answer = await client.files_info(file=attachment.source.get("id", ""))
    file: Json = answer["file"]
    url = file.get("url_private_download") or file.get("url_private")
    if not url:
        raise DownloadFailed(f"{attachment.name} is no longer on Slack")
    return str(url)
