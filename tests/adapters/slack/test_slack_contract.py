"""What every adapter promises, in a channel's threads and in direct messages."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from adapters.slack.adapter import Slack
from adapters.slack.reply_target import ReplyTarget
from bot.models import Attachment, Event
from simulators.slack import Channel, FakeSlack, File, fake_slack
from tests.contract.adapter_contract import COMMANDS, AdapterContract, Harness, Shown
from tests.support.slack.stage import Core, settings


class Threads(Harness):
    """A person who mentions the bot in a channel."""

    def __init__(self, folder: Path, slack: FakeSlack) -> None:
        super().__init__(folder)
        self.slack = slack
        self.channel = self.place()
        heard, slack.people.subscribed = slack.people.subscribed, set()
        self.question = slack.ada.say("an earlier question", channel=self.channel)
        slack.people.subscribed = heard
        self.files: dict[str, File] = {}

    def place(self) -> Channel:
        return self.slack.general

    @property
    def call(self) -> str:
        return f"<@{self.slack.team.bot.id}> "

    async def start(self, *, run: bool = True) -> None:
        self.adapter = Slack(settings(self.slack))
        self._connected = self.adapter.connected(Core())
        await self._connected.__aenter__()
        before = self.slack.sockets.connected
        self._run = asyncio.create_task(self.adapter.run(self._sink, COMMANDS)) if run else None
        if run:
            await self.slack.until(lambda: self.slack.sockets.connected > before)

    async def _sink(self, event: Event) -> None:
        try:
            if all(event.id != known.id for known in self.events):
                await self.sink(event)
        finally:
            self.slack.tell()

    async def stop(self) -> None:
        if self._run is not None:
            self._run.cancel()
            await asyncio.gather(self._run, return_exceptions=True)
        await self._connected.__aexit__(None, None, None)

    async def restart(self, *, run: bool = True) -> None:
        await self.stop()
        await self.start(run=run)

    async def say(self, text: str) -> bool:
        kept, told = len(self.events), len(self.slack.ada.sees(self.channel))
        self.slack.ada.say(f"{self.call}{text}", channel=self.channel)
        sees = self.slack.ada.sees
        await self.slack.until(lambda: len(self.events) > kept or len(sees(self.channel)) > told)
        await self.slack.settled()
        return len(self.events) > kept

    async def shown(self) -> list[Shown]:
        return [
            Shown(m.content, tuple((f.name, f.size) for f in m.files), private=m.is_ephemeral or self.channel.is_im)
            for m in self.slack.ada.sees(self.channel)
        ]

    def reply_to(self) -> Mapping[str, str]:
        return ReplyTarget(
            conversation=f"T0LAB.{self.channel.id}.{self.question.ts}",
            team="T0LAB",
            channel=self.channel.id,
            user=self.slack.ada.id,
            user_team="T0LAB",
            thread=self.question.ts,
            message=self.question.ts,
            is_dm="1" if self.channel.is_im else "",
            surface="agent" if self.channel.is_im else "",
        ).to_reply_to()

    async def attachment(self, name: str, content: bytes) -> Attachment:
        kept = len(self.events)
        said = self.slack.ada.upload(name, content, f"{self.call}look at this", channel=self.channel)
        await self.slack.until(lambda: len(self.events) > kept)
        self.files[name] = said.files[0]
        return self.events[-1].attachments[0]

    async def remove(self, attachment: Attachment) -> None:
        self.files[attachment.name].is_deleted = True


class Direct(Threads):
    """A person's direct messages with the bot."""

    def place(self) -> Channel:
        return self.slack.team.direct(self.slack.ada.id)

    @property
    def call(self) -> str:
        return ""


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with fake_slack() as slack:
        slack.sender.timeout, slack.sender.pauses = 0.5, ()
        yield slack


class TestChannelThreads(AdapterContract):
    @pytest.fixture
    async def harness(self, tmp_path: Path, slack: FakeSlack) -> AsyncIterator[Harness]:
        harness = Threads(tmp_path, slack)
        await harness.start()
        yield harness
        await harness.stop()


class TestDirectMessages(AdapterContract):
    @pytest.fixture
    async def harness(self, tmp_path: Path, slack: FakeSlack) -> AsyncIterator[Harness]:
        harness = Direct(tmp_path, slack)
        await harness.start()
        yield harness
        await harness.stop()
