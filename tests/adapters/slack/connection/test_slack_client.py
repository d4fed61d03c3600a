"""The client of the Web API makes nothing of a request but the request."""

from collections.abc import Callable

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError

from adapters.slack.connection.client import create_client
from adapters.slack.connection.errors import error_code, retry_after, to_delivery_error
from adapters.slack.connection.web_api import post_json
from simulators.slack import SlackSimulator
from simulators.slack.faults import Faults


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


@pytest.mark.parametrize(
    "fail",
    [
        lambda faults: faults.fail("chat.postMessage", "is_archived"),
        lambda faults: faults.limit("chat.postMessage", 7),
        lambda faults: faults.crash("chat.postMessage", 503),
        lambda faults: faults.crash("chat.postMessage", 404),
    ],
    ids=["refused", "rate limit", "page of a proxy", "no such method"],
)
async def test_posting_json_is_the_call_of_the_library(fail: Callable[[Faults], object]) -> None:
    """`post_json` sends what `api_call` sends, and its errors mean the same."""
    async with SlackSimulator() as slack, aiohttp.ClientSession() as session:
        client = create_client(session, slack.api_url.rstrip("/"), slack.token)
        params = {"channel": slack.add_channel("here").id, "text": "日本 \ud83d"}
        answers, errors = [], []
        for post in (
            lambda: client.api_call("chat.postMessage", json=params),
            lambda: post_json(client, "chat.postMessage", params),
        ):
            answers.append((await post())["message"]["text"])
            fail(slack.faults)
            with pytest.raises(SlackApiError) as caught:
                await post()
            error = to_delivery_error(caught.value)
            errors.append((error_code(caught.value), retry_after(caught.value), type(error), str(error)))
    assert answers[0] == answers[1]
    assert errors[0] == errors[1]
