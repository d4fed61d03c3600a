"""The client of the Web API makes nothing of a request but the request."""

import aiohttp

from adapters.slack.connection.client import create_client
from simulators.slack import SlackSimulator


class Text(str):
    """A text that knows whether somebody wrote it for a log."""

    __slots__ = ()
    written = 0

    def __repr__(self) -> str:
        Text.written += 1
        return super().__repr__()


async def test_requests_are_not_written_for_a_log_that_nobody_reads() -> None:
    """The library would format each request and its answer, whatever the level of the log."""
    async with SlackSimulator() as slack, aiohttp.ClientSession() as session:
        client = create_client(session, slack.api_url.rstrip("/"), slack.token)
        channel = slack.add_channel("here")
        answer = await client.api_call("chat.postMessage", json={"channel": channel.id, "text": Text("hello")})
        assert answer["ok"]
    assert Text.written == 0
