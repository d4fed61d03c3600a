"""Clients of Slack's Web API."""

import logging
from typing import Any

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from adapters.kit.connection.environment_proxy import proxy_for
from adapters.slack.channel_ids import ChangedIds

#: The library writes each request and its answer into a text for its log where its logger has no level of its own,
#: whether or not anybody reads that log: a tenth of the CPU time of a call.
_LOGGER = logging.getLogger(f"{__name__}.slack_sdk")
_LOGGER.setLevel(logging.INFO)


class Client(AsyncWebClient):
    """A client that replaces ids of channels that have changed."""

    changed_ids: ChangedIds | None = None

    async def api_call(self, api_method: str, **params: Any) -> AsyncSlackResponse:
        """See the library."""
        changed = self.changed_ids
        if changed is None:
            return await super().api_call(api_method, **params)
        answer = await super().api_call(api_method, **changed.to_slack(params))
        answer.data = changed.from_slack(answer.data)
        return answer


def create_client(session: aiohttp.ClientSession, api: str, token: str) -> Client:
    """Return a client that repeats nothing by itself. `api`: the Web API's address; `token`: "" for none."""
    base = f"{api}/"
    client = Client(token=token or None, base_url=base, session=session, retry_handlers=[], logger=_LOGGER)
    client.proxy = proxy_for(api)
    return client
