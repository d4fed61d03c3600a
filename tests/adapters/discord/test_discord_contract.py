import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters.discord.adapter import Discord
from adapters.discord.reply_target import ReplyTarget
from bot.models import Attachment
from bot.ports import Draft
from simulators.discord.checks import EPHEMERAL, LOADING
from simulators.discord.components import texts
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import ADA, CHANNEL, DM, ME, Json, snowflake
from tests.contract.adapter_contract import COMMANDS, AdapterContract, Harness, Shown
from tests.support.discord.stage import Core

ASKED = [{"name": "prompt", "type": 3, "value": "hello"}]


class DirectMessages(Harness):
    """A person's direct messages with the bot."""

    def __init__(self, folder: Path, wire: DiscordSimulator) -> None:
        super().__init__(folder)
        self.wire = wire
        self._question = wire.message(DM, "an earlier question")["id"]

    async def start(self, *, run: bool = True) -> None:
        before = len(self.wire.gateway.identified)
        self.adapter = Discord(token=SecretStr("MTQ1NzQ2OTQ4MzcyNjY2ODA0OA.x.y"), api_url=self.wire.api)
        self._connected = self.adapter.connected(Core())
        await self._connected.__aenter__()
        self._run = asyncio.create_task(self.adapter.run(self._count, COMMANDS)) if run else None
        if run:
            await self.wire.until(lambda: len(self.wire.gateway.identified) > before)

    async def _count(self, event: object) -> None:
        try:
            await self.sink(event)  # type: ignore[arg-type]
        finally:
            await self.wire.tell()

    async def stop(self) -> None:
        if self._run is not None:
            self._run.cancel()
            await asyncio.gather(self._run, return_exceptions=True)
        await self._connected.__aexit__(None, None, None)

    async def restart(self, *, run: bool = True) -> None:
        await self.stop()
        await self.start(run=run)

    async def say(self, text: str) -> bool:
        kept, told = len(self.events), len(self.wire.called("POST", "messages"))
        await self.wire.say(DM, text)
        await self.wire.until(lambda: len(self.events) > kept or len(self.wire.called("POST", "messages")) > told)
        return len(self.events) > kept

    async def shown(self) -> list[Shown]:
        told = [*self.wire.messages[DM], *self.wire.messages.get(CHANNEL, [])]
        found = [message for message in told if message["author"]["id"] == ME and not message["flags"] & LOADING]
        wholes = [self._whole(message) for message in found]
        at = max((at for at, whole in enumerate(wholes) if whole), default=0)
        return [
            Shown(
                "\n".join((wholes[at:][index] or message["content"], *texts(message["components"]))),
                tuple((file["filename"], file["size"]) for file in message["attachments"]),
                private=bool(message["flags"] & EPHEMERAL),
            )
            for index, message in enumerate(found[at:])
        ]

    def _whole(self, message: Json) -> str:
        """The text that came as a file, whose beginning is in the messages above it."""
        files = [file for file in message["attachments"] if file["filename"] == "answer.md"]
        return "".join(self.wire.cdn.uploads[file["id"]].content.decode() for file in files)

    def reply_to(self) -> Mapping[str, str]:
        address = ReplyTarget(conversation=f"d{DM}", channel=DM, user=ADA, message=self._question, is_dm="1")
        return address.to_reply_to()

    async def draft(self, key: str, *, ref: str | None = None, private: bool = False) -> Draft:
        if not private:
            return await super().draft(key, ref=ref)
        told = await self.wire.interact(2, {"id": "1", "name": "chat", "type": 1, "options": ASKED}, channel=DM)
        await self.wire.until(lambda: self.wire.called("POST", "callback"))
        event = next(event for event in self.events if event.id == told["id"])
        return await self.adapter.draft(event.reply_to, key=key, ref=ref, private=private)

    async def attachment(self, name: str, content: bytes) -> Attachment:
        self.wire.files[name] = content
        url = f"http://127.0.0.1:{self.wire.port}/cdn/{name}"
        file = {"id": snowflake(), "filename": name, "size": len(content), "url": url, "proxy_url": url}
        kept = len(self.events)
        await self.wire.say(DM, "look at this", attachments=[file])
        await self.wire.until(lambda: len(self.events) > kept)
        return self.events[-1].attachments[0]

    async def remove(self, attachment: Attachment) -> None:
        del self.wire.files[attachment.name]


class TestDirectMessages(AdapterContract):
    @pytest.fixture
    async def harness(self, tmp_path: Path) -> AsyncIterator[DirectMessages]:
        async with DiscordSimulator() as wire:
            harness = DirectMessages(tmp_path, wire)
            await harness.start()
            yield harness
            await harness.stop()
