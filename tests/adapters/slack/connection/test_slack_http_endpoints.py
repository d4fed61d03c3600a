"""What arrives at Slack's endpoint: only what Slack signed is parsed, and what is malformed is refused in one line."""

import asyncio
import json
import time

import aiohttp
import pytest
from slack_sdk.signature import SignatureVerifier
from structlog.testing import capture_logs

from adapters.slack.connection import http_endpoints
from simulators.slack import SlackSimulator
from tests.support.slack.adapter import RecordingCore, RunningAdapter

FORM = "application/x-www-form-urlencoded"


def signed(slack: SlackSimulator, body: bytes, content_type: str) -> dict[str, str]:
    """Headers as Slack sends them."""
    timestamp = str(int(time.time()))
    signature = SignatureVerifier(slack.signing_secret).generate_signature(timestamp=timestamp, body=body)
    assert signature is not None
    return {"Content-Type": content_type, "X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": signature}


async def status_of(url: str, body: bytes, headers: dict[str, str]) -> int:
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as response:
        await response.read()
        return response.status


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"not JSON"),
        ("application/json", b"[]"),
        ("application/json", b"null"),
        ("application/json", b"[" * 100_000),
        ("application/json", b'{"type": "event_callback", "event": null}'),
        ("application/json", b'{"type": "event_callback", "event": []}'),
        (FORM, b"payload=[]"),
        (FORM, b"payload=null"),
        (FORM, b"payload=%7B"),
        (FORM, b"payload="),
    ],
)
async def test_malformed_requests(slack: SlackSimulator, core: RecordingCore, content_type: str, body: bytes) -> None:
    """A signed body that can't be read is a 400 and one warning; an unsigned one is a 401 without a word."""
    async with RunningAdapter(slack, core, http=True) as service:
        url = f"{service.url}/slack/events"
        with capture_logs() as logs:
            assert await status_of(url, body, {"Content-Type": content_type}) == 401
            assert logs == []
            assert await status_of(url, body, signed(slack, body, content_type)) == 400
            assert len(logs) == 1
    assert core.events == []


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Slack-Request-Timestamp": "soon", "X-Slack-Signature": "v0=1"},
        {"X-Slack-Request-Timestamp": "\u0663", "X-Slack-Signature": "v0=1"},
        {"X-Slack-Request-Timestamp": "9" * 5000, "X-Slack-Signature": "v0=1"},
        {"X-Slack-Request-Timestamp": "1", "X-Slack-Signature": "v0=\u00e9"},
        {"X-Slack-Request-Timestamp": "1"},
        {},
    ],
)
async def test_odd_signatures(slack: SlackSimulator, core: RecordingCore, headers: dict[str, str]) -> None:
    """A timestamp that is no number, or a signature that is no text of ours, is a wrong signature and no error."""
    async with RunningAdapter(slack, core, http=True) as service:
        with capture_logs() as logs:
            assert await status_of(f"{service.url}/slack/events", b"\xff", headers) == 401
            assert await status_of(f"{service.url}/slack/events", b"payload=[&ssl_check=1", headers) == 400
        assert logs == []


async def test_unsigned_bodies_are_not_parsed(
    slack: SlackSimulator, core: RecordingCore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody signed costs no parsing, however large it is."""
    parsed: list[str] = []

    def parse(body: str, _: str | None) -> dict[str, str]:
        parsed.append(body)
        return {}

    monkeypatch.setattr("slack_bolt.request.async_request.parse_body", parse)
    async with RunningAdapter(slack, core, http=True) as service:
        assert await status_of(f"{service.url}/slack/events", b"a&" * 400_000, {"Content-Type": FORM}) == 401
    assert parsed == []


async def test_unsigned_bodies_that_arrive_at_once_are_bounded(
    slack: SlackSimulator, core: RecordingCore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Strangers can not fill the memory with many large bodies that never end; small ones pass beside them."""
    monkeypatch.setattr(http_endpoints, "MAX_ARRIVING", 100_000)
    async with RunningAdapter(slack, core, http=True) as service:
        url = f"{service.url}/slack/events"
        host, port = service.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"POST /slack/events HTTP/1.1\r\nHost: a\r\nContent-Length: 90000\r\nExpect: 100-continue\r\n\r\n")
        assert b" 100 " in await reader.readline()  # its body is waited for
        other, refused = await asyncio.open_connection(host, int(port))
        refused.write(b"POST /slack/events HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n")
        head = await other.readuntil(b"\r\n\r\n")
        assert b" 503 " in head
        assert b"connection: close" in head.lower()  # the body is not read
        refused.close()
        assert await status_of(url, b"a" * 60_000, {}) == 401
        writer.write(b"a" * 90_000)
        answer = await reader.readuntil(b"The signature is wrong.")
        assert b" 401 " in answer
        assert await status_of(url, b"a" * 70_000, {}) == 401
        writer.close()


async def test_a_signed_event_is_accepted(slack: SlackSimulator, core: RecordingCore) -> None:
    """Slack's own proof of the address is answered."""
    body = json.dumps({"type": "url_verification", "challenge": "abc"}).encode()
    async with RunningAdapter(slack, core, http=True) as service:
        url = f"{service.url}/slack/events"
        headers = signed(slack, body, "application/json")
        async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as response:
            assert (response.status, "abc" in await response.text()) == (200, True)


async def test_a_length_given_twice(slack: SlackSimulator, core: RecordingCore) -> None:
    """`Content-Length` beside `Transfer-Encoding` does not get past the check of the size."""
    async with RunningAdapter(slack, core, http=True) as service:
        host, port = service.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        head = "POST /slack/events HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\nTransfer-Encoding: chunked\r\n\r\n"
        writer.write(head.encode() + b"5\r\nhello\r\n")
        assert (await reader.readline()).split()[1] in {b"400", b"411"}
        writer.close()
