"""Catching up with a channel of Slack, through the whole service."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.ports import within
from simulators.slack import Channel, Message, Person, SlackSimulator
from tests.support.catchup.digest_api import DigestApi
from tests.support.database.engines import engine, server, url
from tests.support.service import quiet_logs
from tests.support.slack.drafts import labels
from tests.support.slack.service import FAST, service

__all__ = ["engine", "server", "url"]
pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)

_PRICES = ("gpt-4-turbo=input:1|output:2",)  # of a million tokens: a token costs one micro, or two


def write(slack: SlackSimulator, person: Person, text: str, *, ago: float, thread: str = "", **more: Any) -> Message:
    """Put a message into #general that was written so many seconds ago."""
    place: dict[str, Any] = {"channel": slack.general.id, "team": slack.team.id, "user": person.id}
    message = Message(ts=f"{time.time() - ago:.6f}", text=text, thread_ts=thread, **{**place, **more})
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
    for address in links(answer.blocks):
        parts = urlsplit(address)
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


async def test_a_long_thread(slack: SlackSimulator, tmp_path: Path) -> None:
    """Its newest messages are read, in a few requests, also where Slack stops the reading; what is missing is said.

    Where only its beginning could be read, the rest is still new.
    """
    bob = slack.person("Bob")
    root = write(slack, bob, "where do we meet?", ago=2002)
    for number in range(2000):
        is_decision = 890 <= number < 900 or number >= 1990
        text = f"{'DECIDED' if is_decision else 'small talk'} number {number}"
        write(slack, bob, text, ago=2001 - number, thread=root.ts)
    api = DigestApi()
    async with service(slack, tmp_path) as running:
        running.api.play(api)
        empty = slack.add_channel("empty")
        slack.bob.slash("/catchup", channel=empty)
        [told] = await slack.until(lambda: slack.from_bot(empty, viewer=slack.bob.id))
        assert told.content == "There are no messages here that I can read."

        async def ask(text: str, words: str) -> str:
            slack.ada.mention(text, thread=root)
            found = await slack.until(lambda: [m for m in slack.ada.sees(thread=root.ts) if words in m.content])
            await running.idle()
            return str(found[-1].content)

        before = len(slack.calls)
        answer = await ask("/catchup last 5 messages", "The last 5 messages")
        assert [f"number {number}" in answer for number in range(1994, 2000)] == [False, True, True, True, True, True]
        assert "Earlier" not in answer
        pages = [call for call in slack.calls[before:] if call.method == "conversations.replies"]
        assert len(pages) < 5
        allowed = len(slack.called("conversations.replies")) + 2
        slack.faults.crash("conversations.replies", 503, times=None).where = lambda _: (
            len(slack.called("conversations.replies")) > allowed
        )
        answer = await ask("/catchup last 1500 messages", "Earlier messages are not included")
        assert [f"number {number}" in answer for number in (890, 1998, 1999)] == [False, True, True]
        slack.faults.clear()
        slack.faults.limit("conversations.replies", 600).where = lambda given: float(given.get("oldest") or 0) > 0
        answer = await ask("/catchup last 6 messages", "later ones could not be read")
        assert "6 messages up to" in answer
        assert [f"number {number}" in answer for number in (892, 893, 898, 899)] == [False, True, True, False]
        visits = running.core.store.namespace(within(slack.team.id, f"caught-up:slack:{slack.ada.id}"))
        [visit] = (await visits.items()).values()
        read = slack.general.thread(root.ts)[899]
        assert visit.startswith(f"{float(read.ts)} ")


async def test_what_somebody_has_missed(slack: SlackSimulator, tmp_path: Path, engine: dict[str, Any]) -> None:
    """From their last message, else from their last catching up; a stop repeats no request that had an answer.

    Plain words ask for it, too, where they are not about a conversation with the bot, and it is not switched off.

    When they caught up is erased with them.
    """
    bob = slack.person("Bob")
    write(slack, bob, "old news", ago=500)
    write(slack, slack.ada, "see you", ago=400)
    for number in range(20):
        write(slack, bob, f"DECIDED: {number} " + "word " * 60, ago=300 - number)
    app = {"user": "", "bot_id": "B0OTHER", "username": "CI", "subtype": "bot_message"}
    write(slack, bob, "build <@" + bob.id + "> <https://ci.example|green>", ago=100, **app)
    api = DigestApi()
    settings: dict[str, Any] = {"bot_context_tokens": 600, "bot_shutdown_timeout": 0}
    async with service(slack, tmp_path, timing=FAST, **settings, **engine) as running:
        running.api.play(api)
        api.hold_at = 3
        slack.ada.slash("/catchup")
        await api.held.wait()
        await running.restart()
        answer = await running.see(slack.ada, "since your last one")
        assert answer.content.startswith("21 messages since your last one, ")
        assert len(linked(slack, answer)) == 20
        assert len({str(body["messages"][1:]) for body in api.bodies}) == len(api.bodies) - 1
        given = "\n".join(body["messages"][1]["content"] for body in api.bodies)
        assert "CI (app): build @Bob [green](https://ci.example)" in given
        assert "see you" not in given
        await running.idle()
        [asked] = [job.event.id async for job in running.core.store.requests("slack", slack.ada.id)]
        assert await running.core.store.namespace(f"catchup-notes:slack:{asked}").items()  # for a try after a crash
        assert "Nothing new since you last caught up" in await running.ask(slack.ada, "/catchup", "Nothing new")
        write(slack, bob, "DECIDED at last", ago=0)
        assert "1 message since you last caught up" in await running.ask(slack.ada, "/catchup", "1 message")
        assert "Earlier" not in await running.ask(slack.ada, "/catchup last 2 messages", "The last 2 messages")
        new = await running.ask(slack.person("Cleo"), "/catchup", "You have written nothing here lately")
        assert "the newest 24 messages" in new
        slack.ada.mention("What did I miss in the last 2 hours?")
        assert "DECIDED at last" in (await running.see(slack.ada, "since 20")).content
        before = len(api.bodies)
        await running.answers(slack.ada.mention("what did Bob miss?"))
        listed = slack.ada.mention("here is my packing list: socks")
        await running.answers(listed)
        slack.ada.mention("did I miss anything?", thread=listed)
        await running.answers(listed, 2)
        await running.answers(slack.ada.mention("/chat did I miss anything?"))
        await running.ask(slack.ada, "/settings commands_off catchup --for channel", "Done")
        await running.answers(slack.ada.mention("summarize the last 5 messages"))
        assert "You summarise a channel" not in str(api.bodies[before:])
        visits = running.core.store.namespace(within(slack.team.id, f"caught-up:slack:{slack.ada.id}"))
        [visit] = (await visits.items()).values()
        assert visit
        await running.core.store.forget("slack", slack.ada.id)
        assert await visits.items() == {}


async def test_nobody_reads_what_they_may_not(slack: SlackSimulator, tmp_path: Path) -> None:
    """What is missing is said in one sentence, and nothing was asked of the API."""
    private = slack.team.channels["G0SECRET"] = Channel(
        id="G0SECRET", name="secret", members=[slack.ada.id], is_private=True
    )
    for number in range(40):
        write(slack, slack.person("Bob"), f"DECIDED {number}", ago=100 - number)
    granted = slack.grants[slack.token].scopes
    api = DigestApi()
    async with service(slack, tmp_path) as running:
        running.api.play(api)

        async def ask(text: str, sentence: str) -> None:
            await running.ask(slack.ada, text, sentence)

        slack.general.members.remove(slack.ada.id)
        await ask("/catchup today", "You are not a member of this channel")
        slack.general.members.append(slack.ada.id)
        granted.discard("channels:read")
        await ask("/catchup today", "I lack the scope channels:read")
        granted.add("channels:read")
        granted.discard("channels:history")
        await ask("/catchup today", "I lack the scope channels:history")
        granted.add("channels:history")
        await ask("/catchup the moon", "I don't know which messages you mean")
        slack.ada.slash("/catchup", "today", channel=private)
        await slack.until(lambda: [m for m in slack.ada.sees(private) if "I am not part of it" in m.content])
        slack.ada.direct("catchup")
        direct = slack.team.direct(slack.ada.id)
        await slack.until(lambda: [m for m in slack.from_bot(direct) if "Here only you and I talk" in m.content])
        assert api.bodies == []
        slack.limits.restricts_history = True
        answer = await running.ask(slack.ada, "/catchup last 40 messages", "only 15 messages a minute")
        assert "Earlier messages are not included: these are the newest 15." in answer
