"""Clients of Slack's Web API."""

import json
import logging
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from adapters.slack.types import Json

#: The library writes each request and its answer into a text for its log where its logger has no level of its own,
#: whether or not anybody reads that log: a tenth of the CPU time of a call.
_LOGGER = logging.getLogger(f"{__name__}.slack_sdk")
_LOGGER.setLevel(logging.INFO)
_OK = 200  # of HTTP
_encode = json.JSONEncoder(separators=(",", ":")).encode


def create_client(session: aiohttp.ClientSession, api: str, token: str) -> AsyncWebClient:
    """Return a client that repeats nothing by itself. `api`: the Web API's address; `token`: "" for none."""
    base = f"{api}/"
    client = AsyncWebClient(token=token or None, base_url=base, session=session, retry_handlers=[], logger=_LOGGER)
    client.proxy = proxy_for(api)
    return client


async def post_json(client: AsyncWebClient, method: str, params: Json) -> dict[str, Any]:
    """Return the answer to `client.api_call(method, json=params)`. Raises `API_ERRORS`.

    That method also prepares for files, for tries and for methods that Slack has given up, each time anew.
    """
    assert client.session is not None, "made by `create_client`"
    url, authorization = f"{client.base_url}{method}", f"Bearer {client.token}"
    headers = {**client.headers, "Content-Type": "application/json;charset=utf-8", "Authorization": authorization}
    body = _encode(params).encode()
    async with client.session.post(url, data=body, headers=headers, proxy=client.proxy) as response:
        content = await response.read()
    answer: Any = None
    with suppress(ValueError):  # a proxy may answer with a page
        answer = json.loads(content)
    if response.status == _OK and isinstance(answer, dict) and answer.get("ok"):
        return answer
    failure = AsyncSlackResponse(
        client=client,
        http_verb="POST",
        api_url=url,
        req_args={},
        data=answer if isinstance(answer, dict) else {},
        headers=dict(response.headers),
        status_code=response.status,
    )
    raise SlackApiError(f"{method} failed", failure)  # type: ignore[no-untyped-call]


def proxy_for(url: str) -> str | None:
    """Return the proxy that the environment names for an address; None: connect directly.

    Left to themselves, `aiohttp` asks a thread twice per request, for this and for a `.netrc`, and `slack_sdk` ignores
    `NO_PROXY`. So this is looked up once, when a connection is prepared.
    """
    parts = urlsplit(url)
    scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
    if not parts.hostname or proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    return getproxies().get(scheme) or getproxies().get("all")
