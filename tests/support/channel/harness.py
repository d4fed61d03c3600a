"""The test platform of `tests.support.channel.adapter` in the words of the adapter contract."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import ClassVar

from bot.commandline import parser
from bot.models import Attachment
from tests.contract.adapter_contract import COMMANDS, Harness, Said, Shown
from tests.support.channel.adapter import Channel, ChannelAdapter, channel_server


class TestChannel(Harness):
    """One channel, one screen."""

    __test__ = False
    _SMALL = "the test platform is as small as a platform can be"
    _ONE_SCREEN = "the test platform has one screen, which everybody sees"
    lacks: ClassVar[Mapping[str, str]] = {
        "bots": "every message of the test platform is for the bot",
        "bystanders": _ONE_SCREEN,
        "buttons": _SMALL,
        "connection": "the test platform is asked over HTTP, again after each failure",
        "deletions": _SMALL,
        "edits": _SMALL,
        "form errors": _SMALL,
        "forms": _SMALL,
        "mentions": "every message of the test platform is for the bot",
        "message actions": _SMALL,
        "missing files": _SMALL,
        "notification": "nobody is notified of anything on the test platform",
        "outage notice": "the test platform delivers a message until it is recorded",
        "prior messages": "every message of the test platform is for the bot",
        "refusals": "the test platform has no direct messages to answer in",
        "several people": _ONE_SCREEN,
        "stalls": "the test platform is asked over HTTP, again after each failure",
        "status": _SMALL,
        "strangers": _SMALL,
        "threads": "the test platform has one conversation",
        "unclear delivery": _SMALL,
        "voice": _SMALL,
    }

    def __init__(self, folder: Path, channel: Channel) -> None:
        super().__init__(folder)
        self.channel = channel

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path) -> AsyncIterator[Harness]:
        async with channel_server() as channel:
            harness = cls(folder, channel)
            await harness.start()
            try:
                yield harness
            finally:
                await harness.stop()

    async def start(self, *, run: bool = True) -> None:
        self.adapter = self._channel_adapter = self.create_adapter()
        self._run = asyncio.create_task(self.adapter.run(self.sink, COMMANDS)) if run else None

    def create_adapter(self) -> ChannelAdapter:
        """Return the adapter of the test platform."""
        return ChannelAdapter(self.channel.url)

    async def stop(self) -> None:
        if self._run is not None:
            self._run.cancel()
            await asyncio.gather(self._run, return_exceptions=True)
        await self._channel_adapter.http.aclose()

    async def say(
        self,
        text: str,
        *,
        by: str = "ada",
        to_bot: bool = True,
        after: Said | None = None,
        files: Sequence[tuple[str, bytes]] = (),
        is_voice: bool = False,
    ) -> Said:
        asked = parser.parse(text, COMMANDS)
        handled = self.handled
        number = await self.channel.ask(
            asked.prompt,
            command=asked.command,
            options=asked.options,
            rejection=asked.rejection,
            files={name: content.decode("latin-1") for name, content in files},
            encoding="latin-1",
        )
        await self.until(lambda: self.handled > handled)
        if not self.services.is_failing:
            await self.channel.until(lambda: number in self.channel.acknowledged)
        return Said(number, next((event for event in self.events if event.id == number), None))

    async def redeliver(self) -> None:
        number = f"e{len(self.channel.questions)}"
        handled = self.handled
        async with self.channel.changed:
            self.channel.acknowledged.discard(number)
            self.channel.changed.notify_all()
        await self.until(lambda: self.handled > handled)

    async def see(self, *, by: str = "ada") -> list[Shown]:
        return [
            Shown(
                message.text,
                tuple((file["name"], file["bytes"]) for file in message.files if not file["url"]),
                private=message.private,
                buttons=tuple(message.actions),
                handle=message,
            )
            for message in self.channel.messages.values()
            if message.text or message.files or message.actions
        ]

    def limit_uploads(self, size: int) -> None:
        self.channel.max_upload = size

    def slow_down(self, seconds: float) -> None:
        self.channel.later = seconds
        self.channel.faults["finish"] = [429]

    def reply_to(self) -> Mapping[str, str]:
        return {"event": "e0"}

    async def remove_file(self, attachment: Attachment) -> None:
        del self.channel.questions[attachment.source["event"]]["files"][attachment.name]
