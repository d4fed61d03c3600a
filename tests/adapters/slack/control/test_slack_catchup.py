"""Catching up with a channel of Slack, through the whole service."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from simulators.slack import Message, Person, SlackSimulator
from tests.support.catchup.digest_api import DigestApi
from tests.support.service import quiet_logs
from tests.support.slack.drafts import labels
from tests.support.slack.service import service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)

_PRICES = ("gpt-4-turbo=input:1|output:2",)  # of a million tokens: a token costs one micro, or two


def write(slack: SlackSimulator, person: Person, text: str, *, ago: float, thread: str = "", **more: Any) -> Message:
    """Put a message into #general that was written so many seconds ago."""
    place: dict[str, Any] = {"channel": slack.general.id, "team": slack.team.id, "user": person.id}
    message = Message(ts=f"{time.time() - ago:.6f}", text=text, thread_ts=thread, **place, **more)
    slack.general.messages.append(message)
    return message


def links(blocks: Any) -> Iterator[str]:
    """Yield the addresses of a message's links."""
    if isinstance(blocks, dict):
        if blocks.get("type") == "link":
            yield blocks["url"]
        blocks = [*blocks.values()]
    if isinstance(blocks, list):
        for block in blocks:
            yield from links(block)


def linked(slack: SlackSimulator, answer: Message) -> list[str]:
    """Return what the messages say that an answer links to."""
    found = []
    for url in links(answer.blocks):
        parts = urlsplit(url)
        channel, name = parts.path.removeprefix("/archives/").split("/")
        message = slack.team.channels[channel].message(f"{name[1:-6]}.{name[-6:]}")
        assert message is not None
        assert parse_qs(parts.query).get("thread_ts", [""]) == [message.thread_ts]
        found.append(message.text)
    return found


async def test_a_channel_of_5000_messages(slack: SlackSimulator, tmp_path: Path) -> None:
    """It is caught up within its quoted price, for who asked alone, with links that lead where they say."""
    bob, decisions = slack.person("Bob"), [f"DECIDED number {n}" for n in range(7, 4996, 1000)]
    root = write(slack, bob, "where do we meet?", ago=6000)
    for number in range(4998):
        text = f"small talk about the weather {number}"
        write(slack, bob, decisions[number // 1000] if number % 1000 == 7 else text, ago=5999 - number)
    write(slack, slack.ada, "DECIDED to meet at the lake", ago=30, thread=root.ts)
    api = DigestApi()
    async with service(slack, tmp_path, bot_prices=_PRICES, bot_quote_above=0.01) as running:
        running.api.play(api)
        slack.ada.slash("/catchup", "last 5000 messages")
        quote = await running.see(slack.ada, "The last 5000 messages")
        [make] = [label for label in labels(quote) if label.startswith("Make it")]
        assert api.bodies == []
        slack.ada.press(quote, make)
        answer = await running.see(slack.ada, "Decisions")
        assert linked(slack, answer) == ["DECIDED to meet at the lake", *decisions]
        assert "evil" not in str(answer.blocks)
        await running.idle()
        rows = await running.core.store.usage(since=datetime.fromtimestamp(0, UTC))
        spent = sum(row.cost for row in rows)
        assert 0 < spent <= float(make.removeprefix("Make it (").removesuffix(")"))
        assert slack.from_bot(slack.general) == []
